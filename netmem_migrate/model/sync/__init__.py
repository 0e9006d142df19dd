# SPDX-License-Identifier: GPL-2.0-only
"""The model held against a tree's headers."""
