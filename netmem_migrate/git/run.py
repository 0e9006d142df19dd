# SPDX-License-Identifier: GPL-2.0-only
"""Run the git program so that no setting of a user, a repository or a machine changes a byte.

Everything that makes bytes runs in a `Scratch` repository of its own: its configuration is ours,
it has no hooks and no template, and the objects of the user's repository are only read, through
an alternate. The user's own settings count for two questions alone: who the author is, and whether
git trusts the tree.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from netmem_migrate.errors import InputError
from netmem_migrate.escape import shown_text
from netmem_migrate.files import plain

NO_IDENTITY = (
    "git knows no author for the patches: set one with "
    '`git config --global user.name "Your Name"` and '
    "`git config --global user.email you@host`"
)

# What a hook or a wrapper may have left in the environment and that names another repository.
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)

# The kernel's own .gitattributes names this driver; without it hunks are named after labels.
_KERNEL_ATTRIBUTES = b"*.[ch] diff=cpp\n"

# Nothing of a tree runs, whatever its settings name, and nothing is fetched. `protocol.*.allow` of
# a tree would count for more than `protocol.allow`; GIT_ALLOW_PROTOCOL does not let it.
_HARMLESS = (
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=" + os.devnull,
    "-c", "diff.external=",
    "-c", "gc.auto=0",
    "-c", "log.showSignature=false",
    "-c", "maintenance.auto=false",
    "-c", "protocol.allow=never",
    "-c", "safe.bareRepository=explicit",
)  # fmt: skip
_OFFLINE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0"}

DIFF_OPTIONS = (
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--text",
    "--full-index",
    "--diff-algorithm=myers",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as git knows them."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Repository:
    """The git tree a folder lies in: what is read from it, never what is written.

    `prefix` is the folder inside the work tree ("" at its top, else ending in a slash).
    """

    top: Path
    prefix: str
    objects: Path
    common: Path
    head: str
    object_format: str


def run(
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """Run git whatever its exit code; nothing of the tree runs, and nothing is fetched.

    Raises InputError without git, or without a folder to run it in.
    """
    try:
        return subprocess.run(
            ["git", *_HARMLESS, *arguments], cwd=cwd, env={**env, **_OFFLINE}, input=stdin,
            capture_output=True
        )
    except (FileNotFoundError, PermissionError):
        if not cwd.is_dir():
            raise InputError(f"{cwd}: no such folder") from None
        raise InputError(
            "git was not found in PATH: install git, every diff and patch is made by it"
        ) from None


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def user_environment() -> dict[str, str]:
    """The user's environment, with git's messages in English and no other repository named."""
    env = {key: value for key, value in os.environ.items() if key not in _LOCAL}
    env.pop("LANGUAGE", None)
    return env | {"LC_ALL": "C"}


def program(name: str) -> str:
    """The user's GIT_PAGER or GIT_EDITOR; what a tree's own settings name is not asked."""
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
        outside = {"GIT_CEILING_DIRECTORIES": str(Path(folder).resolve().parent)}
        done = run(["var", name], cwd=Path(folder), env=user_environment() | outside)
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def neutral_environment() -> dict[str, str]:
    """An environment in which git finds no setting but the ones given here."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    for name in ("LANGUAGE", "XDG_CONFIG_HOME", "COLUMNS", "LINES", "EMAIL"):
        env.pop(name, None)
    return env | {
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def author(folder: Path) -> Identity:
    """The person the user's own git settings name, for a commit made in `folder`.

    Raises InputError where they name nobody: git is told not to guess one from the host name.
    """
    result = run(
        ["-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"],
        cwd=folder,
        env=user_environment(),
    )
    ident = result.stdout.decode("utf-8", "replace").strip()
    name, opened, rest = ident.partition(" <")
    email, closed, _ = rest.partition(">")
    if result.returncode or not (opened and closed and name and email):
        raise InputError(NO_IDENTITY)
    return Identity(name, email)


def repository(folder: Path) -> Repository | None:
    """The git tree `folder` lies in; None outside any, and where nothing is committed yet.

    Raises InputError where git does not trust the tree.
    """
    env = user_environment()
    result = run(
        [
            "rev-parse",
            "--path-format=absolute",
            "--show-toplevel",
            "--git-path",
            "objects",
            "--git-common-dir",
            "--show-object-format",
            "--show-prefix",
        ],
        cwd=folder,
        env=env,
    )
    if result.returncode:
        if b"dubious ownership" in result.stderr:
            raise InputError(
                f"{folder}: git does not trust this repository: run "
                f"`git config --global --add safe.directory {folder}` if you do"
            )
        # Also a bare repository, or a .git file that points nowhere: there is no tree to commit to.
        return None
    top, objects, common, object_format, prefix = (
        result.stdout.decode("utf-8", "surrogateescape").split("\n")[:5]
    )
    head = run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], cwd=folder, env=env)
    if head.returncode:
        return None
    return Repository(
        Path(top), prefix, Path(objects), Path(common), head.stdout.decode().strip(), object_format
    )


