# SPDX-License-Identifier: GPL-2.0-only
"""How a driver sets up its pools, and from where it recycles directly.

Follows page_pool_init() in net/core/page_pool.c, which refuses what does not fit together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.check.findings import Finding
from netmem_migrate.check.rules.table import finding
from netmem_migrate.flow.unreadable import FLAG

_WORD = re.compile(rb"[A-Za-z_]\w*")
_NOT_NAPI = (b"irqreturn_t", b"netdev_tx_t")
_DIRECT = {b"page_pool_put_page": 3, b"page_pool_put_netmem": 3, b"page_pool_put_full_page": 2,
           b"page_pool_put_full_netmem": 2}


def pool_findings(path: str, parsed: ParsedFile) -> list[Finding]:
    """Parameters of pools that page_pool_create() refuses, and direct recycling outside NAPI."""
    found: list[Finding] = []
    if b"page_pool_params" in parsed.source:
        for function in parsed.functions():
            if not function.has_error and \
                    b"page_pool_params" in parsed.source[function.start:function.end]:
                for one in _parameters(function.node):
                    found.extend(_judge(path, function.name, one))
    for function in parsed.functions():
        type_ = function.node.child_by_field_name("type")
        if type_ is not None and type_.text in _NOT_NAPI and not function.has_error:
            found.extend(_direct(path, function))
    return found


@dataclass(slots=True)
class _Parameters:
    """One struct page_pool_params of a function. `sure`: all that it is set to is in sight."""

    node: Node
    flags: set[bytes] = field(default_factory=set)
    where: Node | None = None
    fields: set[bytes] = field(default_factory=set)
    sure: bool = True

    def flag(self, node: Node) -> None:
        """Add the flags that an expression names."""
        names = set(_WORD.findall(node.text or b""))
        self.flags |= {name for name in names if name.startswith(b"PP_FLAG_")}
        self.sure = self.sure and all(name.startswith(b"PP_FLAG_") for name in names)
        self.where = self.where or node


def _parameters(function: Node) -> list[_Parameters]:
    found: dict[bytes, _Parameters] = {}
    for node in nodes(function, "declaration"):
        type_ = node.child_by_field_name("type")
        if type_ is None or b"".join((type_.text or b"").split()) != b"structpage_pool_params":
            continue
        for one in node.children_by_field_name("declarator"):
            name = one.child_by_field_name("declarator") if one.type == "init_declarator" else one
            value = one.child_by_field_name("value")
            if name is None or name.type != "identifier":
                continue
            made = found[name.text or b""] = _Parameters(one)
            if value is not None and value.type != "initializer_list":
                made.sure = False
            for pair in nodes(value, "initializer_pair") if value is not None else ():
                _field(made, pair)
    for node in nodes(function, "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None or left.type != "field_expression":
            if left is not None and left.text in found:
                found[left.text].sure = False
            continue
        base, name = left.child_by_field_name("argument"), left.child_by_field_name("field")
        if base is not None and name is not None and base.text in found:
            made = found[base.text]
            made.fields.add(name.text or b"")
            if name.text == b"flags":
                made.flag(right)
    for call in nodes(function, "call_expression"):
        callee, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        for one in given.named_children if given is not None else ():
            name_ = (one.text or b"").lstrip(b"& ")
            if name_ in found and callee is not None and not (callee.text or b"").startswith(
                    (b"page_pool_create", b"memset")):
                found[name_].sure = False
    return list(found.values())


def _field(made: _Parameters, pair: Node) -> None:
    designator, value = pair.child_by_field_name("designator"), pair.child_by_field_name("value")
    if designator is None or value is None:
        return
    name = (designator.text or b"").lstrip(b".").strip()
    made.fields.add(name)
    if name == b"flags":
        made.flag(value)


def _judge(path: str, function: str, one: _Parameters) -> list[Finding]:
    where = one.where
    if where is None or not one.sure:
        return []
    mapped, synced = b"PP_FLAG_DMA_MAP" in one.flags, b"PP_FLAG_DMA_SYNC_DEV" in one.flags
    said: list[tuple[str, str]] = []
    if synced and not mapped:
        said.append(("PP_FLAG_DMA_SYNC_DEV without PP_FLAG_DMA_MAP: no pool is made",
                     "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV"))
    if synced and b"max_len" not in one.fields:
        said.append(("PP_FLAG_DMA_SYNC_DEV without max_len: no pool is made", ""))
    if mapped and b"dev" not in one.fields:
        said.append(("PP_FLAG_DMA_MAP without dev: nothing to map for", ""))
    if FLAG in one.flags:
        for name in (b"netdev", b"queue_idx"):
            if name not in one.fields:
                said.append((f"{FLAG.decode()} without {name.decode()}: the queue's memory "
                             "provider is not found", ""))
        if not (mapped and synced):
            said.append((f"{FLAG.decode()} needs PP_FLAG_DMA_MAP and PP_FLAG_DMA_SYNC_DEV",
                         "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV"))
    return [finding("flags", path, function, where, message=message, fix=fix)
            for message, fix in said]


def _direct(path: str, function: Definition) -> list[Finding]:
    found = []
    for call in nodes(function.node, "call_expression"):
        callee, given = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        name = (callee.text or b"") if callee is not None else b""
        arguments = [c for c in given.named_children if c.type != "comment"] if given else []
        number = _DIRECT.get(name, len(arguments))
        if name.startswith(b"page_pool_recycle_direct") or (
                number < len(arguments) and arguments[number].text == b"true"):
            found.append(finding(
                "direct-recycle", path, function.name, call,
                message=f"{name.decode('latin-1')}() recycles directly, but this is no NAPI poll "
                        "function", fix="allow_direct = false"))
    return found
