# SPDX-License-Identifier: GPL-2.0-only
"""Subjects, commit messages and the cover letter.

Follows Documentation/process/submitting-patches.rst, maintainer-netdev.rst and
generated-content.rst of the kernel: 75 columns, imperative subject, no line that git or checkpatch
would take for a comment or a diff, what a tool did said plainly, nothing claimed that did not run.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from netmem_migrate.model.twins import TWINS
from netmem_migrate.passes import load
from netmem_migrate.results import Action, Declaration, FileChange, Migration, Site

COLUMNS = 75
TRAILER = "Assisted-by: netmem-migrate"
_MAX_ITEMS = 6
_MAX_FUNCTIONS = 6
_DISCLOSURE = (
    "Documentation/process/coding-assistants.rst",
    "Documentation/process/generated-content.rst",
)
_PREFIX = re.compile(r"((?:[A-Za-z0-9_][\w.,/+-]*: ?)+)\S")
_CALL = re.compile(rb"\b(\w+)\s*\(")
_PLACE = re.compile(r" ?\([^()\s]+:\d+\)$")
_MODULE = re.compile(
    r"^([\w-]+?)-(?:y|m|objs|\$\(\w+\))[ \t]*[:+]?=[ \t]*([^\n#]*)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a patch: the command that repeats it, and what was proven of the result.

    `proven` is one sentence about what really ran; "" when nothing did. `unreadable`: the driver
    already sets PP_FLAG_ALLOW_UNREADABLE_NETMEM, so its buffers need not be pages.
    """

    command: str
    proven: str = ""
    trailer: bool = True
    unreadable: bool = False


def wants_trailer(tree: Path) -> bool:
    """Does this tree have a process document that asks for tools to be named?"""
    return any((tree / document).is_file() for document in _DISCLOSURE)


def repeat_command(paths: Sequence[str], options: Sequence[str]) -> str:
    """The command line that makes the same patches again."""
    return shlex.join(["netmem-migrate", "format-patch", *options, *paths])


# -- subjects


def _words(path: str) -> list[str]:
    parts = [part for part in PurePosixPath(path).parts if part not in ("drivers", "net")]
    name = PurePosixPath(path)
    return [PurePosixPath(part).stem if name.suffix in (".c", ".h") else part for part in parts]


def _module(path: str, root: Path, files: Sequence[str]) -> str:
    """What people call the driver: its folder, or its module where the folder is a vendor's."""
    pure = PurePosixPath(path)
    if pure.suffix in (".c", ".h"):
        return pure.stem
    if len(pure.parts) == 4 and pure.parts[:3] == ("drivers", "net", "ethernet"):
        stems = sorted({PurePosixPath(file).stem for file in files if file.endswith(".c")})
        owners = {owner for owner, parts in _modules(root / path).items() if parts & {*stems}}
        if len(owners) == 1:
            return owners.pop()
        if stems:
            shared = _common(stems).rstrip("_-")
            return shared if len(shared) > 2 else pure.name
    return pure.name or root.name


def _common(words: Sequence[str]) -> str:
    """The beginning that sorted words share."""
    length = 0
    for one, other in zip(words[0], words[-1], strict=False):
        if one != other:
            break
        length += 1
    return words[0][:length]


def _modules(folder: Path) -> dict[str, set[str]]:
    """The modules a folder's Makefile builds, and the objects each is made of."""
    found: dict[str, set[str]] = {}
    for name in ("Makefile", "Kbuild"):
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for target, objects in _MODULE.findall(text.replace("\\\n", " ")):
            names = {word[:-2] for word in objects.split() if word.endswith(".o")}
            if target == "obj":
                for one in names:
                    found.setdefault(one, {one})
            else:
                found.setdefault(target, {target}).update(names)
    return found


def folder_prefix(path: str, root: Path, files: Sequence[str] = ()) -> str:
    """The subject prefix that a driver's place in the tree suggests, without the final colon.

    `files` are those that change; they tell the drivers of a vendor's folder apart.
    """
    name = _module(path, root, files)
    if path.startswith("drivers/net/wireless/"):
        return f"wifi: {name}"
    return f"net: {name}" if path.startswith("drivers/net/") else name


def history_prefix(path: str, subjects: Iterable[str]) -> str:
    """The prefix most used in `subjects` (newest first) that names the driver; "" if none does.

    Tree-wide changes touch every driver, so a prefix counts only if it has a word of the path,
    and only if it was used twice.
    """
    words = {re.sub(r"[^a-z0-9]", "", word.lower()) for word in _words(path)} - {"ethernet", ""}
    counts: Counter[str] = Counter()
    for subject in subjects:
        match = _PREFIX.match(subject)
        if match is None or subject.startswith(("Merge", "Revert")):
            continue
        prefix = match[1].rstrip(" :")
        last = re.sub(r"[^a-z0-9]", "", re.split(r"[:/] ?", prefix)[-1].lower())
        if any(word in last or (len(last) > 2 and last in word) for word in words):
            counts[prefix] += 1
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] > 1 else ""


