"""Small faults put into a file, one at a time, as a tired programmer would make them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
NAMED = {"min": "max", "max": "min", "any": "all", "all": "any", "sum": "mean", "mean": "sum", "argmax": "argmin"}


@dataclass(frozen=True)
class Mutant:
    """A file with one fault.

    Attributes:
        line: Where.
        before: The part as it was.
        after: As it is now.
        source: The whole file.
        text: The line as it was.
    """

    line: int
    before: str
    after: str
    source: str
    text: str = ""


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines; type hints, docstrings and error texts stay as they are."""
    tree, lines = ast.parse(source), source.splitlines()
    protected = set(_protected(tree))
    nodes = [node for node in ast.walk(tree) if id(node) not in protected]
    for node in sorted(nodes, key=lambda one: (getattr(one, "lineno", 0), getattr(one, "col_offset", 0))):
        for change in _changes(node):
            before = ast.unparse(node)
            original = copy.copy(node.__dict__)
            change()
            after, mutated = ast.unparse(node), ast.unparse(tree)
            node.__dict__.clear()
            node.__dict__.update(original)
            if after != before:
                line = getattr(node, "lineno", 0)
                yield Mutant(line, before, after, mutated, lines[line - 1].strip())


def _protected(tree: ast.AST) -> Iterator[int]:
    """Nodes that no test of behaviour can see."""
    for node in ast.walk(tree):
        hidden: list[ast.AST | None] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            hidden += [node.returns, *[one.annotation for one in every]]
        elif isinstance(node, ast.AnnAssign):
            hidden.append(node.annotation)
        elif (
            isinstance(node, ast.Raise)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            or isinstance(node, ast.Import | ast.ImportFrom)
            or (isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "Border" for t in node.targets))
        ):
            hidden.append(node)
        for part in hidden:
            if part is not None:
                yield from (id(inner) for inner in ast.walk(part))


def _changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    """What may be done to one node; each change alters it in place."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPPED:
        yield lambda: setattr(node, "op", SWAPPED[type(node.op)]())
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
        yield lambda: setattr(node, "ops", [SWAPPED[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
        operator = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        inner = node.operand
        if isinstance(node.op, ast.USub):
            yield lambda: setattr(node, "op", operator)
        else:
            yield lambda: node.__dict__.update(op=ast.Not(), operand=ast.UnaryOp(ast.Not(), inner))
    elif isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes) and node.value is not None:
        value = node.value
        yield lambda: setattr(
            node, "value", not value if isinstance(value, bool) else value + 1 if value != ... else 0
        )
    elif isinstance(node, ast.IfExp | ast.If):
        test = node.test
        yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))
    elif isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield lambda: setattr(node, "value", ast.Constant(None))
    elif isinstance(node, ast.Name) and node.id in NAMED and isinstance(node.ctx, ast.Load):
        yield lambda: setattr(node, "id", NAMED[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in NAMED:
        yield lambda: setattr(node, "attr", NAMED[node.attr])
