# SPDX-License-Identifier: GPL-2.0-only
"""Sources and patches judged by the model of the netmem API, without a kernel build."""
