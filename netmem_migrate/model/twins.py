# SPDX-License-Identifier: GPL-2.0-only
"""The calls that take or give pool memory, in their page and their netmem form.

A view of the rows of netmem_migrate/model/forms.py that are calls, with what
netmem_migrate/model/functions.py says of their functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from netmem_migrate.model.forms import Form, Table, table
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Trait

_TABLES = 8  # the table, and what runs with and without passes of choice make of it


@dataclass(frozen=True, slots=True)
class Twin:
    """A page call and its netmem partner.

    `parameters` is how many the partner takes (None: not known), and `since` the oldest release
    known to have it ("": every one that has netmem). `arg` is the 0-based argument that carries
    the page (None: none does); `gives` says that the result is a page. `extra` is what the partner
    takes in addition, last. `pool_api` marks the page_pool page API, whose every call is a `Site`
    of the report. `effect` is what the call does to the ownership of the memory.
    """

    form: Form
    page: str
    netmem: str
    parameters: int | None
    concern: str
    header: str
    arg: int | None
    gives: bool
    extra: str
    pool_api: bool
    since: str
    effect: Effect

    @property
    def forms(self) -> tuple[Twin, ...]:
        """This row, then the same row with each equivalent in place of the partner."""
        return (self, *(twin(one) for one in self.form.forms[1:]))

    @property
    def allocates(self) -> bool:
        """Whether the result is owned by the caller."""
        return self.effect is Effect.ALLOCATES

    @property
    def releases(self) -> bool:
        """Whether the caller's reference is gone afterwards."""
        return self.effect is Effect.RELEASES

    @property
    def borrows(self) -> bool:
        """Whether the result is memory that something else holds, such as a frag."""
        return self.effect is Effect.BORROWS and self.gives

    @property
    def hands_over(self) -> bool:
        """Whether an skb or an XDP frame owns the memory afterwards."""
        return self.effect is Effect.HANDS_OVER

    @property
    def gives_dma_address(self) -> bool:
        """Whether the result is where the device finds the memory."""
        return has(self.page, Trait.DMA_ADDRESS)

    @property
    def gives_address(self) -> bool:
        """Whether the result is the address of the memory, for the CPU."""
        return self.effect is Effect.BORROWS and not self.gives


@cache
def twin(form: Form) -> Twin:
    """The view of a row that is a call; the same object for the same row."""
    return Twin(form, form.call, form.becomes.name, form.parameters, form.concern, form.declared,
                form.arg, form.gives, ", ".join(form.extra), form.pool_api, form.oldest, form.does)


@lru_cache(maxsize=_TABLES)
def twins(rows: Table) -> tuple[Twin, ...]:
    """The calls of a table, in its order."""
    return tuple(twin(one) for one in rows.calls)


@lru_cache(maxsize=_TABLES)
def by_page(rows: Table) -> dict[str, Twin]:
    """The calls of a table by the name of the page call."""
    return {one.page: one for one in twins(rows)}


def looks(name: bytes) -> bool:
    """Whether a function gives the address of a page, for the CPU or for the device, and does
    nothing else."""
    one = by_page(table()).get(name.decode("latin-1"))
    return one is not None and (one.gives_address or one.gives_dma_address)
