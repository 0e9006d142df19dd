# SPDX-License-Identifier: GPL-2.0-only
"""A series judged as netdev would."""
