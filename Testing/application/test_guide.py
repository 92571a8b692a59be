"""The line at the top: it always knows what comes next, and its button leads there."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")

from SemiSegEmbedLib.application.guide import Situation, next_step  # noqa: E402
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState  # noqa: E402
from SemiSegEmbedLib.study.files import utc_now  # noqa: E402
from SemiSegEmbedLib.study.study import Study  # noqa: E402


@pytest.mark.parametrize(
    ("now", "control"),
    [
        (Situation(), "studyCreateButton"),
        (Situation(open=True), "studyAddFolderButton"),
        (Situation(open=True, adding=True), "studyCancelButton"),
        (Situation(open=True, adding=True, waiting=1, next_key="case-0001"), "annotateSaveNextButton"),
        (Situation(open=True, waiting=5, next_key="case-0001"), "annotateSaveNextButton"),
        (Situation(open=True, annotated=4, waiting=5), "trainStartButton"),
        (Situation(open=True, annotated=2), "trainStartButton"),
        (Situation(open=True, annotated=4, run=RunState.RUNNING), "trainStopButton"),
        (Situation(open=True, annotated=4, waiting=5, run=RunState.RUNNING), "annotateSaveNextButton"),
        (Situation(open=True, annotated=4, waiting=5, run=RunState.LOST), "trainResumeButton"),
        (Situation(open=True, annotated=4, waiting=5, run=RunState.STOPPED), "trainResumeButton"),
        (Situation(open=True, annotated=4, waiting=5, run=RunState.LOST, model=True, unseen=5), "reviewRankButton"),
        (
            Situation(open=True, annotated=4, waiting=5, run=RunState.FAILED, model=True, in_vain=True, unseen=5),
            "trainResumeButton",
        ),
        (
            Situation(open=True, annotated=4, waiting=5, run=RunState.STOPPED, model=True, in_vain=True, unseen=5),
            "reviewRankButton",
        ),
        (Situation(open=True, waiting=5, model=True, correcting="hip 5", fresh=3), "annotateSaveNextButton"),
        (Situation(open=True, annotated=4, waiting=5, model=True, review_key="case-0007"), "reviewNextButton"),
        (Situation(open=True, annotated=4, waiting=5, model=True, reviewing=True, unseen=4), "reviewNextButton"),
        (Situation(open=True, annotated=7, waiting=5, model=True, fresh=3, unseen=5), "trainContinueButton"),
        (Situation(open=True, annotated=7, waiting=5, model=True, fresh=1, unseen=5), "reviewRankButton"),
        (Situation(open=True, annotated=7, waiting=0, model=True, fresh=1), "trainContinueButton"),
        (Situation(open=True, annotated=7, waiting=5, model=True), "segmentAddFilesButton"),
    ],
)
def test_each_situation_has_one_next_step(now: Situation, control: str) -> None:
    step = next_step(now)
    assert step.control == control
    assert step.control.startswith(step.section.lower())
    assert step.where.endswith(".")
    assert step.next.startswith("Next: ")


@pytest.mark.parametrize("model", [False, True])
def test_a_drawing_that_was_never_saved_comes_before_another_scan(model: bool) -> None:
    now = Situation(open=True, waiting=5, next_key="case-0001", draft=("case-0003", "hip 3"), model=model, unseen=2)
    assert next_step(now).case_key == "case-0003"
    assert "hip 3" in next_step(now).where


@pytest.fixture
def study(module, hip, tmp_path: Path) -> Study:
    """An open study of five scans."""
    study = Study.create(tmp_path / "hips", "hips", module_labels())
    for number in range(5):
        study.add_case(hip(f"hip {number}.nrrd", number))
    module.window.study.open(study.folder)
    return module.window.session.study


def module_labels():
    from SemiSegEmbedLib.study.presets import load_labels

    return load_labels("hip-bones")


def draw(module) -> None:
    scene = module.window.workbench.scene
    bone = (slicer.util.arrayFromVolume(scene.volume) > 400).astype("uint8")
    slicer.util.updateSegmentBinaryLabelmapFromArray(bone, scene.segmentation, "label_1", scene.volume)


def test_the_button_alone_leads_from_the_first_drawing_to_training(module, study: Study) -> None:
    ui, window = module.ui, module.window
    window.widget.show()
    for number in range(4):
        assert ui.moduleGuideLabel.text.startswith(f"{number} of 5 scans annotated.")
        if window.session.case is None:
            ui.moduleGuideButton.click()
        key = f"case-{number + 1:04d}"
        module.wait(lambda key=key: window.session.case is not None and window.session.case.key == key)
        assert ui.moduleGuideButton.text == "Next: draw and save"
        draw(module)
        ui.annotateSaveNextButton.click()
        module.wait(lambda number=number: sum(case.label is not None for case in study.cases) == number + 1)
    module.wait(lambda: ui.moduleGuideButton.text == "Next: train")
    ui.moduleGuideButton.click()
    assert not ui.moduleTrainFold.collapsed


def test_opening_a_case_makes_room_for_drawing_once(module, study: Study) -> None:
    ui = module.ui
    ui.studyNextCaseButton.click()
    module.wait(lambda: module.window.session.case is not None)
    assert ui.moduleStudyFold.collapsed
    assert not ui.moduleAnnotateFold.collapsed
    ui.moduleStudyFold.collapsed = False
    module.window.workbench.open("case-0003")
    assert not ui.moduleStudyFold.collapsed


def test_the_line_follows_the_run(module, study: Study) -> None:
    run = RunFolder.create(study.runs_folder, {})
    run.write_status(RunState.STOPPED, step=3, total_steps=9)
    study.set_roles({})
    module.window.session.open(study.folder)
    assert module.ui.moduleGuideButton.text == "Next: resume"


def model_made(study: Study, moment: float) -> None:
    """A file that does not say when it was made counts from its file time."""
    path = study.models_folder / "model.ssemodel"
    path.parent.mkdir()
    path.write_bytes(b"")
    os.utime(path, (moment, moment))


@pytest.mark.parametrize(("age", "next_text"), [(60.0, "Next: see why"), (-60.0, "Next: let it look")])
def test_a_run_that_failed_comes_before_what_an_older_model_has_to_say(
    module, study: Study, age: float, next_text: str
) -> None:
    model_made(study, time.time() - age)
    run = RunFolder.create(study.runs_folder, {})
    study.add_run(run.run_id, utc_now(), "embedding_matching", "quick")
    run.write_status(RunState.FAILED, reason="The disk is full: make room, then resume.", step=3, total_steps=9)
    module.window.session.open(study.folder)
    assert module.ui.moduleGuideButton.text == next_text
    if age > 0:
        assert module.ui.moduleGuideLabel.text.endswith("Training broke off.")
        module.ui.moduleGuideButton.click()
        assert not module.ui.moduleTrainFold.collapsed
        assert "make room" in module.ui.trainStateLabel.text


def test_a_correction_is_to_be_saved_before_the_next_scan_is_reviewed(module, study: Study) -> None:
    model_made(study, time.time())
    for key in ("case-0001", "case-0002"):
        study.add_result(key, "model", f"results/{key}/model", {"uncertainty": 0.1})
    study.set_result_status("case-0001", "model", "edited")
    module.window.session.open(study.folder)
    module.window.workbench.open("case-0001")
    assert module.ui.moduleGuideLabel.text.endswith("hip 0 is being corrected.")
    assert module.ui.moduleGuideButton.text == "Next: correct and save"
    module.window.workbench.open("case-0002")
    assert module.ui.moduleGuideButton.text == "Next: look at unsure places"


def test_while_scans_come_in_nobody_is_told_to_add_some(module, hip, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "new"
    module.ui.studyCreateButton.click()
    assert module.ui.moduleGuideButton.text == "Next: add scans"
    module.answers.files = [hip("a.nii.gz")]
    module.ui.studyAddFilesButton.click()
    module.window.tick()
    assert module.ui.moduleGuideLabel.text == "Scans are being added."
    module.wait(lambda: len(module.window.session.study.cases) == 1)
    module.wait(lambda: module.ui.moduleGuideButton.text == "Next: annotate a scan")


def test_without_a_study_the_last_one_is_one_click_away(module, study: Study) -> None:
    module.window.session.close()
    assert module.ui.moduleGuideButton.text == "Next: open hips"
    module.ui.moduleGuideButton.click()
    assert module.window.session.study.folder == study.folder


def test_a_study_tells_of_drawings_that_were_never_saved(module, study: Study) -> None:
    module.window.workbench.open("case-0002")
    module.wait(lambda: module.window.session.case is not None)
    draw(module)
    module.window.scene_closes()
    module.window.background.finish()
    module.window.session.open(study.folder)
    assert "never saved are kept: hip 1." in module.message
    module.ui.moduleGuideButton.click()
    module.wait(lambda: module.window.session.case is not None)
    assert module.window.session.case.key == "case-0002"


def test_a_warning_scrolls_up_to_its_label(module, study: Study) -> None:
    from slicer_host.application import let_events_pass

    area = qt.QScrollArea()
    area.setWidget(module.window.widget)
    area.widgetResizable = True
    area.size = qt.QSize(500, 300)
    area.show()
    let_events_pass(0.1)
    bar = area.verticalScrollBar()
    bar.value = bar.maximum
    module.window.messages.tell("Something was done.")
    let_events_pass(0.1)
    assert bar.value == bar.maximum > 0
    module.window.messages.warn("Something is wrong.")
    let_events_pass(0.1)
    assert bar.value < 50
    area.takeWidget()
