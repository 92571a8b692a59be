"""The Segment panel with a real model, trained for a few steps, and real child processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")
pytest.importorskip("torch")
vtk = pytest.importorskip("vtk")

from vtk.util.numpy_support import vtk_to_numpy  # noqa: E402

from SemiSegEmbedLib.application.image_files import title_of, unused_path  # noqa: E402
from SemiSegEmbedLib.application.model_text import model_name  # noqa: E402
from SemiSegEmbedLib.application.scan_list import Scan, ScanList, ScanState  # noqa: E402
from SemiSegEmbedLib.study.presets import HIP_BONES  # noqa: E402


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
    return [scan.state for scan in module.window.segment.scans]


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
    assert "Segmented: 1, failed: 1." in ready.message
    label = sitk.ReadImage(str(ready.window.segment.scans[1].label))
    assert label.GetSize() == sitk.ReadImage(str(good)).GetSize()
    assert ready.ui.segmentStartButton.enabled

    ready.ui.segmentScanTable.selectRow(0)
    assert not ready.ui.segmentShowButton.enabled
    ready.ui.segmentScanTable.selectRow(1)
    assert ready.ui.segmentShowButton.enabled


def test_a_volume_that_exists_only_in_slicer_is_segmented_and_its_copy_removed(ready) -> None:
    rng = np.random.default_rng(0)
    volume = slicer.util.addVolumeFromArray(rng.normal(0, 300, (20, 24, 24)).astype(np.int16), name="loaded")
    volume.SetSpacing(4.0, 4.0, 4.0)
    ready.ui.segmentVolumeSelector.setCurrentNode(volume)
    ready.ui.segmentAddLoadedButton.click()
    ready.wait(lambda: ready.window.segment.scans.count == 1)
    copy = ready.window.segment.scans[0].path
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


def test_a_result_is_a_segmentation_with_terms_and_the_geometry_of_its_ct(shown) -> None:
    node = slicer.util.getFirstNodeByName("hip a segmentation")
    segment = node.GetSegmentation().GetSegment("label_1")
    assert segment.GetName() == "hip bone left"
    tag = vtk.reference("")
    assert segment.GetTag(segment.GetTerminologyEntryTagName(), tag)
    assert "SCT^29836001^Hip~SCT^7771000^Left" in str(tag)
    volume = slicer.util.getFirstNodeByName("hip a")
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert node.GetNodeReferenceID(role) == volume.GetID()
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    parents = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(one)) for one in (node, volume)}
    assert len(parents) == 1
    shown.ui.segmentShowButton.click()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1


def test_surfaces_are_made_when_3d_is_asked_for_and_smoothed_as_wanted(shown) -> None:
    node = slicer.util.getFirstNodeByName("hip a segmentation")
    assert not node.GetSegmentation().ContainsRepresentation("Closed surface")

    def roughness(percent: int) -> float:
        """Mean angle between the normals of neighbouring triangles."""
        shown.ui.segmentSmoothingSpin.value = percent
        shown.ui.segmentShow3DButton.click()
        surface = vtk.vtkPolyData()
        assert node.GetClosedSurfaceRepresentation("label_1", surface)
        curved = vtk.vtkCurvatures()
        curved.SetInputData(surface)
        curved.SetCurvatureTypeToMean()
        curved.Update()
        return float(np.abs(vtk_to_numpy(curved.GetOutput().GetPointData().GetScalars())).mean())

    assert roughness(0) > 1.5 * roughness(100)
    assert node.GetDisplayNode().GetVisibility3D()


def test_a_file_format_of_names_is_kept_out_of_paths(tmp_path: Path) -> None:
    assert unused_path(tmp_path, "../a/b: c?", ".stl").name == "_a_b_ c_.stl"


@pytest.mark.parametrize(
    ("file", "title"),
    [("hip 1.5mm.nii.gz", "hip 1.5mm"), ("HIP.NRRD", "HIP"), ("series 3", "series 3"), (".nii.gz", ".nii.gz")],
)
def test_scans_are_called_as_their_files_without_the_ending(file: str, title: str) -> None:
    assert title_of(file) == title


def test_the_table_names_the_file_of_a_result_and_its_tool_tip_says_where_it_lies(shown) -> None:
    item, label = shown.ui.segmentScanTable.item(0, 2), shown.window.segment.scans[0].label
    assert (item.text(), item.toolTip()) == (label.name, str(label))


def test_cancelled_and_failed_scans_wait_again_and_done_ones_stay(tmp_path: Path) -> None:
    scans = ScanList()
    scans.add([Scan(tmp_path / name, name) for name in ("done", "failed", "running", "waiting")])
    scans.add([Scan(tmp_path / "done", "again")])
    assert scans.count == 4
    scans[0].finish(tmp_path / "label", HIP_BONES)
    scans[1].fail("No.")
    scans[2].state = ScanState.RUNNING
    scans[2].note_progress("Segmenting (1 of 1)  50% 3 windows")
    assert scans[2].percent == 50
    assert scans.percent == 62
    assert scans.finished() == ([0], 1)
    scans.interrupt()
    assert scans.next() is scans[2]
    scans.begin()
    assert [scan.state for scan in scans][1:] == [ScanState.WAITING] * 3
    assert scans.finished() == ([], 0)


def test_two_scans_of_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    first = unused_path(tmp_path, "hip/left")
    first.mkdir()
    assert first.name == "hip_left"
    assert unused_path(tmp_path, "hip/left").name == "hip_left-2"


def test_models_are_listed_exported_imported_and_deleted(ready, trained: Path) -> None:
    ready.ui.moduleModelsFold.collapsed = False
    ready.wait(lambda: ready.ui.modelsTable.rowCount == 1)
    shown, name = ready.ui.modelsTable.item(0, 0).text(), ready.window.models._view.selected()
    assert shown == model_name(name)
    text = ready.ui.modelsDescriptionLabel.text
    assert "Learned from 1 annotated and 1 other cases. Annotated: case-0001." in text
    assert "Segments: hip bone left, hip bone right." in text
    assert "hip bone left, hip bone right: IoU" in text
    assert "optimistic" in text
    ready.ui.modelsExportButton.click()
    exported = ready.answers.folder / f"{name}.ssemodel"
    ready.wait(lambda: "Written" in ready.message)
    assert exported.read_bytes() == (trained / "models" / f"{name}.ssemodel").read_bytes()

    copy = exported.rename(exported.with_name("brought.ssemodel"))
    ready.answers.files = [copy]
    ready.ui.modelsImportButton.click()
    ready.wait(lambda: ready.ui.modelsTable.rowCount == 2)
    imported = {ready.ui.modelsTable.item(row, 0).text() for row in range(2)} - {shown}
    row = 0 if ready.ui.modelsTable.item(0, 0).text() in imported else 1
    ready.ui.modelsTable.selectRow(row)
    ready.answers.agrees = False
    ready.ui.modelsDeleteButton.click()
    assert len(list((trained / "models").glob("brought*"))) == 1
    assert f"This frees {ready.ui.modelsTable.item(row, 4).text()} MiB" in ready.answers.questions[-1]
    ready.ui.modelsUseButton.click()
    assert ready.ui.segmentModelCombo.currentText == "brought"
    assert not ready.ui.moduleSegmentFold.collapsed
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
    ready.wait(lambda: "Cases ranked" in ready.message, 150)
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


def test_models_are_called_by_when_their_run_began(tokyo) -> None:
    assert model_name("20261123-030945-f4cc") == "2026-11-23 12:09 (f4cc)"
    assert model_name("20261123-030945-f4cc-last") == "2026-11-23 12:09 (f4cc), last step"
    assert model_name("20261123-030945-f4cc-step300") == "2026-11-23 12:09 (f4cc-step300)"
    assert model_name("brought") == "brought"


def test_start_says_what_is_missing(module, tmp_path: Path) -> None:
    assert not module.ui.segmentStartButton.enabled
    assert module.ui.segmentStartButton.toolTip == "There is no model yet: train first."


def test_the_bar_tells_the_time_left(ready) -> None:
    view, bar = ready.window.segment._view, ready.ui.segmentProgressBar
    scans = ScanList()
    scans.add([Scan(Path("a"), "a"), Scan(Path("b"), "b")])
    view.show_scans(scans, running=True)
    assert bar.format == "%p %"
    view._time_left._begun = (view._time_left._begun[0] - 60, 0.0)
    scans[0].finish(Path("result"), ())
    view.show_scans(scans, running=True)
    assert bar.format == "%p %, about one minute left"
    view.show_scans(scans, running=False)
    assert view._time_left is None
