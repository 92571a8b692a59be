"""What belongs to this machine and not to a scene or study: QSettings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import qt
import slicer

_RECENT = "SemiSegEmbed/recentStudies"
_ANNOTATOR = "SemiSegEmbed/annotator"
_RECENT_COUNT = 8


class Settings:
    """Remembers recent studies and who annotates."""

    def recent_studies(self) -> list[Path]:
        """Folders of studies, the newest first; asking whether they are still there could take long."""
        try:
            folders = json.loads(slicer.util.settingsValue(_RECENT, "[]", str))
        except ValueError:
            return []
        return [Path(folder) for folder in folders if isinstance(folder, str)] if isinstance(folders, list) else []

    def remember_study(self, folder: Path) -> None:
        """Put a study first in the list."""
        others = [other for other in self.recent_studies() if other != folder]
        self._keep([folder, *others][:_RECENT_COUNT])

    def forget_study(self, folder: Path) -> None:
        """Take a study out of the list."""
        self._keep([other for other in self.recent_studies() if other != folder])

    @staticmethod
    def _keep(folders: Sequence[Path]) -> None:
        # As text, because lists come back from QSettings in other types.
        qt.QSettings().setValue(_RECENT, json.dumps([str(folder) for folder in folders]))

    @property
    def annotator(self) -> str:
        """Name or initials, as typed last."""
        return slicer.util.settingsValue(_ANNOTATOR, "", str)

    @annotator.setter
    def annotator(self, name: str) -> None:
        qt.QSettings().setValue(_ANNOTATOR, name)
