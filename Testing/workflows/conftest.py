"""A small phantom study that is made once and copied for each test that changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.phantom_study import create_phantom_study

TINY = {
    "base_filters": 4,
    "patch_size": (16, 16, 16),
    "passes": 2,
    "k": 4,
    "l": 2,
    "precision": "fp32",
    "log_every": 2,
    "checkpoint_every": 5,
    "validate_every": 10,
}
"""A network and patches with which a step takes a fraction of a second."""


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms") / "study"
    create_phantom_study(folder, count=4, annotated=2, held_out=1, spacing_mm=6.0, seed=5)
    return folder


@pytest.fixture
def study(phantom_folder: Path, tmp_path: Path) -> Study:
    shutil.copytree(phantom_folder, tmp_path / "study")
    return Study.open(tmp_path / "study")
