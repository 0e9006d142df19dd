# SPDX-License-Identifier: GPL-2.0-only
"""`netmem-migrate verify`: prove patches on a real tree."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from netmem_migrate.commands import _options
from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.escape import shown
from netmem_migrate.results import FileChange
from netmem_migrate.terminal.say import say
from netmem_migrate.verify import ObjectProof, PartnerProof, Said, Status

if TYPE_CHECKING:
    from netmem_migrate.commands._series import Given
    from netmem_migrate.kernel.tree import Kernel
    from netmem_migrate.verify import Compilers
    from netmem_migrate.verify.module import Module

_WAYS = ("plain", "strict", "identity")


@click.command(
    name="verify",
    epilog="Example: netmem-migrate verify out/0001-*.patch --kernel ~/linux. Exit code 5: an "
    "object or a row of the partner table failed, or could not be compiled here.",
)
@click.argument("patches", nargs=-1, metavar="[PATCH|REV...]",
                type=click.Path(path_type=Path))
@_options.option("kernel", required=True,
                 help="A configured kernel tree, as `kernel prepare` makes one.")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N",
              help="How many compilers run at once. Default: one a core.")
@click.option("--cc", metavar="CC", default="", help="Run this in place of the compiler that the "
              "tree was prepared with, as in --cc 'ccache gcc'; it has to be the same compiler.")
@_options.option("no_cache")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON on stdout.")
@click.option("--checkpatch", is_flag=True, help="Also run the tree's checkpatch.pl; its findings "
              "count as failures.")
@click.option("-M", "--module", type=click.Path(path_type=Path), metavar="DIR",
              help="The folder of a module outside of the kernel, as kbuild's M= has it. Default, "
              "for files that the kernel does not have: found from the current folder.")
@click.option("--partners", is_flag=True, help="Prove every row of the partner table on the kernel "
              "instead; needs no PATCH.")
@click.pass_context
def command(ctx: click.Context, /, patches: tuple[Path, ...], kernel: Path, jobs: int | None,
            cc: str, no_cache: bool, as_json: bool, checkpatch: bool, module: Path | None,
            partners: bool) -> None:
    """Prove that PATCH... (a series, in order) changes nothing for memory that is pages.

    PATCH is a mail, a diff, or a folder of them; REV is a commit, or a range A..B. A series that
    the tree has already is taken out first.

    Each object that the patches touch is compiled with the kernel's own command, before and
    after: plain (no new diagnostic), strict (netmem_ref is a type of its own, no new diagnostic)
    and identity (netmem is defined to be pages, and the code must be the same). Each pair of page
    function and netmem function that this takes for the same is proven on the tree, too. The
    tree's sources are not written; for an object not built with W=1 yet, kbuild is asked what it
    would run.
    """
    from netmem_migrate.verify import Compilers

    try:
        compilers = Compilers(jobs or 0, keep=not no_cache, cc=cc)
    except ValueError as error:
        raise click.BadParameter(f"{cc}: {error}", param_hint="--cc") from None
    with compilers:
        if partners:
            held = _partners_alone(kernel, patches, compilers, as_json)
        else:
            held = _proven(kernel, patches, module, compilers, as_json=as_json,
                           checkpatch=checkpatch)
    if not held:
        ctx.exit(ExitCode.VERIFY)


def _proven(kernel: Path, patches: tuple[Path, ...], module: Path | None, compilers: Compilers, *,
            as_json: bool, checkpatch: bool) -> bool:
    if not patches:
        raise click.UsageError("give PATCH or REV, or --partners")
    from netmem_migrate.commands import _series
    from netmem_migrate.kernel.tree import Kernel

    tree = Kernel.at(kernel)
    with _series.taken(patches, _series.repository_of(patches, [tree.root, Path.cwd()])) as given:
        return _verified(tree, given, module, compilers, as_json=as_json, checkpatch=checkpatch)


def _verified(tree: Kernel, given: Given, module: Path | None, compilers: Compilers, *,
              as_json: bool, checkpatch: bool) -> bool:
    """Prove a series on a tree and say what came of it; whether all of it held."""
    from concurrent.futures import ThreadPoolExecutor

    from netmem_migrate.git.am import linked, touched
    from netmem_migrate.terminal.progress import progress
    from netmem_migrate.verify import unjudged, verify_changes, verify_partners
    from netmem_migrate.verify.checkpatch import checkpatch as check_style

    patches = given.patches
    own = _own(tree.root, touched(patches), module)
    series = given.on(own.base if own is not None else tree.root)
    steps = series.steps
    apart = linked(steps)
    if not apart:  # patches that share no file are proven at once
        steps = (tuple({one.path: one for step in steps for one in step
                        if one.before != one.after}.values()),)
    style = check_style(tree.root, patches) if checkpatch else ()
    if not as_json:
        changed = {one.path for step in steps for one in step if one.before != one.after}
        say(f"{tree.root}: linux {tree.version}, {len(changed)} files changed"
                   + (f", {len(patches)} patches one after the other" if apart else "")
                   + (f", built with M={own.folder}" if own is not None else "")
                   + (f", compiled by {shown(shlex.join(compilers.cc))}" if compilers.cc else "")
                   + ("; it has the series already, which is taken out first" if series.held
                      else ""))
    found: list[tuple[str, ObjectProof]] = []
    with (_placed(tree.root, own, steps) as (root, folder, steps), progress(quiet=as_json) as bar,
          ThreadPoolExecutor(1) as aside):
        bar.step("Asking kbuild how it compiles them")
        compilers.ahead(root, list(dict.fromkeys(one.path for step in steps for one in step
                                                 if one.before != one.after)), folder)
        pairing = aside.submit(verify_partners, root, [one for step in steps for one in step],
                               module=folder, compilers=compilers)
        for number, step in enumerate(steps):
            name = patches[number].name if apart else ""
            bar.step(f"Compiling {name}".rstrip())
            found += [(name, proof) for proof in verify_changes(
                root, step, module=folder, compilers=compilers,
                progress=lambda source, done, count: bar.at(
                    done / count, f"{done}/{count} {source}"))]
        bar.step("Comparing page functions with their netmem partners")
        pairs = pairing.result()
    if own is not None:
        found = [(name, _from_base(proof)) for name, proof in found]
    found += [(patch.name if apart else "", proof) for patch in patches
              for proof in unjudged(patch)]
    proofs = [proof for _, proof in found]
    if as_json:
        click.echo(json.dumps({
            "version": 1, "kernel": tree.version,
            "objects": [{**_as_dict(proof), **({"patch": name} if name else {})}
                        for name, proof in found],
            "partners": [_pair(one) for one in pairs],
            "checkpatch": [{"patch": one.patch, "line": one.line, "level": one.level,
                            "type": one.type, "text": one.text} for one in style],
        }, indent=2))
    else:
        _print(found)
        for line in _pairs(pairs):
            say(line, err=False)
        for one in style:
            say(f"{one.patch}:{one.line}: {one.level}:{one.type}: {one.text}", err=False)
    held = all(proof.proven for proof in proofs) and all(pair.proven for pair in pairs)
    return bool(not style and proofs and held)


def _own(root: Path, files: Sequence[str], module: Path | None) -> Module | None:
    """The module outside of the tree that patches are of: as given, or where they are run."""
    from netmem_migrate.verify.module import find

    if module is None and any((root / file).is_file() for file in files):
        return None
    try:
        return find(files, module or Path(), given=module is not None)
    except InputError as error:
        if module is not None:
            raise
        raise InputError(f"{root}: does not have {files[0]}; of a module outside of the tree, "
                         f"give the folder by --module ({error})") from error


@contextlib.contextmanager
def _placed(root: Path, own: Module | None, steps: tuple[tuple[FileChange, ...], ...],
            ) -> Iterator[tuple[Path, str, tuple[tuple[FileChange, ...], ...]]]:
    """The tree to compile in, the module's folder there, and the steps with paths of that tree."""
    from netmem_migrate.verify.module import PLACE, beside

    if own is None:
        yield root, "", steps
        return
    with beside(root, own) as (farm, folder):
        yield farm, folder, tuple(tuple(replace(one, path=f"{PLACE}/{one.path}") for one in step)
                                  for step in steps)


