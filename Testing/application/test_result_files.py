"""Exports from the Segment panel: real buttons, a real child process, files that other programs read."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")
vtk = pytest.importorskip("vtk")
pytest.importorskip("scipy")

from scipy.spatial import cKDTree  # noqa: E402
from vtk.util.numpy_support import vtk_to_numpy  # noqa: E402

from SemiSegEmbedLib.application.result_files import FORMATS, SURFACES, VOLUMES, put_in_place  # noqa: E402
from SemiSegEmbedLib.application.result_scene import make_surfaces  # noqa: E402
from SemiSegEmbedLib.errors import SemiSegEmbedError  # noqa: E402

READERS = {"stl": vtk.vtkSTLReader, "obj": vtk.vtkOBJReader, "ply": vtk.vtkPLYReader}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where hand-overs go; empty again after each test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def start(module, file_format: str) -> None:
    module.ui.moduleMessageLabel.text = ""
    module.ui.segmentExportCombo.currentIndex = FORMATS.index(file_format)
    module.ui.segmentExportButton.click()


def export(module, file_format: str) -> list[Path]:
    """Press Export and wait; the files that are new."""
    before = set(module.answers.folder.iterdir())
    start(module, file_format)
    module.wait(lambda: not module.window.segment._export.running)
    assert module.message.startswith("Written: hip a segmentation"), module.message
    return sorted(set(module.answers.folder.iterdir()) - before)


def surface_of(path: Path):
    reader = READERS[path.suffix[1:]]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def segmentation():
    return slicer.util.getFirstNodeByName("hip a segmentation")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_result_is_exported_in_every_format(shown, file_format: str, temporary: Path) -> None:
    (first,) = export(shown, file_format)
    shown.wait(lambda: not list(temporary.iterdir()))
    truth = sitk.ReadImage(str(shown.window.segment.scans[0].label))
    if file_format in VOLUMES:
        label = sitk.ReadImage(str(first))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(label), sitk.GetArrayFromImage(truth))
        np.testing.assert_allclose(label.GetOrigin(), truth.GetOrigin(), atol=1e-4)
        np.testing.assert_allclose(label.GetDirection(), truth.GetDirection(), atol=1e-6)
        return
    assert "hip bone left" in first.name
    surface = surface_of(first)
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(truth)
    np.testing.assert_allclose(surface.GetCenter(), shape.GetCentroid(1), atol=2.0)
    bounds = surface.GetBounds()
    assert bounds[1] - bounds[0] == pytest.approx(40, abs=3)  # the ball has a radius of ten voxels of 2 mm
    assert volume_inside(surface) == pytest.approx(shape.GetPhysicalSize(1), rel=0.1)


def test_an_export_never_writes_over_a_file(shown) -> None:
    (first,) = export(shown, "nii.gz")
    first.write_bytes(b"mine")
    (second,) = export(shown, "nii.gz")
    assert second.name == "hip a segmentation-2.nii.gz"
    assert first.read_bytes() == b"mine"


def volume_inside(surface) -> float:
    """Positive where triangles are seen counterclockwise from outside (divergence theorem)."""
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    a, b, c = (points[corners[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize("smoothing", [0, 70])
def test_an_exported_surface_is_the_one_that_slicer_shows(shown, smoothing: int) -> None:
    shown.ui.segmentSmoothingSpin.value = smoothing
    (path,) = export(shown, "ply")
    ours = vtk_to_numpy(surface_of(path).GetPoints().GetData())
    make_surfaces(segmentation(), smoothing / 100)
    shown_in_3d = vtk.vtkPolyData()
    assert segmentation().GetClosedSurfaceRepresentation("label_1", shown_in_3d)
    theirs = vtk_to_numpy(shown_in_3d.GetPoints().GetData()) * (-1, -1, 1)
    assert ours.shape == theirs.shape
    distances, partners = cKDTree(theirs).query(ours)
    assert distances.max() < 0.01, "mm"
    assert len(set(partners)) == len(theirs)


def test_the_window_answers_while_files_are_written_and_later_drawing_is_not_in_them(shown) -> None:
    start(shown, "nii.gz")
    assert not shown.ui.segmentExportButton.enabled
    assert shown.ui.segmentExportCancelButton.enabled
    bar = shown.ui.segmentExportProgressBar
    assert bar.isVisibleTo(bar.parentWidget())
    volume = slicer.util.getFirstNodeByName("hip a")
    empty = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(empty, segmentation(), "label_1", volume)
    shown.wait(lambda: "Written" in shown.message)
    assert shown.ui.segmentExportButton.enabled
    assert not shown.ui.segmentExportCancelButton.enabled
    assert not bar.isVisibleTo(bar.parentWidget())
    (path,) = shown.answers.folder.iterdir()
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(path))).any()
    start(shown, "stl")
    shown.wait(lambda: "there is no surface" in shown.message)
    assert list(shown.answers.folder.iterdir()) == [path]


def test_cancel_ends_the_child_and_leaves_nothing(shown, temporary: Path) -> None:
    import psutil

    start(shown, "stl")
    shown.wait(lambda: shown.window.segment._export._errand.running)
    process = psutil.Process(shown.window.segment._export._errand._child._process.pid)
    shown.ui.segmentExportCancelButton.click()
    assert "cancelled" in shown.message
    assert shown.ui.segmentExportButton.enabled
    shown.wait(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    shown.wait(lambda: not list(temporary.iterdir()))
    assert list(shown.answers.folder.iterdir()) == []
    assert len(export(shown, "stl")) == 1, "the next export is a new one"


def test_cancel_while_files_are_put_in_place_takes_them_away_again(shown, temporary: Path) -> None:
    running = shown.window.segment._export
    start(shown, "nii.gz")
    shown.wait(lambda: running._errand.running)
    shown.window.timer.stop()
    while running._errand.running:
        running.poll()
    while not list(shown.answers.folder.glob("hip a segmentation*")):
        assert running._threads.busy
        time.sleep(0.01)
    shown.ui.segmentExportCancelButton.click()
    running.cleanup()
    assert list(shown.answers.folder.iterdir()) == []
    assert list(temporary.iterdir()) == []
    assert "Written" not in shown.message


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(shown) -> None:
    shown.answers.folder.chmod(0o500)
    start(shown, "nii.gz")
    shown.wait(lambda: not shown.window.segment._export.running)
    assert "permission is missing" in shown.message


def test_a_folder_that_is_gone_is_one_sentence(shown, temporary: Path) -> None:
    shown.answers.folder.rmdir()
    start(shown, "seg.nrrd")
    shown.wait(lambda: not shown.window.segment._export.running)
    assert "could not be saved because its folder is gone" in shown.message
    shown.wait(lambda: not list(temporary.iterdir()))
    assert shown.ui.segmentExportButton.enabled


def test_all_files_or_none(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "0.stl").write_bytes(b"first")
    written = [{"file": str(tmp_path / f"{number}.stl"), "segment": "bone"} for number in range(2)]
    with pytest.raises(SemiSegEmbedError):
        put_in_place(written, "hip", target)
    assert list(target.iterdir()) == []
    (tmp_path / "1.stl").write_bytes(b"second")
    names = [path.name for path in put_in_place(written, "hip", target)]
    assert names == ["hip bone.stl", "hip bone-2.stl"]


@pytest.fixture
def overlapping(shown):
    """The result with a segment of the user's own, which overlaps the bone."""
    node = segmentation()
    volume = slicer.util.getFirstNodeByName("hip a")
    node.GetSegmentation().AddEmptySegment("mine", "my tumour", (1.0, 0.0, 0.5))
    box = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    box[8:14, 10:24, 12:30] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(box, node, "mine", volume)
    return shown, box


