# SPDX-License-Identifier: GPL-2.0-only
"""Turn an analysis into the report of one driver: declarations, sites and refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from netmem_migrate.c import heads
from netmem_migrate.c.lines import Spans, line_of
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.work import Work
from netmem_migrate.flow import verdicts
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.details import mixes
from netmem_migrate.flow.graph import Call, Kind, Place, Slot
from netmem_migrate.flow.handed import handed
from netmem_migrate.flow.verdicts import Kept
from netmem_migrate.model.forms import Table
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.relevant import parse_counts
from netmem_migrate.model.schema import Side
from netmem_migrate.model.spelled import CALLS, REF, TO_NETMEM, TO_NETMEM_BY_ADDRESS
from netmem_migrate.reasons import CATEGORY, Category, Class, Detail, Reason, Why
from netmem_migrate.report.readable import readable
from netmem_migrate.results import (
    Action,
    BridgeSite,
    Declaration,
    DriverReport,
    Edit,
    Origin,
    Refusal,
    Site,
    Verdict,
)
from netmem_migrate.standings import PoolReport, Requirement

# A page hidden on its way out is found again under another of these names.
_LINE = re.compile(rb"\n")
_NO_CALL = re.compile(rb"\b(" + CALLS.encode() + rb"\w+)\b(?!\s*\()")
_NETMEM_CALLS = sorted(one.name.encode() for one in FUNCTIONS if one.side is Side.NETMEM)
_STEM = REF.partition("_")[0].encode()  # of the type, and of most of the calls
_STEMS = (_STEM, *(one for one in _NETMEM_CALLS if _STEM not in one))
_NETMEM = re.compile(rb"\b(?:" + REF.encode() + rb"\b|(?:" + b"|".join(_NETMEM_CALLS)
                     + rb")\s*\()")
_HIDING = {Category.VOID_POINTER, Category.ADDRESS}


def report(work: Work, edits: Sequence[Edit], *, judge: bool = True) -> DriverReport:
    """The report of one analysed driver, and of the edits that convert it.

    `judge` adds the requirements of netmem.rst.
    """
    analysis = work.analysis
    kept = verdicts.kept(analysis)
    code = {file: code_of(analysis.sources[file]) for file in analysis.driver.files
            if CALLS.encode() in analysis.sources[file]}
    sites = _sites(work, code, kept)
    refusals = (*_refusals(analysis, kept), *_behind(work, code, sites), *_not_called(work, code))
    declarations = _declarations(work)
    verdict = _verdict(bool(declarations or edits), bool(refusals) or any(
        site.left for site in sites), bool(sites), _takes_netmem(analysis))
    parsed = [file for name, file in analysis.symbols.files.items()
              if name in analysis.driver.files]
    requirements, pools = _standings(analysis, sites) if judge else ({}, ())
    return DriverReport(analysis.driver.path, analysis.driver.files, verdict, declarations, sites,
                        refusals, _bridges(work, edits), requirements, pools,
                        parse_counts(parsed),
                        readable=readable(work), handed=handed(analysis),
                        stays=tuple(one.reason for one in analysis.solution.heads))


def _standings(analysis: Analysis, sites: Sequence[Site]) -> tuple[
        dict[str, Requirement], tuple[PoolReport, ...]]:
    # Few ask, and what answers is much to load.
    from netmem_migrate.flow.judge.verdict import judged

    stands = judged(analysis, sites)
    return stands.requirements, stands.pools


def _verdict(moves: bool, left: bool, calls: bool, netmem: bool) -> Verdict:
    """What becomes of a driver: whether something moves, what is left, and what it calls."""
    if moves or (netmem and left):
        return Verdict.PARTIAL if left else Verdict.WOULD_CONVERT
    if left:
        return Verdict.REFUSED
    if netmem:
        return Verdict.ON_NETMEM
    return Verdict.BY_DESIGN if calls else Verdict.NO_PAGE_POOL


def _takes_netmem(analysis: Analysis) -> bool:
    """Whether the driver speaks of netmem before the conversion."""
    texts = [analysis.sources[file] for file in analysis.driver.files
             if file in analysis.sources]
    # A search for bytes is quick, and most files have none of them.
    return any(_NETMEM.search(code_of(text)) for text in texts
               if any(stem in text for stem in _STEMS))


def _bridges(work: Work, edits: Sequence[Edit]) -> tuple[BridgeSite, ...]:
    """Each call that the edits write and that turns a page into a netmem."""
    found = []
    for edit in edits:
        source = work.analysis.originals[edit.file]
        for name in (TO_NETMEM, TO_NETMEM_BY_ADDRESS):
            word = re.compile(rb"\b" + name.encode() + rb"\b")
            written = (len(word.findall(edit.text))
                       - len(word.findall(source, edit.start, edit.end)))
            line = line_of(source, edit.start)
            found += [BridgeSite(edit.file, line, f"{name}()", edit.why)] * max(written, 0)
    return tuple(sorted(found, key=lambda one: (one.file, one.line)))


def _behind(work: Work, code: Mapping[str, bytes],
            sites: Sequence[Site]) -> tuple[Refusal, ...]:
    """A refusal for each macro, and each piece of code that is no function, that has calls."""
    found: dict[tuple[str, str], Refusal] = {}
    for site in sites:
        if site.reason is None or site.reason.why not in (Why.IN_MACRO, Why.NOT_CALLED):
            continue
        why = Why.CALLS_INSIDE
        slot = site.function
        if site.reason.why is Why.NOT_CALLED:
            parsed = work.analysis.symbols.files.get(site.file)
            text = code[site.file]
            start = [0, *(match.end() for match in _LINE.finditer(text))][site.line - 1]
            macros = frozenset(work.analysis.symbols.macros) if parsed else frozenset()
            name = heads.around(text, text.find(site.call.encode(), start), macros)
            why, slot = Why.CALLS_UNREAD, f"{name.decode('latin-1')}()" if name else site.call
        known = found.get((site.file, slot))
        origin = Origin(site.file, site.line, f"{site.call}()")
        if known is None:
            reason = Reason(why, site.call, slot=slot, file=site.file, line=site.line)
            found[site.file, slot] = Refusal(site.file, site.line, slot, CATEGORY[why], reason,
                                             (origin,))
        else:
            found[site.file, slot] = replace(known, origins=(*known.origins, origin))
    return tuple(found.values())


def _not_called(work: Work, code: Mapping[str, bytes]) -> Iterator[Refusal]:
    """A refusal for each function of the page API that a macro renames, or that is no call."""
    symbols = work.analysis.symbols
    for file, text in code.items():
        for match in _NO_CALL.finditer(text):
            name = match[1].decode("latin-1")
            if name in work.analysis.rows.pool_api and not symbols.functions.get(match[1]):
                line = line_of(text, match.start(1))
                yield _of_a_name(Reason(Why.NAMED, slot=name, file=file, line=line), name)
    for macros in symbols.macros.values():
        for macro in macros:
            if macro.file not in code or CALLS.encode() not in macro.body:
                continue
            for match in _NO_CALL.finditer(code_of(macro.body)):
                name = match[1].decode("latin-1")
                if name in work.analysis.rows.pool_api:
                    yield _of_a_name(Reason(Why.ANOTHER_NAME, name, file=macro.file,
                                            slot=macro.name.decode("latin-1"), line=macro.line),
                                     name)


def _of_a_name(reason: Reason, name: str) -> Refusal:
    return Refusal(reason.file, reason.line, reason.slot, CATEGORY[reason.why], reason,
                   (Origin(reason.file, reason.line, f"{name}()"),))


def _declarations(work: Work) -> tuple[Declaration, ...]:
    found = []
    for slot in work.analysis.graph.slots.values():
        if slot.kind is Kind.CALL or not work.moves(slot):
            continue
        from_, to = _types(work, slot)
        new = work.new_names.get(slot, slot.short_name)
        found.append(Declaration(slot.place.file, slot.place.line, slot.place.function,
                                 slot.kind.value, slot.name, new, from_, to, slot.record))
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
    return f"{old} *{stars}{array}", f"{REF}{' ' if stars else ''}{stars}{array}"


def _sites(work: Work, code: Mapping[str, bytes], kept: dict[Slot, Kept]) -> tuple[Site, ...]:
    analysis = work.analysis
    calls = {(call.place.file, call.name.start_byte): call for call in analysis.graph.calls}
    found: list[Site] = []
    for file, text in code.items():
        functions = _functions(analysis, file)
        for match in _calls(analysis.rows).finditer(text):
            found.append(_site(work, file, match.start(), match.group(1).decode(),
                               calls.get((file, match.start())), functions, kept))
        # Calls inside #define bodies are directives to code_of(); they count too.
        for macros in analysis.symbols.macros.values():
            for macro in macros:
                if macro.file != file:
                    continue
                for match in _calls(analysis.rows).finditer(macro.body):
                    found.append(Site(file, macro.line, macro.name.decode("latin-1"),
                                      match.group(1).decode(), Action.KEPT, "",
                                      Reason(Why.IN_MACRO), Detail.OTHER))
    return tuple(sorted(found, key=lambda site: (site.file, site.line, site.call)))


@lru_cache(maxsize=8)
def _calls(rows: Table) -> re.Pattern[bytes]:
    """A call of the page_pool page API."""
    names = "|".join(sorted(rows.pool_api)).encode()
    return re.compile(rb"\b(" + names + rb")\s*\(")


def _functions(analysis: Analysis, file: str) -> Callable[[int], str]:
    parsed = analysis.symbols.files.get(file)
    return Spans([(one.start, one.end, one.name)
                  for one in parsed.functions()] if parsed else []).around


def _site(work: Work, file: str, offset: int, name: str, call: Call | None,
          functions: Callable[[int], str], kept: dict[Slot, Kept]) -> Site:
    analysis = work.analysis
    line = line_of(analysis.sources[file], offset)
    if call is None:
        return Site(file, line, functions(offset), name, Action.KEPT, "", Reason(Why.NOT_CALLED),
                    Detail.OTHER)
    if work.moves(call.slot):
        return Site(file, line, functions(offset), name, Action.CONVERTED, call.twin.netmem)
    known = kept[call.slot]
    return Site(file, line, functions(offset), name, Action.KEPT, "", known.reason, known.detail)


def _refusals(analysis: Analysis, reasons: dict[Slot, Kept]) -> tuple[Refusal, ...]:
    """One refusal for each slot that keeps calls of the pool from moving."""
    found: dict[tuple[str, int, str], Refusal] = {}
    # Allocations first: what hides the page on its way out explains what finds it on its way in.
    for call in sorted(analysis.graph.calls,
                       key=lambda one: not one.twin.allocates):
        kept = reasons.get(call.slot)
        if kept is None or kept.detail.class_ is Class.BY_DESIGN:
            continue
        if kept.slot is None or kept.blocker is None:
            _by_class(found, call, kept)
            continue
        slot, blocker = kept.slot, kept.blocker
        foreign = [bridge for bridge in analysis.graph.bridges
                   if bridge.into is slot and bridge.foreign]
        origins = [_origin(call.place, call.twin.page + "()"),
                   *(_origin(bridge.place, bridge.text) for bridge in foreign),
                   *(_origin(one.place, one.reason)
                     for one in analysis.graph.blockers.get(slot, (blocker,)))]
        name = slot.title
        key = (slot.place.file, slot.place.line, name)
        same = next((one for one, other in found.items()
                     if other.category in (blocker.category, Category.MIXED_ORIGIN)
                     or {other.category, blocker.category} == _HIDING), None)
        if key not in found and same is not None and \
                not call.twin.allocates:
            key = same
        if key in found:
            found[key] = _with(found[key], origins)
            continue
        category, reason = blocker.category, blocker.reason
        other = mixes(analysis.graph, slot, blocker)
        if other is not None:
            category = Category.MIXED_ORIGIN
            reason = Reason(Why.PAGES_TOO, other.text, because=reason)
        found[key] = Refusal(slot.place.file, slot.place.line, name, category, reason,
                             tuple(dict.fromkeys(origins)))
    return tuple(sorted(found.values(), key=lambda one: (one.file, one.line, one.slot)))


def _by_class(found: dict[tuple[str, int, str], Refusal], call: Call, kept: Kept) -> None:
    """A refusal of what keeps an address, or gives one; each is said once."""
    reason = kept.reason.because or kept.reason
    if reason.why not in CATEGORY:
        return  # as it was asked for
    place = (reason.file, reason.line) if reason.file else (call.place.file, call.place.line)
    key = (*place, reason.slot or call.slot.title)
    origin = _origin(call.place, call.twin.page + "()")
    known = found.get(key)
    found[key] = (_with(known, [origin]) if known is not None
                  else Refusal(*key, CATEGORY[reason.why], reason, (origin,)))


def _with(known: Refusal, origins: Sequence[Origin]) -> Refusal:
    """A refusal that rests on more places; each is named once."""
    return replace(known, origins=tuple(dict.fromkeys([*known.origins, *origins])))


def _origin(place: Place, what: str | Reason) -> Origin:
    return Origin(place.file, place.line, what)
