# SPDX-License-Identifier: GPL-2.0-only
"""What netdev asks of the mails of a series: names, subjects, messages, tags.

Follows Documentation/process/maintainer-netdev.rst and submitting-patches.rst, and netdev's robot
(nipa) where it has a test of the same thing. Each function yields problems as (severity, text);
none means that the series is fine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from netmem_migrate.git.mail import Mail, address, named, number_of
from netmem_migrate.git.run import Identity
from netmem_migrate.patch import disclosure
from netmem_migrate.patch.plan import LIMIT

FAIL, WARN = "fail", "warn"
Problem = tuple[str, str]

_SUBJECT = 75
_COLUMNS = 75
_PERMISSION = ("Acked-by", "Reviewed-by", "Tested-by", "Co-developed-by")
_DIFF = re.compile(r"^(?:---|\+\+\+) [ab]/|^\s+(?:---|\+\+\+)\s+[ab]/|^\s*@@ -\d+|^diff --git ")


def patches(mails: Sequence[Mail]) -> list[Mail]:
    """The numbered patches, without the cover letter."""
    return [mail for mail in mails if not mail.is_cover]


def names(mails: Sequence[Mail]) -> Iterator[Problem]:
    """File names and n/m as format-patch has them."""
    for mail in mails:
        if not named(mail.path):
            yield FAIL, f"{mail.name}: not named NNNN-subject.patch; git format-patch names it"
    numbered = patches(mails)
    count = len(numbered)
    numbers = [number_of(mail.path) for mail in numbered]
    if numbers != list(range(1, count + 1)):
        yield FAIL, f"files are numbered {numbers[:6]}, not 1 to {count}: one is missing or double"
    for mail in mails:
        if not mail.total and len(mails) > 1:
            yield FAIL, f"{mail.name}: no n/{count} in the subject"
        elif mail.total and mail.total != count:
            yield FAIL, f"{mail.name}: says {mail.number}/{mail.total}, of {count} patches"
        elif mail.total and mail.number != number_of(mail.path):
            yield FAIL, f"{mail.name}: says {mail.number}/{mail.total}"
        elif mail.total and mail.width != len(str(mail.total)):
            yield WARN, f"{mail.name}: numbers are not padded to one width"


def prefix(mails: Sequence[Mail]) -> Iterator[Problem]:
    """[PATCH net-next vN n/m] or [RFC net-next ...], the same on every mail."""
    for mail in mails:
        rest = [tag for tag in mail.tags if tag not in ("PATCH", "RFC", "RESEND")]
        marked = [tag for tag in rest if re.fullmatch(r"v[0-9]{1,9}", tag)]
        trees = [tag for tag in rest if tag not in marked]
        if not {"PATCH", "RFC"} & set(mail.tags):
            yield FAIL, f"{mail.name}: neither PATCH nor RFC in the subject's brackets"
        if not trees:
            yield WARN, f"{mail.name}: no tree in the brackets; [PATCH net-next] for new work"
        for tree in trees:
            if tree != tree.lower():
                yield FAIL, f"{mail.name}: trees are written in lower case: {tree.lower()}"
        version = int(marked[0][1:]) if marked else 1
        if version != mail.version:
            yield FAIL, f"{mail.name}: the subject says v{version}, the file v{mail.version}"
    if len({mail.tags for mail in mails}) > 1:
        shown = ", ".join(sorted({f"[{' '.join(mail.tags)}]" for mail in mails}))
        yield FAIL, f"the brackets differ: {shown}"


def count(mails: Sequence[Mail]) -> Iterator[Problem]:
    """At most 15 patches."""
    number = len(patches(mails))
    if number > LIMIT:
        yield FAIL, f"{number} patches, at most {LIMIT} are taken: split the series"


def cover(mails: Sequence[Mail]) -> Iterator[Problem]:
    """A cover letter for more than one patch, filled in, with the right totals."""
    numbered = patches(mails)
    letters = [mail for mail in mails if mail.is_cover]
    if len(numbered) > 1 and not letters:
        yield WARN, f"{len(numbered)} patches without a cover letter"
    for mail in letters:
        if "*** SUBJECT HERE ***" in mail.phrase or "*** BLURB HERE ***" in mail.message:
            yield FAIL, f"{mail.name}: subject or text is still git's placeholder"
        touched = Counter(file.path for one in numbered for file in one.files)
        if mail.totals is None:
            yield WARN, f"{mail.name}: no diffstat"
        elif mail.totals[0] != len(touched):
            yield FAIL, (f"{mail.name}: the diffstat counts {mail.totals[0]} files, "
                         f"the patches {len(touched)}")
        elif all(number == 1 for number in touched.values()):
            sums = (sum(file.added for one in numbered for file in one.files),
                    sum(file.removed for one in numbered for file in one.files))
            if sums != mail.totals[1:]:
                yield FAIL, (f"{mail.name}: the diffstat says +{mail.totals[1]} "
                             f"-{mail.totals[2]}, the patches +{sums[0]} -{sums[1]}")


def subject(mails: Sequence[Mail]) -> Iterator[Problem]:
    """`subsystem: summary phrase`, short, and each its own."""
    for mail in mails:
        if len(mail.phrase) > _SUBJECT:
            yield WARN, f"{mail.name}: {len(mail.phrase)} characters, at most {_SUBJECT} are usual"
        if not re.match(r"[\w./,+-]+(?:: ?[\w./,+-]+)*: \S", mail.phrase):
            yield FAIL, f"{mail.name}: no `subsystem: ` in front of the summary"
        if mail.phrase.endswith("."):
            yield WARN, f"{mail.name}: a summary has no full stop"
        if re.search(r"\b(?:checkpatch|sparse|smatch|netmem-migrate)\b", mail.phrase):
            yield WARN, f"{mail.name}: name what changes, not the tool"
        if re.search(r"\.[ch]: ", mail.phrase):
            yield WARN, f"{mail.name}: a file name is no subsystem"
    for phrase, number in Counter(mail.phrase for mail in patches(mails)).items():
        if number > 1:
            yield FAIL, f'{number} patches are called "{phrase}"'


def message(mails: Sequence[Mail]) -> Iterator[Problem]:
    """75 columns, no line that git drops, no diff, and enough of it."""
    for mail in mails:
        lines = mail.message.splitlines()
        if mail.is_cover:
            # Shortlog, diffstat and range-diff are git's.
            lines = mail.message.partition("\n\n --")[0].splitlines()
        text = [line for line in lines if line.strip() and not re.match(r"[\w-]+-by: ", line)]
        if len(text) < 2:
            yield FAIL, f"{mail.name}: hardly any description; say why"
        for line in lines:
            if line.startswith("#"):
                yield FAIL, f"{mail.name}: git drops lines that start with #: {line[:40]}"
            if not mail.is_cover and _DIFF.match(line):
                yield FAIL, f"{mail.name}: looks like a diff to git am: {line.strip()[:40]}"
            tag = re.match(r"[A-Z][\w-]+: ", line)
            if not mail.is_cover and len(line) > _COLUMNS and " " in line.strip() and not tag:
                yield WARN, f"{mail.name}: {len(line)} columns, at most {_COLUMNS}: {line[:40]}..."


def sign_off(mails: Sequence[Mail], person: Identity | None) -> Iterator[Problem]:
    """The author's own Signed-off-by on every patch."""
    for mail in patches(mails):
        signed = [value for key, value in mail.trailers if key == "Signed-off-by"]
        if not signed:
            yield FAIL, (f"{mail.name}: no Signed-off-by; read the patch, then run format-patch "
                         "again with -s")
        elif address(mail.sender) not in [address(one) for one in signed]:
            yield FAIL, f"{mail.name}: signed off, but not by its author {mail.sender}"
        elif person is not None and address(mail.sender)[1] != person.email:
            yield WARN, (f"{mail.name}: the author is {address(mail.sender)[1]}, git here knows "
                         f"{person.email}")


