# SPDX-License-Identifier: GPL-2.0-only
"""What a driver does with the frags that it sends."""
