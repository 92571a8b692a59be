"""Reading JSON that may be damaged or hostile: every value is checked, the first fault becomes one sentence."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import explain, read_bytes

_CONTROL = re.compile("[\x00-\x1f\x7f]")
_MISSING = object()


class FieldError(ValueError):
    """One value is not what it must be; the message says where, without a final full stop."""


def parse_json(text: str) -> Any:
    """Parse JSON strictly: no key twice, no NaN or Infinity, no endless nesting.

    Raises:
        FieldError: It is not such JSON.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise FieldError("a key stands twice in one object")
        return result

    def refuse(constant: str) -> None:
        raise FieldError(f"{constant} is not a number")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except FieldError:
        raise
    except RecursionError as error:
        raise FieldError("it is nested too deeply") from error
    except ValueError as error:
        raise FieldError("it is not valid JSON") from error


def read_json(path: Path, limit: int = 1 << 20, take: Callable[[Any], Any] = lambda value: value) -> Any:
    """Read and parse a small JSON file.

    Args:
        path: The file.
        limit: Its most bytes.
        take: Takes out of the parsed value what is wanted; a `FieldError` of it is a fault of the file.

    Raises:
        BadInputError: It is missing, too large or not valid; one sentence that names the file.
    """
    try:
        return take(parse_json(read_bytes(path, limit).decode("utf-8")))
    except OSError as error:
        raise BadInputError(str(explain(error, f"{path.name} could not be read"))) from error
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"{path.name} cannot be used because it is not UTF-8 text: choose another file."
        ) from error
    except ValueError as error:
        raise BadInputError(f"{path.name} cannot be used because {error}: choose another file.") from error


class Fields:
    """The members of one JSON object; each is taken by name and type, and `done` refuses whatever is left."""

    def __init__(self, value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise FieldError(f"{where} is not an object")
        self._left = dict(value)
        self._where = where

    def take(self, name: str, default: Any = _MISSING) -> Any:
        """The raw value of a member."""
        if name not in self._left:
            if default is _MISSING:
                raise FieldError(f"{self._where} has no '{name}'")
            return default
        return self._left.pop(name)

    def text(self, name: str, default: Any = _MISSING, *, limit: int = 500, pattern: str | None = None) -> str:
        """Text without control characters; what it says (HTML, shell ...) does not matter, it is only shown."""
        value = self.take(name, default)
        if not isinstance(value, str):
            raise self.error(name, "is not text")
        if len(value) > limit:
            raise self.error(name, f"is longer than {limit} characters")
        if _CONTROL.search(value):
            raise self.error(name, "holds control characters")
        if pattern is not None and not re.fullmatch(pattern, value):
            raise self.error(name, "is not of the expected form")
        return value

    def optional_text(self, name: str, *, limit: int = 500, pattern: str | None = None) -> str | None:
        """Text, or None when it is null or missing."""
        if self._left.get(name) is None:
            self.take(name, None)
            return None
        return self.text(name, limit=limit, pattern=pattern)

    def integer(self, name: str, low: int, high: int, default: Any = _MISSING) -> int:
        """A whole number from `low` to `high`."""
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(name, f"is not a whole number from {low} to {high}")
        return value

    def optional_integer(self, name: str, low: int, high: int) -> int | None:
        """A whole number, or None when it is null or missing."""
        if self._left.get(name) is None:
            self.take(name, None)
            return None
        return self.integer(name, low, high)

    def number(self, name: str, low: float, high: float, default: Any = _MISSING) -> float:
        """A finite number from `low` to `high`."""
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.error(name, f"is not a number from {low:g} to {high:g}")
        return float(value)

    def boolean(self, name: str, default: Any = _MISSING) -> bool:
        """True or false."""
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise self.error(name, "is neither true nor false")
        return value

    def items(self, name: str, *, limit: int, default: Any = _MISSING) -> list[tuple[str, Any]]:
        """The entries of a list, each with the place to name in an error."""
        value = self.take(name, default)
        if not isinstance(value, list):
            raise self.error(name, "is not a list")
        if len(value) > limit:
            raise self.error(name, f"has more than {limit} entries")
        return [(f"{self._where}.{name}[{index}]", entry) for index, entry in enumerate(value)]

    def facts(self, name: str, default: Any = _MISSING) -> dict[str, Any]:
        """A small object of plain values, nested at most four deep."""
        value = self.take(name, default)
        if not isinstance(value, dict) or not is_plain(value, depth=4):
            raise self.error(name, "is not an object of plain values")
        return value

    def error(self, name: str, problem: str) -> FieldError:
        """The error to raise for a member."""
        return FieldError(f"{self._where}.{name} {problem}")

    def done(self) -> None:
        """Refuse members that nobody asked for."""
        if self._left:
            raise FieldError(f"{self._where} has an unknown '{_CONTROL.sub(' ', next(iter(self._left)))[:40]}'")


def is_plain(value: Any, depth: int) -> bool:
    """Whether a value is JSON of at most `depth` levels with finite numbers and text of reasonable length."""
    if value is None:
        return True
    if isinstance(value, int):
        return value.bit_length() <= 1024
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return len(value) <= 10_000
    if depth == 0:
        return False
    if isinstance(value, list | tuple):
        return all(is_plain(entry, depth - 1) for entry in value)
    if isinstance(value, dict):
        return all(
            isinstance(key, str) and len(key) <= 200 and is_plain(entry, depth - 1) for key, entry in value.items()
        )
    return False
