# SPDX-License-Identifier: GPL-2.0-only
"""Stand-ins of the same length for what the parser does not know."""
