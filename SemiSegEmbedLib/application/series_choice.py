"""A CT series that can be added to a study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SeriesChoice:
    """A series that can be chosen.

    Attributes:
        uid: Its SeriesInstanceUID.
        description: As the scanner wrote it.
        details: What else tells series apart: patient, slices, thickness, kernel, folder.
        folder: Where its files lie, or None when that is looked up after it was chosen.
    """

    uid: str
    description: str
    details: tuple[str, ...]
    folder: Path | None = None

    def matches(self, text: str) -> bool:
        """Whether every word of a filter occurs in it."""
        content = " ".join((self.description, *self.details)).casefold()
        return all(word in content for word in text.casefold().split())
