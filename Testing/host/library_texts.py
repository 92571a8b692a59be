"""Finds what the library can say in a window: `translations.py` writes it into `application/library_sentences.py`.

The library speaks English wherever it runs, in f-strings at the place where something goes wrong. Here they are read
from the syntax tree, so that nobody has to repeat them: `f"{path.name} is empty."` becomes the template
`{name} is empty.` Everything that reads like prose counts, so that no new sentence is forgotten. `NOT_SHOWN` names
what is prose and yet never shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("imaging", "inference", "jobs", "learning", "study", "workflows")
"""What Slicer's process imports, and what the child processes that it starts work with."""
NOT_REACHED = ("learning/rows.py", "workflows/benchmark/", "workflows/demo.py")
"""Files that only the terminal uses."""
DOORS = ("application/", "cli/")
"""Of the terminal a window shows errors and progress alone. The application translates what it says by itself, but not
in threads, which must not ask Qt: there its errors are English too."""
PROSE = re.compile(r"[a-z] [a-z{]|[a-z]: [a-z]|[A-Z][a-z]+ \{|\} [a-z]{3}")
SHOWN_CALLS = ("BadInputError", "FieldError", "SemiSegEmbedError", "StoppedError", "_progress", "explain", "progress")
"""Texts that are given to such calls are shown, even a single word."""
RAISED = ("BadInputError", "SemiSegEmbedError", "StoppedError")
HIDDEN_CALLS = ("ValueError", "_", "compile", "print", "warning")
"""Only developers see what these are given, or it is translated already."""
NOT_SHOWN = (
    "--- started {utc_now} ---",
    "Anatomic codes - DICOM master list",
    "Binary labelmap",
    "Binary labelmap|",
    "Grad strides do not match bucket view strides",
    "SemiSegEmbed model",
    "SemiSegEmbed training checkpoint",
    "Segmentation category and type - 3D Slicer General Anatomy list",
    "can't allocate memory",
    "dropout kind",
    "femur left",
    "femur right",
    "hip bone left",
    "hip bone right",
    "label {number}",
    "phantom {index}",
    "segment {segments}",
    "{count} phantom hips",
    "could not create a primitive",
    "driver on your system is too old",
    "driver version is insufficient",
    "no kernel image is available",
    "not enough memory",
    "unable to find an engine",
    "{context}~{category}~{kind}~{entry}~Anatomic codes - DICOM master list~^^~^^",
)
"""What files hold, names of segments and studies among it, and what other programs say."""


def library_texts(library: Path) -> tuple[list[str], list[str]]:
    """Templates of whole sentences, and of what is filled into them; each once, in alphabetical order."""
    sentences, parts = set(), set()
    for path in sorted(library.rglob("*.py")):
        name = path.relative_to(library).as_posix()
        if speaks_english(name) or name.startswith(DOORS):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for text, raised in file_texts(tree, prose=speaks_english(name)):
                (sentences if raised or text.endswith(".") else parts).add(text)
    return sorted(sentences), sorted(parts - sentences)


def speaks_english(file: str) -> bool:
    """Whether a file of the library says in plain English what may reach a window."""
    return file.startswith(ROOMS) and not file.startswith(NOT_REACHED)


def file_texts(tree: ast.Module, prose: bool) -> Iterator[tuple[str, bool]]:
    """Each text of a file that is shown, as a template, and whether it is the whole of an error.

    Args:
        tree: The file.
        prose: Whether everything that reads like prose is shown.
    """
    hidden, shown, raised = set(_pieces(tree)), set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _called(node)
            hidden |= {id(part) for part in ast.walk(node)} if name in HIDDEN_CALLS else set()
            shown |= {id(argument) for argument in node.args} if name in SHOWN_CALLS else set()
            shown |= {id(keyword.value) for keyword in node.keywords if keyword.arg == "task"}
            raised |= {id(node.args[0])} if name in RAISED and node.args else set()
    for node in ast.walk(tree):
        text = None if id(node) in hidden else template(node)
        if text and text not in NOT_SHOWN and ((prose and PROSE.search(text)) or id(node) in shown):
            yield text, id(node) in raised


def _pieces(tree: ast.Module) -> Iterator[int]:
    """Docstrings, and the constants of which f-strings consist."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from (id(piece) for piece in node.values)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def template(node: ast.AST) -> str | None:
    """A text or f-string with named gaps; None for anything else.

    Spaces at its ends are left out, since they belong to what it is filled into.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _escaped(node.value).strip()
    if not isinstance(node, ast.JoinedStr):
        return None
    names: list[str] = []
    text = ""
    for piece in node.values:
        if isinstance(piece, ast.FormattedValue):
            name = value_name(piece.value)
            names.append(name)
            count = names.count(name)
            text += f"{{{name}{count if count > 1 else ''}}}"
        elif isinstance(piece, ast.Constant):
            text += _escaped(str(piece.value))
    return text.strip()


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def value_name(node: ast.expr) -> str:
    """What to call a value in a template: the last word of the expression that says what it is."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_").lower()
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            return name
        case ast.Subscript(value=inner) | ast.BinOp(left=inner) | ast.IfExp(body=inner) | ast.Starred(value=inner):
            return value_name(inner)
        case ast.BoolOp(values=[inner, *_]) | ast.GeneratorExp(elt=inner):
            return value_name(inner)
        case ast.Call(func=ast.Name(id="getattr")):
            return "value"
        case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if not name.startswith("_"):
            return value_name(inner)  # len(slices), str(error)
        case ast.Call(func=ast.Attribute(attr="join" | "sub"), args=[*_, inner]):
            return value_name(inner)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name.strip("_").lower()
    return "value"
