# SPDX-License-Identifier: GPL-2.0-only
"""The distribution's packages of kernel source, reached by a private apt configuration.

The archive is the one that the machine's own apt uses, so no host is written down here; its suites
are the machine's, their backports, and those newer. Nothing of the machine's apt state is touched.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.kernel.process import Progress, run

ANY_TREE = "any kernel tree can be given with --kernel"

# Suites beside those of the machine. The mirror need not have them all; it may have let the alias
# stable-backports fall behind the suite's own name.
_SUITES = (
    "bookworm-backports", "trixie-backports", "forky-backports", "stable-backports", "sid",
)
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PACKAGE = re.compile(r"^linux-source-(\d+\.\d+)$")
# The smallest package that has the whole changelog.
_CHANGELOG = "linux-libc-dev"
_POINT = re.compile(r"(?:\d+:)?((\d+\.\d+)(?:\.\d+)?)")
_URI = re.compile(r"^'([^']+)' (\S+\.deb) (\d+) (\S+:[0-9A-Fa-f]+)$")
_INDEX = re.compile(r"^'(\S+)/dists/([^/\s]+)/InRelease'")
_STATUS = re.compile(r"^dlstatus:\d+:([\d.]+):")
_RELEASE = re.compile(r"^v?(\d+\.\d+)$")


class Unreachable(InputError):
    """The archive cannot be reached now; what was fetched before still serves."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the kernel: `version` is the kernel's, "7.3.4"; `size` is in bytes."""

    uri: str
    file: str
    size: int
    digest: str
    version: str


def release(text: str) -> str:
    """`text` as a release, "7.3". Raises UsageError if it does not name one."""
    match = _RELEASE.match(text)
    if match is None:
        raise UsageError(
            f"{text}: not a kernel release; write X.Y, as in 6.12 (the newest point release is "
            "taken)"
        )
    return match[1]


def order(version: str) -> tuple[int, ...]:
    """A key that sorts versions: 6.12 comes after 6.9."""
    return tuple(int(number) for number in version.split("."))


def _program(name: str) -> str:
    # apt-helper is not meant for users and stands beside apt's other helpers.
    found = shutil.which(name) or shutil.which(name, path="/usr/lib/apt:/usr/libexec/apt")
    if found is None:
        raise InputError(f"{name} not found: this machine has no apt to fetch with; {ANY_TREE}")
    return found


def _error(lines: list[str]) -> str:
    """The line of apt's output that says most."""
    for mark in ("E: ", "W: ", "Err:"):
        for line in lines:
            if line.startswith(mark):
                return line.removeprefix(mark).rstrip(".")
    return lines[-1] if lines else "no reason given"


