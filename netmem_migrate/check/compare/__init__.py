# SPDX-License-Identifier: GPL-2.0-only
"""Code before and after, under the correspondence of page and netmem."""
