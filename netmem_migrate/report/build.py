# SPDX-License-Identifier: GPL-2.0-only
"""Turn an analysis into the report of one driver: declarations, sites and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import parse_counts
from netmem_migrate.convert.work import Work
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Blocker, Call, Category, Kind, Place, Slot, reach
from netmem_migrate.model.twins import POOL_API, Concern
from netmem_migrate.report.requirements import requirements_of
from netmem_migrate.results import (
    Action,
    Declaration,
    DriverReport,
    Refusal,
    Site,
    Verdict,
)

# A page hidden on its way out is found again under another of these names.
_HIDING = {Category.VOID_POINTER.value, Category.ADDRESS.value}
_CALL = re.compile(rb"\b(" + b"|".join(sorted(name.encode() for name in POOL_API)) + rb")\s*\(")


def report(work: Work, *, judge: bool = True) -> DriverReport:
    """The report of one analysed driver; `judge` adds the requirements of netmem.rst."""
    analysis = work.analysis
    kept = _all_kept(work)
    sites = _sites(work, kept)
    refusals = _refusals(analysis, kept)
    declarations = _declarations(work)
    if declarations:
        verdict = Verdict.PARTIAL if refusals else Verdict.CONVERTED
    else:
        verdict = Verdict.REFUSED if refusals else Verdict.NOTHING_TO_DO
    parsed = [file for name, file in analysis.symbols.files.items()
              if name in analysis.driver.files]
    requirements = (requirements_of(analysis.sources, analysis.driver.files, sites)
                    if judge else {})
    return DriverReport(analysis.driver.path, analysis.driver.files, verdict, declarations, sites,
                        refusals, requirements, parse_counts(parsed))


def _declarations(work: Work) -> tuple[Declaration, ...]:
    found = []
    for slot in work.analysis.graph.slots.values():
        if slot.kind is Kind.CALL or not work.moves(slot):
            continue
        from_, to = _types(work, slot)
        new = work.new_names.get(slot, slot.short_name)
        found.append(Declaration(slot.place.file, slot.place.line, slot.place.function,
                                 slot.kind.value, slot.name, new, from_, to))
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.name)))


def _types(work: Work, slot: Slot) -> tuple[str, str]:
    """The declared types before and after, as C spells them without the name."""
    level = 0
    spelling = slot.spellings[0] if slot.spellings else None
    node = spelling.declarator if spelling else None
    array = ""
    while node is not None:
        if node.type == "pointer_declarator":
            level += 1
        elif node.type == "array_declarator":
            size = node.child_by_field_name("size")
            array = "[%s]" % (work.text(spelling.file, size).decode("latin-1")
                              if size is not None and spelling is not None else "") + array
        if node.type == "function_declarator":
            break
        node = node.child_by_field_name("declarator")
    stars = "*" * (level - 1)
    old = "void" if slot.void else "struct page"
    return f"{old} *{stars}{array}", f"netmem_ref{' ' if stars else ''}{stars}{array}"


def _sites(work: Work, kept: dict[Slot, _Kept]) -> tuple[Site, ...]:
    analysis = work.analysis
    calls = {(call.place.file, call.name.start_byte): call for call in analysis.graph.calls}
    bridged = {bridge.into for bridge in analysis.solution.bridges}
    found: list[Site] = []
    for file in analysis.driver.files:
        data = analysis.sources[file]
        if b"page_pool_" not in data:
            continue
        code = code_of(data)
        functions = _functions(analysis, file)
        for match in _CALL.finditer(code):
            found.append(_site(work, file, match.start(), match.group(1).decode(),
                               calls.get((file, match.start())), bridged, functions, kept))
        # Calls inside #define bodies are directives to code_of(); they count too.
        for macros in analysis.symbols.macros.values():
            for macro in macros:
                if macro.file != file:
                    continue
                for match in _CALL.finditer(macro.body):
                    found.append(Site(file, macro.line, macro.name.decode("latin-1"),
                                      match.group(1).decode(), Action.KEPT, "",
                                      "inside a macro, which is not followed"))
    return tuple(sorted(found, key=lambda site: (site.file, site.line, site.call)))


def _functions(analysis: Analysis, file: str) -> Callable[[int], str]:
    parsed = analysis.symbols.files.get(file)
    spans = [(f.start, f.end, f.name) for f in parsed.functions()] if parsed else []

    def name(offset: int) -> str:
        return next((n for start, end, n in spans if start <= offset < end), "")

    return name


def _site(work: Work, file: str, offset: int, name: str, call: Call | None, bridged: set[Slot],
          functions: Callable[[int], str], kept: dict[Slot, _Kept]) -> Site:
    analysis = work.analysis
    line = analysis.sources[file].count(b"\n", 0, offset) + 1
    if call is None:
        return Site(file, line, functions(offset), name, Action.KEPT, "",
                    "is not called in code that can be followed")
    if work.moves(call.slot):
        action = Action.BRIDGED if call.slot in bridged else Action.CONVERTED
        reason = "page_to_netmem() around its argument" if action is Action.BRIDGED else ""
        return Site(file, line, functions(offset), name, action,
                    call.twin.netmem, reason)
    return Site(file, line, functions(offset), name, Action.KEPT, "",
                kept[call.slot].reason)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Why a call keeps its page; `slot` and `blocker` where a person has to decide."""

    reason: str
    slot: Slot | None = None
    blocker: Blocker | None = None


