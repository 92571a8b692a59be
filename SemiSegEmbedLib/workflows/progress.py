"""How workflows tell a door how far they are."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, how far it is (0 to 1) and, where there is one, a short detail."""

    def __call__(self, task: str, fraction: float, detail: str = "") -> None: ...


def silent(task: str, fraction: float, detail: str = "") -> None:
    """Tells nobody."""
