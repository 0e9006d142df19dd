# SPDX-License-Identifier: GPL-2.0-only
"""What netdev asks of a series, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from netmem_migrate.results import Severity


@dataclass(frozen=True, slots=True)
class Norm:
    """One line of netdev's list for a series; `status` is pass, warn or fail. What was not checked
    is a warn. `place` is the folder of the series."""

    name: str
    status: str
    text: str
    place: str = ""

    @property
    def severity(self) -> Severity | None:
        """As what it counts where findings are counted; None for what is fine."""
        return {"fail": Severity.ERROR, "warn": Severity.NOTE}.get(self.status)
