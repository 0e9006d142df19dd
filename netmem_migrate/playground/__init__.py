# SPDX-License-Identifier: GPL-2.0-only
"""The netmem API as Python objects to try out."""