def _all_kept(work: Work) -> dict[Slot, _Kept]:
    """For every call of the pool that keeps its page, why it does."""
    flows: dict[Slot, list[Slot]] = {}
    for origin, into, _ in work.analysis.graph.flows:
        flows.setdefault(origin, []).append(into)
    back = work.analysis.graph.predecessors()
    near = work.analysis.graph.near()
    return {call.slot: _why_kept(work.analysis, call, back, flows, near)
            for call in work.analysis.graph.calls
            if call.twin.pool_api and not work.moves(call.slot)}


def _why_kept(analysis: Analysis, call: Call, back: dict[Slot, list[Slot]],
              flows: dict[Slot, list[Slot]], near: dict[Slot, list[Slot]]) -> _Kept:
    kept = _first_reason(analysis, call, back, flows)
    if kept.blocker is None:
        return _lost(analysis, call, near) or kept
    together = reach([call.slot], near)
    read = next((analysis.graph.host_reads[slot] for slot in together
                 if slot in analysis.graph.host_reads), None)
    if read is not None:
        why = f"{read[0]}() reads it ({read[1].file}:{read[1].line})"
    elif address := next((slot for slot in together if slot.void and any(
            one.category is Category.ADDRESS and "is set from" in one.text and not one.derived
            for one in analysis.graph.blockers.get(slot, ()))), None):
        why = f"{_title(address)} holds addresses too"
    else:
        return kept
    return replace(kept, reason=f"host memory by design: {why}; {kept.reason}")


def _lost(analysis: Analysis, call: Call, near: dict[Slot, list[Slot]]) -> _Kept | None:
    """A page of which the driver keeps no pointer and no address that the CPU can use."""
    if call.twin.concern not in (Concern.ALLOCATION, Concern.DMA_ADDRESS):
        return None
    together = set(reach([call.slot], near))
    calls = [one for one in analysis.graph.calls if one.slot in together]
    concerns = {one.twin.concern for one in calls}
    first = next((one for one in calls if one.twin.concern is Concern.ALLOCATION), None)
    if first is None:
        return None
    slot = next((one for one in together if one.kind is not Kind.CALL), first.slot)
    if concerns == {Concern.ALLOCATION, Concern.DMA_ADDRESS}:
        blocker = Blocker(Category.ADDRESS, "is forgotten but for its DMA address, and no netmem "
                          "can be found again from that", first.place)
        return _blocked(slot, blocker)
    if Concern.FRAGS in concerns and analysis.graph.grants:
        title, place = analysis.graph.grants[0]
        return _blocked(slot, Blocker(
            Category.PAGE_ONLY_USE,
            f"goes into an skb, from which {title}() takes it to grant it to another domain",
            place))
    return None


