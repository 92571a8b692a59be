"""The whole loop as its user goes through it: real buttons, a real scene, real processes, phantom hips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("qt")
pytest.importorskip("torch")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState  # noqa: E402
from SemiSegEmbedLib.study.study import Study  # noqa: E402

from .training_runs import end_runs  # noqa: E402


class Loop:
    """One user with one window; each method is what they do with it."""

    def __init__(self, module, scans: list[Path], folder: Path) -> None:
        self.module = module
        self.folder = folder
        self.scans = scans

    @property
    def ui(self):
        return self.module.ui

    @property
    def study(self) -> Study:
        return Study.open(self.folder / "study")

    @property
    def bench(self):
        return self.module.window.workbench

    def create(self) -> None:
        """A new study with three scans; the fourth is the new patient of the end."""
        self.module.answers.folder = self.folder / "study"
        self.ui.studyCreateButton.click()
        self.module.answers.files = self.scans[:3]
        self.ui.studyAddFilesButton.click()
        self.module.wait(lambda: len(self.study.cases) == 3 and self.ui.studyCaseTable.rowCount == 3)

    def open_next(self) -> str:
        before = self.module.window.session.case
        self.ui.studyNextCaseButton.click()
        self.module.wait(lambda: self.module.window.session.case not in (None, before))
        return self.module.window.session.case.key

    def paint(self, label: np.ndarray) -> None:
        """Both hip bones into the segments of the scene, as the Segment Editor leaves them."""
        scene = self.bench.scene
        for value in (1, 2):
            voxels = (label == value).astype(np.uint8)
            slicer.util.updateSegmentBinaryLabelmapFromArray(
                voxels, scene.segmentation, f"label_{value}", scene.volume
            )

    def save(self, key: str) -> None:
        versions = len(self.study.case(key).labels)
        self.ui.annotateByEdit.text = "A. B."
        self.ui.annotateSaveButton.click()
        self.module.wait(lambda: len(self.study.case(key).labels) == versions + 1)
        self.module.wait(lambda: not self.module.window.background.busy)

    def annotate(self, index: int) -> None:
        """Open the next case and draw what an expert drew in the same scan."""
        key = self.open_next()
        truth = sitk.ReadImage(str(self.scans[index].with_name(f"label{index}.nrrd")))
        self.paint(sitk.GetArrayFromImage(truth))
        self.save(key)

    def train(self) -> RunFolder:
        self.ui.moduleTrainFold.collapsed = False
        self.ui.trainPresetCombo.currentIndex = 2
        self.ui.trainMinutesSpin.value = 1
        self.module.wait(lambda: self.ui.trainStartButton.enabled)
        self.ui.trainStartButton.click()
        self.module.wait(lambda: self.ui.trainStopButton.enabled, 90)
        return self.module.window.train._follower.run

    def follow(self, step: int) -> None:
        self.module.wait(lambda: self.module.window.train._follower.progress.step >= step, 300)

    def close_the_window(self) -> None:
        """Another window adopts what goes on."""
        kind = type(self.module)
        self.module.widget.cleanup()
        slicer.mrmlScene.Clear(0)
        self.module = kind()
        self.module.answers.folder = self.folder / "study"
        self.ui.studyOpenButton.click()

    def stop(self) -> None:
        self.ui.trainStopButton.click()
        self.module.wait(lambda: not self.module.window.train.live, 150)

    def segment_case(self) -> None:
        self.ui.reviewSegmentButton.click()
        self.module.wait(lambda: self.ui.reviewContent.enabled, 150)


def cut_out(source: Study, folder: Path) -> list[Path]:
    """96 mm cubes around a hip bone of each phantom, so that the study's grid of 1 mm stays small."""
    paths = []
    for index, case in enumerate(source.cases):
        image, label = sitk.ReadImage(str(source.image_path(case))), None
        if source.label_path(case) is not None:
            label = sitk.ReadImage(str(source.label_path(case)))
        bone = sitk.GetArrayFromImage(image if label is None else label) > (250 if label is None else 0)
        half = bone.shape[2] // 2
        centre = np.argwhere(bone[:, :, half:]).mean(0)[::-1] + np.array([half, 0, 0])
        start = [int(np.clip(round(c) - 12, 0, n - 24)) for c, n in zip(centre, image.GetSize(), strict=True)]
        paths.append(folder / f"scan{index}.nrrd")
        for what, name in ((image, "scan"), (label, "label")):
            if what is not None:
                sitk.WriteImage(sitk.RegionOfInterest(what, [24] * 3, start), str(folder / f"{name}{index}.nrrd"))
    return paths


