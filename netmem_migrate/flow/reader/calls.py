# SPDX-License-Identifier: GPL-2.0-only
"""Calls: what kind of function is called decides, by a table, what becomes of its arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Step, Steps
from netmem_migrate.c.symbols import Function, Macro
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import WORD
from netmem_migrate.flow import keys
from netmem_migrate.flow.carriers import could_carry
from netmem_migrate.flow.graph import Call
from netmem_migrate.flow.keys import Key
from netmem_migrate.flow.reader.core import Named, Reader, reads
from netmem_migrate.flow.reader.values import INT, MEMORY, POINTER_TO_PAGE, Atom, Value
from netmem_migrate.model.gone import gone
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.twins import Twin
from netmem_migrate.model.twins import twin as twin_of
from netmem_migrate.reasons import Category, Why

_Handler = Callable[[Reader, view.Call], Step[Value | None]]
"""Reads a call of its kind; None where the call does not have the shape of the kind."""


@reads("call_expression")
def call(reader: Reader, node: Node) -> Step[Value]:
    """A call: of a pointer, of the driver's own function, of the page API, or of the kernel's."""
    found = view.call(node)
    if found is None:
        return Value(node)
    reader.errors += [child for child in found.args if child.type == "ERROR"]
    name = found.name
    if name:
        reader.seen(found.function)
    # In this order: a name in scope hides everything else of that name, a body in sight says more
    # than the model does, and a macro of the driver is not what a header of the kernel declares.
    if not name or name in reader.scopes:
        return _indirect(reader, found)
    known = reader.symbols.function(name, reader.path)
    if known is None:
        _out_of_reach(reader, found)
    twin = reader.driver.twins.get(name.decode("latin-1"))
    if known is not None and known.body is not None and not (
            twin is not None and reader.driver.brought(twin.form)):
        return _own(reader, found, known)
    if twin is not None and name not in reader.symbols.macros:
        return _twin(reader, found, twin)
    if name.decode("latin-1") in reader.driver.rows.borrowed and name not in reader.symbols.macros:
        return _borrowed(reader, found)
    if name.decode("latin-1") in reader.driver.rows.hints:
        return _hint(reader, found)
    return _of_kernel(reader, found, known)


def _of_kernel(reader: Reader, found: view.Call, known: Function | None) -> Steps[Value]:
    value: Value | None = None
    for trait, handler in _KINDS:
        if value is None and has(found.name, trait):
            value = yield handler(reader, found)
    if value is None:
        value = yield _foreign(reader, found, known)
    return value


# ------------------------------------------------------------ the driver's


def _indirect(reader: Reader, found: view.Call) -> Steps[Value]:
    """A call of a pointer: nobody knows what it does."""
    callee: Value = yield reader.value(found.function)
    title = reader.text(found.function).decode("latin-1")
    for child in found.args:
        reader.escape((yield reader.value(child)), Why.INDIRECT, by=title)
    type_ = callee.type.result() if callee.type else None
    atoms = ((Atom(found.node, category=Category.FUNCTION_POINTER),)
             if type_ is not None and type_.is_page else ())
    return Value(found.node, type_, atoms)


def _own(reader: Reader, found: view.Call, known: Function) -> Steps[Value]:
    """A function of the driver: its arguments flow into its parameters."""
    title = known.name.decode("latin-1")
    count = len(known.parameters)
    if len(found.args) < count or (len(found.args) > count and not known.variadic):
        _miscounted(reader, found, known)
    for index, child in enumerate(found.args):
        value: Value = yield reader.value(child)
        if index >= len(known.parameters):
            reader.escape(value, Why.PASSED_VARIABLY, by=title)
            continue
        _given(reader, value, keys.of_parameter(known, index))
        type_ = reader.symbols.resolve(reader.carriers.parameter_type(known, index))
        slot = reader.driver.parameter(known, index)
        if slot is not None:
            reader.touched.add(slot)
            reader.flow(value, slot, type_.level)
        elif value.holds_page:
            if could_carry(type_) and value.level == type_.level:
                reader.carriers.note_parameter(reader.symbols, known, index)
            reader.escape(value, Why.PASSED_AS_OTHER, by=title, category=reader.hiding(type_))
    result = reader.symbols.resolve(reader.carriers.result_type(known))
    slot = reader.driver.result(known)
    at = (keys.of_result(known),)
    if slot is not None:
        reader.touched.add(slot)
        return Value(found.node, result, (Atom(found.node, slot),), at=at)
    if result.is_page:
        return Value(found.node, result, (Atom(found.node),))
    return Value(found.node, result, carrier=reader.carried(
        result, partial(reader.carriers.note_result, reader.symbols, known)), at=at)


def _out_of_reach(reader: Reader, found: view.Call) -> None:
    """Static functions of other files: one of them is meant where its file includes this one."""
    for known in reader.symbols.functions.get(found.name, ()):
        slots = [reader.driver.parameter(known, index) for index in range(len(known.parameters))]
        for slot in [*slots, reader.driver.result(known)]:
            if slot is not None:
                reader.graph.block(slot, Why.OUT_OF_REACH, reader.place(found.node),
                                   by=known.name.decode("latin-1"))


def _given(reader: Reader, value: Value, parameter: Key) -> None:
    """An argument; by a pointer to a variable the function can also set that."""
    reader.address(value, (parameter,))
    if view.bare(value.node).type == "pointer_expression":
        for one in value.at:
            reader.graph.addresses.flows.setdefault(parameter, set()).add(one)


def _miscounted(reader: Reader, found: view.Call, known: Function) -> None:
    """Of a call with too many or too few arguments nobody knows which is which."""
    slots = [reader.driver.parameter(known, index) for index in range(len(known.parameters))]
    for slot in [*slots, reader.driver.result(known)]:
        if slot is not None:
            reader.graph.block(slot, Why.TAKES, reader.place(found.node),
                               by=known.name.decode("latin-1"), category=Category.UNRESOLVED,
                               numbers=(len(known.parameters), len(found.args)))


# ------------------------------------------------------------ the page API


def _twin(reader: Reader, found: view.Call, twin: Twin) -> Steps[Value]:
    """A call that has a netmem form: a slot of its own, which moves with its page."""
    chosen = reader.driver.choose(twin)
    wanted, twin = twin, chosen or twin
    slot = reader.driver.call(reader.place(found.node), twin.page, twin)
    argument: Node | None = None
    takes = reader.driver.target.takes(wanted.page)
    fits = takes is None or takes == len(found.args)
    for index, child in enumerate(found.args):
        value: Value = yield reader.value(child)
        if not fits and value.holds_page and value.level == 0:
            reader.flow(value, slot, 0)  # which argument is which nobody knows
            continue
        if index != twin.arg:
            reader.escape(value, Why.PASSED, by=twin.page)
            continue
        argument = child
        if value.carrier is not None:
            value.carrier()
        if not fits:
            continue
        if not value.holds_page and value.type is not None and not value.is_null:
            reader.graph.block(slot, Why.GIVEN_OTHER, reader.place(child), by=twin.page)
        else:
            reader.flow(value, slot, 0)
    if takes is not None and not fits:
        reader.graph.block(slot, Why.TAKES, reader.place(found.node), by=wanted.page,
                           numbers=(takes, len(found.args)), release=reader.driver.target.api)
    elif chosen is None:
        misfit = reader.driver.target.misfit(wanted)
        reader.graph.block(slot, Why.NO_FORM if misfit else Why.NO_API, reader.place(found.node),
                           by=wanted.netmem, other=wanted.since, numbers=misfit or (0, 0))
    reader.graph.calls.append(Call(slot, twin, reader.place(found.node), found.function, argument))
    if twin.gives:
        return Value(found.node, POINTER_TO_PAGE, (Atom(found.node, slot),))
    if twin.gives_address:
        reader.addresses.append((slot, found.node))
        key = ("address", reader.path, found.node.start_byte)
        reader.graph.addresses.given[key] = slot
        return Value(found.node, MEMORY, at=(key,))
    return Value(found.node)


def _borrowed(reader: Reader, found: view.Call) -> Steps[Value]:
    """skb_frag_page(): a slot of its own, if the kernel has the netmem form."""
    row = reader.driver.rows.borrowed[found.name.decode("latin-1")]
    at: tuple[Key, ...] = ()
    for child in found.args:
        value: Value = yield reader.value(child)
        reader.escape(value, Why.PASSED, by=row.call)
        at += value.at
    reader.graph.addresses.pages[reader.path, found.node.start_byte] = at
    if not reader.driver.fits(row):
        return Value(found.node, POINTER_TO_PAGE, (Atom(found.node),))
    slot = reader.driver.call(reader.place(found.node), row.call, twin_of(row))
    reader.graph.calls.append(
        Call(slot, twin_of(row), reader.place(found.node), found.function, None))
    return Value(found.node, POINTER_TO_PAGE, (Atom(found.node, slot),))


# -------------------------------------------------------------- the kernel's


def _hint(reader: Reader, found: view.Call) -> Steps[Value]:
    """A prefetch of anything but a page's descriptor, which is one of the forms."""
    for child in found.args:
        value: Value = yield reader.value(child)
        if value.level == 0:
            reader.escape(value, Why.PASSED, by=found.name.decode())
    return Value(found.node)


