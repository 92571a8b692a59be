"""A small observer in plain Python, because custom Qt signals are not dependable in PythonQt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Signal:
    """Calls its slots, in the order in which they were connected.

    Example:
        >>> changed = Signal()
        >>> changed.connect(print)
        >>> changed.emit("case-0001")
        case-0001
    """

    def __init__(self) -> None:
        self._slots: list[Callable[..., Any]] = []

    def connect(self, slot: Callable[..., Any]) -> None:
        """Call `slot` at each emission."""
        self._slots.append(slot)

    def emit(self, *values: Any) -> None:
        """Call all slots."""
        for slot in tuple(self._slots):
            slot(*values)
