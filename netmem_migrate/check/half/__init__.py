# SPDX-License-Identifier: GPL-2.0-only
"""A change judged as the driver that it leaves behind: what a compiler would refuse, or warn of."""
