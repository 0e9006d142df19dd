# SPDX-License-Identifier: GPL-2.0-only
"""What passes and rules have in common as Python that somebody writes: how it is read and begun."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from netmem_migrate.c.parse import parse
from netmem_migrate.errors import InputError, UsageError

OPEN = "TODO"
"""Marks what only a person can say."""
SPDX = "# SPDX-License-Identifier: GPL-2.0-only"

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
# A pass and a rule look at bytes and yield values: what these give, they have no use for.
_FOREIGN = {"io", "os", "pathlib", "shutil", "socket", "subprocess", "sys", "tempfile", "urllib"}
_CALLS = {"open", "print", "input", "exec", "eval"}
_DRIVER = re.compile(r"drivers/|\.[ch]$")


@dataclass(frozen=True, slots=True)
class Author:
    """What a kind of module is called and holds: `variable`, and `function` with its `signature`.

    `paragraphs` are those of its docstring, `yields` what it does and nothing else.
    """

    kind: str
    variable: str
    function: str
    signature: str
    paragraphs: str
    yields: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a module or its test, at a 1-based line and column of a file."""

    path: Path
    line: int
    column: int
    text: str


class Written(ABC):
    """A module as it is written. Raises InputError for one that is not Python."""

    def __init__(self, path: Path, author: Author) -> None:
        self.path, self.author = path, author
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
        self.function: cst.FunctionDef | None = None
        for statement in self.module.body:
            if isinstance(statement, cst.FunctionDef):
                if statement.name.value == author.function:
                    self.function = statement
            elif isinstance(statement, cst.SimpleStatementLine):
                for part in statement.body:
                    self._assigned(part)

    def _assigned(self, part: cst.BaseSmallStatement) -> None:
        if isinstance(part, cst.Assign) and isinstance(part.value, cst.Call):
            target = part.targets[0].target
            if isinstance(target, cst.Name) and target.value == self.author.variable:
                self.declared, self.call = part, part.value

    def at(self, node: cst.CSTNode, text: str) -> Problem:
        """A problem where a node stands."""
        start = self.positions[node].start
        return Problem(self.path, start.line, start.column + 1, text)

    def arguments(self) -> dict[str, cst.BaseExpression]:
        """What the declaration is called with, by keyword."""
        if self.call is None:
            return {}
        return {one.keyword.value: one.value for one in self.call.args if one.keyword is not None}

    def strings(self) -> dict[str, str]:
        """The literal arguments of the declaration; all but strings as they are written."""
        found: dict[str, str] = {}
        for name, value in self.arguments().items():
            if isinstance(value, (cst.SimpleString, cst.ConcatenatedString)):
                text = value.evaluated_value
                found[name] = text if isinstance(text, str) else ""
            elif isinstance(value, (cst.Integer, cst.Attribute, cst.Name)):
                found[name] = self.module.code_for_node(value)
        return found

    def problems(self) -> Iterator[Problem]:
        """What is wrong, in the order of the checks."""
        if not self.text.startswith(SPDX):
            yield Problem(self.path, 1, 1, f"license: the first line is {SPDX}")
        doc = self.module.get_docstring() or ""
        if len([part for part in doc.split("\n\n") if part.strip()]) < 2:
            yield Problem(self.path, 2, 1,
                          f"docstring: one paragraph says {self.author.paragraphs}")
        if self.call is None:
            variable = self.author.variable
            yield Problem(self.path, 1, 1, f"declaration: there is no {variable} = "
                                           f"{variable.capitalize()}(...)")
        else:
            yield from self.declaration()
        yield from self.code()
        yield from _left_open(self.path, self.text)
        seen = _Foreign(self.author)
        self.module.visit(seen)
        for node, text in seen.found:
            yield self.at(node, text)

    @abstractmethod
    def declaration(self) -> Iterator[Problem]:
        """What is wrong with the declaration; each kind of module has its own."""

    def identity(self, said: Mapping[str, str], columns: int) -> Iterator[Problem]:
        """What is wrong with its id and summary."""
        wanted = self.path.stem.replace("_", "-")
        if said.get("id") != wanted:
            yield self.at(self.declared, f'id: is "{wanted}", as the module is called')
        summary = said.get("summary", "")
        if not summary or "\n" in summary or summary.endswith(".") or len(summary) > columns:
            yield self.at(self.declared, f"summary: is one line of at most {columns} columns "
                                         "without a full stop")

    def code(self) -> Iterator[Problem]:
        """What is wrong with the function that yields."""
        name = self.author.function
        if self.function is None:
            parameter = self.author.signature.partition("(")[2].partition(":")[0]
            yield Problem(self.path, 1, 1, f"{name}: there is no {name}({parameter})")
            return
        shown = self.module.code_for_node(self.function).strip().partition(":\n")[0]
        if not shown.endswith(f"def {self.author.signature}"):
            yield self.at(self.function, f"{name}: is def {self.author.signature}")
        if not self.function.get_docstring():
            yield self.at(self.function, f"{name}: has no docstring")
        body = self.module.code_for_node(self.function.body)
        if not re.search(r"^\s*yield (?!from \(\)$)", body, re.MULTILINE):
            yield self.at(self.function, f"{name}: yields nothing")


