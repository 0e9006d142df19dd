# SPDX-License-Identifier: GPL-2.0-only
"""The proof: touched objects compiled by the kernel's own commands, before and after."""

from netmem_migrate.verify.proof import ObjectProof, Said, Status, verify_changes

__all__ = ["ObjectProof", "Said", "Status", "verify_changes"]
