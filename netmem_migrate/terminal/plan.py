# SPDX-License-Identifier: GPL-2.0-only
"""What `plan` prints: the items of a plan, in the order in which they are done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from netmem_migrate.escape import shown
from netmem_migrate.model.ready import NETMEM_RST, SELFTESTS, TOLD
from netmem_migrate.report.plan import Deed, Exercise, Item, Place, Plan, Todo, named
from netmem_migrate.results import Standing
from netmem_migrate.terminal.paint import BOLD
from netmem_migrate.terminal.scan import Width, typed
from netmem_migrate.terminal.screen import Screen
from netmem_migrate.terminal.summary import plural

_INDENT = 4
_STANDS = {Standing.MET: "met", Standing.UNMET: "to do", Standing.UNKNOWN: "to look at",
           Standing.NOT_APPLICABLE: "does not apply", None: "not judged"}


def printed(plan: Plan, root: Path, width: Width, screen: Screen,
            more: Sequence[str] = ()) -> Iterator[str]:
    """One plan; `more` are arguments of commands to type."""
    on = f" (linux {plan.kernel})" if plan.kernel else ""
    yield from (screen.style(line, BOLD) for line in width.wrapped(
        shown(f"{_name(plan)}{on}: {_summed(plan)}"), below=0))
    folder = _folder(plan)
    about = [f"Paths are relative to {folder}, those of tests to {SELFTESTS}/." if folder else
             f"Paths of tests are relative to {SELFTESTS}/.",
             "" if plan.documented else f"This tree has no {NETMEM_RST}: newer kernels do."]
    yield from width.wrapped(shown(" ".join(one for one in about if one)), below=0)
    for pool in plan.pools:
        said = "; ".join(f"{one.name} {one.text}" + (f" if {one.condition}" if one.condition
                                                     else "")
                         for one in pool.values if one.name in TOLD)
        yield from width.wrapped(shown(
            f"The pool of {_at(Place(pool.file, pool.line), folder)}: "
            f"{said or 'what it is told stands elsewhere'}."), below=_INDENT)
    for number, item in enumerate(plan.items, 1):
        yield ""
        yield from _item(number, item, plan, root, width, screen, more)


def _name(plan: Plan) -> str:
    if plan.alone:
        return plan.path
    return f"{plan.path}, the module of {plan.pools[0].file.rpartition('/')[2]}"


def _folder(plan: Plan) -> str:
    """The folder that most paths are said from; "" where the driver is no folder."""
    folder = plan.path.rpartition("/")[0] if plan.path.endswith((".c", ".h")) else plan.path
    return f"{folder}/" if folder not in ("", ".") else ""


def _summed(plan: Plan) -> str:
    count = len(plan.open)
    if not count:
        return "to device memory nothing is left that the source tells of"
    tool = sum(one.deed is not None for one in plan.open)
    return (f"to device memory {plural(count, 'item')} to do or to look at, {tool} of which the "
            "tool does in whole or in part")


def _item(number: int, item: Item, plan: Plan, root: Path, width: Width, screen: Screen,
          more: Sequence[str]) -> Iterator[str]:
    folder = _folder(plan)
    word = (f"if {item.condition}" if item.standing is Standing.CONDITIONAL
            else _STANDS[item.standing])
    yield from (screen.style(line, BOLD) for line in width.wrapped(shown(
        f"{number:2}. {named(item.asked.id)}: {item.words}: {word}"), below=_INDENT))
    if item.places:
        yield from _line(_places([Place(one.file, one.line) for one in item.places], folder),
                         width)
    if item.absent is not None and item.open:
        name, header = item.absent
        yield from _line(f"missing: this tree has no {name} in {header}; port to a kernel that "
                         "has it first", width)
    if item.deed is not None:
        yield from _deed(item.deed, typed(root, plan.path), folder, width, more)
    for todo in item.todo:
        yield from _line(f"person: {_todo(todo, folder, item)}", width)
    if item.open and item.asked.hardware:
        yield from _line(f"hardware: {item.asked.hardware}", width)
    if item.standing is Standing.NOT_APPLICABLE:
        return
    numbers = {one.asked.id: place for place, one in enumerate(plan.items, 1)}
    for test in item.tests:
        yield from _line(f"test: {_test(test, numbers)}", width)
    if item.asked.shows:
        yield from _line(f"test: {item.asked.shows}", width)
    elif not item.tests:
        yield from _line("test: no selftest of this tree exercises it", width)


def _line(text: str, width: Width) -> Iterator[str]:
    yield from width.wrapped(shown(text), _INDENT, below=_INDENT)


def _deed(deed: Deed, path: str, folder: str, width: Width,
          more: Sequence[str]) -> Iterator[str]:
    count = f"{deed.done} of {plural(deed.of, deed.noun)}" if deed.of != 1 else \
        f"{deed.done} of 1 {deed.noun}"
    said = "".join(f"; {one.replace(folder, '') if folder else one}" for one in deed.said)
    yield from _line(f"tool: {count}{said}", width)
    yield from width.command(shown(deed.command(path, more)), _INDENT + _INDENT)


def _todo(todo: Todo, folder: str, item: Item) -> str:
    """What a person does; the places that the item is about are said once."""
    text = todo.text.replace(folder, "") if folder else todo.text
    if todo.places == tuple(Place(one.file, one.line) for one in item.places):
        return text
    where = _places(todo.places, folder)
    return f"{text} ({where})" if where else text


def _test(test: Exercise, numbers: Mapping[str, int]) -> str:
    waits = f"needs {', '.join(str(numbers[one]) for one in test.waits)} first" \
        if test.waits else ""
    said = "; ".join(one for one in (waits, test.where) if one)
    return (f"{test.file.removeprefix(f'{SELFTESTS}/')}: {', '.join(test.cases)}"
            f"{f' ({said})' if said else ''}")


def _at(place: Place, folder: str) -> str:
    return f"{place.file.removeprefix(folder)}:{place.line}"


def _places(places: Sequence[Place], folder: str) -> str:
    """Places, file by file: `a.c:1, 2; b.c:3`."""
    found: dict[str, list[int]] = {}
    for one in places:
        found.setdefault(one.file.removeprefix(folder), []).append(one.line)
    return "; ".join(f"{file}:{', '.join(map(str, lines))}" for file, lines in found.items())
