"""The Segment panel with a real model, trained for a few steps, and real child processes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")
pytest.importorskip("torch")

from SemiSegEmbedLib.application.child import Child  # noqa: E402
from SemiSegEmbedLib.application.segment_presenter import ScanState, free_folder  # noqa: E402

TINY = ("patch_size=[16,16,16]", "base_filters=4", "passes=1", "k=4", "l=1", "precision=fp32", "validate_every=50")


def ask(*arguments: str) -> None:
    child = Child(arguments, lambda _result: None, pytest.fail)
    while child.running:
        child.poll()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of coarse phantom hips with a model that has seen fifty steps."""
    folder = tmp_path_factory.mktemp("segment") / "hips"
    ask("phantom", str(folder), "--count", "2", "--annotated", "1", "--held-out", "0", "--spacing", "5")
    settings = [text for setting in TINY for text in ("--set", setting)]
    ask("train", str(folder), "--preset", "quick", "--steps", "50", "--device", "cpu", *settings)
    return folder


@pytest.fixture
def ready(module, trained: Path, tmp_path: Path):
    """The module with the study open and results going to a folder of the test."""
    module.window.session.open(trained)
    module.answers.folder = tmp_path / "out"
    (tmp_path / "out").mkdir()
    return module


def add(module, *paths: Path) -> None:
    module.answers.files = list(paths)
    module.ui.segmentAddFilesButton.click()


def states(module) -> list[ScanState]:
    return [scan.state for scan in module.window.segment._scans]


def run_all(module) -> None:
    module.ui.segmentStartButton.click()
    module.wait(lambda: not module.window.segment.running, 200)


