# SPDX-License-Identifier: GPL-2.0-only
"""Prove each patch of a series before it is written, and say in its message what really ran."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from netmem_migrate.errors import UnprovenError
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.spelled import REF
from netmem_migrate.patch.plan import Plan
from netmem_migrate.results import FileChange, Run
from netmem_migrate.verify import (
    ObjectProof,
    Said,
    Status,
    Way,
    verify_changes,
    verify_partners,
)


@dataclass(frozen=True, slots=True)
class Unproven:
    """An object of which a patch does not hold: the first of the ways that did not pass.

    Or a row of the partner table, which the proof of every object stands on.
    """

    source: str
    said: Said

    @property
    def built(self) -> bool:
        """Whether it could be compiled at all."""
        return self.said.status is not Status.NOT_BUILT


@dataclass(frozen=True, slots=True)
class Proven:
    """Sentences by key of the steps, "" for all; `failed` is what did not hold.

    `layouts` are those of records that got a member, before and after, by the same key.
    """

    sentences: dict[str, str]
    failed: tuple[Unproven, ...] = ()
    layouts: dict[str, tuple[str, str]] = field(default_factory=dict)


def prove(run: Run, series: tuple[Plan, ...],
          progress: Callable[[str, int, int], None] | None = None) -> Proven:
    """Compile every prefix of every series: each patch against the tree with those before it.

    Raises InputError for a tree or machine on which nothing can be compiled.
    """
    kernel = Kernel.at(run.root)
    kernel.require_prepared()
    counts: dict[str, int] = {}
    ways: dict[str, Way] = {}
    forced: dict[str, int] = {}
    failed: list[Unproven] = []
    layouts: dict[str, tuple[str, str]] = {}
    partners = verify_partners(run.root, [
        change for plan in series for step in plan.steps for change in step.changes])
    failed += [Unproven(f"{one.page} -> {one.netmem}", one.said) for one in partners
               if not one.proven]
    for plan in series:
        state: dict[str, bytes] = {}
        for step in plan.steps:
            key = step.proof
            known = dict(state)
            state.update({change.path: change.after for change in step.changes})
            changes = [FileChange(change.path, change.before, change.after)
                       for change in step.changes]
            touched = {change.path for change in step.changes}
            # Files of earlier patches take part as those left them.
            changes += [FileChange(file, data, data) for file, data in known.items()
                        if file not in touched]
            proofs = verify_changes(run.root, changes, progress=progress)
            counts[key] = max(counts.get(key, 0), len(proofs))
            way = next((one.way for one in proofs if one.way is not None), None)
            if way is not None:
                ways[key] = way
            layouts.update((key, one.layout) for one in proofs if one.layout is not None)
            forced[key] = max(forced.get(key, 0), sum(bool(one.as_if) for one in proofs))
            failed += [Unproven(one.source, _said(one)) for one in proofs if not one.proven]
    sentences = {key: _sentence(kernel, count, forced[key], way=ways.get(key))
                 for key, count in counts.items()}
    # Patches of one driver touch the same objects.
    rest: dict[str, tuple[int, int]] = {}
    for step in (step for plan in series for step in plan.steps if step.proof not in ways):
        most = rest.get(step.key, (0, 0))
        rest[step.key] = max(most, (counts[step.proof], forced[step.proof]))
    if rest:
        sentences[""] = _sentence(kernel, sum(count for count, _ in rest.values()),
                                  sum(as_if for _, as_if in rest.values()))
    return Proven(sentences, tuple(failed), layouts)


def require(run: Run, steps: Sequence[str]) -> None:
    """Prove the patches that some steps made, which are not written without.

    Raises UnprovenError for one that fails.
    """
    for one in unproven(run, steps):
        raise UnprovenError(f"{one.source}: --with {steps[0]} is not proven: "
                            f"{'; '.join(one.said.details)}; nothing was written")


def unproven(run: Run, steps: Sequence[str]) -> Iterator[Unproven]:
    """What does not hold of the patches that some steps made, each on those before it."""
    for migration in run.drivers:
        state: dict[str, bytes] = {}
        for step in migration.steps:
            touched = {change.path for change in step.changes}
            changes = [*step.changes, *(FileChange(file, data, data)
                                        for file, data in state.items() if file not in touched)]
            state.update({change.path: change.after for change in step.changes})
            if step.room is None or step.room.step not in steps:
                continue
            for proof in verify_changes(run.root, changes):
                if not proof.proven:
                    yield Unproven(proof.source, _said(proof))


def _said(proof: ObjectProof) -> Said:
    ways = (proof.plain, proof.strict, proof.identity)
    return next((way for way in ways if way.status is not Status.PASS), proof.plain)


_WAYS = {
    Way.COPIES: "the text without the copies, with their calls naming the function again, is the "
                "one before; each copy is the same code as its function, and all else is, too, "
                "where the two count as one",
    Way.MEMBER: "the text without the stores of the new member, with each read of it spelled as it "
                "was, is the one before, and each store of the address has one of the member "
                "behind it, for the parser and for the compiler",
    Way.INSTEAD: "the text with each use of the page spelled as that of its address again is the "
                 "one before, and the uses that the compiler lists are those, as far as no address "
                 "of a page is NULL",
    Way.ARM: "the text without the new arm, and without the tests that were added for it, is the "
             "one before, and each use that the compiler lists names the arm of the mode in which "
             "it is reached",
    Way.KIND: "the text without the new arm is the one before, but for casts, and each use that "
              "the compiler lists names the arm of what it is taken for",
    Way.PAGE: "the text in which the function returns the address again is the one before, and "
              "the code is the same with the function put into its callers, wherever the address "
              "is taken, as far as that is not NULL",
    Way.SYNC: "with each address that is kept spelled as that of the buffer it is of, which is so "
              "wherever it is set, for the parser and for the compiler, the syncs before and after "
              "have the same device, address, size and direction, in the same code, as far as a "
              "buffer is of the pool of its ring and is not received before its fill is over; a "
              "pool that was made with another direction syncs with that one",
    Way.TX: "the text without the sets, with each unmap spelled raw again, is the one before; with "
            "both helpers as they are for pages the code is the same, function by function, and "
            "each address of a frag has a set behind it on every path, and nothing but unmaps that "
            "take netmem reads it then, for the parser and for the compiler",
    Way.FLAGS: "the text without flags and sizes of pools, sizes of puts and syncs for the device "
               "is the one before, and a model of the pool that is told those, played in all "
               "orders of filling, receiving, putting and recycling three buffers in twelve "
               "events, shows no access of bytes that are not synced that was not there before, as "
               "far as the CPU touches only what the driver synced for it, the hardware writes "
               "inside the memory, and nothing uses memory once it gave it back",
    Way.WARNS: "the text without the warnings is the one before, and these only compare",
    Way.MODE: "the text without the line that tells the device how it sends is the one before",
    Way.TWO: "each of the two functions is the code of the one that there was, for what its calls "
             "pass, or are taken to pass, and the rest is the text before but for those calls",
}


def _compiler(kernel: Kernel) -> str:
    command = kernel.toolchain.compiler
    if shutil.which(command) is None:
        return command
    asked = "-dumpversion" if "clang" in command else "-dumpfullversion"
    done = subprocess.run([command, asked], check=False, capture_output=True, text=True)
    return f"{command} {done.stdout.strip()}".strip()


def _sentence(kernel: Kernel, count: int, forced: int, way: Way | None = None) -> str:
    objects = "the one touched object" if count == 1 else f"the {count} touched objects"
    same = "it gives" if count == 1 else "they give"
    left_out = (f"; {'it' if count == 1 else forced}, left out by the configuration, with the "
                "CONFIG_ options of the Makefile defined" if forced else "")
    machine = kernel.toolchain.arch or platform.machine()
    how = _WAYS[way] if way is not None else (
        "with each netmem helper replaced by its page partner, "
        f"proven the same for pages on this kernel, {same} the same code")
    return (f"Compiled {objects} before and after the change (linux {kernel.version}, W=1, "
            f"{_compiler(kernel)}, {machine}{left_out}): no new diagnostic, none either with "
            f"{REF} as a type of its own; {how}. Not run on hardware.")
