# SPDX-License-Identifier: GPL-2.0-only
"""Turn an analysis into the report of one driver: declarations, sites and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable

from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Call, Category, Kind, Place, Slot
from netmem_migrate.model.functions import BY_PAGE, POOL_API
from netmem_migrate.passes import Work
from netmem_migrate.report.requirements import judge
from netmem_migrate.results import (
    Action,
    Declaration,
    DriverReport,
    Refusal,
    Site,
    Verdict,
)
from netmem_migrate.syntax.mask_text import code_of
from netmem_migrate.syntax.parse import parse_counts

_CALL = re.compile(rb"\b(" + b"|".join(sorted(name.encode() for name in POOL_API)) + rb")\s*\(")


def report(work: Work) -> DriverReport:
    """The report of one analysed driver."""
    analysis = work.analysis
    sites = _sites(work)
    refusals = _refusals(analysis)
    declarations = _declarations(work)
    if declarations:
        verdict = Verdict.PARTIAL if refusals else Verdict.CONVERTED
    else:
        verdict = Verdict.REFUSED if refusals else Verdict.NOTHING_TO_DO
    parsed = [file for name, file in analysis.symbols.files.items()
              if name in analysis.driver.files]
    requirements = judge(analysis.sources, analysis.driver.files, sites)
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
    return f"struct page *{stars}{array}", f"netmem_ref{' ' if stars else ''}{stars}{array}"


def _sites(work: Work) -> tuple[Site, ...]:
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
        counted: set[int] = set()
        for match in _CALL.finditer(code):
            counted.add(match.start())
            found.append(_site(work, file, match.start(), match.group(1).decode(),
                               calls.get((file, match.start())), bridged, functions))
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
          functions: Callable[[int], str]) -> Site:
    analysis = work.analysis
    line = analysis.sources[file].count(b"\n", 0, offset) + 1
    if call is None:
        return Site(file, line, functions(offset), name, Action.KEPT, "",
                    "is not called in code that can be followed")
    twin = BY_PAGE[name]
    if work.moves(call.slot):
        action = Action.BRIDGED if call.slot in bridged else Action.CONVERTED
        reason = "page_to_netmem() around its argument" if action is Action.BRIDGED else ""
        return Site(file, line, functions(offset), name, action, twin.netmem, reason)
    return Site(file, line, functions(offset), name, Action.KEPT, "", _why_kept(analysis, call))


def _why_kept(analysis: Analysis, call: Call) -> str:
    solution, graph = analysis.solution, analysis.graph
    if call.slot in solution.stays:
        return solution.stays[call.slot]
    if call.slot in solution.blocked:
        _, blocker = solution.blocked[call.slot]
        return f"{blocker.text} ({blocker.place.file}:{blocker.place.line})"
    origins = [bridge for bridge in graph.bridges if bridge.into is call.slot]
    for bridge in origins:
        if bridge.origin is None:
            return f"host memory by design: {bridge.text} gives a page"
    seen: set[Slot] = {call.slot}
    queue = [call.slot]
    for slot in queue:
        if slot in solution.stays:
            return solution.stays[slot]
        for blocker in graph.blockers.get(slot, ()):
            return f"{blocker.text} ({blocker.place.file}:{blocker.place.line})"
        for bridge in graph.bridges:
            if bridge.into is slot:
                if bridge.origin is None:
                    return f"host memory by design: {bridge.text} gives the page"
                if bridge.origin not in seen:
                    seen.add(bridge.origin)
                    queue.append(bridge.origin)
        for one, other, _ in [*graph.flows, *graph.same]:
            for near, far in ((one, other), (other, one)):
                if near is slot and far not in seen:
                    seen.add(far)
                    queue.append(far)
    return "its page does not come from this driver's page_pool allocations"


def _refusals(analysis: Analysis) -> tuple[Refusal, ...]:
    found: dict[tuple[str, int, str], Refusal] = {}
    for allocation, (slot, blocker) in analysis.solution.blocked.items():
        origins = [_origin(analysis, allocation.place, allocation.name + "()")]
        foreign = [bridge for bridge in analysis.graph.bridges
                   if bridge.into is slot and bridge.origin is None]
        origins += [_origin(analysis, bridge.place, bridge.text) for bridge in foreign]
        origins += [_origin(analysis, one.place, one.text)
                    for one in analysis.graph.blockers.get(slot, ())]
        name = slot.name if slot.kind is not Kind.CALL else f"{slot.name}()"
        key = (slot.place.file, slot.place.line, name)
        if key in found:
            known = found[key]
            origins = list(dict.fromkeys([*known.origins, *origins]))
        category, text = blocker.category, blocker.text
        if foreign and category is Category.PAGE_ONLY_USE:
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
        Category.ADDRESS: "keep the netmem beside the address first",
        Category.EXPORTED: "its other users must move in the same patch",
        Category.MISSING_API: "add the helper in a core patch first",
    }[category]
    return f"{text}; {advice}"


def _origin(analysis: Analysis, place: Place, text: str) -> str:
    return f"{place.file}:{place.line} {text}"
