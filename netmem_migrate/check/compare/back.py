# SPDX-License-Identifier: GPL-2.0-only
"""Ways back from a netmem to its page: which of them a conversion may write."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.once import declared, only_given
from netmem_migrate.c.types import PAGE
from netmem_migrate.model.forms import BACK, BACK_CALL
from netmem_migrate.model.twins import looks


def ways_back(before: bytes, after: bytes, function: Node) -> tuple[frozenset[str], str]:
    """The calls that count as what they are given, and the name of one that came, "" for none;
    `function` is that after the change.

    Ways back may go, where what they gave becomes a netmem. None may come, but to set a local of
    which only the address is asked for: that of a head, which the CPU reads in any case.
    """
    came = len(BACK_CALL.findall(after)) > len(BACK_CALL.findall(before))
    calls = [one for one in view.calls(function) if one.name.decode("latin-1") in BACK]
    if came and not (calls and all(_is_for_heads(function, one) for one in calls)):
        return frozenset(), ""
    return BACK, calls[0].name.decode("latin-1") if came else ""


def _is_for_heads(function: Node, call: view.Call) -> bool:
    """Whether what a call gives is a page in a local that is only looked at."""
    name = next((view.text(view.bare(one.target)) for one in view.stores(function)
                 if view.bare(one.value) == call.node), b"")
    local = declared(function, name)
    return (local is not None and (local.type.base, local.type.derivations) == (PAGE, ("p",))
            and bool(only_given(function, name, looks)))
