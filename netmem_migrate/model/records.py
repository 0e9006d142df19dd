# SPDX-License-Identifier: GPL-2.0-only
"""Records that are the kernel's own: a driver uses them, and no file of its defines them.

Those that the model's own declarations name, and some more of which drivers read a member that is
called as drivers call where they keep memory.
"""

from __future__ import annotations

import re
from functools import cache

from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.names import NAMES

RECORDS: tuple[str, ...] = (
    "bio_vec", "ethtool_eeprom", "ethtool_module_eeprom", "firmware", "page_frag",
    "page_frag_cache", "scatterlist", "skb_shared_info", "sk_buff_head", "vm_fault", "xdp_desc",
    "xsk_buff_pool",
)

# What a program of XDP is shown, or takes over: its memory is pages, whatever the driver's is.
XDP_RECORDS: tuple[str, ...] = ("xdp_buff", "xdp_frame")

_RECORD = re.compile(r"\b(?:struct|union) (\w+)")


@cache
def _known() -> frozenset[str]:
    texts = [*(one.prototype for one in FUNCTIONS), *(one.declaration for one in NAMES)]
    return frozenset((*RECORDS, *(one.name.partition(".")[0] for one in NAMES if "." in one.name),
                      *(tag for text in texts for tag in _RECORD.findall(text))))


def is_kernel_record(tag: str) -> bool:
    """Whether "struct foo" is a record that the kernel itself defines."""
    return tag.partition(" ")[2] in _known()


def is_of_xdp(tag: str) -> bool:
    """Whether "struct foo" is a record of an XDP buffer or frame."""
    return tag.partition(" ")[2] in XDP_RECORDS
