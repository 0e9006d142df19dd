# SPDX-License-Identifier: GPL-2.0-only
"""Commit messages: in which order the claims of a patch stand, and what goes below `---`.

Follows Documentation/process/submitting-patches.rst, maintainer-netdev.rst and
generated-content.rst of the kernel: 75 columns, no line that git or checkpatch would take for a
comment or a diff, what a tool did said plainly. What stays in history is short; what only a
reviewer needs goes to the note.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from netmem_migrate.convert.passes import ids
from netmem_migrate.model.spelled import REF
from netmem_migrate.patch import claims, replacements
from netmem_migrate.patch.kinds import Claim, Kind, Subject
from netmem_migrate.patch.said import words
from netmem_migrate.results import Action, DriverReport, Migration

COLUMNS = 75
LINES = 30
"""What a message has at most, with its title, its tags and one Signed-off-by."""
_MOVED = 8


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a patch, and what its message has to know of that.

    `command` is what repeats it. `proven` is one or two sentences about what really ran; "" when
    nothing did. `trailer` is the Assisted-by line, "" for none. `reason` is why, in the words of
    whoever sends it. `documented`: the tree's own netmem.rst asks for conversions. `rules`: list
    the replacements in the note. `edited`: a person changed what was made.
    """

    command: str
    proven: str = ""
    trailer: str = ""
    reason: str = ""
    documented: bool = False
    rules: bool = False
    edited: bool = False


def repeat_command(paths: Sequence[str], options: Sequence[str]) -> str:
    """The command line that makes the same patches again."""
    return shlex.join(["netmem-migrate", "format-patch", *options, *paths])


# -- layout


def fill(text: str, first: str = "", rest: str = "", columns: int = COLUMNS) -> str:
    """One paragraph of at most `columns`; words are never split."""
    return textwrap.fill(
        " ".join(text.split()),
        columns,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def safe(text: str) -> str:
    """No line that git would drop as a comment or take for the start of a diff."""
    text = re.sub(r"(?m)^(\s*)(---|\+\+\+)(?= [ab]/)", r"\1[\2]", text)
    text = re.sub(r"(?m)^(\s+)(diff )", r"\1a \2", text)
    return re.sub(r"(?m)^(#|---|diff |Index: |@@ )", r" \1", text)


# -- the message


def body(subject: Subject, provenance: Provenance) -> str:
    """The message of a patch without its title: what stays in history."""
    found = replacements.replacements(subject.changes)
    opening = _sentences(claims.why(subject, provenance.reason, documented=provenance.documented))
    moved = _within(f"These become {REF}:", claims.moved(subject.report.declarations), _MOVED)
    rest = [*_sentences(claims.how(subject, found)),
            *still_open("", claims.open_for_unreadable(
                subject, documented=provenance.documented)),
            *_sentences(claims.neutral(subject, found))]
    ending = [made(provenance), *([provenance.trailer] if provenance.trailer else [])]
    # The title with the line below it, and the sign-off, which stands by itself or below a tag.
    around = 3 if provenance.trailer else 4
    used = _height([*opening, *moved, *rest, *ending], gap=1) + around
    stayed = _within("These stay as they are:", claims.stayed(subject), LINES - used)
    return safe("\n\n".join([*opening, *moved, *stayed, *rest, *ending]) + "\n")


def note(subject: Subject, provenance: Provenance) -> str:
    """What stands below `---`: what ran, what was counted, and the replacements if wanted."""
    parts = [fill(proof(provenance)), fill(_counted(subject))]
    if provenance.rules:
        parts += _rules(subject)
    return safe("\n\n".join(parts) + "\n")


def still_open(name: str, found: Iterable[Claim]) -> list[str]:
    """What is open for memory that the CPU cannot read, as a paragraph; none where nothing is."""
    items = [words(one) for one in found]
    who = f" in {name}" if name else ""
    return [fill(f"At least this is still open{who} for memory that the CPU cannot read: "
                 f"{'; '.join(items)}.")] if items else []


def _sentences(found: Iterable[Claim]) -> list[str]:
    """One paragraph; what the user says is one of its own."""
    said = list(found)
    own = [fill(words(one)) for one in said if one.kind is Kind.REASON]
    text = " ".join(words(one) for one in said if one.kind is not Kind.REASON)
    return [*own, *([fill(text)] if text else [])]


def _within(title: str, found: Iterable[Claim], room: int) -> list[str]:
    """A list of as many lines as there is room for, and of one item at least."""
    items = [_item(words(one)) for one in found]
    shown = list(items)
    while len(shown) > 1 and 1 + _height(shown) + (len(shown) < len(items)) > room:
        shown.pop()
    more = [_more(len(items) - len(shown))] if len(shown) < len(items) else []
    return ["\n".join([title, *shown, *more])] if items else []


def _height(parts: Sequence[str], gap: int = 0) -> int:
    """The lines of some paragraphs, with as many empty ones after each."""
    return sum(part.count("\n") + 1 + gap for part in parts)


def _item(text: str) -> str:
    return fill(text, "  - ", "    ")


def _more(count: int) -> str:
    return _item(f"{count} more (`netmem-migrate diff` lists {'them' if count > 1 else 'it'})")


# -- what ran, and what was counted


def proof(provenance: Provenance) -> str:
    """What was compiled and compared; that nothing was, where nothing was."""
    if provenance.proven:
        return f"{provenance.proven} `netmem-migrate verify` repeats it."
    return "Not compiled, not run on hardware."


def made(provenance: Provenance) -> str:
    """Which tool made it, and the command that makes it again."""
    return f"{fill(words(claims.made(provenance.edited)))}\n{command_lines(provenance)}"


def command_lines(provenance: Provenance) -> str:
    """The command, indented and continued as a shell takes it; no quoted word is broken."""
    words = (shlex.quote(one).replace(" ", "\0") for one in shlex.split(provenance.command))
    lines = fill(" ".join(words), "  ", "      ", COLUMNS - 2)
    return lines.replace("\n", " \\\n").replace("\0", " ")


def counts(report: DriverReport) -> tuple[int, int, int, int, int]:
    """Declarations, and calls converted, bridges, calls kept, slots refused."""
    count = Counter(site.action for site in report.sites)
    return (len(report.declarations), count[Action.CONVERTED],
            len(report.bridges), count[Action.KEPT], len(report.refusals))


def _counted(subject: Subject) -> str:
    moved, converted, bridged, kept, refused = counts(subject.report)
    return (f"Counted in this driver: declarations moved {moved}, calls converted {converted}, "
            f"bridged {bridged}, kept {kept}, slots refused {refused}; passes: "
            f"{', '.join(_passes(subject.migration))}.")


def _passes(migration: Migration) -> list[str]:
    """Ids of the passes whose edits are in it."""
    return sorted({edit.transform for edit in migration.edits} & ids(lambda _: True))


def _rules(subject: Subject) -> Iterator[str]:
    found = replacements.lines(replacements.replacements(subject.changes))
    if not found:
        return
    told = replacements.comments(subject.changes)
    more = [f"  and {told} comment{'s' if told > 1 else ''} that named what moved"] if told else []
    shown = [part for line in found for part in _folded(line)]
    yield "\n".join(["Rules applied (p is a page of the pool before, a netmem after):",
                     *shown, *more])


def _folded(line: str) -> list[str]:
    if len(line) <= COLUMNS:
        return [line]
    return fill(line.strip(), "  ", "      ").splitlines()
