"""Places where a module can be changed so that it should behave differently, and the changed source."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}
# What these say is for people, or for no reader at all.
NOT_BEHAVIOUR = {"logger", "logging", "warnings"}
# Keywords that only people or type checkers notice: layout of files, and how instances are laid out in memory.
SILENT_KEYWORDS = {"strict", "indent", "slots", "stacklevel"}


@dataclass(frozen=True)
class Place:
    """One change of one module.

    Attributes:
        number: of the node in the order of `ast.walk`.
        line: where it is.
        statement: first line of the statement that it stands in.
        what: the change, such as `Lt becomes LtE`.
        function: qualified name of the outermost function whose body it stands in; empty outside of functions.
    """

    number: int
    line: int
    statement: int
    what: str
    function: str = ""


def places(source: str) -> list[Place]:
    """Return every change that can be made to a module, in order."""
    tree = ast.parse(source)
    skipped = _skipped(tree)
    statements, functions = _statements(tree), _functions(tree)
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if node not in skipped and (what := _change(node, make=False)) is not None:
            found.append(
                Place(number, getattr(node, "lineno", 0), statements.get(node, 0), what, functions.get(node, ""))
            )
    return found


def changed(source: str, place: Place) -> str:
    """Return the module with one change made; comments and layout are lost."""
    tree = copy.deepcopy(ast.parse(source))
    for number, node in enumerate(ast.walk(tree)):
        if number == place.number:
            _change(node, make=True)
    return ast.unparse(ast.fix_missing_locations(tree))


def _change(node: ast.AST, *, make: bool) -> str | None:
    """Return in words what can be changed of a node, and change it where asked to; None where nothing can."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        old = type(node.ops[0])
        if make:
            node.ops = [COMPARISONS[old]()]
        return f"{old.__name__} becomes {COMPARISONS[old].__name__}"
    if isinstance(node, ast.BoolOp):
        swapped: type[ast.boolop] = ast.Or if isinstance(node.op, ast.And) else ast.And
        what = f"{type(node.op).__name__} becomes {swapped.__name__}"
        if make:
            node.op = swapped()
        return what
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC and not _is_text(node):
        what = f"{type(node.op).__name__} becomes {ARITHMETIC[type(node.op)].__name__}"
        if make:
            node.op = ARITHMETIC[type(node.op)]()
        return what
    if isinstance(node, ast.If):
        if make:
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return "the condition is turned round"
    if isinstance(node, ast.Constant) and not isinstance(node.value, (str, bytes)) and node.value not in (None, ...):
        return _change_constant(node, make=make)
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        if make:
            node.value = ast.Constant(None)
        return "returns None"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _is_note(node.value):
        if make:
            node.value = ast.Constant(None)
        return "a call is left out"
    if isinstance(node, ast.Name) and node.id in FUNCTIONS and isinstance(node.ctx, ast.Load):
        what = f"{node.id} becomes {FUNCTIONS[node.id]}"
        if make:
            node.id = FUNCTIONS[node.id]
        return what
    return None


def _change_constant(node: ast.Constant, *, make: bool) -> str:
    old: Any = node.value
    new = (not old) if isinstance(old, bool) else old + 1
    if make:
        node.value = new
    return f"{old!r} becomes {new!r}"


def _skipped(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes whose change is no fault: annotations, messages, notes, and what only type checkers read."""
    return {inner for node in ast.walk(tree) for part in _silent(node) for inner in ast.walk(part)}


def _statements(tree: ast.Module) -> dict[ast.AST, int]:
    """Return for each node the first line of the innermost statement around it."""
    found: dict[ast.AST, int] = {}
    for node in ast.walk(tree):  # a statement comes before what stands in it
        if isinstance(node, ast.stmt):
            found |= dict.fromkeys(ast.walk(node), node.lineno)
    return found


def _functions(tree: ast.Module) -> dict[ast.AST, str]:
    """Return for each node in the body of a function the name of the outermost one, with the classes around it."""
    found: dict[ast.AST, str] = {}
    waiting: list[tuple[ast.AST, str]] = [(node, "") for node in tree.body]
    while waiting:
        node, prefix = waiting.pop()
        if isinstance(node, ast.ClassDef):
            waiting += [(inner, f"{prefix}{node.name}.") for inner in node.body]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found |= {inner: prefix + node.name for part in node.body for inner in ast.walk(part)}
    return found


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        yield from (each.annotation for each in every if each is not None and each.annotation is not None)
        if node.returns is not None:
            yield node.returns
    elif isinstance(node, ast.AnnAssign):
        yield node.annotation
    elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        yield from node.exc.args
    elif isinstance(node, ast.JoinedStr):
        yield node
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        yield node
    elif isinstance(node, ast.Call) and _is_note(node):
        yield node
    elif isinstance(node, ast.keyword) and node.arg in SILENT_KEYWORDS:
        yield node


def _is_note(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id in NOT_BEHAVIOUR
    )


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )
