# SPDX-License-Identifier: GPL-2.0-only
"""The proof: touched objects compiled by the kernel's own commands, before and after."""

from netmem_migrate.verify.beside import unjudged
from netmem_migrate.verify.compilers import Compilers
from netmem_migrate.verify.partners import PartnerProof, verify_partners
from netmem_migrate.verify.proof import ObjectProof, verify_changes
from netmem_migrate.verify.rooms import Way
from netmem_migrate.verify.said import Said, Status

__all__ = ["Compilers", "ObjectProof", "PartnerProof", "Said", "Status", "Way", "unjudged",
           "verify_changes", "verify_partners"]
