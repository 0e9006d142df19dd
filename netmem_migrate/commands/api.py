# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate api`: the netmem API as the tool knows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, UsageError
from netmem_migrate.terminal.say import say

if TYPE_CHECKING:
    from netmem_migrate.model.schema import ApiFunction, Name
    from netmem_migrate.model.versions import Api

_SIDES = ("page", "netmem", "address", "none")
_EFFECTS = ("unknown", "none", "allocates", "releases", "takes", "drops", "splits", "hands-over",
            "borrows", "converts")
_KINDS = ("function", "type", "field", "flag", "value")


def _names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from netmem_migrate.model.functions import BY_NAME
    from netmem_migrate.model.names import NAMES

    found = [*BY_NAME, *(one.name for one in NAMES)]
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]


def _kernels(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from netmem_migrate.model.functions import LEVELS

    found = [CompletionItem(level) for level in LEVELS if level.startswith(incomplete)]
    if param.name == "api":
        return found
    return [*found, CompletionItem(incomplete, type="dir")]


def _of(kernel: Path | None, api: str | None) -> Api:
    """The API that is asked for; a tree's own headers win over the release's."""
    from netmem_migrate.model import versions
    from netmem_migrate.model.functions import LEVELS

    if kernel is None:
        return versions.at(api or LEVELS[-1])
    if api is not None:
        raise UsageError("--kernel and --api exclude each other: a tree has its own headers")
    return _tree(kernel)


def _tree(path: Path) -> Api:
    from netmem_migrate.kernel.tree import Kernel
    from netmem_migrate.model import versions

    kernel = Kernel.at(path)
    return versions.of_tree(kernel.root, kernel.api)


def _either(text: str) -> Api:
    from netmem_migrate.model import releases, versions

    if releases.release_of(text) and not Path(text).is_dir():
        return versions.at(text)
    return _tree(Path(text))


kernel_option = _options.option(
    "kernel", help="Read the headers of this kernel tree: they win over what the model holds.")
api_option = _options.option("api", shell_complete=_kernels, help="The API of this release. "
                             "Default: the newest the model holds.")
json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group(name="api")
def command() -> None:
    """The page_pool and netmem API as the tool knows it.

    The model says of each function what it does to the ownership of memory, whether it reads the
    memory, whether its result may be NULL, and which kernels have it. `check` judges sources and
    patches by it. It is Python, and `sync` keeps it in step with the kernel's headers.
    """


@command.command(
    name="list",
    short_help="List functions, types, fields and flags.",
    epilog="Examples: netmem-migrate api list --side netmem --effect releases; "
    "netmem-migrate api list --kind field page_pool_params",
)
@click.argument("words", nargs=-1, metavar="[WORD...]", shell_complete=_names)
@click.option("--kind", type=click.Choice(_KINDS), default="function", show_default=True,
              help="What to list.")
@click.option("--side", type=click.Choice(_SIDES), help="Functions that take or give this.")
@click.option("--effect", type=click.Choice(_EFFECTS),
              help="Functions that do this to the ownership of memory.")
@click.option("--since", metavar="X.Y", shell_complete=_kernels,
              help="Only what came in this release or later.")
@api_option
@kernel_option
@json_option
def list_(words: tuple[str, ...], kind: str, side: str | None, effect: str | None,
          since: str | None, api: str | None, kernel: Path | None, as_json: bool) -> None:
    """List what the API has; with WORD..., names that contain all of them.

    Columns of a function: name, what it takes or gives, effect, kernels, partner on the other
    side.
    """
    from netmem_migrate.model import releases
    from netmem_migrate.report import api_text

    held = _of(kernel, api)
    first = releases.release_of(since) if since else ""
    if first is None:
        raise UsageError(f"{since}: no kernel release; give one such as 7.3")
    entries: list[ApiFunction | Name] = [
        one for one in held.functions.values()
        if kind == "function" and side in (None, one.side.value)
        and effect in (None, one.effect.value)
    ]
    entries += [one for one in held.names.values() if one.kind == kind]
    entries = [
        one for one in entries
        if all(word in one.name for word in words)
        and (not first or (one.since and releases.number(one.since) >= releases.number(first)))
    ]
    click.echo(api_text.as_json(entries) if as_json else "\n".join(api_text.table(entries)),
               nl=as_json or bool(entries))


@command.command(
    short_help="Say all about one name.",
    epilog="Examples: netmem-migrate api show page_pool_put_netmem; "
    "netmem-migrate api show PP_FLAG_ALLOW_UNREADABLE_NETMEM",
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_names)
@api_option
@kernel_option
@json_option
def show(names: tuple[str, ...], api: str | None, kernel: Path | None, as_json: bool) -> None:
    """Say of each NAME its prototype, header, partner, kernels and effects.

    NAME is a function, a macro, a type, a flag, or a field such as page_pool_params.queue_idx.
    """
    import difflib

    from netmem_migrate.report import api_text

    held = _of(kernel, api)
    found = []
    for name in names:
        one = api_text.find(held, name)
        if one is None:
            near = difflib.get_close_matches(name, [*held.functions, *held.names], 3)
            raise UsageError(f"{name}: {held.label} has no such name"
                             + (f"; it has {', '.join(near)}" if near else
                                "; `netmem-migrate api list` says what it has"))
        found.append(one)
    if as_json:
        click.echo(api_text.as_json(found if len(found) > 1 else found[0]))
        return
    click.echo("\n\n".join("\n".join(api_text.page(one)) for one in found))


@command.command(
    short_help="Say what one kernel has that another lacks.",
    epilog="Examples: netmem-migrate api diff 6.12 7.3; netmem-migrate api diff 7.3 ~/src/net-next",
)
@click.argument("before", metavar="A", shell_complete=_kernels)
@click.argument("after", metavar="B", shell_complete=_kernels)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there is a difference.")
@json_option
@click.pass_context
def diff(ctx: click.Context, before: str, after: str, exit_code: bool, as_json: bool) -> None:
    """Say what kernels A and B do not have in common.

    Each is a release, of which the model tells, or the root of a kernel tree, whose headers are
    read. Names of parameters do not count.
    """
    from netmem_migrate.model import versions
    from netmem_migrate.report import api_text

    found = versions.difference(_either(before), _either(after))
    if as_json:
        click.echo(api_text.as_json(found))
    else:
        for line in api_text.difference(found):
            click.echo(line)
    if exit_code and found:
        ctx.exit(ExitCode.FINDINGS)


@command.command(
    short_help="Bring the model in step with a tree's headers.",
    epilog="Example: netmem-migrate api sync --kernel ~/src/net-next --check",
)
@_options.option("kernel", required=True, help="The kernel tree whose headers are read.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if anything would change.")
@click.option("--diff", "as_diff", is_flag=True, help="The same, and show the change as a diff.")
@click.option("--model", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where functions.py and names.py are. Default: the installed model.")
@click.pass_context
def sync(ctx: click.Context, kernel: Path, check: bool, as_diff: bool, model: Path | None) -> None:
    """Rewrite the model from TREE's headers, in place.

    Prototypes and versions follow the headers, new functions come in with an unknown effect, and
    what the tree lacks is marked. Effects and comments written by hand stay, byte for byte, and
    a second run changes nothing.
    """
    from netmem_migrate.kernel.tree import Kernel
    from netmem_migrate.model.sync import sync as work

    tree = Kernel.at(kernel)
    work.undo(model or work.bundled())
    made = work.plan(tree.root, tree.api, model or work.bundled())
    for header in made.skipped:
        say(f"{header}: not in this tree; its entries are left alone")
    if as_diff:
        click.echo(work.as_diff(made), nl=False)
    else:
        for one in made.changes:
            click.echo(f"{one.what:<8}  {one.name}: {one.text}")
    if (check or as_diff) and made.changes:
        ctx.exit(ExitCode.FINDINGS)
    if not (check or as_diff):
        work.write(made)
    if not made.changes:
        say(f"the model agrees with {tree.version}")
