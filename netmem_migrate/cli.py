# SPDX-License-Identifier: GPL-2.0-only
"""The command line: every command lives in netmem_migrate.commands and is imported when used."""

from __future__ import annotations

import gc
import importlib
import io
import os
import signal
import sys
from pathlib import Path

import click

from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.escape import shown
from netmem_migrate.terminal import notes, streams
from netmem_migrate.terminal.say import say

# Name, module and help line are listed here so that `--help` imports no command.
COMMANDS: dict[str, str] = {
    "scan": "Say who uses page_pool and how far each driver is from netmem.",
    "plan": "Say what it takes from where a driver stands to device memory, and who does it.",
    "diff": "Show what would change; write nothing.",
    "apply": "Convert in place, atomically.",
    "format-patch": "Write a series that `git am` takes.",
    "review": "Walk the hunks as `git add -p` does.",
    "check": "Judge sources, patches and series by the model, without a compiler.",
    "verify": "Prove patches on a real tree with the kernel's own compiler.",
    "explain": "Say why a site was converted, bridged or kept, or what a pass does.",
    "api": "The netmem API as the tool knows it: list, show, compare kernels, sync.",
    "kernel": "Fetch, prepare and list kernel trees.",
    "transform": "List the passes, begin one, check them.",
}


class LazyGroup(click.Group):
    """A click group that imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(
            "netmem_migrate.commands." + cmd_name.replace("-", "_")
        )
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"Exit codes: {'; '.join(f'{code} {code.text}' for code in ExitCode)}.",
)
@click.version_option(package_name="netmem-migrate")
def cli() -> None:
    """Move a network driver's Rx memory from struct page to netmem_ref, and prove it.

    Start with `netmem-migrate diff drivers/net/ethernet/VENDOR/DRIVER` inside a kernel tree.
    """
    notes.begin()
    try:
        Path.cwd()
    except OSError as error:
        raise InputError(f"the folder that this was started in cannot be found ({error.strerror}); "
                         "go to one that is there") from error


def main() -> None:
    """Entry point: errors become one line on stderr and their exit code."""
    # Names of files are bytes, and go out as they are.
    streams.guard()
    # Trees and states are many objects and in no circles: what looks for those has little to find.
    gc.set_threshold(100_000, 20, 100)
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read stdout has had enough. As every program does that is not asked otherwise.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
        raise
    except (click.Abort, KeyboardInterrupt):
        code = _said(ExitCode.INTERRUPTED.text, ExitCode.INTERRUPTED)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        say(text.getvalue(), nl=False)
        code = error.exit_code
    except InputError as error:
        code = _said(shown(error), error.code)
    except Exception as error:
        from netmem_migrate.terminal import crash

        line, code = crash.said(error)
        _said(shown(line), code)
    try:
        sys.stdout.flush()
    except (InputError, BrokenPipeError):
        streams.drop()
    sys.exit(code)


def _run() -> int:
    try:
        # click returns the code of ctx.exit() here instead of raising Exit.
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    return code if isinstance(code, int) else ExitCode.DONE


def _said(text: str, code: int) -> int:
    say(f"netmem-migrate: {text}")
    return code