def _from_base(proof: ObjectProof) -> ObjectProof:
    """A proof with paths as the patches have them."""
    from netmem_migrate.verify.module import PLACE

    said = {way: replace(one, details=tuple(line.replace(f"{PLACE}/", "") for line in one.details))
            for way in _WAYS for one in (getattr(proof, way),)}
    return replace(proof, source=proof.source.removeprefix(f"{PLACE}/"), **said)


def _partners_alone(kernel: Path, patches: Sequence[Path], compilers: Compilers,
                    as_json: bool) -> bool:
    """Prove the whole table on one kernel and say what came of it; whether all of it held."""
    from netmem_migrate.kernel.tree import Kernel
    from netmem_migrate.terminal.progress import progress
    from netmem_migrate.verify import verify_partners

    if patches:
        raise click.UsageError("--partners takes no PATCH: verify PATCH... proves the rows it uses")
    tree = Kernel.at(kernel)
    with progress(quiet=as_json) as bar:
        bar.step("Comparing page functions with their netmem partners")
        pairs = verify_partners(tree.root, compilers=compilers)
    if as_json:
        click.echo(json.dumps({"version": 1, "kernel": tree.version,
                               "partners": [_pair(one) for one in pairs]}, indent=2))
    else:
        rows = [("page", "netmem", "of a page that is a", "result"),
                *((one.page, one.netmem, ", ".join(one.assumes), _result(one)) for one in pairs)]
        widths = [max(len(row[index]) for row in rows) for index in range(3)]
        for row in rows:
            click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(
                row, widths, strict=False)), row[-1]]).rstrip())
        for line in _pairs(pairs):
            say(line, err=False)
    return all(one.proven for one in pairs)


