# SPDX-License-Identifier: GPL-2.0-only
"""Every correspondence of page and netmem, one row each, and the table of all rows.

Follows include/net/page_pool/helpers.h, include/net/page_pool/types.h, include/net/netmem.h and
include/linux/skbuff.h. A row says what stands for the page (`page`, a pattern of C), what stands
there for netmem (`netmem`), and which pass rewrites the one into the other. Readers, passes,
comparisons, messages and the proof all go by these rows. What is said of a function (header,
versions, effect) is in netmem_migrate/model/functions.py and is not said again here. A pass may
hold rows of its own, as `FORMS` of its module.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property

from netmem_migrate.c.pattern import REST, Pattern, pattern
from netmem_migrate.errors import InputError
from netmem_migrate.model.assumed import CHECKED, Assumption
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.schema import ApiFunction, Effect

MEMORY = "p"
"""The operand of a pattern that is the memory."""


@dataclass(frozen=True, slots=True)
class Equivalent:
    """Another netmem form that does the same, for kernels that lack that of the row."""

    netmem: str


@dataclass(frozen=True, slots=True)
class Form:
    """What a page form becomes with netmem.

    In `page` and `netmem`, patterns of C (netmem_migrate/c/pattern.py), `p` is the memory, other
    lower-case words are other operands, and `...` is whatever arguments follow. Arguments that the
    netmem function takes in addition are written behind those of the page function. `concern` is
    the id of the pass that rewrites it ("" in a pass module: that pass). `others` are equivalents,
    in order of preference. `also` are other page spellings of the same. `identity` is what the
    netmem form is on ordinary pages, if that is not the page form. `wording` is how a message says
    both sides, if not as the patterns do.
    `pool_api` marks the page_pool page API, each call of which is a `Site` of the report.
    `assumes` is what must be so of a page for both forms to be the same on it. `shorthand` is what
    a function would be called that implies what the netmem form writes out, where no kernel has it.

    `since` (the oldest release with the netmem form; "": every one that has netmem), `header`
    (relative to include/) and `effect` are for functions that model/functions.py does not hold, and
    for what it cannot say of those that it holds.
    """

    page: str
    netmem: str
    concern: str = ""
    since: str = ""
    header: str = ""
    others: tuple[Equivalent, ...] = ()
    also: tuple[str, ...] = ()
    identity: str = ""
    wording: tuple[str, str] | None = None
    pool_api: bool = False
    effect: Effect | None = None
    assumes: tuple[Assumption, ...] = ()
    shorthand: str = ""

    def assumed(self, spelled: Pattern) -> tuple[Assumption, ...]:
        """What it assumes where the page form is written as one of its spellings."""
        more = (CHECKED[name] for name in spelled.functions if name in CHECKED)
        return tuple(dict.fromkeys((*self.assumes, *more)))

    @property
    def spellings(self) -> tuple[Pattern, ...]:
        """The page form, then its other spellings."""
        return tuple(pattern(one) for one in (self.page, *self.also))

    @property
    def becomes(self) -> Pattern:
        """The netmem form."""
        return pattern(self.netmem)

    @property
    def call(self) -> str:
        """The function that the page form is a call of, or ""."""
        return pattern(self.page).name

    @property
    def needs(self) -> tuple[str, ...]:
        """The functions that a kernel must have for the netmem form, beside that of the page form.
        """
        return tuple(one for one in self.becomes.functions if one != self.call)

    @property
    def arg(self) -> int | None:
        """The 0-based argument of a call that is the memory."""
        args = pattern(self.page).args
        return args.index(MEMORY) if MEMORY in args else None

    @property
    def extra(self) -> tuple[str, ...]:
        """What the netmem function takes in addition to the arguments of the page function."""
        return self.becomes.args[len(pattern(self.page).args):]

    @property
    def writes_flags(self) -> bool:
        """Whether it writes out the flags of an allocation that the page function implies."""
        return any("GFP_" in one for one in self.extra)

    @property
    def renames(self) -> bool:
        """Whether a call becomes a call of another name, its arguments as they are."""
        args = pattern(self.page).args
        return bool(self.call and self.becomes.name) and self.becomes.args[:len(args)] == args

    @property
    def keeps(self) -> bool:
        """Whether a call stays, and it is what it is given that becomes another thing."""
        return bool(self.call) and self.becomes.name == self.call

    @property
    def is_twin(self) -> bool:
        """Whether it is a call of the memory, or its allocation, that another name does for netmem.

        What is neither gives a page from elsewhere, or is a call that has no memory at all.
        """
        return self.renames and (self.arg is not None or self.does is Effect.ALLOCATES)

    @property
    def does(self) -> Effect:
        """What the call does to the ownership of its memory."""
        if self.effect is not None:
            return self.effect
        known = self._known
        return known.effect if known is not None else Effect.NONE

    @property
    def gives(self) -> bool:
        """Whether the result is the memory."""
        known = self._known
        return known.gives if known is not None else self.does is Effect.ALLOCATES

    @property
    def parameters(self) -> int | None:
        """How many parameters the netmem function takes; None if that is not known."""
        args = pattern(self.page).args
        known = self._known
        if REST not in args:
            return len(self.becomes.args)
        return len(known.parameters) + len(self.extra) if known is not None else None

    @property
    def oldest(self) -> str:
        """The oldest release with the netmem form, "" if every one that has netmem has it."""
        if self.since:
            return self.since
        known = [BY_NAME[name].since for name in self.needs if name in BY_NAME]
        return max(known, key=lambda one: [int(part) for part in one.split(".") if part],
                   default="")

    @property
    def declared(self) -> str:
        """The header that declares the netmem form, relative to include/; "" if none is known."""
        known = [BY_NAME[name].header for name in self.needs if name in BY_NAME]
        return self.header or next(iter(known), "")

    @property
    def forms(self) -> tuple[Form, ...]:
        """This row, then the same row with each equivalent in place of the netmem form."""
        return (self, *(replace(self, netmem=one.netmem, since="", header="", others=())
                        for one in self.others))

    @property
    def _known(self) -> ApiFunction | None:
        return BY_NAME.get(self.call)


# What the dev variants imply.
_ATOMIC = "GFP_ATOMIC | __GFP_NOWARN"
# 6.12 had page_pool_alloc_netmem(pool, gfp), which is page_pool_alloc_netmems() of 6.14 and later.
_OLD_ALLOC = Equivalent("page_pool_alloc_netmem(pool, ...)")

FORMS: tuple[Form, ...] = (
    Form("page_pool_alloc_pages(pool, ...)", "page_pool_alloc_netmems(pool, ...)", "allocation",
         pool_api=True, others=(_OLD_ALLOC,)),
    Form("page_pool_dev_alloc_pages(pool)", "page_pool_dev_alloc_netmems(pool)", "allocation",
         pool_api=True,
         others=(Equivalent(f"page_pool_alloc_netmems(pool, {_ATOMIC})"),
                 Equivalent(f"page_pool_alloc_netmem(pool, {_ATOMIC})"))),
    # Since 6.14 with these arguments: functions.py knows that 6.12 had others, not until when.
    Form("page_pool_alloc(pool, ...)", "page_pool_alloc_netmem(pool, ...)", "allocation",
         since="6.14", pool_api=True),
    Form("page_pool_dev_alloc(pool, ...)", "page_pool_dev_alloc_netmem(pool, ...)", "allocation",
         pool_api=True,
         others=(Equivalent(f"page_pool_alloc_netmem(pool, ..., {_ATOMIC})"),)),
    Form("page_pool_alloc_frag(pool, ...)", "page_pool_alloc_frag_netmem(pool, ...)",
         "allocation", pool_api=True),
    # There is no dev variant for netmem: the gfp that the page helper implies is written out.
    Form("page_pool_dev_alloc_frag(pool, ...)",
         f"page_pool_alloc_frag_netmem(pool, ..., {_ATOMIC})", "allocation", pool_api=True,
         shorthand="page_pool_dev_alloc_frag_netmem"),
    Form("page_pool_put_page(pool, p, ...)", "page_pool_put_netmem(pool, p, ...)", "release",
         pool_api=True),
    Form("page_pool_put_full_page(pool, p, ...)", "page_pool_put_full_netmem(pool, p, ...)",
         "release", pool_api=True),
    Form("page_pool_put_unrefed_page(pool, p, ...)", "page_pool_put_unrefed_netmem(pool, p, ...)",
         "release", pool_api=True),
    Form("page_pool_recycle_direct(pool, p)", "page_pool_recycle_direct_netmem(pool, p)",
         "release", pool_api=True,
         others=(Equivalent("page_pool_put_full_netmem(pool, p, true)"),)),
    Form("page_pool_get_dma_addr(p)", "page_pool_get_dma_addr_netmem(p)", "dma-address",
         pool_api=True),
    Form("page_pool_dma_sync_for_cpu(pool, p, ...)",
         "page_pool_dma_sync_netmem_for_cpu(pool, p, ...)", "pool-sync", pool_api=True,
         assumes=(Assumption.POOL_SYNCS,)),
    Form("page_pool_fragment_page(p, ...)", "page_pool_fragment_netmem(p, ...)", "references",
         pool_api=True),
    Form("page_pool_ref_page(p)", "page_pool_ref_netmem(p)", "references", pool_api=True),
    Form("page_pool_unref_page(p, ...)", "page_pool_unref_netmem(p, ...)", "references",
         pool_api=True),
    Form("get_page(p)", "get_netmem(p)", "references"),
    Form("put_page(p)", "put_netmem(p)", "references"),
    Form("page_ref_count(p)", "netmem_ref_count(p)", "references"),
    Form("page_count(p)", "netmem_ref_count(p)", "references", assumes=(Assumption.HEAD,)),
    Form("skb_add_rx_frag(skb, i, p, ...)", "skb_add_rx_frag_netmem(skb, i, p, ...)", "frags"),
    Form("skb_frag_fill_page_desc(frag, p, ...)", "skb_frag_fill_netmem_desc(frag, p, ...)",
         "frags"),
    Form("skb_fill_page_desc(skb, i, p, ...)", "skb_fill_netmem_desc(skb, i, p, ...)", "frags"),
    Form("__skb_fill_page_desc(skb, i, p, ...)", "__skb_fill_netmem_desc(skb, i, p, ...)",
         "frags"),
    Form("__skb_fill_page_desc_noacc(skb, i, p, ...)",
         "__skb_fill_netmem_desc_noacc(skb, i, p, ...)", "frags"),
    Form("skb_can_coalesce(skb, i, p, ...)", "skb_can_coalesce_netmem(skb, i, p, ...)", "frags"),
    # What is read back is the driver's own only where the driver filled the frag.
    Form("skb_frag_page(f)", "skb_frag_netmem(f)", "frags"),
    Form("page_address(p)", "netmem_address(p)", "addresses"),
    Form("page_to_virt(p)", "netmem_address(p)", "addresses"),
    Form("compound_head(p)", "netmem_compound_head(p)", "addresses"),
    Form("pp_page_to_nmdesc(p)", "netmem_to_nmdesc(p)", "page-fields"),
    Form("page_is_pfmemalloc(p)", "netmem_is_pfmemalloc(p)", "page-fields"),
    # Forms that are more, or less, than a call of the memory by another name.
    Form("page_to_nid(p) == n", "netmem_is_pref_nid(p, n)", "page-fields",
         wording=("page_to_nid(p) == nid", "netmem_is_pref_nid(p, nid)")),
    Form("p->pp", "netmem_get_pp(p)", "page-fields",
         also=("pp_page_to_nmdesc(p)->pp", "__pp_page_to_nmdesc(p)->pp")),
    Form("&p->pp_ref_count", "netmem_get_pp_ref_count_ref(p)", "page-fields",
         also=("&pp_page_to_nmdesc(p)->pp_ref_count", "&__pp_page_to_nmdesc(p)->pp_ref_count")),
    Form("virt_to_page(a)", "virt_to_netmem(a)", "bridges",
         wording=("virt_to_page(addr)", "virt_to_netmem(addr)")),
    Form("sizeof(struct page *)", "sizeof(netmem_ref)", "declarations"),
    Form("page", "page_to_netmem(page)", "bridges"),
    Form("page_to_netmem(p)", "p", "bridges"),
    Form("p == NULL", "!p", "nulls"),
    Form("p != NULL", "p", "nulls"),
    Form("p = NULL", "p = 0", "nulls"),
    Form("struct page *p", "netmem_ref p", "declarations"),
    Form("(struct page *)p", "p", "declarations"),
    Form("void *p", "netmem_ref p", "declarations"),
    Form("(void *)p", "p", "declarations"),
    *(Form(f"{name}(p)", f"{name}(netmem_to_nmdesc(p))", "hints",
           also=(f"{name}(pp_page_to_nmdesc(p))", f"{name}(__pp_page_to_nmdesc(p))"))
      for name in ("prefetch", "prefetchw", "net_prefetch", "net_prefetchw")),
)
"""The rows of the model, in the order in which messages list them."""


KNOWN: tuple[Form, ...] = (
    Form("p", "netmem_to_page(p)"),
    Form("p", "__netmem_to_page(p)"),
    Form("false", "netmem_is_net_iov(p)", identity="(void)p, false"),
    Form("p->pp", "__netmem_get_pp(p)", also=("pp_page_to_nmdesc(p)->pp",)),
    Form("page_address(p)", "__netmem_address(p)"),
    # Where nothing asked whether the page is a pool's.
    Form("__pp_page_to_nmdesc(p)", "netmem_to_nmdesc(p)"),
)
"""Netmem forms that drivers may have and that no pass writes: what each is on ordinary pages."""

BACK = frozenset(row.becomes.name for row in KNOWN if row.page == MEMORY)
"""What gives the page of a netmem."""
BACK_CALL = re.compile(rb"\b(?:" + "|".join(sorted(BACK)).encode() + rb")\s*\(")
"""A call of one of them, in source."""


@dataclass(frozen=True, eq=False)
class Table:
    """All rows: those of the model, then those of passes; a table is compared by identity."""

    rows: tuple[Form, ...]

    @cached_property
    def calls(self) -> tuple[Form, ...]:
        """Calls of the memory, and allocations, that become a call of another name."""
        return tuple(one for one in self.rows if one.is_twin)

    @cached_property
    def by_page(self) -> dict[str, Form]:
        """`calls` by the name of the page call."""
        return {one.call: one for one in self.calls}

    @cached_property
    def others(self) -> tuple[Form, ...]:
        """The rows that are not in `calls`."""
        return tuple(one for one in self.rows if not one.is_twin)

    @cached_property
    def borrowed(self) -> dict[str, Form]:
        """Calls that give the memory of a frag, which somebody else can have filled."""
        return {one.call: one for one in self.others
                if one.renames and one.gives and one.arg is None and one.does is Effect.BORROWS}

    @cached_property
    def pool_api(self) -> frozenset[str]:
        """The page_pool page API, each call of which the report lists."""
        return frozenset(one.call for one in self.rows if one.pool_api)

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """The headers that rows bring along, relative to include/."""
        return tuple(dict.fromkeys(one.header for one in self.rows if one.header))

    @cached_property
    def hints(self) -> frozenset[str]:
        """Calls of any address that mean nothing but speed."""
        return frozenset(one.call for one in self.rows if one.keeps)

    @cached_property
    def brought(self) -> tuple[Form, ...]:
        """The rows that passes brought along."""
        return tuple(one for one in self.rows if one not in FORMS)

    def of(self, concern: str) -> tuple[Form, ...]:
        """The rows that one pass rewrites."""
        return tuple(one for one in self.rows if one.concern == concern)

    def without(self, pages: Iterable[str]) -> Table:
        """The table without the rows of some page forms."""
        gone = frozenset(pages)
        return Table(tuple(one for one in self.rows if one.page not in gone))


@cache
def table() -> Table:
    """The rows of the model and those that pass modules hold as `FORMS`.

    This is how passes plug in, and the one place where a floor looks up: by name, when the table is
    first asked for. Raises InputError for a pass that says again what becomes of a page form.
    """
    package = importlib.import_module("netmem_migrate.transforms")
    found = list(FORMS)
    owners = {one.page: "the model" for one in FORMS}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for row in getattr(module, "FORMS", ()):
            if not isinstance(row, Form):
                raise InputError(f"transforms/{info.name}.py: FORMS holds what is no Form")
            if row.page in owners:
                raise InputError(f"transforms/{info.name}.py: {owners[row.page]} has a form of "
                                 f"{row.page} already")
            owners[row.page] = f"transforms/{info.name}.py"
            found.append(replace(row, concern=row.concern or info.name.replace("_", "-")))
    return Table(tuple(found))
