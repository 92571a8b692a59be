"""The Train panel with a real training process on a phantom study."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from SemiSegEmbedLib.application.child import Child
from SemiSegEmbedLib.jobs.local import kill_tree
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.study.study import Study

pytest.importorskip("qt")
pytest.importorskip("torch")
LIVE = (RunState.WAITING, RunState.RUNNING)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of three coarse phantom hips, two of them annotated."""
    import time

    folder = tmp_path_factory.mktemp("phantoms") / "hips"
    options = ["--count", "3", "--annotated", "2", "--held-out", "0", "--spacing", "4"]
    child = Child(["phantom", str(folder), *options], lambda _result: None, pytest.fail)
    while child.running:
        child.poll()
        time.sleep(0.05)
    return folder


@pytest.fixture
def training(module, phantoms: Path):
    """The module with the phantom study open and the Train section unfolded; no run survives the test."""
    module.window.session.open(phantoms)
    module.ui.moduleTrainFold.collapsed = False
    module.ui.trainPresetCombo.currentIndex = 2
    module.ui.trainMinutesSpin.value = 1
    yield module
    for folder in (phantoms / "runs").glob("*"):
        status = RunFolder(folder).status()
        if observed_state(folder) in LIVE and status.pid:
            kill_tree(status.pid)


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


def start(module) -> RunFolder:
    """A run of a tiny network, started from a terminal; the module takes it up when the study is opened."""
    folder, started = module.window.session.study.folder, []
    settings = [text for name, value in TINY.items() for text in ("--set", f"{name}={value}")]
    arguments = ["train", str(folder), "--preset", "quick", "--steps", "5000", "--device", "cpu", "--background"]
    child = Child([*arguments, *settings], started.append, pytest.fail)
    module.wait(lambda: child.poll() or not child.running, 60)
    module.window.session.open(folder)
    return module.window.train._follower.run


def wait_for_step(module, step: int) -> None:
    module.wait(lambda: module.window.train._follower.progress.step >= step, 150)


def test_without_an_annotated_case_training_cannot_start(module, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "empty"
    module.ui.studyCreateButton.click()
    assert not module.ui.trainStartButton.enabled
    assert "Annotate at least one case" in module.ui.trainCasesLabel.text


def test_devices_are_named_with_their_free_memory(training) -> None:
    training.wait(lambda: training.ui.trainDeviceCombo.count > 1)
    assert "GiB free" in training.ui.trainDeviceCombo.itemText(1)


def test_missing_packages_are_named_and_nothing_starts(module, phantoms, monkeypatch: pytest.MonkeyPatch) -> None:
    from SemiSegEmbedLib.application import installer

    monkeypatch.setattr(installer, "_installed", lambda _name: False)
    module.ui.moduleTrainFold.collapsed = False
    assert not module.ui.trainInstallRow.isHidden()
    assert "PyTorch" in module.ui.trainInstallLabel.text
    module.ui.trainInstallButton.click()
    assert "Extensions Manager" in module.message
    assert module.window.train._installer.pending


def test_start_begins_a_run_in_the_background_and_stop_ends_it(training, phantoms: Path) -> None:
    training.ui.trainStartButton.click()
    assert not training.ui.trainStartButton.enabled
    training.wait(lambda: training.ui.trainStopButton.enabled, 60)
    run = training.window.train._follower.run
    assert run.config["request"]["preset"] == "quick"
    assert run.config["request"]["minutes"] == 1
    assert Study.open(phantoms).runs[-1].run_id == run.run_id
    training.ui.trainStopButton.click()
    assert not training.ui.trainStopButton.enabled
    training.wait(lambda: not training.window.train._follower.live, 120)
    assert "stopped" in training.ui.trainStateLabel.text


def test_a_run_is_followed_adopted_stopped_and_resumed(training) -> None:
    run = start(training)
    assert not training.ui.trainStartButton.enabled
    assert training.ui.trainStopButton.enabled
    wait_for_step(training, 2)
    assert "step" in training.ui.trainStateLabel.text

    # The window dies; another one finds the run at work.
    training.widget.cleanup()
    second = type(training)()
    second.window.session.open(run.path.parents[1])
    assert second.window.train._follower.run.run_id == run.run_id
    assert second.window.train._follower.live
    assert second.ui.trainStopButton.enabled

    second.ui.trainStopButton.click()
    second.wait(lambda: not second.window.train._follower.live, 90)
    assert second.window.train._follower.status.state is RunState.STOPPED
    assert second.ui.trainResumeButton.enabled
    assert second.ui.trainStartButton.enabled

    stopped_at = second.window.train._follower.status.step
    second.ui.trainResumeButton.click()
    second.wait(lambda: second.window.train._follower.live, 60)
    wait_for_step(second, stopped_at + 1)
    second.ui.trainStopButton.click()
    second.wait(lambda: not second.window.train._follower.live, 90)
    second.widget.cleanup()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL exists on POSIX alone")
def test_a_killed_run_is_said_to_have_broken_off_and_can_be_resumed(training) -> None:
    run = start(training)
    wait_for_step(training, 1)
    os.kill(run.status().pid, signal.SIGKILL)
    training.wait(lambda: not training.window.train._follower.live, 30)
    assert training.window.train._follower.status.state is RunState.LOST
    assert training.message.startswith("⚠")
    assert "resume" in training.message
    assert training.ui.trainResumeButton.enabled


def test_closing_the_scene_during_training_loses_neither_run_nor_curves(training) -> None:
    import slicer

    start(training)
    wait_for_step(training, 2)
    training.ui.trainCurvesButton.click()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 2
    slicer.mrmlScene.Clear(0)
    wait_for_step(training, 4)
    training.ui.trainCurvesButton.click()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 2
    table = slicer.util.getFirstNodeByName("SemiSegEmbed losses")
    assert slicer.util.arrayFromTableColumn(table, "loss").shape[0] >= 2
