"""The Train panel with a real training process on a phantom study."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.study.study import Study

from .training_runs import start, wait_for_step

pytest.importorskip("qt")
pytest.importorskip("torch")


def test_without_an_annotated_case_training_cannot_start(module, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "empty"
    module.ui.studyCreateButton.click()
    assert not module.ui.trainStartButton.enabled
    assert "Annotate at least one case" in module.ui.trainCasesLabel.text


def test_devices_are_named_and_a_processor_alone_is_said_with_the_time_that_each_plan_takes(training) -> None:
    ui = training.ui
    training.wait(lambda: ui.trainDeviceCombo.count > 1)
    assert "GiB free" in ui.trainDeviceCombo.itemText(1)
    assert ui.trainDeviceCombo.currentIndex == 0  # automatic, until somebody chooses
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("there is a GPU here")
    quick = ui.trainDeviceLabel.text
    assert quick.startswith("No GPU was found.")
    ui.trainPresetCombo.currentIndex = 0
    assert "in one minute" in ui.trainDeviceLabel.text
    assert ui.trainDeviceLabel.text.endswith("choose Quick look.")
    ui.trainMinutesSpin.value = 60
    assert "in 60 minutes" in ui.trainDeviceLabel.text


@pytest.mark.parametrize(
    ("device", "chosen", "preset"), [("cpu", False, "quick"), ("cpu", True, "robust"), ("cuda", False, "robust")]
)
def test_without_a_gpu_the_quick_kind_is_chosen_unless_the_user_chose(module, device, chosen, preset) -> None:
    ui, machine = module.ui, module.window.train.machine
    assert ui.trainPresetCombo.currentIndex == 0
    if chosen:
        ui.trainPresetCombo.activated.emit(0)
    devices = [{"device": device, "name": "something", "free_bytes": 1 << 34}]
    machine._show_machine({"devices": devices, "expected": {}, "problem": ""})
    assert machine._view.preset() == preset


def test_missing_packages_are_named_and_nothing_starts(module, monkeypatch: pytest.MonkeyPatch) -> None:
    from SemiSegEmbedLib.application import installer

    monkeypatch.setattr(installer, "_installed", lambda _name: False)
    module.ui.moduleTrainFold.collapsed = False
    assert not module.ui.trainInstallRow.isHidden()
    assert "PyTorch" in module.ui.trainInstallLabel.text
    assert not module.ui.trainStartButton.enabled
    module.ui.trainInstallButton.click()
    assert "Extensions Manager" in module.message
    assert module.window.train.machine._installer.pending


def test_what_is_missing_is_said_on_the_button_itself(training, monkeypatch: pytest.MonkeyPatch) -> None:
    from SemiSegEmbedLib.application import installer

    ui, machine = training.ui, training.window.train.machine
    assert ui.trainStartButton.enabled
    assert "background" in ui.trainStartButton.toolTip
    assert ui.trainStopButton.toolTip == "No training runs."
    assert ui.trainContinueButton.toolTip == "There is no model yet: press Start."
    with monkeypatch.context() as patch:
        patch.setattr(installer, "_installed", lambda _name: False)
        machine.enter()
    assert not ui.trainStartButton.enabled
    assert ui.trainStartButton.toolTip == "Press Install first."
    machine.enter()
    assert ui.trainStartButton.enabled


def test_the_bar_of_a_stopped_run_shows_how_far_it_came(training) -> None:
    study = training.window.session.study
    run = RunFolder.create(study.runs_folder, {"request": {"preset": "quick"}})
    run.append_event(event="step", step=5, total_steps=50, loss=0.5)
    scores = {"iou": 0.5, "hd95": 3.0}
    run.append_event(event="validation", step=5, **scores, per_class={"1": scores})
    run.append_event(event="progress", task="Writing the model", fraction=1.0)
    run.write_status(RunState.STOPPED, reason="The run was stopped; it can be resumed.", step=5, total_steps=50)
    training.window.session.open(study.folder)
    assert "stopped · step 5 of 50" in training.ui.trainStateLabel.text
    bar = training.ui.trainProgressBar
    assert bar.value / bar.maximum == pytest.approx(0.1)
    # A narrow panel cuts the names of segments off.
    assert training.ui.trainValidationTable.item(0, 0).toolTip() == "hip bone left, hip bone right"


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
    assert second.ui.trainPresetCombo.currentIndex == 2  # continuing goes on with the run's own preset

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
    training.ui.trainLogFold.collapsed = True
    assert training.ui.trainLogText.plainText == ""
    wait_for_step(training, 1)
    os.kill(run.status().pid, signal.SIGKILL)
    training.wait(lambda: not training.window.train._follower.live, 30)
    assert training.window.train._follower.status.state is RunState.LOST
    assert training.message.startswith("⚠")
    assert "resume" in training.message
    assert training.ui.trainResumeButton.enabled
    training.ui.trainLogFold.collapsed = False
    assert "--- started" in training.ui.trainLogText.plainText
    assert str(run.path) not in training.ui.trainLogText.plainText


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
    assert not slicer.mrmlScene.GetNodesByName("SemiSegEmbed losses").GetItemAsObject(0).GetSaveWithScene()
    table = slicer.util.getFirstNodeByName("SemiSegEmbed losses")
    assert slicer.util.arrayFromTableColumn(table, "loss").shape[0] >= 2


def test_the_teacher_of_a_live_run_is_shown_on_the_case_in_view_again_and_again(
    training, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    from SemiSegEmbedLib.application import train_preview

    monkeypatch.setattr(train_preview, "LEAST_PAUSE_S", 0.5)
    monkeypatch.setattr(train_preview, "PAUSE_BY_DURATION", 0.1)
    ui, bench, overlay = training.ui, training.window.workbench, training.window.train._overlay
    run = start(training)
    assert not ui.trainPreviewButton.enabled  # no case is in view
    training.wait(lambda: bench.open("case-0003") or training.window.session.case is not None)
    wait_for_step(training, 2)
    assert ui.trainPreviewButton.enabled
    ui.trainPreviewButton.click()
    training.wait(lambda: overlay.name == "preview", 90)
    first = ui.trainPreviewLabel.text
    assert first.startswith("Teacher after step ")
    assert "■" in ui.trainPreviewLegendLabel.text
    composite = slicer.mrmlScene.GetNthNodeByClass(0, "vtkMRMLSliceCompositeNode")
    shown = slicer.mrmlScene.GetNodeByID(composite.GetLabelVolumeID())
    assert slicer.util.arrayFromVolume(shown).shape == slicer.util.arrayFromVolume(bench.scene.volume).shape
    training.wait(lambda: ui.trainPreviewLabel.text != first, 90)  # a later step, without being asked

    ui.trainPreviewButton.click()
    assert overlay.name is None
    assert ui.trainPreviewLabel.text == ""
    assert len(run.pending_requests()) <= 1  # nothing piles up

    image = training.window.session.study.image_path(training.window.session.case)
    image.rename(image.with_name("away.nii.gz"))
    ui.trainPreviewButton.click()
    training.wait(lambda: not ui.trainPreviewButton.checked, 60)
    assert "CT of case-0003" in ui.trainPreviewLabel.text
    assert training.window.train.live  # the training does not mind
