# SPDX-License-Identifier: GPL-2.0-only
"""Pages in a browser, and the command on an emulated terminal, for tests and for pictures."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyte
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tools import CORPUS, STUB, plant

from netmem_migrate.api import migrate
from netmem_migrate.results import Run

VENDORS = ("acme", "bolt", "coil", "dyne", "emit", "flux")
_ROWS = 5000  # more than any output has; what scrolls off is as good as on the screen


def scan_of_corpus(root: Path) -> Path:
    """A kernel tree with drivers of the corpus: own C that mostly creates a pool."""
    files = {"Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n", "Kbuild": "",
             "MAINTAINERS": "", "include/linux/none.h": "",
             "include/net/netmem.h": (STUB / "netmem_stub.h").read_text()}
    cases = [one for one in sorted(CORPUS.iterdir()) if (one / "before.c").is_file()][::4]
    for number, case in enumerate(cases):
        folder = f"drivers/net/ethernet/{VENDORS[number % len(VENDORS)]}/{case.name}"
        files[f"{folder}/Makefile"] = "obj-y += main.o\n"
        files[f"{folder}/main.c"] = (case / "before.c").read_text() + _POOL
    return plant(root, files)


_POOL = """
int demo_create(struct demo_more *priv)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dma_dir = DMA_FROM_DEVICE,
	};

	priv->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(priv->pool);
}
"""


def corpus_run(root: Path) -> Run:
    """The drivers of such a tree, converted in memory."""
    return migrate([scan_of_corpus(root)])


@dataclass
class Looks:
    """A browser that opens pages, each of a window of its own."""

    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def started(cls) -> Iterator[Looks]:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        assert program, "this needs chromium (apt install chromium)"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            yield cls(browser)
            browser.close()

    def page(self, text: str, width: int, scheme: str = "light") -> Page:
        """A page in a window of some width."""
        with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False,
                                         encoding="utf-8") as file:
            file.write(text)
        context = self.browser.new_context(viewport={"width": width, "height": 800},
                                           color_scheme="dark" if scheme == "dark" else "light")
        self.contexts.append(context)
        page = context.new_page()
        page.goto(Path(file.name).as_uri())
        Path(file.name).unlink()
        return page


@dataclass(frozen=True)
class Shown:
    """What a terminal shows: its lines, how many were `written`, and the emulator itself."""

    lines: list[str]
    written: int
    screen: pyte.Screen


def on_screen(folder: Path, columns: int, rows: int, *words: str) -> Shown:
    """The command on a terminal of some size, as an emulator draws it."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    env = {key: value for key, value in os.environ.items()
           if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen([sys.executable, "-m", "netmem_migrate", *words], stdin=inner,
                               stdout=inner, stderr=subprocess.DEVNULL, cwd=folder,
                               env=env | {"TERM": "xterm"})
    os.close(inner)
    data = bytearray()
    with contextlib.suppress(OSError):  # the other end is closed
        while more := os.read(outer, 1 << 16):
            data += more
    os.close(outer)
    assert process.wait() == 0
    screen = pyte.Screen(columns, _ROWS)
    pyte.ByteStream(screen).feed(bytes(data))
    lines = [one.rstrip() for one in screen.display]
    while lines and not lines[-1]:
        lines.pop()
    return Shown(lines, bytes(data).rstrip().count(b"\n") + 1, screen)
