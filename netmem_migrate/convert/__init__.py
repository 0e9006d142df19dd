# SPDX-License-Identifier: GPL-2.0-only
"""The conversion: passes, names, edits, layout."""
