"""What the self-test works with: small scans, dialogs that answer, and what of the user's must be put back."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import slicer

from SemiSegEmbedLib.application.label_file import Grid, write_nrrd
from SemiSegEmbedLib.application.settings import Settings


class AnswersNothing:
    """Dialogs for a run without a person: a folder that the test chose, and agreement."""

    def __init__(self, folder: Path, files: list[Path]) -> None:
        self._folder = folder
        self.files = files

    def ask_folder(self, _title: str) -> Path | None:
        """The folder of the test."""
        return self._folder

    def ask_files(self, _title: str, _endings: Sequence[str] = ()) -> list[Path]:
        """The scans of the test."""
        return self.files

    def confirm(self, _question: str) -> bool:
        """Agrees."""
        return True


class Belongings:
    """What belongs to the user and not to the test: the arrangement of the views, who annotates, recent studies."""

    def __init__(self) -> None:
        self._annotator = Settings().annotator
        manager = slicer.app.layoutManager()
        self._layout = None if manager is None else manager.layout

    def restore(self, study: Path) -> None:
        """Put back what was there, and forget a study."""
        settings = Settings()
        settings.annotator = self._annotator
        settings.forget_study(study)
        if self._layout is not None:
            slicer.app.layoutManager().setLayout(self._layout)


def installed(name: str) -> bool:
    """Whether a package is there; it is not imported, which on Windows would lock its files."""
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def write_scan(path: Path, seed: int) -> Path:
    """A small CT: a ball of bone in soft tissue with noise, 2 x 2 x 3 mm."""
    z, y, x = np.mgrid[:40, :56, :60]
    noise = np.random.default_rng(seed).normal(0, 15, z.shape)
    ball = (z - 20) ** 2 * 2.25 + (y - 28) ** 2 + (x - 30) ** 2 < (13 + seed) ** 2
    voxels = np.where(ball, 700, 40) + noise
    matrix = np.array([[2.0, 0, 0, -60], [0, 2.0, 0, -56], [0, 0, 3.0, 0], [0, 0, 0, 1]])
    write_nrrd(path, voxels.astype(np.int16), Grid(voxels.shape, matrix))
    return path
