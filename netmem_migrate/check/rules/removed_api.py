# SPDX-License-Identifier: GPL-2.0-only
"""A function, flag or header that the kernel that counts no longer has.

What the driver defines itself is left alone, and so is what stands in an arm of a conditional of
which nobody knows whether that kernel takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import innermost
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import INCLUDE
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.model.gone import Gone, gone, names
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="removed-api",
    severity=Severity.ERROR,
    summary="a function, flag or header of an older kernel",
    why="The headers of the kernel that is checked for do not have it.",
    bad="""\
static const unsigned int demo_flags = PP_FLAG_DMA_MAP | PP_FLAG_PAGE_FRAG;

struct page_pool *demo_pool(struct page_pool_params *params)
{
	params->flags = demo_flags;
	return page_pool_create(params);
}
""",
    good="""\
static const unsigned int demo_flags = PP_FLAG_DMA_MAP;

struct page_pool *demo_pool(struct page_pool_params *params)
{
	params->flags = demo_flags;
	return page_pool_create(params);
}
""",
    unit=Unit.FILE,
)
_ARMS = ("preproc_if", "preproc_ifdef", "preproc_elif", "preproc_elifdef", "preproc_else")


def find(context: Context) -> Iterator[Finding]:
    """The names that are gone."""
    if not context.api or not any(name in context.text for name in names()):
        return
    for node, row in _outside_arms(context, _included(context)):
        yield context.finding(RULE, node, _said(context, row, f"<{row.name}>"))
    found = _outside_arms(context, _named(context))
    if not found:
        return
    around = innermost(context.root, ("function_definition",), [node for node, _ in found])
    called = {call.function.id for name in {view.text(node) for node, _ in found}
              for call in context.calls.get(name, ())}
    for (node, row), function in zip(found, around, strict=True):
        head = view.declared(function.child_by_field_name("declarator")) if function else None
        said = _said(context, row, row.name + "()" * (node.id in called))
        yield context.finding(RULE, node, said,
                              function=view.text(head).decode("latin-1") if head else "")


def _included(context: Context) -> Iterator[tuple[Node, Gone]]:
    for node in nodes(context.root, "preproc_include"):
        found = INCLUDE.match(view.text(node))
        row = gone(found[2].decode("latin-1")) if found is not None else None
        if row is not None:
            yield node, row


def _named(context: Context) -> Iterator[tuple[Node, Gone]]:
    for node in nodes(context.root, "identifier"):
        name = view.text(node)
        row = gone(name.decode("latin-1"))
        if row is not None and row.name not in context.api and not _own(context, name):
            yield node, row


def _said(context: Context, row: Gone, name: str) -> str:
    instead = f": port to {row.instead}" if row.instead else ""
    return f"{name} is gone in {context.release} (since linux {row.until}{instead})"


def _own(context: Context, name: bytes) -> bool:
    """Whether the driver itself has something of that name."""
    symbols = context.symbols
    return name in symbols.functions or name in symbols.macros or name in symbols.globals


def _outside_arms(context: Context,
                  found: Iterable[tuple[Node, Gone]]) -> list[tuple[Node, Gone]]:
    """What stands in no arm of `#if`, but for what guards a header."""
    every = list(found)
    arms = innermost(context.root, _ARMS if every else (), [node for node, _ in every])
    return [one for one, arm in zip(every, arms, strict=True) if arm is None or _guards(arm)]


def _guards(arm: Node) -> bool:
    """Whether a conditional is what guards a header against being read twice."""
    name = arm.child_by_field_name("name")
    if arm.type != "preproc_ifdef" or name is None:
        return False
    first = next((one for one in view.children(arm) if one != name), None)
    defined = first.child_by_field_name("name") if first is not None else None
    return defined is not None and view.text(defined) == view.text(name)