@dataclass(frozen=True, slots=True)
class Scratch:
    """A throwaway repository; a context manager that removes it.

    `tree` is the folder whose .gitattributes name functions in hunk headers; `base` a repository
    whose objects can be read.
    """

    folder: Path
    env: dict[str, str]

    @classmethod
    def create(
        cls, tree: Path, paths: Iterable[str], base: Repository | None = None
    ) -> Scratch:
        """Make the repository in the system's temporary folder."""
        folder = Path(tempfile.mkdtemp(prefix="netmem-migrate-"))
        env = neutral_environment() | {
            "GIT_CEILING_DIRECTORIES": str(folder),
            "GIT_DIR": str(folder / "git"),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_WORK_TREE": str(folder / "work"),
        }
        scratch = cls(folder, env)
        try:
            (folder / "work").mkdir()
            kind = base.object_format if base else "sha1"
            scratch.git(
                "init", "--quiet", "--template=", f"--object-format={kind}", "--initial-branch=base"
            )
            if base is not None:
                info = folder / "git/objects/info"
                info.mkdir(exist_ok=True)
                (info / "alternates").write_bytes(os.fsencode(base.objects) + b"\n")
                shallow = plain.optional(base.common / "shallow")
                if shallow is not None:
                    (folder / "git/shallow").write_bytes(shallow)
            scratch._copy_attributes(tree, paths)
        except BaseException:
            scratch.remove()
            raise
        return scratch

    def _copy_attributes(self, tree: Path, paths: Iterable[str]) -> None:
        folders = {parent for path in paths for parent in Path(path).parents}
        for folder in folders:
            attributes = plain.optional(tree / folder / ".gitattributes")
            if attributes is not None:
                (self.folder / "work" / folder).mkdir(parents=True, exist_ok=True)
                (self.folder / "work" / folder / ".gitattributes").write_bytes(attributes)
        if not (self.folder / "work/.gitattributes").exists():
            (self.folder / "work/.gitattributes").write_bytes(_KERNEL_ATTRIBUTES)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Delete the repository from disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def attempt(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git here, whatever its exit code."""
        settings = [
            "-c", "core.attributesFile=" + os.devnull,
            "-c", "core.autocrlf=false",
            "-c", "core.quotePath=true",
            "-c", "commit.gpgSign=false",
        ]  # fmt: skip
        return run(
            [*settings, *arguments],
            cwd=self.folder / "work",
            env=self.env | dict(env or {}),
            stdin=stdin,
        )

    def git(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> bytes:
        """Run git here and return its stdout; raises InputError where git fails."""
        result = self.attempt(*arguments, stdin=stdin, env=env)
        if result.returncode:
            raise InputError(f"git {arguments[0]} failed: {_last_line(result.stderr)}")
        return result.stdout

    def blob(self, content: bytes) -> str:
        """Store `content` as it is and return its object id."""
        oid = self.git("hash-object", "-w", "--no-filters", "--stdin", stdin=content)
        return oid.decode().strip()

    def blobs(self, contents: Sequence[bytes]) -> list[str]:
        """The same for several, in one go."""
        folder = self.folder / "blobs"
        folder.mkdir(exist_ok=True)
        for number, content in enumerate(contents):
            (folder / str(number)).write_bytes(content)
        said = self.git("hash-object", "-w", "--no-filters", "--stdin-paths",
                        stdin=b"".join(b"../blobs/%d\n" % one for one in range(len(contents))))
        shutil.rmtree(folder)
        return said.decode().split()

    def tree(self, base: str, files: Mapping[str, tuple[str, bytes]]) -> str:
        """The tree `base` ("" for an empty one) with `files` (path: mode, content) put over it."""
        self.git("read-tree", *([base] if base else ["--empty"]))
        placed = sorted(files.items())
        entries = [
            f"{mode} {blob}\t".encode() + os.fsencode(path) + b"\0"
            for (path, (mode, _)), blob in zip(
                placed, self.blobs([content for _, (_, content) in placed]), strict=True)
        ]
        self.git("update-index", "-z", "--index-info", stdin=b"".join(entries))
        return self.git("write-tree").decode().strip()

    def commit(
        self, tree: str, parent: str, message: str, person: Identity, date: str
    ) -> str:
        """Commit `tree`; `date` is in git's internal format, seconds and zone."""
        env = {
            "GIT_AUTHOR_NAME": person.name,
            "GIT_AUTHOR_EMAIL": person.email,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": person.name,
            "GIT_COMMITTER_EMAIL": person.email,
            "GIT_COMMITTER_DATE": date,
        }
        parents = ["-p", parent] if parent else []
        oid = self.git("commit-tree", tree, *parents, stdin=shown_text(message).encode(),
                       env=env)
        return oid.decode().strip()
