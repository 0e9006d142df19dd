# SPDX-License-Identifier: GPL-2.0-only
"""Reads functions into the flow graph, by kind of node."""
