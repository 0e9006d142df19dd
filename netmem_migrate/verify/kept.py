# SPDX-License-Identifier: GPL-2.0-only
"""What compilers said before, kept by the content of all that they read.

As in ccache's direct mode: a first key is made of compiler, command and environment, under which
lists of files are kept that were read by runs of it; a second one of the first and of what is in
the files of such a list. A list also has the folders in which a file could come to stand that would
be found before one that was read, or in its place; the names in these are a part of the second key.

Nothing is kept where that cannot be told: of a compiler by way of another program, of a run that
fails, reads more than sources, or may say what time it is, and of files that changed meanwhile.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import netmem_migrate
from netmem_migrate.files.store import Store, digest
from netmem_migrate.verify import toolchain
from netmem_migrate.verify.overlay import BUILT
from netmem_migrate.verify.place import Place, Run

_Ends = dict[str, "_Ends"]
_VERSION = b"1"
_LISTS = 8
# Options by which a compiler reads what it does not list, or which say that it reads none.
_MORE = re.compile(r"@|-f(?:plugin|profile|auto-profile|branch-prob|modules|xray|.*list=)|-specs"
                   r"|--?config|-B|-wrapper|-X|-i(?:plugindir|sysroot|multilib|prefix|withprefix)"
                   r"|--sysroot|-include-pch|-M|-Wp,|-Wa,.*(?:@|-I)")
_PATHS = ("-I", "-iquote", "-isystem", "-idirafter")
_FOLDERS = ("CPATH", "C_INCLUDE_PATH")
_SOURCES = (".c", ".h", ".inc", ".def", ".S")
# What is only known while a compiler runs, or depends on what is not read.
_MOMENT = (b"__DATE__", b"__TIME__", b"__TIMESTAMP__", b"__has_include", b"__has_embed", b"#embed",
           b".incbin")
_HIDDEN = re.compile(r"(?:^|/)\.(?!\.?/)")
# Variables of a terminal, a shell and a session, which tell no compiler anything.
_SHELL = re.compile(r"_|SHLVL|PWD|OLDPWD|TERM(?:_.*)?|COLORTERM|COLUMNS|LINES|WINDOWID|DISPLAY"
                    r"|WAYLAND_DISPLAY|SSH_.*|XDG_SESSION_.*|DBUS_.*|TMUX.*|STY|VTE_.*"
                    r"|INVOCATION_ID|JOURNAL_STREAM|PYTEST_.*")


class Kept:
    """What is kept in a store, for one run of the tool, which begins when `where` was made."""

    def __init__(self, store: Store, where: Path) -> None:
        self.store = store
        self._since = where.stat().st_ctime_ns
        self._digests: dict[str, bytes | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._watched: dict[tuple[Path, frozenset[str]], tuple[str, ...]] = {}
        self._compilers: dict[tuple[str, ...], bytes | None] = {}
        self._lists: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}

    # The first key.

    def key(self, run: Run) -> str | None:
        """The first key of a run; None for one of which nothing is to be kept."""
        words = run.words
        out = words[words.index("-o") + 1] if "-o" in words else "-"
        if any(one in os.environ for one in _FOLDERS):
            return None
        if "-nostdinc" not in words or any(_MORE.match(one) for one in words) or \
                out not in ("-", os.devnull) or not {"-S", "-E", "-c", "-fsyntax-only"} & {*words}:
            return None
        compiler = self._compiler(words)
        if compiler is None:
            return None
        return digest(_VERSION, compiler, self._environment, os.fsencode(run.folder),
                      *(os.fsencode(one) for one in words))

    @cached_property
    def _environment(self) -> bytes:
        return digest(*(os.fsencode(f"{name}={value}") for name, value in sorted(
            os.environ.items()) if not _SHELL.fullmatch(name))).encode()

    def _compiler(self, words: Sequence[str]) -> bytes | None:
        """What tells a compiler from any other; None where that cannot be said."""
        key = words[0], *(one for one in words if one.endswith("=native"))
        if key not in self._compilers:
            self._compilers[key] = _identity(*key)
        return self._compilers[key]

    # What a run gave.

    def get(self, run: Run, key: str) -> subprocess.CompletedProcess[bytes] | None:
        """What a run gave before; None where that is not known, or was not kept."""
        found = self._found(run, key)
        if found is None or found[1][:1] != b"+":
            return None
        data = zlib.decompress(found[1][1:])
        size = int.from_bytes(data[:8], "big")
        return subprocess.CompletedProcess(list(run.words), 0, data[8 + size:], data[8:8 + size])

    def put(self, run: Run, key: str, done: subprocess.CompletedProcess[bytes],
            listed: Path) -> None:
        """Keep what a run gave that listed what it read in a file."""
        read = _read(listed)
        if read is None or done.returncode or _names_a_place(run, done):
            return
        watched = self._watch(run, read)
        second = self._second(run, key, read, watched)
        if second is None or not self._settled(run, read, watched):
            return
        if (read, watched) not in self._known(key):
            lists = self._lists[key] = [(read, watched), *self._known(key)][:_LISTS]
            self.store.put(key, zlib.compress(json.dumps(lists).encode(), 1))
        # What is preprocessed is made again faster than it is worth keeping.
        self.store.put(second, b"-" if "-E" in run.words else b"+" + zlib.compress(
            len(done.stderr).to_bytes(8, "big") + done.stderr + done.stdout, 1))

    def told(self, kind: str, runs: Sequence[Run], make: Callable[[], bytes]) -> bytes:
        """What this tool, as it is, made of some runs before, or makes of them now."""
        key = self._of_all(kind, runs)
        known = self.store.get(key) if key is not None else None
        if known is not None:
            return known
        made = make()
        key = self._of_all(kind, runs)
        if key is not None:
            self.store.put(key, made)
        return made

    def _of_all(self, kind: str, runs: Sequence[Run]) -> str | None:
        keys: list[bytes] = []
        for run in runs:
            key = self.key(run)
            found = self._found(run, key) if key is not None else None
            if found is None:
                return None
            keys.append(found[0].encode())
        return digest(kind.encode(), self._tool, *keys)

    @cached_property
    def _tool(self) -> bytes:
        """What tells this tool from any other."""
        top = Path(netmem_migrate.__file__).parent
        files = sorted(top.rglob("*.py"))
        return digest(*(part for file in files for part in (
            file.relative_to(top).as_posix().encode(), file.read_bytes()))).encode()

    # The second key.

    def _found(self, run: Run, key: str) -> tuple[str, bytes] | None:
        """The second key under which something is kept, and that."""
        for read, watched in self._known(key):
            second = self._second(run, key, read, watched)
            kept = self.store.get(second) if second is not None else None
            if second is not None and kept is not None:
                return second, kept
        return None

    def _known(self, key: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The lists of files that are kept under a first key."""
        if key not in self._lists:
            kept = self.store.get(key)
            lists = json.loads(zlib.decompress(kept)) if kept is not None else []
            self._lists[key] = [(tuple(read), tuple(watched)) for read, watched in lists]
        return self._lists[key]

    def _second(self, run: Run, key: str, read: Iterable[str],
                watched: Iterable[str]) -> str | None:
        """The second key; None where something cannot be read, or depends on the moment."""
        made = blake2b(key.encode(), digest_size=32)
        for path in read:
            one = self._content(run.place, run.folder, path)
            if one is None:
                return None
            made.update(os.fsencode(path) + b"\0" + one)
        for path in watched:
            made.update(os.fsencode(path) + b"\0" + self._listing(run.place, path))
        return made.hexdigest()

    def _content(self, place: Place, folder: str, path: str) -> bytes | None:
        """What tells the content of a file from any other."""
        known = place.known
        if (folder, path) not in known:
            name = _within(place, folder, path)
            text = place.held.get(name)
            known[folder, path] = _of(text) if text is not None else self._of_file(
                str(place.root / name))
        found = known[folder, path]
        assert found is None or isinstance(found, bytes)
        return found

    def _of_file(self, path: str) -> bytes | None:
        if path not in self._digests:
            try:
                self._digests[path] = _of(Path(path).read_bytes())
            except OSError:
                self._digests[path] = None
        return self._digests[path]

    def _settled(self, run: Run, read: Iterable[str], watched: Iterable[str]) -> bool:
        """Whether no file that was read changed while this tool ran, and none came to a folder."""
        place = run.place
        ours = f"{place.where.parent}/"
        names = (_within(place, run.folder, path) for path in read)
        try:
            return all(name in place.held or name.startswith(ours)
                       or self._is_old(place.root / name) for name in names) \
                and all(self._is_old_folder(place.root / name) for name in watched)
        except OSError:
            return False

    def _is_old_folder(self, folder: Path) -> bool:
        """Whether nothing came to a folder; where it is not there, that shows in one above it."""
        return not folder.exists() or self._is_old(folder) or all(
            self._is_old(folder / one) for one in _sources_in(str(folder)))

    def _is_old(self, path: Path) -> bool:
        status = path.stat()
        return max(status.st_ctime_ns, status.st_mtime_ns) < self._since

    # Where a file could come to stand that would be found.

    def _watch(self, run: Run, read: Iterable[str]) -> tuple[str, ...]:
        """The folders in which another file, or folder, could be found first.

        Whatever a file is included by, it is looked for in some folder by the end of its path, as
        long as that may be. The folders are those to look in, those of what was read, and all above
        them; where such a folder is not there, it is seen in one above that it came to be there.
        """
        place = run.place
        folders = {posixpath.dirname(_within(place, run.folder, path)) for path in read}
        words = run.words
        for number, word in enumerate(words):
            for option in _PATHS:
                if word == option and number + 1 < len(words):
                    folders.add(_within(place, run.folder, words[number + 1]))
                elif option == "-I" and word.startswith(option) and word != option:
                    folders.add(_within(place, run.folder, word[2:]))
        folders.discard(str(place.where.parent))
        key = place.root, frozenset(folders)
        if key not in self._watched:
            ends: _Ends = {}
            for one in folders:
                parts = one.split("/")
                for number in range(len(parts)):
                    inner = ends
                    for part in parts[number:]:
                        inner = inner.setdefault(part, {})
            found: set[str] = set()
            for base in {above for one in folders for above in _above(one)}:
                self._walk(place.root, base, ends, found)
            self._watched[key] = tuple(sorted(found))
        return self._watched[key]

    def _walk(self, root: Path, folder: str, ends: _Ends, found: set[str]) -> None:
        """The folders that are there of those that are named so from a folder on, and that."""
        found.add(folder)
        there = self._there(str(root / folder))
        for name, inner in ends.items():
            if name in there:
                self._walk(root, f"{folder}/{name}".removeprefix("/") if folder != "/" else
                           f"/{name}", inner, found)

    def _there(self, folder: str) -> frozenset[str]:
        """What in a folder may be included, or lead to what may."""
        if folder not in self._names:
            self._names[folder] = frozenset(_sources_in(folder))
        return self._names[folder]

    def _listing(self, place: Place, folder: str) -> bytes:
        """The names in a folder that may be included, or lead to what may."""
        if ("", folder) not in place.known:
            held = {posixpath.basename(one) for one in place.held
                    if posixpath.dirname(one) == folder}
            place.known["", folder] = _of("\0".join(
                sorted(self._there(str(place.root / folder)) | held)).encode(
                    "utf-8", "surrogateescape"))
        found = place.known["", folder]
        assert isinstance(found, bytes)
        return found


