# SPDX-License-Identifier: GPL-2.0-only
"""Leave by a failure exit where the CPU would read a net_iov.

netmem_address() is NULL for a net_iov, so a function that reads by it must not come that far. The
exit is the one that the function takes where what is called next fails: build_skb(), or a function
of the driver that does nothing before it. Refused where nothing fits: where anything but locals is
set in between, or anything is called that does more than read, or where the exit reads what is not
set yet; where the memory may be another by the next read, or that is reached otherwise; and in a
function that reads two memories, or asks for a net_iov already. Prefetches, and addresses that are
only kept, are no reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.convert import members
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.exits import exit_before, is_plain, is_scoped, tested
from netmem_migrate.model.forms import table
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Trait
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
                  "Take {made} then, which the function has for another failure. Callers do what "
                  "they do for that one: one that tries again meets the same memory again. "
                  "Nothing changes for pages."),
    },
    follows="Documentation/networking/netmem.rst",
    order=90,
)

_OPERAND = re.compile(rb"[A-Za-z_]\w*(?:(?:->|\.)\w+|\[\w+\])*")
# By name: what a family has that is named so may do more.
_PURE = frozenset(named(Trait.PURE))
_NUMBER = re.compile(rb"[\sA-Z0-9_+*/<>|&()~x-]*")
_LABELS = ("labeled_statement", "case_statement")
_LOOPS = ("while_statement", "for_statement", "do_statement")


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function that can leave so, and the edits that make it."""
    if not work.analysis.target.has(IS_NET_IOV):
        return
    for file in work.analysis.driver.files:
        source = work.analysis.originals[file]
        if ADDRESS.encode() not in source:
            continue
        for function in work.analysis.symbols.texts.parse(source).functions():
            for fits, memory, read in _guards(work, file, function):
                made = _room(work, file, function, fits, memory, read)
                if made is not None:
                    yield made


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _room(work: Work, file: str, function: Definition, fits: Exit, memory: bytes,
          read: Node) -> tuple[Room, list[Edit]] | None:
    newline = members.newline(work, file)
    source = work.analysis.originals[file]
    place = fits.before
    start = source.rfind(b"\n", 0, place.start_byte) + 1
    indent = source[start:place.start_byte]
    before = place.prev_named_sibling
    # Comments that have their lines for themselves are of what stands below them.
    while before is not None and before.type == "comment" and \
            not source[before.end_byte:start].strip():
        above = source.rfind(b"\n", 0, before.start_byte) + 1
        if source[above:before.start_byte].strip():
            break
        start, before = above, before.prev_named_sibling
    whole = before is None or source[before.end_byte - 1:before.end_byte] in (b";", b"}", b"/")
    if indent.strip() or not whole:
        return None
    taken = view.text(fits.jump)
    gap = newline if before is not None and before.type == "declaration" and \
        newline * 2 not in source[before.end_byte:start] else b""
    text = (gap + indent + b"if (" + IS_NET_IOV.encode() + b"(" + memory + b"))" + newline + indent
            + b"\t" + taken + newline + newline)
    line = int(min(place.start_point[0], read.start_point[0])) + 1
    slot = f"{function.name}()"
    reason = Reason(Why.CPU_READS, slot=slot, file=file, line=line)
    room = Room(PASS.id, "reads", slot, f"`{taken.decode('latin-1')}`", file, line, reason)
    return room, [work.edit(PASS, file, start, start, text, "the CPU reads it")]


def reads(function: Node) -> dict[bytes, list[Node]]:
    """Where a function has the address of memory for more than to keep it, or as a hint, by how the
    memory is spelled."""
    found: dict[bytes, list[Node]] = {}
    for call in view.calls(function):
        if call.name == ADDRESS.encode() and len(call.args) == 1 and not _is_kept(call.node):
            found.setdefault(b"".join(view.text(call.args[0]).split()), []).append(call.node)
    return found


def _guards(work: Work, file: str,
            function: Definition) -> Iterator[tuple[Exit, bytes, Node]]:
    """The exit by which a function has to leave, and for which memory, where it reads one: it, and
    the first read."""
    found = reads(function.node)
    if function.has_error or len(found) != 1 or any(call.name == IS_NET_IOV.encode()
                                                    for call in view.calls(function.node)):
        return
    ((memory, places),) = found.items()
    text = work.analysis.originals[file][function.start:function.end]
    fits = _exit(work, function.node, places, text) if _OPERAND.fullmatch(memory) else None
    if fits is not None:
        yield fits, memory, places[0]