def test_without_a_model_segmenting_cannot_start(module, hip, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "empty"
    module.ui.studyCreateButton.click()
    add(module, hip("a.nii.gz"))
    assert not module.ui.segmentStartButton.enabled


def test_the_selected_model_comes_first(ready) -> None:
    assert ready.ui.segmentModelCombo.count == 2
    assert not ready.ui.segmentModelCombo.itemText(0).endswith("-last")


def test_a_scan_that_fails_does_not_keep_the_others_from_being_segmented(ready, hip, tmp_path: Path) -> None:
    bad = tmp_path / "bad.nii.gz"
    bad.write_bytes(b"not an image")
    good = hip("good.nii.gz")
    add(ready, bad, good, good)
    assert ready.ui.segmentScanTable.rowCount == 2
    run_all(ready)
    assert states(ready) == [ScanState.FAILED, ScanState.DONE]
    assert ready.ui.segmentScanTable.item(0, 1).text() == "failed"
    assert "1 failed" in ready.message
    label = sitk.ReadImage(str(ready.window.segment._scans[1].label))
    assert label.GetSize() == sitk.ReadImage(str(good)).GetSize()
    assert ready.ui.segmentStartButton.enabled

    ready.ui.segmentScanTable.selectRow(0)
    ready.ui.segmentShowButton.click()
    assert "Select a scan that is done" in ready.message


def test_a_volume_that_exists_only_in_slicer_is_segmented_and_its_copy_removed(ready) -> None:
    rng = np.random.default_rng(0)
    volume = slicer.util.addVolumeFromArray(rng.normal(0, 300, (20, 24, 24)).astype(np.int16), name="loaded")
    volume.SetSpacing(4.0, 4.0, 4.0)
    ready.ui.segmentVolumeSelector.setCurrentNode(volume)
    ready.ui.segmentAddLoadedButton.click()
    ready.wait(lambda: len(ready.window.segment._scans) == 1)
    copy = ready.window.segment._scans[0].path
    run_all(ready)
    assert states(ready) == [ScanState.DONE]
    ready.widget.cleanup()
    assert not copy.exists()


def test_cancelling_keeps_the_list_and_start_goes_on(ready, hip) -> None:
    add(ready, hip("a.nii.gz"))
    ready.ui.segmentStartButton.click()
    assert ready.ui.segmentCancelButton.enabled
    ready.ui.segmentCancelButton.click()
    assert states(ready) == [ScanState.WAITING]
    assert ready.ui.segmentStartButton.enabled


def test_a_result_is_shown_with_terms_and_exported_as_surfaces(ready, hip, tmp_path: Path) -> None:
    scan_path = hip("a.nii.gz")
    add(ready, scan_path)
    scan = ready.window.segment._scans[0]
    image = sitk.ReadImage(str(scan_path))
    scan.label, scan.state = tmp_path / "label.nii.gz", ScanState.DONE
    sitk.WriteImage(sitk.Cast(image > 400, sitk.sitkUInt8), str(scan.label))
    ready.window.segment._show()
    ready.ui.segmentScanTable.selectRow(0)
    ready.ui.segmentShowButton.click()
    node = slicer.util.getFirstNodeByName("a.nii.gz segmentation")
    assert node.GetSegmentation().GetSegment("label_1").GetName() == "hip bone left"

    ready.ui.segmentExportButton.click()
    assert "1 surfaces written" in ready.message
    files = list(ready.answers.folder.glob("*.stl"))
    assert len(files) == 1
    assert files[0].stat().st_size > 1000
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_two_scans_of_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    first = free_folder(tmp_path, "hip/left.nii.gz")
    first.mkdir()
    assert first.name == "hip_left"
    assert free_folder(tmp_path, "hip/left.nii.gz").name == "hip_left-2"


def test_models_are_listed_exported_imported_and_deleted(ready, trained: Path) -> None:
    ready.ui.moduleModelsFold.collapsed = False
    ready.wait(lambda: ready.ui.modelsTable.rowCount == 1)
    name = ready.ui.modelsTable.item(0, 0).text()
    assert not ready.ui.modelsExportButton.enabled
    ready.ui.modelsTable.selectRow(0)
    ready.ui.modelsExportButton.click()
    exported = ready.answers.folder / f"{name}.ssemodel"
    ready.wait(lambda: "Written" in ready.message)
    assert exported.read_bytes() == (trained / "models" / f"{name}.ssemodel").read_bytes()

    copy = exported.rename(exported.with_name("brought.ssemodel"))
    ready.answers.files = [copy]
    ready.ui.modelsImportButton.click()
    ready.wait(lambda: ready.ui.modelsTable.rowCount == 2)
    imported = {ready.ui.modelsTable.item(row, 0).text() for row in range(2)} - {name}
    row = 0 if ready.ui.modelsTable.item(0, 0).text() in imported else 1
    ready.ui.modelsTable.selectRow(row)
    ready.answers.agrees = False
    ready.ui.modelsDeleteButton.click()
    assert len(list((trained / "models").glob("brought*"))) == 1
    ready.answers.agrees = True
    ready.ui.modelsDeleteButton.click()
    ready.wait(lambda: "freed" in ready.message)
    ready.wait(lambda: ready.ui.modelsTable.rowCount == 1)
    assert (trained / "models" / f"{name}.ssemodel").is_file()


def test_a_foreign_file_is_not_imported(ready, tmp_path: Path) -> None:
    (tmp_path / "foreign.ssemodel").write_bytes(b"not a model")
    ready.answers.files = [tmp_path / "foreign.ssemodel"]
    ready.ui.modelsImportButton.click()
    ready.wait(lambda: ready.message.startswith("⚠"))
    assert "\n" not in ready.message


def test_ranking_notes_how_sure_the_model_is_and_next_follows_it(ready) -> None:
    ready.ui.studyRankButton.click()
    assert not ready.ui.studyCancelButton.isHidden()
    ready.wait(lambda: "Ranked" in ready.message, 150)
    assert float(ready.ui.studyCaseTable.item(1, 5).text()) > 0
    ready.ui.studyNextCaseButton.click()
    assert ready.window.session.case.key == "case-0002"
    ready.ui.reviewProvenanceButton.click()
    assert ready.ui.reviewProvenanceButton.checked
    ready.ui.reviewUncertaintyButton.click()
    assert ready.ui.reviewUncertaintyButton.checked


def test_ranking_can_be_cancelled(ready) -> None:
    ready.ui.studyRankButton.click()
    ready.ui.studyCancelButton.click()
    assert ready.ui.studyCancelButton.isHidden()
    assert ready.ui.studyRankButton.enabled