def _transparent(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """likely() and its kin give their first argument back."""
    if not found.args:
        return None
    value: Value = yield reader.value(found.args[0])
    for child in found.args[1:]:
        yield reader.value(child)
    return Value(found.node, value.type, value.moved(found.node), value.carrier, at=value.at)


def _mapped(reader: Reader, found: view.Call) -> Steps[Value]:
    """dma_map_single() and its kin: memory of the pool is the pool's to map."""
    name = found.name.decode("latin-1")
    values: list[Value] = []
    for child in found.args:
        values.append((yield reader.value(child)))
    for value in values:
        reader.escape(value, Why.MAPPED, by=name)
    # For whom it is mapped, or the list, stands first.
    reader.graph.addresses.mapped += [(one, name, reader.place(found.node))
                                      for value in values[1:2] for one in value.at]
    return Value(found.node)


def _prints(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """WARN(): the first argument is tested, the others are printed."""
    for index, child in enumerate(found.args):
        value: Value = yield reader.value(child)
        if index:
            reader.escape(value, Why.PRINTED, by=found.name.decode())
    return Value(found.node, INT)


def _write_once(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """WRITE_ONCE(x, y) is `x = y`."""
    if len(found.args) != 2:
        return None
    target: Value = yield reader.value(found.args[0])
    value: Value = yield reader.value(found.args[1])
    reader.address(value, target.at)
    if target.holds_page and target.slots:
        reader.flow(value, target.slots[0], target.level)
    else:
        reader.store(target.type, None, value, target.carrier)
    return Value(found.node)


def _swap(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """swap(x, y): the two have one type."""
    if len(found.args) != 2:
        return None
    first: Value = yield reader.value(found.args[0])
    second: Value = yield reader.value(found.args[1])
    if first.holds_page and second.holds_page:
        reader.tie(first, second)
    else:
        reader.escape(first, Why.SWAPPED)
        reader.escape(second, Why.SWAPPED)
    return Value(found.node)


def _copy(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """kmemdup(): the copy of an array of pages holds the same pages."""
    if len(found.args) < 2:
        return None
    first = _managed(found)
    value: Value = yield reader.value(found.args[first])
    for index, child in enumerate(found.args):
        if index != first:
            yield reader.value(child)
    if value.holds_page and value.level == 0:
        reader.escape(value, Why.PASSED, by=found.name.decode())
        return Value(found.node, MEMORY)
    if not value.holds_page or value.type is None:
        return Value(found.node, MEMORY)
    copied = Type(value.type.base, ("p", *value.type.derivations[1:]))
    return Value(found.node, copied, value.moved(found.node))


def _memory(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """kfree(), memset(): of the memory that holds pages, not of the pages."""
    for child in found.args:
        value: Value = yield reader.value(child)
        if value.level == 0:
            reader.escape(value, Why.PASSED, by=found.name.decode())
    return Value(found.node, MEMORY)


def _sized(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """kzalloc_obj() and its kin, which take what is to be allocated, and name its last member."""
    if not found.args:
        return None
    first = _managed(found) if len(found.args) > 1 else 0
    value: Value = yield reader.value(found.args[first])
    rest = [child for index, child in enumerate(found.args) if index != first]
    if found.name.endswith(b"flex") and len(found.args) > first + 1:
        yield reader.named_member(value.type, found.args[first + 1])
        rest.remove(found.args[first + 1])
    for child in rest:
        yield reader.value(child)
    return Value(found.node, MEMORY)


def _managed(found: view.Call) -> int:
    """Where the memory stands: the devm_ functions take the device first."""
    return int(found.name.startswith(b"devm"))


def _flexible(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """struct_size(x, member, n): a number; the member is named by it."""
    if len(found.args) != 3:
        return None
    value: Value = yield reader.value(found.args[0])
    yield reader.named_member(value.type.target() if value.type else None, found.args[1])
    yield reader.value(found.args[2])
    return Value(found.node, INT)


def _entry(reader: Reader, found: view.Call) -> Steps[Value | None]:
    """container_of() and its kin: the type is the second argument."""
    args = found.args
    if len(args) < 2:
        return None
    pointer: Value = yield reader.value(args[0])
    reader.escape(pointer, Why.CONTAINER)
    source = reader.parsed.source
    text = b" ".join(source[args[1].start_byte:args[1].end_byte].split())
    if not text.startswith((b"struct ", b"union ")):
        before = source[:args[1].start_byte].rstrip()
        for word in (b"struct", b"union"):
            if before.endswith(word):
                text = word + b" " + text
    type_ = Type(text.decode("latin-1").rstrip(" *"))
    if len(args) > 2:
        named: object = yield reader.named_member(type_, args[2])
        # The macro wants the pointer to be one to the member's very type.
        if pointer.type is not None and reader.symbols.resolve(pointer.type).is_page and \
                isinstance(named, Named) and named.slot is not None:
            reader.graph.block(named.slot, Why.CONTAINER, reader.place(found.node))
    return Value(found.node, type_.pointer())


def _foreign(reader: Reader, found: view.Call, known: Function | None) -> Steps[Value]:
    """A function or macro that neither the driver defines nor the model knows."""
    name, title = found.name, found.name.decode("latin-1")
    macro = name in reader.symbols.macros
    spells = has(name, Trait.NAMES_MEMBER) or (macro and _spells(reader, name))
    removed = known is None and gone(title, reader.driver.target.api) is not None
    why = (Why.MACRO_GIVEN if macro else Why.ERROR_POINTER if has(name, Trait.ERROR_POINTER)
           else Why.COUNTED if has(name, Trait.COUNTS) else Why.PASSED)
    at: tuple[Key, ...] = ()
    behind: list[Key] = []
    filled: list[Key] = []
    for child in found.args:
        value: Value = yield reader.value(child)
        behind += value.at
        if value.at and view.bare(child).type == "pointer_expression":
            filled += value.at
        if spells and child.type == "identifier":
            # A local of that name hides nothing from a macro.
            reader.graph.unresolved_members.setdefault(
                reader.text(child), []).append(reader.place(child))
        at = at or _address(reader, found, value, declared=known is not None)
        if not value.holds_page:
            continue
        if removed and not macro:
            for slot in value.slots:
                reader.graph.block(slot, Why.GONE, reader.place(found.node), by=title,
                                   release=reader.driver.target.api)
            continue
        if known is None and not macro:
            reader.graph.unread_functions.add(name)
        if why in (Why.COUNTED, Why.PASSED) and has(name, Trait.GRANTS):
            reader.graph.grants.append((title, reader.place(found.node)))
        reader.escape(value, why, by=title)
    if any(has(name, trait) for trait in _TOLD):
        reader.graph.addresses.given_to += [(one, title, reader.place(found.node))
                                            for one in behind]
        reader.graph.addresses.fills += [(one, into) for one in behind for into in filled]
    if not at or has(name, Trait.FROM_DEVICE):
        at += reader.source(title, found.node, behind)
    if has(name, Trait.GIVES_PAGE):
        if at and not has(name, Trait.ALLOCATES):
            reader.graph.addresses.pages[reader.path, found.node.start_byte] = at
        return Value(found.node, POINTER_TO_PAGE, (Atom(found.node),), at=at)
    if known is None:
        return Value(found.node, at=at)
    result = reader.symbols.resolve(known.result)
    return Value(found.node, result, (Atom(found.node),) if result.is_page else (), at=at)


def _spells(reader: Reader, name: bytes) -> bool:
    """Whether a macro of the driver can take what it is given for the name of a member, itself or
    by another that it names."""
    known = reader.symbols.macros
    names = [name]
    for one in names:  # grows while it is walked
        for macro in known[one]:
            if _spells_itself(macro):
                return True
            names += [word for word in WORD.findall(macro.body)
                      if word in known and word not in names]
    return False


def _spells_itself(macro: Macro) -> bool:
    inside = set(WORD.findall(macro.body)) - macro.parameters
    return b"##" in macro.body or any(
        has(word, trait) for word in inside
        for trait in (Trait.CONTAINER, Trait.FLEXIBLE, Trait.NAMES_MEMBER)) or any(
        re.search(rb"(?:->|\.)[\s\\]*" + one + rb"\b", macro.body)
        for one in macro.parameters)


def _address(reader: Reader, found: view.Call, value: Value, *,
             declared: bool) -> tuple[Key, ...]:
    """Where an address goes that such a function is given; what the result is near to."""
    name = found.name
    if has(name, Trait.NEAR):
        return value.at
    if name in reader.symbols.macros:
        if any(has(word, Trait.MAPS) for macro in reader.symbols.macros[name]
               for word in WORD.findall(macro.body)):
            reader.graph.addresses.mapped += [
                (one, name.decode("latin-1"), reader.place(found.node)) for one in value.at]
    elif not declared:
        reader.graph.addresses.passed += [(one, name) for one in value.at]
    return ()


# What is done with an address that is given to a function of the kernel.
_TOLD = (Trait.READS_PACKET, Trait.TAKES_TOKEN, Trait.CPU_COPIES)
_KINDS: tuple[tuple[Trait, _Handler], ...] = (
    (Trait.GIVES_BACK, _transparent),
    (Trait.MAPS, _mapped),
    (Trait.PRINTS, _prints),
    (Trait.STORES, _write_once),
    (Trait.SWAPS, _swap),
    (Trait.COPIES, _copy),
    (Trait.ANY_MEMORY, _memory),
    (Trait.SIZED, _sized),
    (Trait.FLEXIBLE, _flexible),
    (Trait.CONTAINER, _entry),
)