def _names_a_place(run: Run, done: subprocess.CompletedProcess[bytes]) -> bool:
    """Whether what a run gave holds a path that the command does not say."""
    places = [run.place.where.parent]
    if not any(str(run.place.root) in one for one in run.words):
        places.append(run.place.root)
    return any(os.fsencode(one) in text for one in places for text in (done.stdout, done.stderr))


def _of(text: bytes) -> bytes | None:
    """A digest of a text; None for one that depends on the moment."""
    return None if any(one in text for one in _MOMENT) else blake2b(text, digest_size=20).digest()


def _within(place: Place, folder: str, path: str) -> str:
    """A path that a compiler names in a folder of a place, from the place's top; absolute where it
    leads out of it, and not into the tree."""
    if not path.startswith("/") and ".." not in path:
        return posixpath.normpath(posixpath.join(folder, path))
    known = place.known
    if ("/" + folder, path) not in known:
        known["/" + folder, path] = _real(place, folder, path)
    return str(known["/" + folder, path])


def _real(place: Place, folder: str, path: str) -> str:
    real = Path(os.path.realpath(place.where / folder / path))
    for top in (Path(os.path.realpath(place.where)), place.root):
        if real.is_relative_to(top):
            return real.relative_to(top).as_posix().removeprefix(".")
    return str(real)


