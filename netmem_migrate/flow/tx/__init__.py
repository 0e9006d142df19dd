# SPDX-License-Identifier: GPL-2.0-only
"""Frags that are sent: where their addresses are kept, until they are unmapped, and T1 to T3."""
