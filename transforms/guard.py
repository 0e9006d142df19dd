# SPDX-License-Identifier: GPL-2.0-only
"""Leave by a failure exit where the CPU would read a net_iov.

netmem_address() is NULL for a net_iov, so a function that reads by it must not come that far. The
exit is one that the function has: the one that it takes a little later, where what it calls with
the address fails, or the one that it took last. Refused where nothing fits: where members are set
in between, or something is called that is not known to leave nothing behind, or where the exit
reads what is not set yet; and where a read is reached otherwise. Prefetches, and addresses that are
only kept, are no reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.convert import members
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.exits import exit_before
from netmem_migrate.model.forms import table
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import traits
from netmem_migrate.model.schema import Effect, Trait
from netmem_migrate.model.spelled import ADDRESS, IS_NET_IOV
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.parse import Definition
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.exits import Exit

PASS = Pass(
    id="guard",
    summary="where the CPU would read a net_iov, a failure exit is taken that there is",
    before="""\
struct sk_buff *demo_build(struct demo_buf *buf)
{
	struct sk_buff *skb;

	skb = napi_build_skb(netmem_address(buf->netmem), PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	return skb;
}
""",
    after="""\
struct sk_buff *demo_build(struct demo_buf *buf)
{
	struct sk_buff *skb;

	if (netmem_is_net_iov(buf->netmem))
		return NULL;

	skb = napi_build_skb(netmem_address(buf->netmem), PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	return skb;
}
""",
    behind=True,
    words={
        "reads": ("do not read a net_iov in {slot}",
                  ", which it is where a net_iov is behind the netmem.",
                  "Take {made} then, which the function has for another failure. Nothing changes "
                  "for pages."),
    },
    follows="Documentation/networking/netmem.rst",
    order=90,
)

# What gives a value and does no more.
_PURE = frozenset({Trait.PURE, Trait.GIVES_BACK, Trait.NEAR, Trait.GIVES_ADDRESS,
                   Trait.NAMES_MEMBER, Trait.FLEXIBLE, Trait.RAW_SYNC, Trait.POOL_SYNC,
                   Trait.DMA_ADDRESS, Trait.TELLS_READABLE, Trait.TELLS_UNREADABLE})
_CLEAN = frozenset({Trait.ALLOCATES, Trait.READS_PACKET})
_DOES_NOTHING = frozenset({*_PURE, *_CLEAN, Trait.HARMLESS, Trait.OWN_RECORDS})


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function that can leave so, and the edits that make it."""
    if not work.analysis.target.has(IS_NET_IOV):
        return
    for file in work.analysis.driver.files:
        source = work.analysis.originals[file]
        if ADDRESS.encode() not in source:
            continue
        for function in work.analysis.symbols.texts.parse(source).functions():
            for place, jump, memory in _guards(work, function):
                yield _room(work, file, function, place, jump, memory)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _room(work: Work, file: str, function: Definition, place: Node, jump: Node,
          memory: bytes) -> tuple[Room, list[Edit]]:
    newline = members.newline(work, file)
    source = work.analysis.originals[file]
    start = source.rfind(b"\n", 0, place.start_byte) + 1
    indent = source[start:place.start_byte]
    above = place.prev_sibling
    if above is not None and above.type == "comment" and above.end_point[0] + 1 == \
            place.start_point[0]:
        start = source.rfind(b"\n", 0, above.start_byte) + 1  # it is of what stands below
    taken = view.text(jump)
    text = (indent + b"if (" + IS_NET_IOV.encode() + b"(" + memory + b"))" + newline + indent
            + b"\t" + taken + newline + newline)
    line = int(place.start_point[0]) + 1
    slot = f"{function.name}()"
    reason = Reason(Why.CPU_READS, slot=slot, file=file, line=line)
    room = Room(PASS.id, "reads", slot, f"`{taken.decode('latin-1')}`", file, line, reason)
    return room, [work.edit(PASS, file, start, start, text, "the CPU reads it")]


def _guards(work: Work, function: Definition) -> Iterator[tuple[Node, Node, bytes]]:
    """The statements in front of which a function has to leave, by which jump, and for which
    memory."""
    reads: dict[bytes, list[Node]] = {}
    asked: set[bytes] = set()
    for call in view.calls(function.node):
        name = call.name.decode("latin-1")
        if name == IS_NET_IOV and call.args:
            asked.add(b"".join(view.text(call.args[0]).split()))
        if name == ADDRESS and len(call.args) == 1 and not _is_kept(call.node):
            reads.setdefault(view.text(call.args[0]), []).append(call.node)
    for memory, found in reads.items():
        if b"".join(memory.split()) in asked or b"\n" in memory:
            continue
        fits = _exit(work, function.node, found)
        if fits is not None:
            yield fits.before, fits.jump, memory


def _exit(work: Work, function: Node, reads: list[Node]) -> Exit | None:
    """The exit that fits in front of all reads of one memory."""
    first = reads[0]
    operand = first.child_by_field_name("arguments")
    if operand is None or any(nodes(operand, "call_expression", "update_expression",
                                    "assignment_expression")):
        return None
    found = exit_before(function, first, _is_pure, lambda call: _fails_clean(work, call))
    block = found.before.parent if found is not None else None
    if found is None or block is None:
        return None
    last = max(one.start_byte for one in reads)
    if last >= block.end_byte or _is_changed(block, found.before.start_byte, last, operand):
        return None
    return found


def _is_changed(block: Node, start: int, end: int, operand: Node) -> bool:
    """Whether a name of what is read is set between two places, or a label stands there."""
    names = {view.text(one) for one in nodes(operand, "identifier", "field_identifier")}
    for one in nodes(block, "assignment_expression", "update_expression", "labeled_statement"):
        if not start <= one.start_byte < end:
            continue
        if one.type == "labeled_statement":
            return True
        target = one.child_by_field_name("left") or view.operand(one)
        where = view.field(target)
        if target is None or (where.name if where is not None else view.text(target)) in names:
            return True
    return False


def _is_kept(node: Node) -> bool:
    """Whether an address is only stored in a member, or only a hint is given of it."""
    parent = node.parent
    while parent is not None and parent.type in ("binary_expression", "parenthesized_expression",
                                                 "cast_expression", "argument_list"):
        if parent.type == "argument_list":
            call = view.call(parent.parent)
            return call is not None and call.name.decode("latin-1") in table().hints
        node, parent = parent, parent.parent
    pair = view.infix(parent)
    return pair is not None and pair.sign == "=" and pair.right == node and \
        view.field(pair.left) is not None


def _is_pure(call: view.Call) -> bool:
    name = call.name.decode("latin-1")
    known = BY_NAME.get(name)
    return name in table().hints or not _PURE.isdisjoint(traits(name)) or (
        known is not None and known.effect is Effect.NONE)


def _fails_clean(work: Work, call: view.Call) -> bool:
    """Whether a call leaves nothing behind where it fails: one of the kernel that allocates, or a
    function of the driver that does nothing else."""
    name = call.name.decode("latin-1")
    own = [one for one in work.analysis.symbols.functions.get(call.name, ())
           if one.body is not None]
    if not own:
        return not _CLEAN.isdisjoint(traits(name))
    return len(own) == 1 and not any(
        view.field(one.child_by_field_name("left")) is not None
        for one in nodes(own[0].node, "assignment_expression")) and all(
        not _DOES_NOTHING.isdisjoint(traits(one.name.decode("latin-1")))
        or _is_pure(one) for one in view.calls(own[0].node))