@pytest.fixture
def loop(module, phantom_study: Path, tmp_path: Path):
    running = Loop(module, cut_out(Study.open(phantom_study), tmp_path), tmp_path)
    yield running
    running.module.widget.cleanup()
    end_runs(tmp_path / "study" / "runs")


@pytest.mark.slow
def test_a_user_goes_from_an_empty_folder_to_a_segmented_hip_and_back_to_corrections(loop: Loop) -> None:
    loop.create()
    loop.annotate(0)
    loop.annotate(1)

    run = loop.train()
    loop.follow(5)
    loop.ui.trainCurvesButton.click()
    losses = slicer.util.getFirstNodeByName("SemiSegEmbed losses")
    assert slicer.util.arrayFromTableColumn(losses, "loss").shape[0] >= 1

    loop.close_the_window()
    assert loop.module.window.train._follower.run.run_id == run.run_id
    assert loop.module.window.train.live
    loop.follow(10)
    loop.stop()
    assert loop.module.window.train.state is RunState.STOPPED
    model = f"{run.run_id}-step{run.status().step}"
    assert (loop.folder / "study" / "models" / f"{model}.ssemodel").is_file()

    key = loop.open_next()
    assert key == "case-0003"
    loop.segment_case()
    for name in ("Prediction", "Uncertainty", "Matched", "Provenance", "Difference"):
        button = getattr(loop.ui, f"review{name}Button")
        button.click()
        loop.module.wait(lambda button=button: button.checked)
        assert "■" in loop.ui.reviewLegendLabel.text
    assert loop.ui.reviewCaseList.count == 1
    if loop.ui.reviewPlaceList.count:
        loop.ui.reviewNextButton.click()
        assert loop.ui.reviewPlaceList.currentRow == 0

    loop.ui.reviewEditButton.click()
    loop.module.wait(lambda: loop.study.results[-1].status == "edited")
    scene = loop.bench.scene
    loop.paint((slicer.util.arrayFromVolume(scene.volume) > 300).astype(np.uint8))
    loop.save(key)
    assert loop.ui.reviewCaseList.count == 0  # nothing is left to annotate

    loop.ui.trainMinutesSpin.value = 1
    loop.ui.trainContinueButton.click()
    loop.module.wait(lambda: loop.ui.trainStopButton.enabled, 90)
    second = loop.module.window.train._follower.run
    assert second.config["request"]["continue_from"] == model
    assert second.config["inputs"][2]["label"] == loop.study.case(key).label.sha256
    loop.follow(5)
    loop.stop()

    loop.module.answers.folder = loop.folder / "out"
    (loop.folder / "out").mkdir()
    loop.module.answers.files = loop.scans[3:]
    loop.ui.moduleSegmentFold.collapsed = False
    loop.ui.segmentAddFilesButton.click()
    loop.ui.segmentStartButton.click()
    loop.module.wait(lambda: not loop.module.window.segment.running, 150)
    scan = loop.module.window.segment.scans[0]
    assert scan.label is not None, scan.note
    loop.ui.segmentScanTable.selectRow(0)
    loop.ui.segmentExportButton.click()
    loop.module.wait(lambda: loop.module.message.startswith("Written:"))
