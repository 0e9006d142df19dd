# SPDX-License-Identifier: GPL-2.0-only
"""What a function does, on each of its paths."""
