# SPDX-License-Identifier: GPL-2.0-only
"""`python -m netmem_migrate`."""

from netmem_migrate.cli import main

main()
