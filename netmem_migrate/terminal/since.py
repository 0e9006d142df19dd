# SPDX-License-Identifier: GPL-2.0-only
"""What `scan --since` prints: what moved between two trees, a driver a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netmem_migrate.escape import shown
from netmem_migrate.report import wording
from netmem_migrate.report.requirements import short
from netmem_migrate.report.since import One, Pair, Part, Since
from netmem_migrate.results import Run
from netmem_migrate.terminal.paint import BOLD
from netmem_migrate.terminal.scan import Width
from netmem_migrate.terminal.screen import Screen
from netmem_migrate.terminal.summary import plural, totals


def printed(found: Since, width: Width, screen: Screen) -> Iterator[str]:
    """What moved, in parts that are left out where there is nothing in them."""
    old, new = _name(found.old), _name(found.new)
    changed = found.changed
    for title, lines in (
            (f"{plural(len(changed), 'driver')} changed from {old} to {new}",
             [_changed(one, found.parts) for one in changed]),
            (f"{plural(len(found.came), 'driver')} only in {new}",
             [_one(one, "the path was there", found.parts) for one in found.came]),
            (f"{plural(len(found.went), 'driver')} only in {old}",
             [_one(one, "the path is still there", found.parts) for one in found.went])):
        if lines:
            yield from (screen.style(one, BOLD) for one in width.wrapped(f"{title}:", below=0))
            for line in lines:
                yield from width.wrapped(shown(line), 2)
            yield ""
    same = sum(not one.differs for one in found.pairs)
    yield from width.wrapped(f"{plural(same, 'driver')} as before.", below=0)
    for run in (found.old, found.new):
        yield from width.wrapped(f"{_name(run)}: {totals([run])}")


def _name(run: Run) -> str:
    return f"linux {run.kernel}"


def _changed(one: Pair, parts: Sequence[Part]) -> str:
    """What differs of a driver, from -> to; requirements that went the same way together."""
    old, new = one.old, one.new
    said = []
    if old.verdict is not new.verdict:
        said.append(f"{wording.verdict(old.verdict)} -> {wording.verdict(new.verdict)}")
    for what, before, after in (("netmem calls", old.netmem_calls, new.netmem_calls),
                                ("page calls not by design", old.page_calls, new.page_calls)):
        if before != after:
            said.append(f"{what} {before} -> {after}")
    ways: dict[tuple[str, str], list[str]] = {}
    for key, way in one.requirements.items():
        ways.setdefault(way, []).append(short(key))
    said += [f"{before or 'not judged'} -> {after or 'not judged'}: {', '.join(names)}"
             for (before, after), names in ways.items()]
    said += _parts(old.path, parts)
    name = f"{new.path} (was {old.path})" if one.moved else new.path
    return f"{name}: {'; '.join(said) or 'moved, and nothing else differs'}"


def _one(one: One, there: str, parts: Sequence[Part]) -> str:
    """What is to be said of a driver that one of the trees has."""
    driver = one.driver
    said = [wording.verdict(driver.verdict), f"netmem calls {driver.netmem_calls}",
            f"page calls not by design {driver.page_calls}"]
    if driver.requirements:
        said.append(f"{plural(driver.unmet, 'requirement')} unmet")
    said += _parts(driver.path, parts)
    return f"{driver.path}: {'; '.join(said)}" + (f" ({there})" if one.there else "")


def _parts(path: str, parts: Sequence[Part]) -> list[str]:
    """Which files a driver lost to a new one, or has of an older one."""
    return [*(f"{', '.join(one.files)} moved to {one.now}" for one in parts if one.was == path),
            *(f"{', '.join(one.files)} came from {one.was}" for one in parts if one.now == path)]
