# SPDX-License-Identifier: GPL-2.0-only
"""Judge a driver by Documentation/networking/netmem.rst: its modules, pools, and their memory."""
