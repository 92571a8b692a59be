"""Real training runs of a tiny network for the tests of the panels, and fixtures around them."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from SemiSegEmbedLib.application.child import Child
from SemiSegEmbedLib.jobs.local import stop
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state

LIVE = (RunState.WAITING, RunState.RUNNING)
TINY = {
    "patch_size": "[16,16,16]",
    "base_filters": "4",
    "passes": "1",
    "k": "4",
    "l": "1",
    "log_every": "1",
    "validate_every": "1000",
    "checkpoint_every": "2",
}


def tell(arguments: list[str]) -> object:
    """What the terminal door answers, in a process of its own."""
    answers: list[object] = []
    child = Child(arguments, answers.append, pytest.fail)
    while child.running:
        child.poll()
        time.sleep(0.05)
    return answers[0]


@pytest.fixture(scope="session")
def phantom_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four coarse phantom hips, two of them annotated; never changed."""
    folder = tmp_path_factory.mktemp("phantoms") / "hips"
    tell(["phantom", str(folder), "--count", "4", "--annotated", "2", "--held-out", "0", "--spacing", "4"])
    return folder


@pytest.fixture
def phantoms(phantom_study: Path, tmp_path: Path) -> Path:
    """A copy of the phantom study."""
    return Path(shutil.copytree(phantom_study, tmp_path / "hips"))


@pytest.fixture
def training(module, phantoms: Path):
    """The module with the phantom study open and the Train section unfolded; no run survives the test."""
    module.window.session.open(phantoms)
    module.ui.moduleTrainFold.collapsed = False
    module.ui.trainPresetCombo.currentIndex = 2
    module.ui.trainMinutesSpin.value = 1
    yield module
    for runs in phantoms.parent.glob("*/runs"):
        end_runs(runs)


def end_runs(runs: Path) -> None:
    """No run outlives its test."""
    for folder in runs.glob("*"):
        if observed_state(folder) in LIVE:
            stop(RunFolder(folder), grace_s=0.0)


def tiny_arguments(study: Path, **changes: str) -> list[str]:
    """Arguments of the terminal door that begin a run of a tiny network in the background."""
    settings = [text for name, value in {**TINY, **changes}.items() for text in ("--set", f"{name}={value}")]
    options = ["--preset", "quick", "--steps", "5000", "--device", "cpu", "--background"]
    return ["train", str(study), *options, *settings]


def start(module, **changes: str) -> RunFolder:
    """A run started from a terminal; the module takes it up when the study is opened."""
    folder = module.window.session.study.folder
    tell(tiny_arguments(folder, **changes))
    module.window.session.open(folder)
    return module.window.train._follower.run


def wait_for_step(module, step: int) -> None:
    """Follow the run until it has come so far."""
    module.wait(lambda: module.window.train._follower.progress.step >= step, 150)
