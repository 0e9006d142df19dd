# SPDX-License-Identifier: GPL-2.0-only
"""Check a series as netdev would, offline, before anybody sees it.

Mirrors Documentation/process/maintainer-netdev.rst, submitting-patches.rst and the tests of
netdev's robot (nipa). What is not mirrored: builds (`netmem-migrate verify`), cryptographic
signatures, and tests for files that a conversion does not touch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from netmem_migrate.check.series import code as norms_code
from netmem_migrate.check.series import mail as norms_mail
from netmem_migrate.check.series import tree as norms_tree
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.git import mail
from netmem_migrate.git import run as git
from netmem_migrate.git.am import applied
from netmem_migrate.report.norms import Norm
from netmem_migrate.results import FileChange

MIRRORED = "netdev documents of linux 7.3 and nipa 95a2926 (2026-08)"
"""Which versions of the rules are mirrored."""

_SHOWN = 3
_Problems = Iterable[norms_mail.Problem]


def check_series(folder: Path, *, kernel: Path | None, scripts: bool = True) -> tuple[Norm, ...]:
    """Check the patches in a folder against netdev's rules and, if given, a kernel tree.

    Of several versions in the folder the newest is checked. `scripts` lets those of the tree run.
    Raises InputError for a folder without patches.
    """
    mails = _mails(folder)
    try:
        person: git.Identity | None = git.author(folder)
    except InputError:
        person = None
    checks = [_check(name, mails, norm) for name, norm in _OFFLINE]
    checks.append(_summed("sign-off", norms_mail.sign_off(mails, person),
                          "by the author of each patch"))
    checks.append(_summed("disclosure", norms_mail.disclosed(mails, kernel),
                          "what a tool wrote is said"))
    return (*checks, *_with_tree(folder, kernel, mails, scripts))


def _mails(folder: Path) -> list[mail.Mail]:
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder; give the one that holds the series")
    paths = plain.sources(iter(sorted(folder.glob("*.patch"))))
    if not paths:
        below = sorted({path.parent.name for path in folder.glob("*/*.patch")})
        hint = f"; give one of the folders in it ({', '.join(below[:3])})" if below else ""
        raise InputError(f"{folder}: no *.patch file here{hint or '; format-patch writes them'}")
    found = [mail.read(path) for path in paths]
    newest = max(one.version for one in found)
    return [one for one in found if one.version == newest]


_OFFLINE: tuple[tuple[str, tuple[Callable[[list[mail.Mail]], _Problems], str]], ...] = (
    ("names", (norms_mail.names, "numbered in order, n/m as they are")),
    ("prefix", (norms_mail.prefix, "names the tree; version and RFC agree")),
    ("count", (norms_mail.count, "no more than 15 patches")),
    ("cover-letter", (norms_mail.cover, "there if needed, filled in, with the right totals")),
    ("subject", (norms_mail.subject, "prefix and phrase, short, each its own")),
    ("message", (norms_mail.message, "75 columns, nothing that git drops or takes for a diff")),
    ("tags", (norms_mail.tags, "none that is not yours to give")),
    ("mail", (norms_mail.text, "plain text that mail carries unchanged")),
    ("diff", (norms_code.diff, "a/ and b/, index lines, functions in hunk headers")),
    ("diffstat", (norms_code.diffstat, "says what the diffs add and remove")),
    ("columns", (norms_code.line_length, "no line over 80 that has a place to break at")),
    ("inline", (norms_code.inline, "none new in .c, none missing in .h")),
    ("deprecated-api", (norms_code.deprecated, "nothing more that netdev wants to be rid of")),
)


def _check(name: str, mails: list[mail.Mail],
           norm: tuple[Callable[[list[mail.Mail]], _Problems], str]) -> Norm:
    return _summed(name, norm[0](mails), norm[1])


def _summed(name: str, problems: _Problems, fine: str) -> Norm:
    """All problems of one kind in one line, the worst first."""
    found = sorted(problems, key=lambda one: one[0] != norms_mail.FAIL)
    if not found:
        return Norm(name, "pass", fine)
    texts = list(dict.fromkeys(text for _, text in found))
    more = f" (and {len(texts) - _SHOWN} more)" if len(texts) > _SHOWN else ""
    return Norm(name, found[0][0], "; ".join(texts[:_SHOWN]) + more)


def _with_tree(folder: Path, kernel: Path | None, mails: list[mail.Mail],
               scripts: bool) -> Iterator[Norm]:
    names = ("git-am", "whitespace", "base-commit", "checkpatch", "declaration-order",
             "kernel-doc", "recipients")
    if kernel is None:
        for name in names:
            yield Norm(name, "warn", "not checked: no kernel tree given (--kernel TREE)")
        yield Norm("rules", "pass", f"as in {MIRRORED}")
        return
    changes: tuple[FileChange, ...] = ()
    applies = True
    try:
        if any(one.leads_out for one in mails):
            raise InputError("not tried: a patch names a file outside of the tree")
        series = applied(kernel, [one.path for one in norms_mail.patches(mails)])
        changes = series.changes
        yield Norm("git-am", "pass", f"applies to {len(changes)} files of the tree" + (
            " as they were: it has the series already" if series.held else ""))
    except InputError as error:
        applies = False
        yield Norm("git-am", "fail", str(error))
    yield _if(applies, "whitespace", norms_tree.exact(changes, mails),
              "no offset, no fuzz, no white space error")
    repository = git.repository(kernel)
    yield _summed("base-commit", norms_tree.base(kernel, mails),
                  "known to the tree" if repository else "none, as the tree is no git tree")
    yield _if(applies, "declaration-order", norms_tree.declarations(changes),
              "longest line first where it was so before")
    if scripts:
        yield from _by_scripts(folder, kernel, mails, changes if applies else None)
    else:
        for name in ("checkpatch", "kernel-doc", "recipients"):
            yield Norm(name, "warn", "not checked: scripts of a tree run only where it is given "
                                     "(--kernel TREE)")
    yield _summed("rules", norms_tree.limit(kernel), f"as in {MIRRORED}")


def _by_scripts(folder: Path, kernel: Path, mails: list[mail.Mail],
                changes: tuple[FileChange, ...] | None) -> Iterator[Norm]:
    """What the tree's own scripts say; `changes` is None where the series does not apply."""
    try:
        style = tuple(norms_tree.style(kernel, mails))
        yield _summed("checkpatch", style, "silent with the robot's flags")
    except InputError as error:
        yield Norm("checkpatch", "warn", f"not checked: {error}")
    if plain.is_plain(kernel / "scripts/kernel-doc"):
        yield _if(changes is not None, "kernel-doc", norms_tree.kernel_doc(kernel, changes or ()),
                  "no new warning in the touched files")
    else:
        yield Norm("kernel-doc", "warn", "not checked: the tree has no scripts/kernel-doc")
    yield _summed("recipients", norms_tree.copied(kernel, folder, mails),
                  "all whom get_maintainer.pl names")


def _if(applied: bool, name: str, problems: _Problems, fine: str) -> Norm:
    if not applied:
        return Norm(name, "warn", "not checked: the series does not apply")
    return _summed(name, problems, fine)
