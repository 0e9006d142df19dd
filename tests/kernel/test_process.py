# SPDX-License-Identifier: GPL-2.0-only
"""What the tool starts ends with the tool, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """\
import sys
from netmem_migrate.kernel.process import child
with child(["sleep", "60"]) as started:
    print(started.pid, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_child_ends_with_us(how: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                           signal.default_int_handler)) as ours:
        assert ours.stdout is not None
        number = int(ours.stdout.readline())
        ours.send_signal(how)
        ours.wait(timeout=20)
    for _ in range(500):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return
        if "Z" in Path(f"/proc/{number}/stat").read_text().rpartition(")")[2]:
            return
        time.sleep(0.01)
    raise AssertionError(f"process {number} goes on")
