"""What is open right now: one study, one case; everybody else asks or listens here."""

from __future__ import annotations

from pathlib import Path

from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.study.presets import load_labels
from SemiSegEmbedLib.study.records import Case, ResultRecord
from SemiSegEmbedLib.study.study import Study


class Session:
    """The open study and case.

    Attributes:
        study: The open study, or None.
        study_changed: Emitted after another study was opened or closed.
        cases_changed: Emitted after the manifest of the study changed.
        case_changed: Emitted after another case came into view; also with none.
    """

    def __init__(self) -> None:
        self.study: Study | None = None
        self._case_key: str | None = None
        self.study_changed = Signal()
        self.cases_changed = Signal()
        self.case_changed = Signal()

    def create(self, folder: Path, labels: str, spacing_mm: float = 1.0) -> None:
        """Create a study and open it.

        Args:
            folder: The study folder.
            labels: A list of labels, see `load_labels`.
            spacing_mm: Voxel size of the training grid.

        Raises:
            BadInputError: See `Study.create`.
        """
        self._set(Study.create(folder, folder.name, load_labels(labels), spacing_mm))

    def open(self, folder: Path) -> None:
        """Open a study.

        Raises:
            BadInputError: See `Study.open`.
        """
        self._set(Study.open(folder))

    def close(self) -> None:
        """Close study and case."""
        self._set(None)

    def _set(self, study: Study | None) -> None:
        self.study = study
        self._case_key = None
        self.case_changed.emit()
        self.study_changed.emit()

    @property
    def case(self) -> Case | None:
        """The case in view, as the manifest has it now."""
        if self.study is None or self._case_key is None:
            return None
        return next((case for case in self.study.cases if case.key == self._case_key), None)

    def show(self, key: str | None) -> None:
        """Say which case is in view."""
        self._case_key = key
        self.case_changed.emit()

    def refresh(self) -> None:
        """Read the manifest again after something wrote to it."""
        if self.study is not None:
            self.study.reload()
            self.cases_changed.emit()

    def result(self, key: str) -> ResultRecord | None:
        """The newest result of a case, or None."""
        if self.study is None:
            return None
        return next((result for result in reversed(self.study.results) if result.case_key == key), None)