def subjects(prefixes: Sequence[str], paths: Sequence[str]) -> list[str]:
    """The summary phrase of each driver's patch; no two are the same."""
    shared = Counter(prefixes)
    return [
        f"{prefix}: convert Rx buffers "
        + (f"of {PurePosixPath(path).name} " if shared[prefix] > 1 else "")
        + "to netmem"
        for prefix, path in zip(prefixes, paths, strict=True)
    ]


# -- bodies


def _fill(text: str, first: str = "", rest: str = "", columns: int = COLUMNS) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        columns,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _item(text: str) -> str:
    return _fill(text, "  - ", "    ")


def _bounded(items: Sequence[str], noun: str) -> Iterator[str]:
    """Items of a list, with the rest counted rather than dropped."""
    keep = len(items) if len(items) <= _MAX_ITEMS else _MAX_ITEMS - 1
    yield from (_item(item) for item in items[:keep])
    if len(items) > keep:
        yield _item(f"{len(items) - keep} more {noun} (`netmem-migrate diff` lists them)")


def _moved(declarations: Sequence[Declaration]) -> list[str]:
    members: dict[str, list[Declaration]] = {}
    functions: dict[str, None] = {}
    loose: list[str] = []
    for item in declarations:
        if item.kind == "member" and "." in item.name:
            members.setdefault(item.name.rpartition(".")[0], []).append(item)
        elif item.kind in ("return", "parameter"):
            functions.setdefault(f"{item.function or item.name}()")
        elif item.kind == "global":
            loose.append(item.name)
    items = []
    for record, slots in members.items():
        names = []
        for slot in slots:
            old, new = slot.name.rpartition(".")[2], slot.new_name.rpartition(".")[2]
            names.append(old if new in ("", old) else f"{old} (now {new})")
        items.append(f"struct {record}: " + ", ".join(names))
    items.extend(f"global {name}" for name in loose)
    if functions:
        items.append("parameters or return values of " + _names(list(functions)))
    local = dict.fromkeys(f"{d.function}()" for d in declarations if d.kind == "local")
    if local:
        items.append("locals of " + _names(list(local)))
    return items


def _names(functions: Sequence[str]) -> str:
    """Function names, or so many functions where a list would be long."""
    if len(functions) > _MAX_FUNCTIONS:
        return f"{len(functions)} functions"
    return ", ".join(functions)


def _stayed(migration: Migration) -> list[str]:
    """What stays in the changed files, one item a reason; a count for the other files."""
    changed = {change.path for change in migration.changes}
    kept = [site for site in migration.report.sites if site.action is Action.KEPT]
    groups: dict[str, list[Site]] = {}
    for site in kept:
        if site.file in changed:
            reason = _PLACE.sub("", site.reason) or "not decided"
            groups.setdefault(reason, []).append(site)
    items = []
    for reason, sites in groups.items():
        calls = _names(list(dict.fromkeys(f"{site.call}()" for site in sites)))
        where = _names(list(dict.fromkeys(f"{site.function}()" for site in sites)))
        items.append(f"{calls} in {where}: {reason}")
    refused = {
        (item.slot, _PLACE.sub("", item.reason)): None
        for item in migration.report.refusals
        if item.file in changed
    }
    items.extend(f"{slot}: {why}; left for a person to decide" for slot, why in refused)
    others = sum(site.file not in changed for site in kept)
    if others:
        items.append(f"{others} calls in files of the folder that this patch does not touch")
    return items


