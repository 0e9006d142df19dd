# SPDX-License-Identifier: GPL-2.0-only
"""The command on a terminal of some size."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios


def on_terminal(columns: int, *words: str) -> list[str]:
    """The lines that the command writes to a terminal of some width, without colours."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    process = subprocess.Popen([sys.executable, "-m", "netmem_migrate", *words], stdin=inner,
                               stdout=inner, stderr=subprocess.DEVNULL,
                               env=env | {"TERM": "xterm", "NO_COLOR": "1"})
    os.close(inner)
    data = b""
    while True:
        try:
            more = os.read(outer, 1 << 16)
        except OSError:  # the other end is closed
            break
        data += more
        if not more:
            break
    os.close(outer)
    assert process.wait() == 0
    return data.decode().replace("\r", "").splitlines()
