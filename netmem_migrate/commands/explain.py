# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate explain`: why a line is as it is, or what is behind a name that was printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from netmem_migrate.commands import _options
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.files import plain
from netmem_migrate.terminal.say import say

# No file has more lines than a number of so many digits can say.
_DIGITS = 20


def _ids(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What can stand in the place of ID: all that is explained, and files."""
    del ctx, param
    from netmem_migrate.check import registry
    from netmem_migrate.convert import passes
    from netmem_migrate.model import conditions
    from netmem_migrate.reasons import Category, Class, Detail

    found = [*conditions.BY_ID, *(one.declared.id for one in passes.load()),
             *(one.declared.id for one in registry.load()),
             *(one.value for kind in (Category, Class, Detail) for one in kind)]
    return [*(CompletionItem(one) for one in dict.fromkeys(found) if one.startswith(incomplete)),
            CompletionItem(incomplete, type="file")]


@click.command(name="explain", epilog="Example: netmem-migrate explain foo_rx.c:120")
@click.argument("subject", metavar="FILE:LINE | ID", shell_complete=_ids)
@_options.option("kernel", help="The kernel tree. Default: found by walking up from FILE.")
@_options.option("api")
@_options.option("define")
@_options.option("undefine")
def command(subject: str, **settled: Any) -> None:
    """Say why the pages on a line moved or stayed, or what ID is.

    ID is a pass (`transform list`), a rule of check (`check --list-rules`), the category of a
    refusal, the class or kind of a call that stays, or a condition of a step (S1, T1, P1: what a
    refusal of --with names).
    """
    file, colon, line = subject.rpartition(":")
    if colon and line.isascii() and line.isdigit() and len(line) < _DIGITS:
        _line(Path(file), int(line), settled)
    elif Path(file if colon else subject).is_file():
        raise UsageError(f"{subject}: give a file and the number of one of its lines, FILE:LINE")
    elif not any([_pass(subject), _rule(subject), _category(subject), _class(subject),
                  _condition(subject)]):
        raise UsageError(f"{subject}: neither FILE:LINE, nor a pass, nor a rule, nor a category of "
                         f"refusals, nor a class of calls, nor a condition ({_ranges()}); "
                         "`netmem-migrate transform list` and `netmem-migrate check --list-rules` "
                         "name passes and rules")


def _pass(name: str) -> bool:
    """Print a pass; False if none is called so."""
    from netmem_migrate.convert.passes import load

    for one in load():
        if one.declared.id == name:
            click.echo(f"{name}: {one.declared.summary}\n")
            click.echo(one.doc)
            click.echo(f"\nFollows {one.declared.follows}.\n\nBefore:\n\n{one.declared.before}")
            click.echo(f"After:\n\n{one.declared.after}", nl=False)
            _conditions_of(name)
            return True
    return False


def _conditions_of(step: str) -> None:
    """Print what has to hold before a step, if anything has a name."""
    from netmem_migrate.model import conditions

    if conditions.STEPS.get(step):
        click.echo("\nWhat has to hold:\n")
        for id in conditions.STEPS[step]:
            click.echo(f"  {id}: {conditions.BY_ID[id].holds}")


def _rule(name: str) -> bool:
    """Print a rule of `check`; False if none is called so."""
    from netmem_migrate.check.registry import load

    for one in load():
        rule = one.declared
        if rule.id == name:
            click.echo(f"{name} ({rule.severity.value}): {rule.summary}\n")
            click.echo(f"{one.doc}\n\n{rule.why}\n")
            if rule.before:
                click.echo(f"Before the change:\n\n{rule.before}")
            click.echo(f"Finds something in:\n\n{rule.bad}")
            click.echo(f"Finds nothing in:\n\n{rule.good}", nl=False)
            return True
    return False


def _category(name: str) -> bool:
    """Print a category of refusals; False if none is called so."""
    from netmem_migrate.reasons import CATEGORY
    from netmem_migrate.report import wording

    for category, advice in wording.ADVICE.items():
        if category.value == name:
            click.echo(f"{name}: {advice.means}\n\n{advice.todo}\n\n"
                       "What is said then of a page, or of what holds it:\n")
            for why in (one for one, of in CATEGORY.items() if of is category):
                click.echo(f"  {wording.pattern(why)}")
            return True
    return False


def _class(name: str) -> bool:
    """Print a class of calls that stay, or a kind of one; False if none is called so."""
    from netmem_migrate.reasons import Detail
    from netmem_migrate.report import wording

    known = next((one for one in wording.MEANS if one.value == name), None)
    if known is None:
        return False
    kind = f" ({known.class_.value})" if isinstance(known, Detail) else ""
    click.echo(f"{name}{kind}: {wording.MEANS[known]}")
    inside = [one for one in Detail if one.class_.value == name and one.value != name]
    if inside:
        click.echo("\nIn particular:\n")
    for one in inside:
        click.echo(f"  {one.value}: {wording.MEANS[one]}")
    return True


def _condition(name: str) -> bool:
    """Print a condition of a step; False if none is called so."""
    from netmem_migrate.model import conditions
    from netmem_migrate.report import wording

    one = conditions.BY_ID.get(name)
    if one is None:
        return False
    steps = [step for step, all_ in conditions.STEPS.items() if name in all_]
    click.echo(f"{name} (condition of {wording.listed(steps)}): {one.holds}\n")
    click.echo(f"How it is seen: {one.shown}\n\nWhat is not shown: {one.not_shown}\n\n"
               f"Follows {one.follows}.")
    whys = [why for why, id in conditions.OF.items() if id == name]
    if whys:
        click.echo("\nWhat is said where it does not hold, or is not shown to:\n")
    for why in whys:
        click.echo(f"  {wording.pattern(why)}")
    return True


def _ranges() -> str:
    """The ids of all conditions, in short."""
    from netmem_migrate.model import conditions
    from netmem_migrate.report import wording

    found: dict[str, list[str]] = {}
    for one in conditions.CONDITIONS:
        found.setdefault(one.id[:1], []).append(one.id)
    return wording.listed([f"{some[0]}-{some[-1]}" for some in found.values()])


def _lines(file: Path) -> int:
    """How many lines a file has; only a newline ends one."""
    data = plain.read(file)
    return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")


def _line(file: Path, line: int, settled: dict[str, Any]) -> None:
    from netmem_migrate.job import analysis_of
    from netmem_migrate.options import Conversion
    from netmem_migrate.report.explain import explain, left_out, slots_at

    if not file.is_file():
        plain.require(file)
        raise InputError(f"{file}: no such file")
    if not 0 < line <= _lines(file):
        raise UsageError(f"{file}:{line}: the file has lines 1 to {_lines(file)}")
    # The whole driver is read: another file may decide what becomes of this line.
    analysis = analysis_of(file, Conversion(**settled))
    name = file.resolve().relative_to(analysis.driver.root).as_posix()
    slots = slots_at(analysis, name, line)
    if not slots:
        said = left_out(analysis, name, line) or "no page is declared, used or passed here"
        say(f"{name}:{line}: {said}", err=False)
        return
    for slot in slots:
        for one in explain(analysis, slot):
            say(one, err=False)