def _calls(changes: Iterable[FileChange]) -> tuple[Counter[str], Counter[str]]:
    """How often each name is called before and after."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for change in changes:
        before.update(name.decode() for name in _CALL.findall(change.before))
        after.update(name.decode() for name in _CALL.findall(change.after))
    return before, after


def _rules(changes: Sequence[FileChange]) -> list[str]:
    """The calls that changed, as the list of replacements a semantic patch would state."""
    before, after = _calls(changes)
    lines = []
    for row in TWINS:
        number = before[row.page] - after[row.page]
        twin = next((one for one in row.forms if after[one.netmem] > before[one.netmem]), None)
        if number < 1 or twin is None:
            continue
        notes = [f"{number}x"] if number > 1 else []
        notes += [f"adds {twin.extra}"] if twin.extra else []
        tail = twin.netmem + (f" ({', '.join(notes)})" if notes else "")
        line = f"  {twin.page} -> {tail}"
        lines.extend([line] if len(line) <= COLUMNS else [f"  {twin.page}", f"    -> {tail}"])
    return lines


_WHY = (
    "Take the Rx buffers that this driver gets from its page_pool as netmem_ref instead of struct "
    "page, so that the Rx path no longer assumes what kind of memory the pool hands out and can "
    "follow when the pool is given other memory."
)
_NEUTRAL = (
    "No functional change is intended: nothing is enabled here, so every buffer of the pool is "
    "still a page and each netmem helper does with it what its page counterpart did. Allocation "
    "flags, sizes, reference counts and error paths stay. Support for unreadable (device) memory "
    "is neither added nor claimed."
)
_NEUTRAL_FOR_PAGES = (
    "No functional change is intended for pages: each netmem helper does with them what its page "
    "counterpart did. Allocation flags, sizes, reference counts and error paths stay. No pool flag "
    "is set here, and no claim is made that unreadable memory works where code changed."
)
_CPU = (
    "netmem_address() is NULL for unreadable memory only, which this pool cannot hold; the CPU "
    "reads through it are unguarded as before."
)


def _neutral(provenance: Provenance) -> str:
    return _NEUTRAL_FOR_PAGES if provenance.unreadable else _NEUTRAL


def _proof(provenance: Provenance) -> str:
    if provenance.proven:
        return f"{provenance.proven} `netmem-migrate verify` repeats it."
    return (
        "Not compiled or run on hardware yet; `netmem-migrate verify` compiles every touched "
        "object before and after the change and compares the code."
    )


def _tool(passes: Sequence[str]) -> str:
    ids = f" (passes: {', '.join(passes)})" if passes else ""
    return f"All of the change was made by netmem-migrate {version('netmem-migrate')}{ids}:"


def _command(provenance: Provenance) -> str:
    return _fill(provenance.command, "  ", "      ", COLUMNS - 2).replace("\n", " \\\n")


def body(migration: Migration, provenance: Provenance) -> str:
    """The commit message of one driver's patch, without its subject."""
    report = migration.report
    parts = [_fill(_WHY)]
    moved = _moved(report.declarations)
    if moved:
        parts.append("\n".join(["These become netmem_ref:", *_bounded(moved, "of them")]))
    stayed = _stayed(migration)
    if stayed:
        parts.append("\n".join(["These stay as they are:", *_bounded(stayed, "of them")]))
    bridged = sum(site.action is Action.BRIDGED for site in report.sites)
    if bridged:
        parts.append(
            _fill(
                f"At {bridged} place{'s' if bridged > 1 else ''} where a page meets an interface "
                "that takes a netmem, page_to_netmem() bridges; nothing is cast back to a page."
            )
        )
    parts.append(_fill(_neutral(provenance)))
    before, after = _calls(migration.changes)
    if not provenance.unreadable and after["netmem_address"] > before["netmem_address"]:
        parts.append(_fill(_CPU))
    rules = _rules(migration.changes)
    if rules:
        parts.append("\n".join(["Calls replaced:", *rules]))
    parts.append(_fill(_proof(provenance)))
    known = {one.declared.id for one in load()}
    passes = sorted({edit.transform for edit in migration.edits} & known)
    parts.append(_fill(_tool(passes)) + "\n" + _command(provenance))
    if provenance.trailer:
        parts.append(TRAILER)
    return _safe("\n\n".join(parts) + "\n")


def _safe(text: str) -> str:
    """No line that git would drop as a comment or take for the start of a diff."""
    return re.sub(r"(?m)^(#|---|diff |Index: |@@ )", r" \1", text)


# -- cover letter


def cover(
    migrations: Sequence[Migration], prefixes: Sequence[str], provenance: Provenance
) -> tuple[str, str]:
    """Subject and body of a series' cover letter."""
    names = [prefix.rpartition(":")[2].strip() or prefix for prefix in prefixes]
    shown = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    title = f"net: convert Rx buffers of {shown} to netmem"
    if len(title) > 70:
        title = f"net: convert Rx buffers of {len(names)} drivers to netmem"
    paths = [change.path for migration in migrations for change in migration.changes]
    independent = ""
    if len(migrations) > 1 and len(paths) == len(set(paths)):
        independent = " The patches do not depend on each other."
    parts = [
        _fill(
            "Take Rx buffers that come from a page_pool as netmem_ref instead of struct page, one "
            "driver a patch." + independent
        ),
        _fill(
            "Why: the Rx paths no longer assume what kind of memory their pool hands out. This is "
            "future proofing only: no driver here gains a feature by it."
        ),
        _table(migrations, names),
    ]
    refused = [
        f"{name}: {item.file}:{item.line}: {item.slot}: {item.reason}"
        for name, migration in zip(names, migrations, strict=True)
        for item in migration.report.refusals
    ]
    if refused:
        parts.append(
            "\n".join(["Not converted, left for a person:", *_bounded(refused, "of them")])
        )
    parts.append(_fill(_neutral(provenance)))
    parts.append(_fill(_proof(provenance)))
    parts.append(_fill(_tool([])) + "\n" + _command(provenance))
    return title, _safe("\n\n".join(parts) + "\n")


def _table(migrations: Sequence[Migration], names: Sequence[str]) -> str:
    width = max(8, *(len(name) for name in names))
    rows = [f"  {'driver':{width}}  declarations  converted  bridged  kept  refused"]
    for name, migration in zip(names, migrations, strict=True):
        report = migration.report
        count = Counter(site.action for site in report.sites)
        rows.append(
            f"  {name:{width}}  {len(report.declarations):12}  {count[Action.CONVERTED]:9}"
            f"  {count[Action.BRIDGED]:7}  {count[Action.KEPT]:4}  {len(report.refusals):7}"
        )
    return "\n".join(rows)