def example(one: Written, texts: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with C that is an argument of a declaration, by the argument's name."""
    for name, text in texts.items():
        if not text.endswith("\n"):
            yield one.at(one.declared, f"example: {name} ends with a whole line")
        elif OPEN not in text and parse(text.encode()).tree.root_node.has_error:
            yield one.at(one.declared, f"example: {name} does not parse as C")


def cases(module: Path, test: Path,
          names: Sequence[str]) -> tuple[dict[str, int], list[Problem]]:
    """How many cases each dict of a test file has; nothing, and what is wrong, without the file."""
    if not test.is_file():
        return {}, [Problem(module, 1, 1, f"test: there is no {test.name}")]
    text = test.read_text(encoding="utf-8")
    counts = dict.fromkeys(names, 0)
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
    return counts, list(_left_open(test, text))


def _left_open(path: Path, text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), 1):
        if OPEN in line:
            yield Problem(path, number, line.index(OPEN) + 1, f"{OPEN}: to be filled in")


class _Foreign(cst.CSTVisitor):
    """What such a module must not do: read or write, and know a driver by its name."""

    def __init__(self, author: Author) -> None:
        self.only = f"a {author.kind} only yields {author.yields}"
        self.found: list[tuple[cst.CSTNode, str]] = []

    def visit_Import(self, node: cst.Import) -> None:
        for alias in node.names:
            self._module(node, cst.Module([]).code_for_node(alias.name))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        if node.module is not None:
            self._module(node, cst.Module([]).code_for_node(node.module))

    def _module(self, node: cst.CSTNode, name: str) -> None:
        if name.partition(".")[0] in _FOREIGN:
            self.found.append((node, f"import: {self.only}, and needs no {name}"))

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Name) and node.func.value in _CALLS:
            self.found.append((node, f"call: {self.only}; {node.func.value}() does more"))

    def visit_Comparison(self, node: cst.Comparison) -> None:
        for side in (node.left, *(one.comparator for one in node.comparisons)):
            if isinstance(side, cst.SimpleString):
                value = side.evaluated_value
                text = value if isinstance(value, str) else value.decode("utf-8", "replace")
                if _DRIVER.search(text):
                    self.found.append((node, "driver: no special case for a driver's name; "
                                             "find the general rule"))


def paths_of(modules: Path, tests: Path, name: str, model: str,
             author: Author) -> tuple[Path, Path]:
    """Where a new module and its test go.

    Raises InputError for a name that is no id or is taken, and where there are no such modules
    with their tests.
    """
    if not _ID.fullmatch(name):
        raise UsageError(f"{name}: no id of a {author.kind}; use small letters, digits and dashes, "
                         f"as in {model.replace('_', '-')}")
    module = name.replace("-", "_")
    made = modules / f"{module}.py", tests / f"test_{module}.py"
    if not (modules / f"{model}.py").is_file() or not tests.is_dir():
        plural = {"pass": "passes"}.get(author.kind, f"{author.kind}s")
        raise InputError(f"{modules}: no sources of {plural} with their tests here; "
                         "run this in a checkout of netmem-migrate")
    for path in made:
        if path.exists():
            raise InputError(f"{path}: is there already; give the {author.kind} another name")
    return made


