# SPDX-License-Identifier: GPL-2.0-only
"""The model for people and programs: what `netmem-migrate api` prints."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence

from netmem_migrate.model.functions import LEVELS
from netmem_migrate.model.schema import ApiFunction, Context, Effect, Name, Side
from netmem_migrate.model.versions import Api, Difference

_EFFECT = {
    Effect.UNKNOWN: "unknown: new in the headers, nobody has said yet",
    Effect.NONE: "none on who owns the memory",
    Effect.ALLOCATES: "allocates: the caller owns the memory",
    Effect.RELEASES: "releases: the caller's reference is gone",
    Effect.TAKES: "takes one more reference",
    Effect.DROPS: "drops references; the memory is not given back",
    Effect.SPLITS: "splits: sets how many references there are",
    Effect.HANDS_OVER: "hands over: an skb, an XDP buffer or the pool owns the memory then",
    Effect.BORROWS: "borrows: the result points to memory that somebody else owns",
    Effect.CONVERTS: "converts: another name of the same memory",
}
_CONTEXT = {
    Context.ANY: "",
    Context.CONSUMER: "the pool's consumer: its NAPI, or set-up while that does not run",
    Context.NAPI: "the pool's own NAPI",
    Context.SOFTIRQ: "a softirq, or with bottom halves off",
    Context.PROCESS: "may sleep",
}
_SIDE = {
    Side.PAGE: "a page",
    Side.NETMEM: "netmem",
    Side.ADDRESS: "an address of the CPU",
    Side.NONE: "a container of memory",
}


def kernels(one: ApiFunction | Name) -> str:
    """Which kernels have it, in few words: "all", "6.14 on", "before 7.3"."""
    if one.since and one.until:
        return f"{one.since}, before {one.until}"
    if one.until:
        return f"before {one.until}"
    return f"{one.since} on" if one.since else "all"


def table(entries: Sequence[ApiFunction | Name]) -> list[str]:
    """One line an entry, in columns."""
    rows: list[tuple[str, ...]] = []
    for one in entries:
        if isinstance(one, ApiFunction):
            rows.append((one.name, one.side.value if one.side is not Side.NONE else "-",
                         one.effect.value, kernels(one), one.partner or "-"))
        else:
            rows.append((one.name, one.kind, kernels(one), one.declaration))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows]


def page(one: ApiFunction | Name) -> list[str]:
    """All that the model says of one entry."""
    lines = [one.prototype if isinstance(one, ApiFunction) else one.declaration, ""]
    facts = [("header", "include/" + one.header if not one.header.startswith("asm/")
              else "arch/*/include/" + one.header)]
    facts.append(("kernels", f"all that the model holds ({LEVELS[0]} to {LEVELS[-1]})"
                  if kernels(one) == "all" else kernels(one)))
    facts += [(f"to {last}", text) for last, text in one.earlier]
    if isinstance(one, ApiFunction):
        facts += _effects(one)
    width = max(len(name) for name, _ in facts)
    lines += [f"  {name:<{width}}  {text}" for name, text in facts]
    said = [text for text in (getattr(one, "doc", ""), one.note) if text]
    return lines + ([""] if said else []) + [f"  {text}" for text in said]


def _effects(one: ApiFunction) -> list[tuple[str, str]]:
    facts = [("partner", one.partner)] if one.partner else []
    effect = _EFFECT[one.effect]
    if one.if_true:
        effect += "; only if the result is true, or not NULL"
    facts.append(("effect", effect))
    if one.memory is not None and one.memory < len(one.parameters):
        facts.append(("memory", f"{_SIDE[one.side]}, in argument {one.memory + 1}: "
                      f"{one.parameters[one.memory]}"))
    if one.gives or one.may_be_null:
        null = "0" if one.side is Side.NETMEM and one.gives else "NULL"
        words = (["memory"] if one.gives else [])
        words += [f"may be {null} and must be tested"] if one.may_be_null else []
        facts.append(("result", "; ".join(words)))
    if one.reads:
        facts.append(("reads", "the memory itself, so the CPU must be able to"))
    if _CONTEXT[one.context]:
        facts.append(("context", _CONTEXT[one.context]))
    return facts


def difference(found: Difference) -> list[str]:
    """What two kernels do not have in common."""
    lines: list[str] = []
    for label, entries in ((found.before, found.only_before), (found.after, found.only_after)):
        if entries:
            lines.append(f"only in {label}: {len(entries)}")
            header = ""
            for one in entries:
                if one.header != header:
                    header = one.header
                    lines.append(f"  {header}")
                lines.append(f"    {one.prototype if isinstance(one, ApiFunction) else _of(one)}")
    if found.changed:
        lines.append(f"declared differently: {len(found.changed)}")
        for two in found.changed:
            lines += [f"  {two.name}", f"    - {two.before}", f"    + {two.after}"]
    return lines


def _of(one: Name) -> str:
    """A declaration, with the record in front of a member."""
    record = one.name.partition(".")[0]
    return f"{record}: {one.declaration}" if one.kind == "field" else one.declaration


def as_json(what: object) -> str:
    """Entries, one entry or a difference as JSON, keys as in schema.py."""
    if isinstance(what, Difference):
        data: object = {
            "before": what.before, "after": what.after,
            "only_before": [_plain(one) for one in what.only_before],
            "only_after": [_plain(one) for one in what.only_after],
            "changed": [dataclasses.asdict(one) for one in what.changed],
        }
    elif isinstance(what, ApiFunction | Name):
        data = _plain(what)
    else:
        assert isinstance(what, Iterable)
        data = [_plain(one) for one in what]
    return json.dumps(data, indent=2)


def _plain(one: ApiFunction | Name) -> dict[str, object]:
    data = dataclasses.asdict(one)
    data["kind"] = one.kind if isinstance(one, Name) else "function"
    data["earlier"] = [{"until": last, "declaration": text} for last, text in one.earlier]
    return data


def find(api: Api, name: str) -> ApiFunction | Name | None:
    """An entry by its name, with or without brackets, `struct` or `enum`."""
    short = name.removesuffix("()").split()[-1] if name.strip() else ""
    return api.functions.get(short) or api.names.get(short)
