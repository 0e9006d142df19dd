# SPDX-License-Identifier: GPL-2.0-only
"""What netdev asks of the diffs of a series, as far as they tell by themselves.

Mirrors nipa's tests header_inline, source_inline and deprecated_api, which compare what a patch
adds with what it removes. Each function yields problems as (severity, text).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from netmem_migrate.check.series.mail import FAIL, WARN, Problem, patches
from netmem_migrate.check.series.width import needless
from netmem_migrate.convert.text import LIMIT
from netmem_migrate.git.mail import Mail

_LABEL = re.compile(r"^\w+:$")
_INDEX = re.compile(rb"^index ([0-9a-f]+)\.\.([0-9a-f]+) 100(?:644|755)$", re.MULTILINE)
_ODD = re.compile(rb"^(?:Binary files|GIT binary patch|rename |copy |old mode|new mode|similarity)",
                  re.MULTILINE)
_NO_INLINE = re.compile(r"^static\s+(?!.*\binline\b)[\w\s*]*\w+\s*\([^;=]*$")
_INLINE = re.compile(r"^(?:static\s+)?(?:__always_)?inline\b")
# (pattern, severity, where, what to say): as nipa's deprecated_api weighs them.
_DEPRECATED = (
    (re.compile(r"\bmodule_param(?:_\w+)?\s*\("), FAIL, "", "a module parameter"),
    (re.compile(r"\b(?:dev_hold|dev_put|get_net|put_net)\s*\("), WARN, "",
     "an untracked reference (netdev_hold, get_net_track)"),
    (re.compile(r"\binit_dummy_netdev\s*\("), WARN, "", "init_dummy_netdev()"),
    (re.compile(r"\b__free\s*\("), WARN, "drivers/net/", "__free()"),
)


def diff(mails: Sequence[Mail]) -> Iterator[Problem]:
    """a/ and b/, whole index lines, functions in hunk headers, nothing but text."""
    for mail in patches(mails):
        if mail.unreadable or not mail.files:
            yield FAIL, f"{mail.name}: no diff that can be read {mail.unreadable}".rstrip()
            continue
        if mail.leads_out:
            yield FAIL, f"{mail.name}: names a file outside of the tree"
        for file in mail.files:
            if not (file.source_file.startswith(("a/", "/dev/null"))
                    and file.target_file.startswith(("b/", "/dev/null"))):
                yield FAIL, f"{mail.name}: {file.path} without a/ and b/ (diff.noprefix?)"
            for hunk in file:
                if _LABEL.match(hunk.section_header.strip()):
                    yield WARN, (f"{mail.name}: a hunk of {file.path} is named after the label "
                                 f"{hunk.section_header.strip()} and not its function: "
                                 "make the patch in the kernel's own tree")
        index = _INDEX.findall(mail.diff)
        if len(index) != len(re.findall(rb"(?m)^diff --git ", mail.diff)):
            yield FAIL, f"{mail.name}: a file without an index line; git format-patch writes it"
        elif any(len(one) < 12 for pair in index for one in pair):
            yield WARN, f"{mail.name}: short object ids; use --full-index"
        odd = _ODD.search(mail.diff)
        if odd:
            yield WARN, f"{mail.name}: {odd[0].decode()}: more than a change of text"


def diffstat(mails: Sequence[Mail]) -> Iterator[Problem]:
    """What the diff adds and removes is what its diffstat says."""
    for mail in patches(mails):
        found = (len(mail.files), sum(one.added for one in mail.files),
                 sum(one.removed for one in mail.files))
        if mail.totals is None:
            yield WARN, f"{mail.name}: no diffstat"
        elif mail.totals != found:
            yield FAIL, (f"{mail.name}: the diffstat says {mail.totals[0]} files +{mail.totals[1]} "
                         f"-{mail.totals[2]}, the diff {found[0]} files +{found[1]} -{found[2]}; "
                         "edited by hand? commit it and run git format-patch")


def _lines(mail: Mail, suffix: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Path, added and removed lines of each file of a kind."""
    for file in mail.files:
        if file.path.endswith(suffix):
            yield (file.path, [line.value.rstrip("\n") for hunk in file for line in hunk
                               if line.is_added],
                   [line.value.rstrip("\n") for hunk in file for line in hunk if line.is_removed])


def line_length(mails: Sequence[Mail]) -> Iterator[Problem]:
    """Added lines within 80 columns, but for those that have to be longer."""
    for mail in patches(mails):
        for file in mail.files:
            long = next(needless(file), None)
            if long is not None:
                yield WARN, (f"{mail.name}: {file.path}: over {LIMIT} columns: "
                             f"{long.strip()[:50]}")


def inline(mails: Sequence[Mail]) -> Iterator[Problem]:
    """No new `inline` in .c files, no function in a header without it."""
    for mail in patches(mails):
        for path, added, removed in _lines(mail, ".c"):
            more, less = (sum(bool(_INLINE.match(line)) for line in side)
                          for side in (added, removed))
            if more > less:
                yield FAIL, f"{mail.name}: {path}: inline in a .c file; the compiler knows better"
            elif more:
                yield WARN, f"{mail.name}: {path}: touches an inline function of a .c file"
        for path, added, removed in _lines(mail, ".h"):
            fresh = Counter(added) - Counter(removed)
            for line in fresh:
                if _NO_INLINE.match(line):
                    yield FAIL, f"{mail.name}: {path}: static without inline: {line[:50]}"


def deprecated(mails: Sequence[Mail]) -> Iterator[Problem]:
    """No more calls of what netdev wants to be rid of."""
    for mail in patches(mails):
        for path, added, removed in _lines(mail, ""):
            for pattern, severity, where, said in _DEPRECATED:
                if not path.startswith(where):
                    continue
                more, less = (sum(len(pattern.findall(line)) for line in side)
                              for side in (added, removed))
                if more > less:
                    yield severity, f"{mail.name}: {path}: adds {said}"
