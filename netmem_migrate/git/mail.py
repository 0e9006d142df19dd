# SPDX-License-Identifier: GPL-2.0-only
"""A patch file taken apart: headers, subject, message, diffstat and diff.

Reads what `git format-patch` writes, and what a person made of it with an editor.
"""

from __future__ import annotations

import contextlib
import email.errors
import email.header
import email.message
import email.parser
import email.utils
import re
from dataclasses import dataclass
from pathlib import Path

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile

from netmem_migrate.files import plain
from netmem_migrate.git.hunks import parsed

_COMMENTS = 20  # nobody has as many
_BRACKET = re.compile(r"^\[(?P<tags>[^\]]*)\]\s*(?P<phrase>.*)$", re.DOTALL)
# No series has more patches than nine digits can say, and an int of thousands is refused.
_NUMBER = re.compile(r"^([0-9]{1,9})/([0-9]{1,9})$")
_TRAILER = re.compile(r"^([A-Za-z][A-Za-z-]*): (.+)$")
_TOTALS = re.compile(r"^ ([0-9]{1,9}) files? changed(?:, ([0-9]{1,9}) insertions?\(\+\))?"
                     r"(?:, ([0-9]{1,9}) deletions?\(-\))?$", re.MULTILINE)
_BASE = re.compile(rb"^base-commit: ([0-9a-f]{40,64})$", re.MULTILINE)
_NAME = re.compile(r"(?:v(?P<version>[0-9]{1,9})-)?(?P<number>[0-9]{4})-.+\.patch")


@dataclass(frozen=True, slots=True)
class Mail:
    """One file of a series.

    `tags` are the words in the subject's brackets, `number` and `total` its n/m (0 without);
    `width` is how wide n is written; `message` is the commit message without the subject, and
    `note` what stands between `---` and the diff; `totals` are files, insertions and deletions as
    the diffstat says; `diff` is the diff itself; `encoding` the content transfer encoding.
    """

    path: Path
    raw: bytes
    sender: str
    recipients: str
    encoding: str
    multipart: bool
    tags: tuple[str, ...]
    number: int
    total: int
    width: int
    phrase: str
    message: str
    note: str
    totals: tuple[int, int, int] | None
    diff: bytes
    files: tuple[PatchedFile, ...]
    unreadable: str = ""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_cover(self) -> bool:
        return number_of(self.path) == 0

    @property
    def version(self) -> int:
        """By the file's name, 1 where it has none."""
        return version_of(self.path)

    @property
    def leads_out(self) -> bool:
        """Does the diff name a file outside of the tree?"""
        return any(file.path.startswith("/") or ".." in file.path.split("/")
                   for file in self.files)

    @property
    def trailers(self) -> list[tuple[str, str]]:
        """The tags at the end of the message: `Signed-off-by` and its value, ..."""
        block = self.message.rstrip().rpartition("\n\n")[2].splitlines()
        found = [match for line in block if (match := _TRAILER.match(line))]
        return [(match[1], match[2]) for match in found] if len(found) == len(block) else []


def named(path: Path) -> bool:
    """Is this a file name that format-patch gives?"""
    return _NAME.fullmatch(path.name) is not None


def version_of(path: Path) -> int:
    """The version in the file's name, 1 where there is none."""
    match = _NAME.fullmatch(path.name)
    return int(match["version"] or 1) if match else 1


def number_of(path: Path) -> int:
    """The number in the file's name, -1 where there is none."""
    match = _NAME.fullmatch(path.name)
    return int(match["number"]) if match else -1


def bases_of(patch: bytes) -> list[str]:
    """The commits that a patch says it is made for."""
    return [commit.decode() for commit in _BASE.findall(patch)]


def _header(mail: email.message.Message, name: str) -> str:
    """A header as a person reads it; as it stands, where it is in no encoding that is known."""
    raw = next((str(value) for key, value in mail.raw_items() if key.lower() == name.lower()), "")
    # Not mail.get(): of bytes beyond ASCII it makes another type.
    text = " ".join(raw.encode("ascii", "surrogateescape").decode("utf-8", "replace").split())
    with contextlib.suppress(LookupError, ValueError, email.errors.MessageError):
        text = str(email.header.make_header(email.header.decode_header(text)))
    # Some encodings give what is no text.
    return text.encode("utf-8", "replace").decode()


def read(path: Path) -> Mail:
    """Take a file apart. What cannot be read of it is said in `unreadable`, never raised."""
    raw = plain.read(path)
    mail = email.parser.BytesHeaderParser().parsebytes(
        raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw)
    subject = _header(mail, "Subject")
    match = _BRACKET.match(subject)
    words = match["tags"].split() if match else []
    number = total = width = 0
    if words and (counted := _NUMBER.match(words[-1])):
        number, total, width = int(counted[1]), int(counted[2]), len(counted[1])
        words = words[:-1]
    body = raw.partition(b"\n\n")[2]
    start = re.search(rb"(?m)^diff --git ", body)
    diff = body[start.start():] if start else b""
    # The signature: "-- " and git's version.
    diff = re.split(rb"(?m)^-- \n(?!.*^diff --git )", diff, maxsplit=1)[0] if diff else b""
    text = (body[:start.start()] if start else body).decode("utf-8", "replace")
    message, _, note = text.partition("\n---\n") if start else (text, "", "")
    totals = _TOTALS.findall(note if start else text)
    unreadable = ""
    files: tuple[PatchedFile, ...] = ()
    try:
        files = parsed(diff)
    except UnidiffParseError as error:
        unreadable = str(error)
    counts = totals[-1] if totals else None
    return Mail(
        path, raw, _header(mail, "From"),
        ", ".join(filter(None, (_header(mail, "To"), _header(mail, "Cc")))),
        _header(mail, "Content-Transfer-Encoding").lower(),
        mail.get_content_maintype() == "multipart",
        tuple(words), number, total, width, match["phrase"] if match else subject,
        message.strip("\n") + "\n", note,
        (int(counts[0]), int(counts[1] or 0), int(counts[2] or 0)) if counts else None,
        diff, files, unreadable,
    )


def address(person: str) -> tuple[str, str]:
    """Name and bare address of `Name <address>`."""
    if person.count("(") > _COMMENTS:
        person = _without_comments(person)
    return email.utils.parseaddr(person)


def _without_comments(person: str) -> str:
    """A person without what stands in parentheses, however deep: parseaddr() calls itself there."""
    depth, kept = 0, []
    for letter in person:
        depth += letter == "("
        if not depth:
            kept.append(letter)
        depth -= letter == ")" and depth > 0
    return "".join(kept)
