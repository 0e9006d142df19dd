# SPDX-License-Identifier: GPL-2.0-only
"""What only the tree can tell of a series: that it applies, and what the tree's scripts say.

Each function yields problems as (severity, text).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from netmem_migrate.check.series.mail import FAIL, WARN, Problem, patches
from netmem_migrate.convert.order import disordered
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.git import run as git
from netmem_migrate.git.mail import Mail, bases_of
from netmem_migrate.patch import folder, recipients
from netmem_migrate.patch.plan import LIMIT
from netmem_migrate.results import FileChange
from netmem_migrate.verify.checkpatch import checkpatch

_OFFSET = re.compile(r"^Hunk #\d+ succeeded at .*(?:offset|fuzz).*$", re.MULTILINE)


def exact(changes: Sequence[FileChange], mails: Sequence[Mail]) -> Iterator[Problem]:
    """Every hunk where it says, no white space error."""
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        where = Path(name)
        env = git.neutral_environment() | {"GIT_CEILING_DIRECTORIES": name}
        for change in changes:
            target = where / change.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(change.before)
        for mail in patches(mails):
            done = git.run(["apply", "-v", "--whitespace=error-all", str(mail.path.resolve())],
                           cwd=where, env=env)
            said = done.stderr.decode("utf-8", "replace")
            if done.returncode:
                wrong = [line for line in said.splitlines()
                         if not line.startswith(("Checking", "Applied"))]
                yield FAIL, f"{mail.name}: git apply: {wrong[0] if wrong else 'refuses it'}"
                return
            moved = _OFFSET.search(said)
            if moved:
                yield WARN, f"{mail.name}: made for another base: {moved[0]}"


def base(kernel: Path, mails: Sequence[Mail]) -> Iterator[Problem]:
    """base-commit is there, once, known to the tree, and to others, where the tree has commits."""
    named = [(mail, commit) for mail in mails for commit in bases_of(mail.raw)]
    repository = git.repository(kernel)
    if repository is None:
        if named:
            yield WARN, "base-commit cannot be looked up: the tree is no git tree"
        return
    if not named:
        yield WARN, "no base-commit; git format-patch --base names it"
    for mail, commit in named:
        done = git.run(["cat-file", "-e", f"{commit}^{{commit}}"], cwd=repository.top,
                       env=git.user_environment())
        if done.returncode:
            yield FAIL, f"{mail.name}: the tree does not know base-commit {commit[:12]}"
        elif _is_ours_alone(repository, commit):
            yield WARN, (f"{mail.name}: no remote branch has base-commit {commit[:12]}, so nobody "
                         "else may have it; name one that others have: format-patch --base COMMIT")
    if len(named) > 1:
        yield WARN, "base-commit is named more than once"


def _is_ours_alone(repository: git.Repository, commit: str) -> bool:
    """Whether a commit is on no branch of a remote, where the tree has remotes."""
    def has(*more: str) -> bool:
        done = git.run(["for-each-ref", "--count=1", "--format=%(refname)", *more, "refs/remotes"],
                       cwd=repository.top, env=git.user_environment())
        return bool(done.stdout.strip())

    return has() and not has("--contains", commit)


def style(kernel: Path, mails: Sequence[Mail]) -> Iterator[Problem]:
    """checkpatch.pl as the robot runs it: errors and checks fail, warnings warn."""
    for one in checkpatch(kernel, [mail.path for mail in patches(mails)]):
        severity = WARN if one.level == "WARNING" else FAIL
        yield severity, f"{Path(one.patch).name}:{one.line}: {one.type}: {one.text}"


def declarations(changes: Sequence[FileChange]) -> Iterator[Problem]:
    """Declaration blocks that were in reverse christmas tree order still are."""
    for change in changes:
        for line, sortable in disordered(change.before, change.after):
            how = ("order the lines by length" if sortable
                   else "an initialiser is in the way: assign below the declarations")
            yield (FAIL if sortable else WARN), (
                f"{change.path}:{line}: no longer longest line first; {how}")


def kernel_doc(kernel: Path, changes: Sequence[FileChange]) -> Iterator[Problem]:
    """The tree's kernel-doc has no more to say of the touched files than before."""
    script = kernel / "scripts/kernel-doc"
    for change in changes:
        before, after = (_doc(script, change.path, text)
                         for text in (change.before, change.after))
        for said in (after - before).elements():
            yield FAIL, f"{change.path}: kernel-doc: {said}"


def _doc(script: Path, path: str, text: bytes) -> Counter[str]:
    first = plain.read(script).partition(b"\n")[0]
    program = "perl" if b"perl" in first else sys.executable
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        copy = Path(name) / Path(path).name
        copy.write_bytes(text)
        done = subprocess.run([program, str(script), "-none", "-Wall", str(copy)], check=False,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C"})
    said = done.stderr.decode("utf-8", "replace").replace(str(copy), path)
    lines = (re.sub(rf"{re.escape(path)}:\d+\s*", "", line).strip() for line in said.splitlines())
    return Counter(line for line in lines if line and not re.match(r"\d+ warnings", line))


def copied(kernel: Path, place: Path, mails: Sequence[Mail]) -> Iterator[Problem]:
    """Whom get_maintainer.pl names is in To or Cc."""
    try:
        wanted = recipients.ask(kernel, [mail.raw for mail in patches(mails)])
    except InputError as error:
        yield WARN, f"not checked: {error}"
        return
    listed = place / folder.BESIDE / folder.RECIPIENTS
    known = recipients.read(listed) if listed.is_file() else set()
    for mail in mails:
        known |= {one.email for one in recipients.parse(mail.recipients.replace(", ", "\n"))}
    missing = [one for one in wanted if one.email not in known]
    if missing and len(missing) == len(wanted):
        yield WARN, ("nobody is in To or Cc yet: format-patch writes send/recipients, b4 prep has "
                     "--auto-to-cc")
    elif missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        yield WARN, "not copied: " + ", ".join(one.address for one in missing[:3]) + more


def limit(kernel: Path) -> Iterator[Problem]:
    """The tree's own document still has the limit that is checked here."""
    path = kernel / "Documentation/process/maintainer-netdev.rst"
    data = plain.optional(path)
    if data is None:
        yield WARN, f"{kernel} has no {path.name}; older or other rules may apply"
        return
    match = re.search(r"\(> (\d+) patches\)", data.decode("utf-8", "replace"))
    if match and int(match[1]) != LIMIT:
        yield WARN, f"this tree's {path.name} takes {match[1]} patches; {LIMIT} are checked"
