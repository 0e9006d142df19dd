# SPDX-License-Identifier: GPL-2.0-only
"""git, and what it prints."""
