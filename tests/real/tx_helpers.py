# SPDX-License-Identifier: GPL-2.0-only
"""What a tree's own source says of its functions that take a packet: whether the CPU reads frags in
them, and whether each such read is behind a test of skb_frags_readable().

Functions are joined by the names that they call. What is reached by a pointer is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from netmem_migrate.c import view
from netmem_migrate.c.parse import parse
from netmem_migrate.flow.cfg import Item, build
from netmem_migrate.flow.tx.values import Known
from netmem_migrate.flow.tx.ways import Start, walk

FILES = ("net/core/skbuff.c", "net/core/dev.c", "net/core/tso.c", "net/core/gso.c",
         "net/core/flow_dissector.c", "net/core/timestamping.c", "net/ethernet/eth.c",
         "include/linux/skbuff.h", "include/linux/netdevice.h", "include/linux/if_vlan.h",
         "include/linux/etherdevice.h", "include/linux/ip.h", "include/linux/ipv6.h",
         "include/linux/tcp.h", "include/linux/udp.h", "include/net/ip.h", "include/net/tcp.h",
         "include/net/gso.h", "include/net/tso.h", "include/net/dst_metadata.h",
         "include/linux/skbuff_ref.h", "include/linux/timecounter.h", "include/net/checksum.h",
         "include/net/ip6_checksum.h", "include/linux/if_ether.h", "include/linux/if_macvlan.h",
         "net/core/skb_fault_injection.c", "include/net/xfrm.h", "include/net/tls.h",
         "include/linux/ptp_classify.h", "net/core/ptp_classifier.c", "include/net/vxlan.h",
         "include/net/psp/functions.h", "net/psp/psp_main.c", "net/ipv6/exthdrs_core.c")
"""The files whose functions drivers give packets to when they send."""
TELLS_OF_IT = b"skb_dump"  # prints headers only, but for one bug report
TOUCH = frozenset((b"kmap", b"kmap_atomic", b"kmap_local_page", b"skb_frag_address",
                   b"skb_frag_address_safe"))
TEST = b"skb_frags_readable"


@dataclass(frozen=True)
class Body:
    """A function: its file, and the names that it calls."""

    file: str
    calls: frozenset[bytes]


class Source:
    """A file of the kernel, and the ways through its functions."""

    def __init__(self, text: bytes) -> None:
        self.parsed = parse(text)

    def late(self, test: bytes, touch: frozenset[bytes]) -> Iterator[str]:
        """The functions that test, and in which a call of others is run where the test says that
        it must not be."""
        for one in self.parsed.functions():
            names = {call.name for call in view.calls(one.node)}
            if test not in names or not names & touch:
                continue
            run: set[bytes] = set()

            def see(item: Item, _: Known, run: set[bytes] = run) -> bool:
                run.update(call.name for call in view.calls(item.node))
                return False

            body = one.node.child_by_field_name("body")
            assert body is not None
            for _ in walk(build(body), [Start(0, 0, Known())], see):
                pass
            if run & touch:
                yield one.name


class Core:
    """The functions of some files of the kernel."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self.bodies: dict[bytes, Body] = {}
        self.sources = [Source(text) for text in texts.values()]
        for file, source in zip(texts, self.sources, strict=True):
            for one in source.parsed.functions():
                calls = frozenset(call.name for call in view.calls(one.node)
                                  if call.name) - {TELLS_OF_IT}
                name = one.name.encode()
                # Of an inline that does nothing in one configuration, the other counts.
                if name not in self.bodies or len(calls) > len(self.bodies[name].calls):
                    self.bodies[name] = Body(file, calls)

    @cached_property
    def touching(self) -> frozenset[bytes]:
        """The functions in which, or in what they call, the CPU takes the address of frags."""
        return self._upwards(lambda one: bool(one.calls & TOUCH), lambda one, known: bool(
            one.calls & known))

    @cached_property
    def untested(self) -> frozenset[bytes]:
        """Those in which it does without a test anywhere on the way."""
        return self._upwards(lambda one: bool(one.calls & TOUCH) and TEST not in one.calls,
                             lambda one, known: bool(one.calls & known) and TEST not in one.calls)

    @cached_property
    def testing(self) -> frozenset[bytes]:
        """Those that test by themselves."""
        return frozenset(name for name, one in self.bodies.items() if TEST in one.calls)

    def _upwards(self, first: Callable[[Body], bool],
                 more: Callable[[Body, set[bytes]], bool]) -> frozenset[bytes]:
        known = {name for name, one in self.bodies.items() if name not in TOUCH and first(one)}
        while True:
            new = {name for name, one in self.bodies.items()
                   if name not in known and name not in TOUCH and more(one, known)}
            if not new:
                return frozenset(known)
            known |= new


def read(root: Path, files: Iterable[str] = FILES) -> Core:
    """The functions of a tree."""
    return Core({one: (root / one).read_bytes() for one in files if (root / one).is_file()})
