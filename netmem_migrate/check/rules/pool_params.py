# SPDX-License-Identifier: GPL-2.0-only
"""Parameters of a pool that page_pool_create() refuses.

PP_FLAG_DMA_SYNC_DEV without PP_FLAG_DMA_MAP or max_len, PP_FLAG_DMA_MAP without dev,
PP_FLAG_ALLOW_UNREADABLE_NETMEM without netdev, queue_idx or the two DMA flags.

Parameters are judged where all that they are set to is in sight: not those that another function
fills in, nor flags that a variable or a macro names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import WORD
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="pool-params",
    severity=Severity.ERROR,
    summary="flags or parameters of a pool do not fit together",
    why="net/core/page_pool.c: page_pool_init() refuses the pool or its memory provider.",
    bad="""\
struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_SYNC_DEV,
		.max_len = PAGE_SIZE,
		.dev = dev,
	};

	return page_pool_create(&params);
}
""",
    good="""\
struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.max_len = PAGE_SIZE,
		.dev = dev,
	};

	return page_pool_create(&params);
}
""",
    unit=Unit.FILE,
)
_RECORD = b"page_pool_params"
_TYPE = Type("struct page_pool_params")
_MAP, _SYNC = b"PP_FLAG_DMA_MAP", b"PP_FLAG_DMA_SYNC_DEV"
_UNREADABLE = b"PP_FLAG_ALLOW_UNREADABLE_NETMEM"
_READS_ONLY = (b"page_pool_create", b"memset")


def find(context: Context) -> Iterator[Finding]:
    """What does not fit together in the parameters that functions of a file set up."""
    if _RECORD not in context.parsed.source:
        return
    for function in context.parsed.functions():
        if function.has_error or _RECORD not in context.parsed.text(function.node):
            continue
        for one in _parameters(context, function.node):
            if one.where is not None and one.sure:
                for message, fix in _judged(one):
                    yield context.finding(RULE, one.where, message, fix=fix,
                                          function=function.name)


@dataclass(slots=True)
class _Parameters:
    """One struct page_pool_params of a function. `sure`: all that it is set to is in sight."""

    flags: set[bytes] = field(default_factory=set)
    where: Node | None = None
    fields: set[bytes] = field(default_factory=set)
    sure: bool = True

    def set(self, name: bytes, value: Node) -> None:
        """Note that a field is set; of the flags, which ones."""
        self.fields.add(name)
        if name == b"flags":
            names = set(WORD.findall(view.text(value)))
            flags = {one for one in names if one.startswith(b"PP_FLAG_")}
            self.flags |= flags
            self.sure = self.sure and names == flags
            self.where = self.where or value


def _parameters(context: Context, function: Node) -> list[_Parameters]:
    found = dict(_declared(context, function))
    for node in nodes(function, "assignment_expression"):
        pair = view.infix(node)
        target = view.field(pair.left) if pair is not None else None
        if pair is not None and target is not None:
            if view.text(target.base) in found:
                found[view.text(target.base)].set(target.name, pair.right)
        elif pair is not None and view.text(pair.left) in found:
            found[view.text(pair.left)].sure = False
    for call in view.calls(function):
        for one in call.args:
            name = view.text(one).lstrip(b"& ")
            if name in found and not view.text(call.function).startswith(_READS_ONLY):
                found[name].sure = False
    return list(found.values())


def _declared(context: Context, function: Node) -> Iterator[tuple[bytes, _Parameters]]:
    """The local ones, with what their initialisers set."""
    for node in nodes(function, "declaration"):
        for one in context.symbols.declarators(context.path, node):
            if one.type != _TYPE:
                continue
            made = _Parameters(sure=one.value is None or one.value.type == "initializer_list")
            for pair in nodes(one.value, "initializer_pair") if one.value is not None else ():
                set_ = view.designated(pair)
                if set_ is not None:
                    made.set(*set_)
            yield one.name, made


def _judged(one: _Parameters) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to write instead where there is one answer."""
    mapped, synced = _MAP in one.flags, _SYNC in one.flags
    both = f"{_MAP.decode()} | {_SYNC.decode()}"
    if synced and not mapped:
        yield f"{_SYNC.decode()} without {_MAP.decode()}: no pool is made", both
    if synced and b"max_len" not in one.fields:
        yield f"{_SYNC.decode()} without max_len: no pool is made", ""
    if mapped and b"dev" not in one.fields:
        yield f"{_MAP.decode()} without dev: nothing to map for", ""
    if _UNREADABLE in one.flags:
        for name in (b"netdev", b"queue_idx"):
            if name not in one.fields:
                yield (f"{_UNREADABLE.decode()} without {name.decode()}: the queue's memory "
                       "provider is not found"), ""
        if not (mapped and synced):
            yield f"{_UNREADABLE.decode()} needs {_MAP.decode()} and {_SYNC.decode()}", both