def _result(one: PartnerProof) -> str:
    if not one.proven:
        return one.said.status.value
    return "same code" + (", without that too" if one.spare else "")


def _pair(one: PartnerProof) -> dict[str, object]:
    return {"page": one.page, "netmem": one.netmem, "assumes": list(one.assumes),
            "needed": bool(one.assumes) and not one.spare, **_said(one.said)}


def _pairs(pairs: Sequence[PartnerProof]) -> list[str]:
    """What was proven of the rows of the partner table, and what they assume."""
    lines = [f"{one.page} -> {one.netmem}: {line}" for one in pairs if not one.proven
             for line in one.said.details]
    lines += [f"{one.page} -> {one.netmem}: the same for a {' and a '.join(one.assumes)}"
              for one in pairs if one.proven and one.assumes]
    proven = sum(one.proven for one in pairs)
    return [*lines, *([f"{proven} of {len(pairs)} partners used are the same code on this kernel"]
                      if pairs else [])]


def _said(said: Said) -> dict[str, object]:
    return {"status": said.status.value, "details": list(said.details)}


def _as_dict(proof: ObjectProof) -> dict[str, object]:
    return {"source": proof.source, "proven": proof.proven,
            **({"as_if": list(proof.as_if)} if proof.as_if else {}),
            **({"assumes": proof.assumes} if proof.assumes else {}),
            **{way: _said(getattr(proof, way)) for way in _WAYS}}


def _print(found: Sequence[tuple[str, ObjectProof]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    styles = {Status.PASS: "green", Status.FAIL: "bold red", Status.NOT_BUILT: "yellow"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    proofs = [proof for _, proof in found]
    if any(name for name, _ in found):
        table.add_column("patch", no_wrap=True)
    table.add_column("object", no_wrap=True)
    for way in _WAYS:
        table.add_column(way)
    for name, proof in found:
        table.add_row(*([escape(shown(name[:4]))] if name else []), escape(shown(proof.source)), *(
            f"[{styles[status]}]{status.value}[/]"
            for status in (getattr(proof, way).status for way in _WAYS)))
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(table)
    for proof in proofs:
        details = dict.fromkeys(line for way in _WAYS if (said := getattr(proof, way)).status
                                is not Status.PASS for line in said.details)
        for line in details:
            say(f"{proof.source}: {line}", err=False)
    for options in dict.fromkeys(proof.as_if for proof in proofs if proof.as_if):
        count = sum(proof.as_if == options for proof in proofs)
        click.echo(f"{count} compiled as if {' and '.join(options)} were set: this configuration "
                   "leaves them out")
    for what in dict.fromkeys(proof.assumes for proof in proofs if proof.assumes):
        say(f"assumed: {what}", err=False)
    proven = sum(proof.proven for proof in proofs)
    click.echo(f"{proven} of {len(proofs)} objects proven in all three ways")
