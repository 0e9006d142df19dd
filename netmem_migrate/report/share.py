# SPDX-License-Identifier: GPL-2.0-only
"""How many calls were converted, and of which class those are that stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from netmem_migrate.reasons import Class
from netmem_migrate.results import Action, Site


def by_class(sites: Iterable[Site]) -> Counter[Class]:
    """How many calls that stay are of each class."""
    return Counter(site.detail.class_ for site in sites if site.detail is not None)


@dataclass(frozen=True, slots=True)
class Share:
    """How many calls of the page API were converted, stay by design, and are there at all."""

    converted: int
    by_design: int
    calls: int

    @classmethod
    def of(cls, sites: Iterable[Site]) -> Share:
        """Those of some drivers."""
        all_ = list(sites)
        return cls(sum(one.action is Action.CONVERTED for one in all_),
                   sum(one.by_design for one in all_), len(all_))

    @property
    def possible(self) -> int:
        """The calls that are not by design."""
        return self.calls - self.by_design

    @property
    def per_cent(self) -> float:
        """What is converted of these; 100 where there are none."""
        return 100 * self.converted / self.possible if self.possible else 100.0
