# SPDX-License-Identifier: GPL-2.0-only
"""The functions that lead from a page to its address, and back (include/linux/mm.h)."""

from __future__ import annotations

from netmem_migrate.c.beside import Known
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.model.spelled import ADDRESS

ASKS = tuple(one.name for one in FUNCTIONS if one.side is Side.PAGE and one.partner == ADDRESS)
"""What gives the address of a page."""
FINDS = {one.name: not one.partner for one in FUNCTIONS
         if one.side is Side.PAGE and one.memory == 0 and one.effect is Effect.CONVERTS
         and Trait.GIVES_PAGE in one.traits}
"""What gives the page that an address lies in, which may be no head, and (true) what its head."""
READS = frozenset((*(one.name for one in FUNCTIONS if not one.is_macro), *FINDS))
"""What is given a value, and cannot change what holds it."""
FILLS = "memset"
"""What sets every byte of what it is given to its second argument (lib/string.c)."""
KNOWN = Known(ASKS, FINDS, READS, FILLS)
DEREFERENCES = {one.name: one.memory for one in FUNCTIONS
                if one.side is Side.ADDRESS and one.reads and one.memory is not None}
"""What reads the memory at an address, wherever it is given one, and which argument that is."""
