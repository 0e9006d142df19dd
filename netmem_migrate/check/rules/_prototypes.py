# SPDX-License-Identifier: GPL-2.0-only
"""The calls of the API whose prototypes the release that counts has."""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.c.view import Call
from netmem_migrate.check.context import Context
from netmem_migrate.model.schema import ApiFunction
from netmem_migrate.model.spelled import TO_NETMEM

# Of these every argument is judged; of what all of the kernel has for pages, only the memory.
_JUDGED = ("page_pool_", "netmem_", "skb_", "__skb_", "page_to_netmem", "napi_pp", "get_netmem",
           "put_netmem")


def known_calls(context: Context) -> Iterator[tuple[Call, ApiFunction]]:
    """Calls of functions of the API; a driver's own function or macro of the name hides it."""
    for name, calls in context.calls.items():
        known = context.api.get(name.decode("latin-1"))
        if known is None or context.symbols.function(name, context.path) is not None or \
                name in context.symbols.macros:
            continue
        for call in calls:
            yield call, known


def is_judged(known: ApiFunction) -> bool:
    """Whether a function is one of netmem and its pools."""
    return known.name.startswith(_JUDGED)


def has_prototype(call: Call, known: ApiFunction) -> bool:
    """Whether the arguments of a call can be held against those of a function one by one."""
    return is_judged(known) and not call.arguments.has_error and "..." not in known.parameters \
        and (not known.is_macro or known.name == TO_NETMEM)