def test_a_segmentation_file_holds_everything_that_slicer_shows(overlapping) -> None:
    module, box = overlapping
    node = segmentation()
    (path,) = export(module, "seg.nrrd")
    back = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    storage = slicer.vtkMRMLSegmentationStorageNode()
    storage.SetFileName(str(path))
    assert storage.ReadData(back)
    volume = slicer.util.getFirstNodeByName("hip a")
    assert list(back.GetSegmentation().GetSegmentIDs()) == list(node.GetSegmentation().GetSegmentIDs())
    for key in node.GetSegmentation().GetSegmentIDs():
        old, new = node.GetSegmentation().GetSegment(key), back.GetSegmentation().GetSegment(key)
        assert new.GetName() == old.GetName()
        np.testing.assert_allclose(new.GetColor(), old.GetColor(), atol=1e-4)
        assert tag(new) == tag(old)
        arrays = [slicer.util.arrayFromSegmentBinaryLabelmap(one, key, volume) for one in (node, back)]
        if key == "label_2":
            assert not arrays[0].any(), "an empty segment stays an empty segment"
        np.testing.assert_array_equal(*arrays)
    np.testing.assert_array_equal(slicer.util.arrayFromSegmentBinaryLabelmap(back, "mine", volume), box)


def tag(segment) -> str:
    text = vtk.reference("")
    segment.GetTag(segment.GetTerminologyEntryTagName(), text)
    return str(text)


def test_a_label_file_holds_the_segments_of_the_study_and_the_others_are_named(overlapping) -> None:
    module, _box = overlapping
    (path,) = export(module, "nii.gz")
    assert "Left out, because the study has no value for them: my tumour" in module.message
    label = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(module.window.segment.scans[0].label)))
    np.testing.assert_array_equal(label, truth)


def test_each_segment_becomes_a_surface_of_its_own_where_they_overlap(overlapping) -> None:
    module, box = overlapping
    files = export(module, SURFACES[0])
    assert [path.name.removeprefix("hip a segmentation ") for path in files] == [
        "hip bone left.stl",
        "my tumour.stl",
    ]
    assert volume_inside(surface_of(files[1])) == pytest.approx(box.sum() * 16.0, rel=0.15)


def test_a_result_whose_ct_was_closed_gets_it_back(shown) -> None:
    slicer.mrmlScene.RemoveNode(slicer.util.getFirstNodeByName("hip a"))
    (path,) = export(shown, "nii.gz")
    assert sitk.GetArrayFromImage(sitk.ReadImage(str(path))).any()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1