class Archive:
    """The packages `linux-source-X.Y` within reach, and how to download one of them."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        """Set up the configuration in `folder`, and bring the lists of packages up to date.

        Raises InputError without apt, Unreachable without the archive.
        """
        self._progress = progress
        self._get = _program("apt-get")
        self._cache = _program("apt-cache")
        self._helper = _program("apt-helper")
        self._folder = folder
        self._env = {**os.environ, "LC_ALL": "C"}
        self._configure()
        self.releases = self._update()

    def _lines(self, *command: str) -> list[str]:
        code, lines = run(command, env=self._env)
        if code != 0:
            raise InputError(f"{Path(command[0]).name} failed: {_error(lines)}")
        return lines

    def _sources(self) -> list[tuple[str, str]]:
        """The machine's own Debian archives: (URI, suite)."""
        style = "$(REPO_URI) $(LABEL) $(RELEASE)"
        lines = self._lines(self._get, "indextargets", "--format", style)
        found = {
            (words[0].rstrip("/"), words[2])
            for words in map(str.split, lines)
            if len(words) == 3 and words[1] == "Debian"
        }
        if not found:
            # Before its first update apt has no index targets, but knows where they would be.
            code, lines = run([self._get, "update", "--print-uris"], env=self._env)
            matches = [match for line in lines if (match := _INDEX.match(line)) and code == 0]
            found = {
                (match[1], match[2]) for match in matches if match[1].endswith("/debian")
            }
        if not found:
            raise InputError(f"apt on this machine knows no Debian archive; {ANY_TREE}")
        return sorted(found)

    def _configure(self) -> None:
        sources = self._sources()
        code, lines = run([_program("dpkg"), "--print-architecture"], env=self._env)
        options = ["target=Packages"]
        if code == 0 and lines:
            options.append(f"arch={lines[-1]}")
        if _KEYRING.is_file():
            options.append(f"signed-by={_KEYRING}")
        wanted: dict[tuple[str, str], None] = dict.fromkeys(sources)
        for uri, suite in sources:
            if "-" not in suite:
                wanted.update({(uri, f"{suite}-backports"): None})
            wanted.update({(uri, more): None for more in _SUITES})
        lists = self._folder / "lists"
        archives = self._folder / "cache/archives"
        for needed in (lists / "partial", archives / "partial", self._folder / "log"):
            needed.mkdir(parents=True, exist_ok=True)
        (self._folder / "sources.list").write_text(
            "".join(f"deb [{' '.join(options)}] {uri} {suite} main\n" for uri, suite in wanted)
        )
        # No package is installed here, whatever the machine has.
        (self._folder / "status").write_text("")
        settings = {
            "Dir::Etc::SourceList": self._folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": lists,
            "Dir::State::status": self._folder / "status",
            "Dir::State::extended_states": self._folder / "extended_states",
            "Dir::Cache": self._folder / "cache",
            "Dir::Cache::archives": archives,
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "Dir::Log": self._folder / "log",
            "APT::Default-Release": "",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::PDiffs": "false",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "20",
            "Acquire::https::Timeout": "20",
        }
        # The machine's hooks may touch what is not ours, or fail for want of rights.
        text = "#clear APT::Update;\n#clear DPkg;\n#clear Acquire::Languages;\n"
        text += "".join(f'{name} "{value}";\n' for name, value in settings.items())
        (self._folder / "apt.conf").write_text(text)

    def _apt(self, program: str, *words: str) -> list[str]:
        return [program, "-c", str(self._folder / "apt.conf"), *words]

    def _watch(self, line: str) -> None:
        if match := _STATUS.match(line):
            self._progress.at(min(float(match[1]) / 100, 1.0))

    def _update(self) -> tuple[str, ...]:
        self._progress.step("Reading the lists of packages")
        command = self._apt(self._get, "-q", "-o", "APT::Status-Fd=1", "update")
        # A suite that the mirror lacks makes apt fail; what counts is whether any was read.
        _code, lines = run(command, self._watch, env=self._env)
        if not any(line.startswith(("Get:", "Hit:")) for line in lines):
            raise Unreachable(f"the archive cannot be reached: {_error(lines)}")
        names = self._lines(*self._apt(self._cache, "pkgnames", "linux-source-"))
        found = {match[1] for name in names if (match := _PACKAGE.match(name))}
        if not found:
            raise InputError(f"the archive has no package of kernel source; {ANY_TREE}")
        return tuple(sorted(found, key=order))

    def package(self, wanted: str) -> Package:
        """The package of a release. Raises InputError, naming those there are, for another."""
        if wanted not in self.releases:
            raise InputError(
                f"no package of linux {wanted}; available: {', '.join(self.releases)} "
                f"({ANY_TREE})"
            )
        return self._located(f"linux-source-{wanted}", wanted)

    def changelogs(self) -> tuple[Package, ...]:
        """A package with the changelog of the newest version of each release, newest first."""
        newest: dict[str, tuple[str, str]] = {}
        for line in self._lines(*self._apt(self._cache, "madison", _CHANGELOG)):
            version = line.split("|")[1].strip() if "|" in line else ""
            match = _POINT.match(version)
            if match is not None:
                held = newest.get(match[2])
                if held is None or order(held[0]) < order(match[1]):
                    newest[match[2]] = match[1], version
        if not newest:
            raise InputError(f"the archive has no {_CHANGELOG}, which holds the changelog")
        return tuple(self._located(f"{_CHANGELOG}={newest[one][1]}", newest[one][0])
                     for one in sorted(newest, key=order, reverse=True))

    def _located(self, name: str, wanted: str) -> Package:
        lines = self._lines(*self._apt(self._get, "--print-uris", "download", name))
        for line in lines:
            if match := _URI.match(line):
                uri, file, size, digest = match.groups()
                number = re.match(rf"[^_]+_(?:\d+%3a)?({re.escape(wanted)}(\.\d+)?)", file)
                version = number[1] if number else wanted
                return Package(uri, file, int(size), digest, version)
        raise InputError(f"apt does not say where {name} is: {_error(lines)}")

    def download(self, package: Package) -> Path:
        """Download a package, going on where an earlier try stopped; apt checks its digest.

        Raises Unreachable if it cannot be had.
        """
        folder = self._folder / "packages"
        folder.mkdir(exist_ok=True)
        file = folder / package.file
        for other in folder.iterdir():
            if other.name.startswith(package.file.split("_")[0] + "_") and other != file:
                other.unlink()
        self._progress.step(
            f"Downloading {package.file.split('_')[0]} {package.version}, "
            f"{package.size / 1e6:.0f} MB"
        )
        # `apt-get download` starts again from nothing; its helper, with the same transports,
        # proxies and checks, goes on.
        command = self._apt(self._helper, "-q", "-o", "APT::Status-Fd=1", "download-file",
                            package.uri, str(file), package.digest)
        code, lines = run(command, self._watch, env=self._env)
        if code != 0 or not file.is_file():
            # What apt sets aside for its wrong digest is of no use to the next try.
            file.with_name(f"{file.name}.FAILED").unlink(missing_ok=True)
            raise Unreachable(f"{package.file.split('_')[0]} cannot be downloaded: "
                              f"{_error(lines)}")
        return file
