"""A benchmark small enough for a test: real phantoms, real training, a few seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from SemiSegEmbedLib.phantom.benchmark import cohort, frozen_difficulty
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData
from SemiSegEmbedLib.workflows.benchmark.scales import Column, Scale
from SemiSegEmbedLib.workflows.benchmark.store import Store

TINY = Scale(
    "tiny", 6.0, 16, 5, 2, 6, 24, 8, 12, (Column(8, 4, 50), Column(24, 5, 6266)), window=32, draws=2, seeds=1,
    training={"steps": 2, "base_filters": 2, "validate_every": 1, "checkpoint_every": 2, "log_every": 1},
)  # fmt: skip


@pytest.fixture(scope="session")
def tiny() -> Scale:
    return TINY


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def tiny_data(work: Path) -> BenchmarkData:
    scans = cohort(TINY.train, TINY.val, TINY.test)
    store = Store(work, TINY.spacing_mm, frozen_difficulty())
    store.fill(scans)
    return BenchmarkData(TINY, store, scans)


@pytest.fixture(scope="session")
def folders(work: Path) -> Folders:
    return Folders(work / "results", work / "weights")
