"""How presenters speak with the user: questions and sentences, without Qt."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Messages(Protocol):
    """Where sentences for the user appear."""

    def tell(self, sentence: str) -> None:
        """Something was done."""

    def warn(self, sentence: str) -> None:
        """Something is wrong and can be acted on."""


class Dialogs(Protocol):
    """Questions to the user."""

    def ask_folder(self, title: str) -> Path | None:
        """A folder, or None."""

    def ask_files(self, title: str) -> list[Path]:
        """Files, possibly none."""

    def confirm(self, question: str) -> bool:
        """Whether the user agrees."""