def _above(folder: str) -> Iterable[str]:
    """A folder of the tree and all above it; of another, itself."""
    yield folder
    while folder and not folder.startswith("/"):
        folder = posixpath.dirname(folder)
        yield folder


def _sources_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as listed:
            return [one.name for one in listed
                    if not one.name.endswith(BUILT) and not one.name.startswith(".")
                    and (one.name.endswith(_SOURCES) or one.is_dir())]
    except OSError:
        return []


def _read(listed: Path) -> tuple[str, ...] | None:
    """The files that a compiler lists as read; None where it lists none, or one that this may not
    understand."""
    try:
        text = listed.read_bytes()
        listed.unlink()
    except OSError:
        return None
    head, _, rest = text.replace(b"\\\n", b" ").partition(b":")
    if head.strip() != b"x" or any(sign in rest for sign in (b"\\", b"$", b":")):
        return None
    found = tuple(os.fsdecode(one) for one in rest.split())
    if not all(one.endswith(_SOURCES) and not _HIDDEN.search(one) for one in found):
        return None
    return found or None


def _identity(name: str, *native: str) -> bytes | None:
    """A compiler, what it runs and is made of, and what it says that it is, and that its machine is
    for options that ask for that; None for what is none, or is only called so."""
    path = shutil.which(name)
    if path is None or not toolchain.is_compiler(path):
        return None
    real = os.path.realpath(path)
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        with Path(real).open("rb") as file:
            if file.read(2) == b"#!":
                return None
        said = [subprocess.run([path, *words], check=False, capture_output=True,
                               stdin=subprocess.DEVNULL, env=environment)
                for words in (("-v", *native, "-E", "-x", "c", os.devnull),
                              ("-print-prog-name=cc1",), ("-print-prog-name=as",))]
        parts = [real, *(os.path.realpath(one) for one in (
            os.fsdecode(done.stdout.strip()) for done in said[1:]) if one.startswith("/"))]
        libraries = subprocess.run(["ldd", *parts], check=False, capture_output=True,
                                   stdin=subprocess.DEVNULL, env=environment).stdout
        parts += [os.fsdecode(one) for one in sorted(
            {*re.findall(rb"(?:=>|^)\s*(/\S+) \(0x", libraries, re.MULTILINE)})]
        files = [(part, Path(part).stat()) for part in parts]
    except OSError:
        return None
    if said[0].returncode:
        return None
    return digest(said[0].stderr, *(f"{part} {one.st_size} {one.st_mtime_ns} {one.st_ctime_ns} "
                                    f"{one.st_dev} {one.st_ino}".encode("utf-8", "surrogateescape")
                                    for part, one in files)).encode()
