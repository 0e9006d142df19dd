# SPDX-License-Identifier: GPL-2.0-only
"""A page where netmem is wanted, netmem where a page is, or arguments that are swapped.

Types are those of declarations in sight; where one is not, nothing is said. Of what all of the
kernel has for pages, only that it is not given netmem.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.check.context import Context
from netmem_migrate.check.declared import of_expressions
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.lines import waypoints
from netmem_migrate.check.rules._prototypes import has_prototype, is_judged, known_calls
from netmem_migrate.check.types import NETMEM_KIND, kind_of_parameter, said
from netmem_migrate.model.schema import ApiFunction, Side
from netmem_migrate.model.spelled import PAGE, TO_NETMEM
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="argument-kind",
    severity=Severity.ERROR,
    summary="a page, a netmem and something else are mixed up",
    why="include/net/netmem.h: a netmem_ref may be a net_iov; it is no struct page pointer, and "
        "page_to_netmem() makes one of a page.",
    bad="""\
void demo_drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_netmem(pool, page, false);
}
""",
    good="""\
void demo_drop(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, false);
}
""",
)


def find(context: Context) -> Iterator[Finding]:
    """The arguments and assignments whose sides are of two kinds."""
    for call, known in known_calls(context):
        if is_judged(known):
            yield from _arguments(context, call, known)
        elif known.memory is not None and known.side is Side.PAGE:
            for one in call.args[known.memory:][:1]:
                if context.types.kind(one) == NETMEM_KIND:
                    yield _found(
                        context, (one,), one,
                        f"{known.name}() is given a netmem_ref, it takes a page",
                        fix=_fix(known, PAGE, NETMEM_KIND),
                        mend=_partner(context, call, known, PAGE, NETMEM_KIND))
    for store in view.stores(context.root):
        want, has = context.types.kind(store.target), context.types.kind(store.value)
        if {want, has} == {NETMEM_KIND, PAGE}:
            yield _found(
                context, (store.target, store.value), store.node,
                f"{said(has)} is assigned to {said(want)}",
                fix=f"{TO_NETMEM}()" if want == NETMEM_KIND else "",
                mend=(store.value, TO_NETMEM.encode() + b"(" + view.text(store.value) + b")")
                if want == NETMEM_KIND else None)


def _arguments(context: Context, call: view.Call, known: ApiFunction) -> Iterator[Finding]:
    wanted = known.parameters
    if not has_prototype(call, known) or len(call.args) != len(wanted):
        return
    for number, argument in enumerate(call.args):
        want = PAGE if known.name == TO_NETMEM else kind_of_parameter(wanted[number])
        has = context.types.kind(argument)
        if want and has and want != has:
            yield _found(
                context, (argument,), argument,
                f"argument {number + 1} of {known.name}() is {said(has)}, it takes {said(want)}",
                fix=_fix(known, want, has),
                mend=_partner(context, call, known, want, has))


def _found(context: Context, due: tuple[Node, ...], node: Node, message: str, *, fix: str = "",
           mend: tuple[Node, bytes] | None = None) -> Finding:
    """A finding at a node, due to what some expressions are declared as."""
    declared = of_expressions(context.symbols, context.path, context.types, *due)
    return replace(context.finding(RULE, node, message, fix=fix, mend=mend), path=(
        *declared, *waypoints(context.path, None, node)) if declared else ())


def _partner(context: Context, call: view.Call, known: ApiFunction, want: str,
             has: str) -> tuple[Node, bytes] | None:
    """The name of the function of the other side, where that takes all else as it is."""
    partner = context.api.get(known.partner)
    if {want, has} != {NETMEM_KIND, PAGE} or partner is None or \
            call.function.type != "identifier":
        return None
    numbers = [number for number in range(len(known.parameters)) if number != known.memory]
    if len(partner.parameters) != len(known.parameters) or partner.memory != known.memory or any(
            partner.parameters[number] != known.parameters[number] for number in numbers):
        return None
    return call.function, partner.name.encode()


def _fix(known: ApiFunction, want: str, has: str) -> str:
    if known.partner and {want, has} == {NETMEM_KIND, PAGE}:
        return f"{known.partner}()"
    return ""
