# SPDX-License-Identifier: GPL-2.0-only
"""How much of a driver the parser could read, apart from the parser so that results are light."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParseCounts:
    """Functions in the driver's parsed files, and how many have parse errors."""

    functions: int = 0
    functions_with_errors: int = 0
    relevant_functions_with_errors: int = 0