def _first_reason(analysis: Analysis, call: Call, back: dict[Slot, list[Slot]],
                  flows: dict[Slot, list[Slot]]) -> _Kept:
    solution, graph = analysis.solution, analysis.graph
    if call.slot in solution.stays:
        return _Kept(solution.stays[call.slot])
    if call.slot in solution.blocked:
        return _blocked(*solution.blocked[call.slot])
    behind = reach([call.slot], back)
    for slot in behind:
        if slot in solution.stays:
            return _Kept(solution.stays[slot])
        for bridge in graph.bridges:
            # A page that is allocated otherwise is no memory of a design, but of another owner.
            if bridge.into is slot and bridge.origin is None and "alloc" not in bridge.text:
                return _Kept(f"host memory by design: {bridge.text} gives the page")
    for slot in reach(behind, flows):
        for blocker in graph.blockers.get(slot, ()):
            return _blocked(slot, blocker)
    place = call.place
    return _Kept("its page does not come from this driver's page_pool allocations", call.slot,
                 Blocker(Category.UNRESOLVED, "is given a page of unknown origin", place))


def _blocked(slot: Slot, blocker: Blocker) -> _Kept:
    where = f"{blocker.place.file}:{blocker.place.line}"
    return _Kept(f"{_title(slot)} {blocker.text} ({where})", slot, blocker)


def _title(slot: Slot) -> str:
    return f"{slot.name}()" if slot.kind is Kind.CALL else slot.name


def _refusals(analysis: Analysis, reasons: dict[Slot, _Kept]) -> tuple[Refusal, ...]:
    """One refusal for each slot that keeps calls of the pool from moving."""
    found: dict[tuple[str, int, str], Refusal] = {}
    # Allocations first: what hides the page on its way out explains what finds it on its way in.
    for call in sorted(analysis.graph.calls,
                       key=lambda one: one.twin.concern is not Concern.ALLOCATION):
        if call.slot not in reasons:
            continue
        kept = reasons[call.slot]
        if kept.slot is None or kept.blocker is None:
            continue
        slot, blocker = kept.slot, kept.blocker
        foreign = [bridge for bridge in analysis.graph.bridges
                   if bridge.into is slot and bridge.origin is None]
        origins = [_origin(call.place, call.twin.page + "()"),
                   *(_origin(bridge.place, bridge.text) for bridge in foreign),
                   *(_origin(one.place, one.text)
                     for one in analysis.graph.blockers.get(slot, (blocker,)))]
        name = _title(slot)
        key = (slot.place.file, slot.place.line, name)
        same = next((one for one, other in found.items()
                     if other.category == blocker.category.value
                     or other.category == Category.MIXED_ORIGIN.value
                     or {other.category, blocker.category.value} == _HIDING), None)
        if key not in found and same is not None and \
                call.twin.concern is not Concern.ALLOCATION:
            key = same
        if key in found:
            known = found[key]
            found[key] = replace(known, origins=tuple(dict.fromkeys([*known.origins, *origins])))
            continue
        category, text = blocker.category, blocker.text
        if foreign and category in (Category.PAGE_ONLY_USE, Category.VOID_POINTER):
            category = Category.MIXED_ORIGIN
            text = f"holds pages of {foreign[0].text} too, and {text}"
        found[key] = Refusal(slot.place.file, slot.place.line, name, category.value,
                             f"{name} {_phrase(category, text)}", tuple(dict.fromkeys(origins)))
    return tuple(sorted(found.values(), key=lambda one: (one.file, one.line, one.slot)))


def _phrase(category: Category, text: str) -> str:
    advice = {
        Category.VOID_POINTER: "give it a member of its own type first",
        Category.PAGE_ONLY_USE: "that use has no netmem form",
        Category.MIXED_ORIGIN: "keep the two kinds of memory apart first",
        Category.MACRO: "make the macro an inline function first",
        Category.FUNCTION_POINTER: "its callers are not all known",
        Category.UNRESOLVED: "its type cannot be followed",
        Category.PARSE_ERROR: "the code around it must be read by a person",
        Category.OWN_RECYCLING: "leave recycling to the pool first (netmem.rst, Rx requirement 7)",
        Category.ADDRESS: "keep the netmem itself beside the address first",
        Category.EXPORTED: "its other users must move in the same patch",
        Category.MISSING_API: "add the helper in a core patch first",
    }[category]
    return f"{text}; {advice}"


def _origin(place: Place, text: str) -> str:
    return f"{place.file}:{place.line} {text}"
