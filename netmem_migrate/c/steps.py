# SPDX-License-Identifier: GPL-2.0-only
"""Follow code down to any depth, without a call of Python inside a call for each level.

Whoever needs the answer for something further in is a generator, and yields the step that gives it:

    def parentheses(reader: Reader, node: Node) -> Steps[Value]:
        inner: Value = yield reader.value(node.named_children[0])
        return Value(node, inner.type)

A step is such a generator that was not begun, or an answer that was known at once.
"""

from __future__ import annotations

from collections.abc import Generator
from types import GeneratorType
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[Any, Any, T]
"""What comes to an answer by the answers of other steps, which it yields."""
Step: TypeAlias = T | Steps[T]
"""An answer, or what comes to it."""


def run(step: Step[T]) -> T:
    """The answer of a step, and of each one that it yields; what one of them raises is raised."""
    answer: Any = step
    waiting: list[Steps[Any]] = []
    while True:
        if type(answer) is GeneratorType:
            waiting.append(answer)
            answer = None
        elif not waiting:
            found: T = answer
            return found
        try:
            answer = waiting[-1].send(answer)
        except StopIteration as stop:
            waiting.pop()
            answer = stop.value
