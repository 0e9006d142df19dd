# SPDX-License-Identifier: GPL-2.0-only
"""A log-log plot of time against size, as SVG: the same bytes for the same values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STYLE: Any = {
    "svg.hashsalt": "netmem-migrate", "svg.fonttype": "none", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False,
}


@dataclass(frozen=True, slots=True)
class Series:
    """Seconds at some sizes; those of a peer are dashed."""

    name: str
    sizes: Sequence[int]
    times: Sequence[float]
    peer: bool = False


def draw(file: Path, title: str, what: str, series: Sequence[Series]) -> None:
    """Write a plot. `what` is what sizes count."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.subplots()
        for one in series:
            axes.plot(one.sizes, one.times, "--s" if one.peer else "-o", label=one.name,
                      color="grey" if one.peer else None, markersize=4)
        axes.set(xscale="log", yscale="log", xlabel=what, ylabel="seconds", title=title)
        axes.grid(True, which="major", linewidth=0.4)
        axes.legend(frameon=False)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