def write(made: tuple[Path, Path], module: str, test: str) -> None:
    """Write both files or none. Raises InputError where that cannot be done."""
    try:
        made[0].write_text(module, encoding="utf-8")
        made[1].write_text(test, encoding="utf-8")
    except OSError as error:
        made[0].unlink(missing_ok=True)
        raise InputError(f"{error.filename}: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class Renewed:
    """A module of its kind with all that is its own taken out.

    `values` replace arguments of the declaration, as Python; `doc` is the module's docstring,
    `said` the function's. What is not used any more is not imported either.
    """

    author: Author
    values: Mapping[str, str]
    doc: str
    said: str

    def of(self, model: Path) -> str:
        """The new module, copied from the file `model`."""
        module = cst.parse_module(model.read_text(encoding="utf-8"))
        kept = [one for one in module.body if self._is_kept(one)]
        doc = cst.parse_statement(f'"""{self.doc}"""')
        module = module.with_changes(body=[doc, *kept]).visit(_Renew(self))
        used = _Names()
        module.visit(used)
        body: list[cst.BaseStatement] = []
        above: Sequence[cst.EmptyLine] | None = None
        for statement in module.body:
            left = _imports_only(statement, used.found)
            if left is None:
                if above is None and isinstance(statement, cst.SimpleStatementLine):
                    above = statement.leading_lines
                continue
            if above and isinstance(left, cst.SimpleStatementLine) and not left.leading_lines:
                left = left.with_changes(leading_lines=above)
            body.append(left)
            above = None
        return module.with_changes(body=body).code

    def _is_kept(self, statement: cst.BaseStatement) -> bool:
        """Imports, the declaration and the function; helpers and the docstring go."""
        if isinstance(statement, cst.FunctionDef):
            return statement.name.value == self.author.function
        if not isinstance(statement, cst.SimpleStatementLine):
            return isinstance(statement, cst.If)  # TYPE_CHECKING, and what is imported for that
        part = statement.body[0]
        if isinstance(part, cst.Assign):
            target = part.targets[0].target
            return isinstance(target, cst.Name) and target.value == self.author.variable
        return isinstance(part, (cst.Import, cst.ImportFrom))


class _Renew(cst.CSTTransformer):
    def __init__(self, wanted: Renewed) -> None:
        self.wanted = wanted

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        keyword = original_node.keyword.value if original_node.keyword is not None else ""
        if keyword in self.wanted.values:
            value = cst.parse_expression(self.wanted.values[keyword])
            return updated_node.with_changes(value=value)
        return updated_node

    def leave_FunctionDef(self, original_node: cst.FunctionDef,
                          updated_node: cst.FunctionDef) -> cst.FunctionDef:
        doc = cst.parse_statement(f'"""{self.wanted.said}"""')
        body = updated_node.body.with_changes(body=[doc, cst.parse_statement("yield from ()")])
        return updated_node.with_changes(body=body)


class _Names(cst.CSTVisitor):
    """The names that are used; those that an import brings are not used by that."""

    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self.found.add(node.value)


def _imports_only(statement: cst.BaseStatement | cst.SimpleStatementLine,
                  used: set[str]) -> cst.BaseStatement | cst.SimpleStatementLine | None:
    """A statement; of an import, what is used of it, None if that is nothing."""
    if isinstance(statement, cst.If) and isinstance(statement.body, cst.IndentedBlock):
        inside = [one for one in (_imports_only(one, used) for one in statement.body.body)
                  if one is not None]
        return statement.with_changes(
            body=statement.body.with_changes(body=inside)) if inside else None
    if not isinstance(statement, cst.SimpleStatementLine):
        return statement
    part = statement.body[0]
    if not isinstance(part, cst.ImportFrom) or isinstance(part.names, cst.ImportStar) or (
            isinstance(part.module, cst.Name) and part.module.value == "__future__"):
        return statement
    left = [one for one in part.names
            if (one.evaluated_alias or one.evaluated_name) in used]
    if not left:
        return None
    left[-1] = left[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return statement.with_changes(body=[part.with_changes(names=left)])
