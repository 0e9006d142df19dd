# SPDX-License-Identifier: GPL-2.0-only
"""Kernel C as bytes: masked, parsed, its symbols and types."""
