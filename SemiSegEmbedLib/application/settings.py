"""What belongs to this machine and not to a scene or study: QSettings."""

from __future__ import annotations

import json
from pathlib import Path

import qt
import slicer

_RECENT = "SemiSegEmbed/recentStudies"
_ANNOTATOR = "SemiSegEmbed/annotator"
_RECENT_COUNT = 8


class Settings:
    """Remembers recent studies and who annotates."""

    def recent_studies(self) -> list[Path]:
        """Folders of studies that still exist, the newest first."""
        try:
            folders = json.loads(slicer.util.settingsValue(_RECENT, "[]", str))
        except ValueError:
            return []
        return [Path(folder) for folder in folders if (Path(folder) / "study.json").is_file()]

    def remember_study(self, folder: Path) -> None:
        """Put a study first in the list."""
        others = [other for other in self.recent_studies() if other != folder]
        recent = [str(entry) for entry in [folder, *others][:_RECENT_COUNT]]
        # As text, because lists come back from QSettings in other types.
        qt.QSettings().setValue(_RECENT, json.dumps(recent))

    @property
    def annotator(self) -> str:
        """Name or initials, as typed last."""
        return slicer.util.settingsValue(_ANNOTATOR, "", str)

    @annotator.setter
    def annotator(self, name: str) -> None:
        qt.QSettings().setValue(_ANNOTATOR, name)
