# SPDX-License-Identifier: GPL-2.0-only
"""Frags that are sent, and the member that keeps the address of each to unmap it by."""
