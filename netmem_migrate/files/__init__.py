# SPDX-License-Identifier: GPL-2.0-only
"""Files that are written whole or not at all, one by one and several together."""