def _exit(work: Work, function: Node, found: list[Node], text: bytes) -> Exit | None:
    """The exit that fits in front of all reads of one memory; `text` is that of the function as the
    parser was not shown it."""
    first = found[0]
    operand = first.child_by_field_name("arguments")
    if operand is None or not all(is_plain(function, view.text(one))
                                  for one in nodes(operand, "identifier")):
        return None
    if is_scoped(text):
        return None
    fits = exit_before(function, first, lambda call: _is_pure(work, call),
                       lambda call: _fails_clean(work, call), lambda name: _acts(work, name))
    block = fits.before.parent if fits is not None else None
    if fits is None or block is None:
        return None
    last = found[-1]
    if last.start_byte >= block.end_byte:
        return None
    # Of a member of something, whoever is called may make another.
    if last.start_byte >= fits.test.end_byte and nodes(operand, "field_expression",
                                                       "subscript_expression"):
        return None
    looped = any(one.start_byte <= last.start_byte < one.end_byte for one in nodes(block, *_LOOPS))
    end = block.end_byte if looped else max(last.end_byte, fits.before.start_byte)
    return None if _is_changed(block, first.start_byte, end, operand) else fits


def _is_changed(block: Node, start: int, end: int, operand: Node) -> bool:
    """Whether a name of what is read is set between two places, or may be, or a label stands
    there."""
    names = {view.text(one) for one in nodes(operand, "identifier", "field_identifier")}
    for one in nodes(block, "assignment_expression", "update_expression", "init_declarator",
                     "pointer_expression", "declaration", *_LABELS):
        if not start <= one.start_byte < end:
            continue
        if one.type in _LABELS:
            return True
        if one.type == "pointer_expression" and one.children[0].type != "&":
            continue
        if one.type in ("init_declarator", "declaration"):
            set_ = {view.text(name) for declarator in one.children_by_field_name("declarator")
                    if (name := view.declared(declarator)) is not None}
        else:
            target = one.child_by_field_name("left") or view.operand(one)
            where = view.field(target)
            set_ = {where.name if where is not None else view.text(target)
                    } if target is not None else set()
        if not names.isdisjoint(set_):
            return True
    return False


def _is_kept(node: Node) -> bool:
    """Whether an address is only stored in a member, or only a hint is given of it."""
    parent = node.parent
    while parent is not None and parent.type in ("binary_expression", "parenthesized_expression",
                                                 "cast_expression", "argument_list",
                                                 "sizeof_expression"):
        if parent.type == "sizeof_expression":
            return True
        if parent.type == "argument_list":
            call = view.call(parent.parent)
            return call is not None and call.name.decode("latin-1") in table().hints
        node, parent = parent, parent.parent
    pair = view.infix(parent)
    return pair is not None and pair.sign == "=" and pair.right == node and \
        view.field(pair.left) is not None


def _is_pure(work: Work, call: view.Call) -> bool:
    """Whether a call gives a value, or a hint, and does no more."""
    name = call.name.decode("latin-1")
    return not _is_own(work, call.name) and (
        name in table().hints or name == ADDRESS or name in _PURE)


def _acts(work: Work, name: bytes) -> bool:
    """Whether a name is a macro of the driver that is more than a number."""
    return any(macro.parameters or not _NUMBER.fullmatch(macro.body)
               for macro in work.analysis.symbols.macros.get(name, ()))


def _is_own(work: Work, name: bytes) -> bool:
    symbols = work.analysis.symbols
    return any(one.body is not None for one in symbols.functions.get(name, ())) or \
        name in symbols.macros


def _fails_clean(work: Work, call: view.Call) -> bool:
    """Whether a call gives NULL, and leaves nothing behind, where it fails: of a function of the
    driver, where that is so of the one that it calls first, and it returns at once then."""
    if not _is_own(work, call.name):
        return has(call.name, Trait.FAILS_CLEAN)
    own = [one for one in work.analysis.symbols.functions.get(call.name, ())
           if one.body is not None]
    body = own[0].body if len(own) == 1 else None
    if body is None:
        return False
    made = b""
    for one in view.children(body):
        pair = view.infix(one.named_children[0]) if one.named_children else None
        if one.type == "declaration" and not nodes(one, "init_declarator"):
            continue
        if not made and pair is not None and pair.sign == "=" and \
                pair.left.type == "identifier":
            inner = view.call(view.bare(pair.right))
            if inner is None or _is_own(work, inner.name) or not has(
                    inner.name, Trait.FAILS_CLEAN) or any(
                    nodes(arg, "call_expression", "update_expression", "assignment_expression")
                    for arg in inner.args):
                return False
            made = view.text(pair.left)
            if not is_plain(own[0].node, made):
                return False
            continue
        branch = view.branch(one) if one.type == "if_statement" else None
        returns = [b"".join(view.text(other).split())
                   for other in nodes(body, "return_statement")]
        return branch is not None and branch.then is not None and made != b"" and \
            tested(branch.test) == made and branch.otherwise is None and \
            b"".join(view.text(branch.then).split()) == b"returnNULL;" and \
            returns == [b"returnNULL;", b"return" + made + b";"]
    return False