def disclosed(mails: Sequence[Mail], kernel: Path | None) -> Iterator[Problem]:
    """What a tool wrote is said, and tagged where the tree's documents ask for it."""
    asked = disclosure.trailer(kernel) if kernel is not None else ""
    for mail in patches(mails):
        tags = [key for key, _ in mail.trailers]
        if asked and "Assisted-by" not in tags:
            yield WARN, (f"{mail.name}: this tree's Documentation/process asks for `{asked}` "
                         "where a tool took part")
        if "Assisted-by" in tags and "Signed-off-by" in tags \
                and tags.index("Assisted-by") > tags.index("Signed-off-by"):
            yield WARN, f"{mail.name}: Assisted-by stands before Signed-off-by"
        if "Assisted-by" in tags and disclosure.NAME in mail.message \
                and "made by" not in mail.message:
            yield WARN, f"{mail.name}: say which part the tool wrote, and the command"


def tags(mails: Sequence[Mail]) -> Iterator[Problem]:
    """No tag that others did not give, none that the tree has no use for."""
    for mail in patches(mails):
        target = [tag for tag in mail.tags if tag.startswith("net")]
        for key, value in mail.trailers:
            if key in _PERMISSION:
                yield WARN, f"{mail.name}: {key} {value}: only with that person's permission"
            elif key == "Change-Id":
                yield FAIL, f"{mail.name}: Change-Id belongs to another review system"
            elif key in ("Link", "Closes") and not value.startswith(("http://", "https://")):
                yield FAIL, f"{mail.name}: {key} without a http(s) address"
            elif key == "Fixes" and target == ["net-next"]:
                yield WARN, f"{mail.name}: a fix goes to net, a conversion has no Fixes"
    fixes = any(key == "Fixes" for mail in patches(mails) for key, _ in mail.trailers)
    if any("net" in mail.tags for mail in mails) and not fixes:
        yield FAIL, "patches to net need a Fixes tag; a conversion goes to net-next"


def text(mails: Sequence[Mail]) -> Iterator[Problem]:
    """Plain text that mail carries unchanged."""
    for mail in mails:
        if mail.multipart:
            yield FAIL, f"{mail.name}: a multipart mail; patches are never attached"
        if mail.encoding not in ("", "7bit", "8bit"):
            yield FAIL, f"{mail.name}: {mail.encoding} encoded; send plain 7bit or 8bit text"
        if b"\r\n" in mail.raw:
            yield FAIL, f"{mail.name}: CRLF line ends"
        if "\N{REPLACEMENT CHARACTER}" in mail.message:
            yield FAIL, f"{mail.name}: the message is not UTF-8"
        if not address(mail.sender)[1]:
            yield FAIL, f"{mail.name}: no From"
