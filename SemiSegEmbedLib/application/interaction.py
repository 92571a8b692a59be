"""How presenters speak with the user: questions and sentences, without Qt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from SemiSegEmbedLib.application.image_files import IMAGE_SUFFIXES

SCAN_FILES = tuple(suffix.removeprefix(".") for suffix in IMAGE_SUFFIXES)
MODEL_FILES = ("ssemodel",)


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

    def ask_files(self, title: str, endings: Sequence[str] = SCAN_FILES) -> list[Path]:
        """Files, possibly none; those with one of the endings are offered first."""

    def confirm(self, question: str) -> bool:
        """Whether the user agrees."""
