# SPDX-License-Identifier: GPL-2.0-only
"""The rules that look at one version of a driver."""
