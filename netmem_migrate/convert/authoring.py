# SPDX-License-Identifier: GPL-2.0-only
"""What `transform new` writes and `transform lint` wants of a pass, read as Python by libcst.

docs/adding-a-pass.md is the same for people. Nothing of a pass is run or imported here, so that a
half-written one can be judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from netmem_migrate.c.parse import parse
from netmem_migrate.errors import InputError

MODEL = "dma_address"
"""The pass that a new one is copied from: the smallest that there is."""

_OPEN = "TODO"
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SUMMARY = 90  # columns; `transform list` puts the id before it
_FOLLOWS = re.compile(r"(?:Documentation|include|net|scripts)/[\w./-]+")
# A pass yields edits of bytes and does nothing else: what these give, it has no use for.
_FOREIGN = {"io", "os", "pathlib", "shutil", "socket", "subprocess", "sys", "tempfile", "urllib"}
_CALLS = {"open", "print", "input", "exec", "eval"}
_DRIVER = re.compile(r"drivers/|\.[ch]$")
_CASES = ("TRANSFORMED", "LEFT_ALONE", "REFUSED")
_SPDX = "# SPDX-License-Identifier: GPL-2.0-only"
_TEST = f'''\
{_SPDX}
"""{_OPEN}: what the pass is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

# Of each case what follows tools.PRELUDE, before and after.
TRANSFORMED: dict[str, tuple[str, str]] = {{}}  # {_OPEN}
LEFT_ALONE: dict[str, str] = {{}}  # {_OPEN}
# The slot, the category of the refusal, and the source.
REFUSED: dict[str, tuple[str, str, str]] = {{}}  # {_OPEN}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)
'''


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a pass, at a 1-based line and column of a file."""

    path: Path
    line: int
    column: int
    text: str


def lint(modules: Path, tests: Path | None) -> tuple[Problem, ...]:
    """What is wrong with the passes in a folder and, where there are tests, with those.

    Raises InputError for a module that is not Python, or cannot be read.
    """
    found: list[Problem] = []
    owners: dict[str, Path] = {}
    for path in sorted(modules.glob("*.py")):
        if path.stem == "__init__":
            continue
        one = _Module(path)
        found += one.problems()
        said = one.strings().get("summary", "")
        if said and said in owners:
            found.append(one.at(one.declared, f"summary: {owners[said].name} has the same"))
        owners.setdefault(said, path)
        if tests is not None:
            found += _tested(path, tests / f"test_{path.stem}.py")
    return tuple(sorted(found, key=lambda one: (one.path.name, one.line, one.column)))


def scaffold(modules: Path, tests: Path, name: str) -> tuple[Path, Path]:
    """Write a new pass and its test, each with what is to be filled in; returns their paths.

    Raises InputError for a name that is no id or is taken, and for a folder that holds no passes
    or cannot be written.
    """
    if not _ID.fullmatch(name):
        raise InputError(f"{name}: no id of a pass; use small letters, digits and dashes, "
                         "as in dma-address")
    module = name.replace("-", "_")
    made = modules / f"{module}.py", tests / f"test_{module}.py"
    source = modules / f"{MODEL}.py"
    if not source.is_file() or not tests.is_dir():
        raise InputError(f"{modules}: no sources of passes with their tests here; "
                         "run this in a checkout of netmem-migrate")
    for path in made:
        if path.exists():
            raise InputError(f"{path}: is there already; give the pass another name")
    orders = [int(order) for path in modules.glob("*.py") if path.stem != "__init__"
              for order in [_Module(path).strings().get("order", "")] if order.isdigit()]
    try:
        made[0].write_text(_copied(source, name, max(orders, default=0) + 10), encoding="utf-8")
        made[1].write_text(_TEST, encoding="utf-8")
    except OSError as error:
        made[0].unlink(missing_ok=True)
        raise InputError(f"{error.filename}: {error.strerror or error}") from error
    return made


class _Module:
    """A pass as it is written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            wrapper = MetadataWrapper(cst.parse_module(self.text), unsafe_skip_copy=True)
        except (OSError, UnicodeDecodeError, cst.ParserSyntaxError) as error:
            said = str(error).splitlines()[0]
            raise InputError(f"{path}: not Python that can be read: {said}") from error
        self.module = wrapper.module
        self.positions = wrapper.resolve(PositionProvider)
        self.declared: cst.CSTNode = self.module
        self.call: cst.Call | None = None
        self.edits: cst.FunctionDef | None = None
        for statement in self.module.body:
            if isinstance(statement, cst.FunctionDef) and statement.name.value == "edits":
                self.edits = statement
            elif isinstance(statement, cst.SimpleStatementLine):
                for part in statement.body:
                    self._assigned(part)

    def _assigned(self, part: cst.BaseSmallStatement) -> None:
        if isinstance(part, cst.Assign) and isinstance(part.value, cst.Call):
            target = part.targets[0].target
            if isinstance(target, cst.Name) and target.value == "PASS":
                self.declared, self.call = part, part.value

    def at(self, node: cst.CSTNode, text: str) -> Problem:
        start = self.positions[node].start
        return Problem(self.path, start.line, start.column + 1, text)

    def arguments(self) -> dict[str, cst.BaseExpression]:
        if self.call is None:
            return {}
        return {one.keyword.value: one.value for one in self.call.args if one.keyword is not None}

    def strings(self) -> dict[str, str]:
        """The literal arguments of PASS; numbers as they are written."""
        found: dict[str, str] = {}
        for name, value in self.arguments().items():
            if isinstance(value, (cst.SimpleString, cst.ConcatenatedString)):
                text = value.evaluated_value
                found[name] = text if isinstance(text, str) else ""
            elif isinstance(value, cst.Integer):
                found[name] = value.value
        return found

    def problems(self) -> Iterator[Problem]:
        """What is wrong, in the order of the checks."""
        if not self.text.startswith(_SPDX):
            yield Problem(self.path, 1, 1, f"license: the first line is {_SPDX}")
        doc = self.module.get_docstring() or ""
        if len([part for part in doc.split("\n\n") if part.strip()]) < 2:
            yield Problem(self.path, 2, 1, "docstring: one paragraph says what the pass rewrites, "
                                           "the next what it refuses or leaves alone")
        yield from self._declaration()
        yield from self._function()
        yield from self._left_open()
        seen = _Foreign()
        self.module.visit(seen)
        for node, text in seen.found:
            yield self.at(node, text)

    def _declaration(self) -> Iterator[Problem]:
        if self.call is None:
            yield Problem(self.path, 1, 1, "declaration: there is no PASS = Pass(...)")
            return
        said = self.strings()
        wanted = self.path.stem.replace("_", "-")
        if said.get("id") != wanted:
            yield self.at(self.declared, f'id: is "{wanted}", as the module is called')
        summary = said.get("summary", "")
        if not summary or "\n" in summary or summary.endswith(".") or len(summary) > _SUMMARY:
            yield self.at(self.declared, f"summary: is one line of at most {_SUMMARY} columns "
                                         "without a full stop")
        if not _FOLLOWS.fullmatch(said.get("follows", "")):
            yield self.at(self.declared, "follows: names a document or header of the kernel, "
                                         "as in Documentation/networking/netmem.rst")
        if not said.get("order", "").isdigit():
            yield self.at(self.declared, "order: is a number; passes are read in that order")
        before, after = said.get("before", ""), said.get("after", "")
        if before == after:
            yield self.at(self.declared, "example: before and after are the same")
        for name, text in (("before", before), ("after", after)):
            if not text.endswith("\n"):
                yield self.at(self.declared, f"example: {name} ends with a whole line")
            elif _OPEN not in text and parse(text.encode()).tree.root_node.has_error:
                yield self.at(self.declared, f"example: {name} does not parse as C")

    def _function(self) -> Iterator[Problem]:
        if self.edits is None:
            yield Problem(self.path, 1, 1, "edits: there is no edits(work)")
            return
        shown = self.module.code_for_node(self.edits).strip().partition(":\n")[0]
        if not re.search(r"def edits\(work: Work\) -> Iterator\[Edit\]$", shown):
            yield self.at(self.edits, "edits: is def edits(work: Work) -> Iterator[Edit]")
        if not self.edits.get_docstring():
            yield self.at(self.edits, "edits: has no docstring")
        body = self.module.code_for_node(self.edits.body)
        if not re.search(r"^\s*yield (?!from \(\)$)", body, re.MULTILINE):
            yield self.at(self.edits, "edits: yields nothing")

    def _left_open(self) -> Iterator[Problem]:
        for number, line in enumerate(self.text.splitlines(), 1):
            if _OPEN in line:
                yield Problem(self.path, number, line.index(_OPEN) + 1, f"{_OPEN}: to be filled in")


class _Foreign(cst.CSTVisitor):
    """What a pass must not do: read or write, and know a driver by its name."""

    def __init__(self) -> None:
        self.found: list[tuple[cst.CSTNode, str]] = []

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            self._module(node, cst.Module([]).code_for_node(alias.name))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if node.module is not None:
            self._module(node, cst.Module([]).code_for_node(node.module))

    def _module(self, node: cst.CSTNode, name: str) -> None:
        if name.partition(".")[0] in _FOREIGN:
            self.found.append((node, f"import: a pass only yields edits, and needs no {name}"))

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Name) and node.func.value in _CALLS:
            self.found.append((node, f"call: a pass only yields edits; {node.func.value}() does "
                                     "more"))

    def visit_Comparison(self, node: cst.Comparison) -> None:
        for side in (node.left, *(one.comparator for one in node.comparisons)):
            if isinstance(side, cst.SimpleString):
                value = side.evaluated_value
                text = value if isinstance(value, str) else value.decode("utf-8", "replace")
                if _DRIVER.search(text):
                    self.found.append((node, "driver: no special case for a driver's name; "
                                             "find the general rule"))


def _tested(module: Path, test: Path) -> Iterator[Problem]:
    """Whether a pass has a test file with as many cases that must stay as rewrites."""
    if not test.is_file():
        yield Problem(module, 1, 1, f"test: there is no {test.name}")
        return
    text = test.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if _OPEN in line:
            yield Problem(test, number, line.index(_OPEN) + 1, f"{_OPEN}: to be filled in")
    counts = dict.fromkeys(_CASES, 0)
    for statement in cst.parse_module(text).body:
        if not isinstance(statement, cst.SimpleStatementLine):
            continue
        for part in statement.body:
            name = value = None
            if isinstance(part, cst.Assign):
                name, value = part.targets[0].target, part.value
            elif isinstance(part, cst.AnnAssign):
                name, value = part.target, part.value
            if isinstance(name, cst.Name) and name.value in counts and isinstance(value, cst.Dict):
                counts[name.value] = len(value.elements)
    if not counts["LEFT_ALONE"] + counts["REFUSED"]:
        yield Problem(test, 1, 1, "test: no case that must be left alone or refused")


class _Renew(cst.CSTTransformer):
    """The model pass with all that is its own taken out."""

    def __init__(self, name: str, order: int) -> None:
        self.values = {
            "id": f'"{name}"', "summary": f'"{_OPEN}"', "before": f'"""\\\n{_OPEN}\n"""',
            "after": f'"""\\\n{_OPEN} and what becomes of it\n"""', "follows": f'"{_OPEN}"',
        }
        self.order = order

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        keyword = original_node.keyword.value if original_node.keyword is not None else ""
        if keyword in self.values:
            return updated_node.with_changes(value=cst.SimpleString(self.values[keyword]))
        if keyword == "order":
            return updated_node.with_changes(value=cst.Integer(str(self.order)))
        return updated_node

    def leave_FunctionDef(self, original_node: cst.FunctionDef,
                          updated_node: cst.FunctionDef) -> cst.FunctionDef:
        doc = cst.parse_statement(f'"""{_OPEN}: what is edited. Nothing is, so far."""')
        body = updated_node.body.with_changes(body=[doc, cst.parse_statement("yield from ()")])
        return updated_node.with_changes(body=body)

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        doc = cst.parse_statement(
            f'"""{_OPEN}: what the pass rewrites.\n\n{_OPEN}: what it refuses or leaves alone, and '
            'why.\n"""')
        body: list[cst.BaseStatement | cst.SimpleStatementLine] = [doc]
        above: Sequence[cst.EmptyLine] | None = None
        for statement in updated_node.body[1:]:
            if "Concern" in updated_node.code_for_node(statement):  # the import; its use is gone
                above = cst.ensure_type(statement, cst.SimpleStatementLine).leading_lines
                continue
            body.append(statement if above is None else
                        statement.with_changes(leading_lines=above))
            above = None
        return updated_node.with_changes(body=body)


def _copied(model: Path, name: str, order: int) -> str:
    return cst.parse_module(model.read_text(encoding="utf-8")).visit(_Renew(name, order)).code
