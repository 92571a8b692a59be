"""Drawn segmentations become label volumes and back, on the real MRML scene."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")
vtk = pytest.importorskip("vtk")

from SemiSegEmbedLib.application.label_file import write_nrrd  # noqa: E402
from SemiSegEmbedLib.application.scene import CaseScene  # noqa: E402
from SemiSegEmbedLib.application.segmentation import segment_id  # noqa: E402
from SemiSegEmbedLib.application.volumes import as_hu, grid_of, loaded_voxels, unchanged_file  # noqa: E402
from SemiSegEmbedLib.errors import BadInputError  # noqa: E402
from SemiSegEmbedLib.study.presets import HIP_SIDES  # noqa: E402

DIRECTION = (1.0, 0.0, 0.0, 0.0, 0.8, -0.6, 0.0, 0.6, 0.8)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """An oblique CT with a label that holds every value of the study."""
    rng = np.random.default_rng(0)
    image = sitk.GetImageFromArray(rng.integers(-1000, 1500, (12, 14, 16)).astype(np.int16))
    label = np.zeros((12, 14, 16), np.uint8)
    for value in range(1, 6):
        label[2 * value, 3:8, value : value + 6] = value
    label_image = sitk.GetImageFromArray(label)
    for entry in (image, label_image):
        entry.SetSpacing((0.7, 0.8, 2.5))
        entry.SetOrigin((-31.5, 12.25, 400.0))
        entry.SetDirection(DIRECTION)
    sitk.WriteImage(image, str(tmp_path / "ct.nii.gz"))
    sitk.WriteImage(label_image, str(tmp_path / "label.nrrd"))
    return tmp_path / "ct.nii.gz", tmp_path / "label.nrrd", label


@pytest.fixture
def case(scene, files) -> Iterator[CaseScene]:
    case = CaseScene()
    case.load(files[0], files[1], HIP_SIDES, "case-0001")
    yield case
    case.forget()


def test_a_loaded_label_comes_back_to_the_voxel(case, files) -> None:
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), files[2])


def test_a_written_label_lies_exactly_on_the_ct(case, files, tmp_path: Path) -> None:
    label = case.snapshot(HIP_SIDES).label_volume()
    write_nrrd(tmp_path / "out.nrrd", label, grid_of(case.volume))
    written, ct = sitk.ReadImage(str(tmp_path / "out.nrrd")), sitk.ReadImage(str(files[0]))
    assert np.array_equal(sitk.GetArrayFromImage(written), files[2])
    assert np.allclose(written.GetOrigin(), ct.GetOrigin(), atol=1e-4)
    assert np.allclose(written.GetDirection(), ct.GetDirection(), atol=1e-5)
    assert np.allclose(written.GetSpacing(), ct.GetSpacing(), atol=1e-5)


def test_segments_have_names_colours_and_terms_of_the_study(case) -> None:
    segment = case.segmentation.GetSegmentation().GetSegment("label_2")
    assert segment.GetName() == "hip bone right"
    assert np.allclose(segment.GetColor(), np.array(HIP_SIDES[1].color) / 255)
    entry = vtk.mutable("")
    segment.GetTag(segment.GetTerminologyEntryTagName(), entry)
    assert "SCT^29836001^Hip~SCT^24028007^Right" in str(entry)


def test_voxels_painted_into_a_segment_are_saved_with_its_value(case, files) -> None:
    painted = np.zeros_like(files[2])
    painted[0, 0:3, 0:4] = 1
    before = case.snapshot(HIP_SIDES).label_volume()
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        np.maximum(painted, before == 3), case.segmentation, segment_id(HIP_SIDES[2]), case.volume
    )
    expected = np.where(painted == 1, 3, before)
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), expected)


def test_painting_makes_the_case_modified_and_saving_ends_it(case, files) -> None:
    assert not case.modified
    slicer.util.updateSegmentBinaryLabelmapFromArray(
        (files[2] == 1).astype(np.uint8) * 0, case.segmentation, segment_id(HIP_SIDES[0]), case.volume
    )
    assert case.modified
    case.mark_saved()
    assert not case.modified


def test_a_case_without_a_label_has_empty_segments(scene, files) -> None:
    case = CaseScene()
    case.load(files[0], None, HIP_SIDES, "case-0001")
    assert case.segmentation.GetSegmentation().GetNumberOfSegments() == len(HIP_SIDES)
    assert not case.snapshot(HIP_SIDES).label_volume().any()


def test_a_segment_that_the_study_does_not_know_is_left_out(case, files) -> None:
    case.segmentation.GetSegmentation().AddEmptySegment("extra", "extra")
    slicer.util.updateSegmentBinaryLabelmapFromArray(np.ones_like(files[2]), case.segmentation, "extra", case.volume)
    assert case.snapshot(HIP_SIDES).label_volume().max() <= 5


def test_replacing_what_is_drawn_can_be_undone(case, files, tmp_path: Path) -> None:
    """The Segment Editor keeps its states in a `vtkSegmentationHistory`, the real one here."""
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(case.segmentation.GetSegmentation())
    history.SaveState()
    write_nrrd(tmp_path / "other.nrrd", np.where(files[2] > 0, 2, 0).astype(np.uint8), grid_of(case.volume))
    case.fill(tmp_path / "other.nrrd", HIP_SIDES)
    assert case.snapshot(HIP_SIDES).label_volume().max() == 2
    history.RestorePreviousState()
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), files[2])


def test_voxels_that_nobody_annotated_are_told_apart_from_background(scene, files, tmp_path: Path) -> None:
    label = files[2].copy()
    label[:4] = 255
    label[6, :2, :2] = 255
    case = CaseScene()
    case.load(files[0], None, HIP_SIDES, "case-0001")
    write_nrrd(tmp_path / "partial.nrrd", label, grid_of(case.volume))
    drawn = case.load(files[0], tmp_path / "partial.nrrd", HIP_SIDES, "case-0001")
    assert drawn.annotated_slices == frozenset(range(4, 12))
    assert np.argwhere(drawn.ignored).tolist() == [[6, y, x] for y in range(2) for x in range(2)]
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), np.where(label == 255, 0, label))


def test_the_views_are_arranged_at_what_is_drawn(scene, files) -> None:
    case = CaseScene()
    straight = sitk.GetImageFromArray(np.zeros((40, 64, 64), np.int16))
    sitk.WriteImage(straight, str(files[0]))
    label = np.zeros((40, 64, 64), np.uint8)
    label[24:33, 8:17, 40:49] = 1
    sitk.WriteImage(sitk.GetImageFromArray(label), str(files[1]))
    case.load(files[0], files[1], HIP_SIDES, "case-0001")
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
    assert case.slice_index() == 28
    assert qt.QApplication.overrideCursor() is None


def test_a_missing_ct_leaves_the_scene_as_it_was(case, tmp_path: Path) -> None:
    volume = case.volume
    with pytest.raises(BadInputError, match="not where it was"):
        case.load(tmp_path / "gone.nii.gz", None, HIP_SIDES, "case-0002")
    assert case.volume is volume


def test_an_unreadable_label_leaves_no_half_loaded_case(case, files, tmp_path: Path) -> None:
    count = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    (tmp_path / "bad.nrrd").write_bytes(b"no label")
    with pytest.raises(BadInputError, match="could not be read"):
        case.load(files[0], tmp_path / "bad.nrrd", HIP_SIDES, "case-0002")
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == count


def test_opening_another_case_removes_the_first_from_the_scene(case, files) -> None:
    def counts() -> dict[str, int]:
        nodes = [slicer.mrmlScene.GetNthNode(index) for index in range(slicer.mrmlScene.GetNumberOfNodes())]
        return Counter(node.GetClassName() for node in nodes)

    before = counts()
    case.load(files[0], files[1], HIP_SIDES, "case-0002")
    assert counts() == before


def test_protected_labels_cannot_be_drawn_over(case, files) -> None:
    case.protect_other_labels(True)
    mask, reference = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
    reference.DeepCopy(case.segmentation.GetSegmentation().GetSegment("label_1").GetRepresentation("Binary labelmap"))
    case.segmentation.GenerateEditMask(mask, case.editor().GetMaskMode(), reference, "label_1")
    blocked = vtk.util.numpy_support.vtk_to_numpy(mask.GetPointData().GetScalars()).reshape(files[2].shape) > 0
    assert np.array_equal(blocked, files[2] > 1)


def test_the_axial_view_knows_its_slice(scene, files) -> None:
    case = CaseScene()
    straight = sitk.GetImageFromArray(np.zeros((12, 14, 16), np.int16))
    straight.SetSpacing((1, 1, 3))
    sitk.WriteImage(straight, str(files[0]))
    case.load(files[0], None, HIP_SIDES, "case-0001")
    case.jump_to((4.0, 5.0, 21.0))
    assert case.slice_index() == 7


def transform_above(node, matrix: np.ndarray):
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


TURNED = np.array([[0.0, -1, 0, 10], [1, 0, 0, 20], [0, 0, 1, 30], [0, 0, 0, 1]])


def bend(node) -> None:
    """Put a node under a transform that is not linear."""
    points = [vtk.vtkPoints(), vtk.vtkPoints()]
    for x, y, z in np.ndindex(2, 2, 2):
        points[0].InsertNextPoint(100 * x, 100 * y, 100 * z)
        points[1].InsertNextPoint(100 * x + 9 * y * z, 100 * y, 100 * z)
    spline = vtk.vtkThinPlateSplineTransform()
    spline.SetBasisToR()
    spline.SetSourceLandmarks(points[0])
    spline.SetTargetLandmarks(points[1])
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    transform.SetAndObserveTransformToParent(spline)
    node.SetAndObserveTransformNodeID(transform.GetID())


def test_a_volume_that_a_transform_turns_is_copied_where_it_is_seen(case) -> None:
    before = loaded_voxels(case.volume)
    transform_above(case.volume, TURNED)
    voxels, grid = loaded_voxels(case.volume)
    assert np.array_equal(voxels, before[0])
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    assert np.allclose(grid.ijk_to_lps, flip @ TURNED @ flip @ before[1].ijk_to_lps)


@pytest.mark.parametrize("kind", [np.int16, np.float32, np.float64, np.uint16])
def test_voxels_of_any_kind_become_whole_hu(kind) -> None:
    whole = np.issubdtype(kind, np.integer)
    values = np.array([0, 1, 2, 3, 30_000] if whole else [-1000.4, -0.6, 0.0, 1.6, 40_000.0])
    expected = np.clip(np.rint(values), -32768, 32767)
    copy = as_hu(np.broadcast_to(values, (3, 2, 5)).astype(kind))
    assert copy.dtype == np.int16
    np.testing.assert_array_equal(copy, np.broadcast_to(expected, (3, 2, 5)))


def test_the_voxels_outlive_their_volume(scene) -> None:
    volume = slicer.util.addVolumeFromArray(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    voxels, _grid = loaded_voxels(volume)
    slicer.mrmlScene.RemoveNode(volume)
    del volume
    gc.collect()
    np.testing.assert_array_equal(as_hu(voxels).ravel(), np.arange(24))


def test_a_volume_that_a_transform_shears_or_bends_is_refused(case) -> None:
    sheared = np.eye(4)
    sheared[0, 1] = 0.3
    transform_above(case.volume, sheared)
    with pytest.raises(BadInputError, match="shears"):
        loaded_voxels(case.volume)
    bend(case.volume)
    with pytest.raises(BadInputError, match="bends"):
        loaded_voxels(case.volume)


def add_past_the_mask(case: CaseScene, key: str, voxels: np.ndarray) -> None:
    """As an effect that ignores the mask of the Segment Editor: no other segment is overwritten."""
    logic, node = slicer.vtkSlicerSegmentationsModuleLogic, case.segmentation
    image = slicer.vtkOrientedImageData()
    image.SetExtent(case.volume.GetImageData().GetExtent())
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    vtk.util.numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())[:] = voxels.ravel()
    to_ras = vtk.vtkMatrix4x4()
    case.volume.GetIJKToRASMatrix(to_ras)
    image.SetGeometryFromImageToWorldMatrix(to_ras)
    assert logic.SetBinaryLabelmapToSegment(image, node, key, logic.MODE_MERGE_MASK)


@pytest.mark.parametrize("finished", [True, False])
def test_an_effect_that_ignores_the_mask_takes_nothing_from_a_finished_segment(case, files, finished: bool) -> None:
    logic, (first, second) = slicer.vtkSlicerSegmentationsModuleLogic, HIP_SIDES[:2]
    if finished:
        logic.SetSegmentStatus(case.segmentation.GetSegmentation().GetSegment(segment_id(first)), logic.Completed)
    over = (files[2] == first.value) | (files[2] == second.value)
    add_past_the_mask(case, segment_id(second), over.astype(np.uint8))
    expected = np.where(over & (not finished), second.value, files[2])
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), expected)


def test_a_case_that_was_turned_as_a_whole_is_saved_as_it_was_drawn(case, files) -> None:
    transform = transform_above(case.volume, TURNED)
    case.segmentation.SetAndObserveTransformNodeID(transform.GetID())
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), files[2])


def test_labels_that_were_moved_against_their_ct_are_saved_where_they_are_seen(case, files) -> None:
    """Two voxels along x: the column of the matrix to RAS says how far that is."""
    to_ras = vtk.vtkMatrix4x4()
    case.volume.GetIJKToRASMatrix(to_ras)
    moved = np.eye(4)
    moved[:3, 3] = 2 * slicer.util.arrayFromVTKMatrix(to_ras)[:3, 0]
    transform_above(case.segmentation, moved)
    expected = np.zeros_like(files[2])
    expected[:, :, 2:] = files[2][:, :, :-2]
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), expected)


def test_a_case_under_a_bending_transform_is_not_saved_but_can_be_freed(case, files) -> None:
    bend(case.segmentation)
    with pytest.raises(BadInputError, match="take it out of the transform"):
        case.snapshot(HIP_SIDES)
    case.free()
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), files[2])


def test_a_loaded_file_is_recognised_until_it_is_changed(case, files) -> None:
    assert unchanged_file(case.volume) == files[0]
    slicer.util.arrayFromVolume(case.volume)[:] = 0
    slicer.util.arrayFromVolumeModified(case.volume)
    assert unchanged_file(case.volume) is None


def test_a_segment_drawn_on_another_grid_lands_on_the_grid_of_the_ct(case, files) -> None:
    """As after a change of the source geometry in the Segment Editor: half the spacing, shifted by part of a voxel."""
    segmentation = case.segmentation.GetSegmentation()
    segmentation.RemoveAllSegments()
    fine = slicer.vtkOrientedImageData()
    fine.SetExtent(0, 31, 0, 27, 0, 23)
    fine.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    voxels = np.zeros((24, 28, 32), np.uint8)
    voxels[8:12, 8:16, 10:20] = 1
    vtk.util.numpy_support.vtk_to_numpy(fine.GetPointData().GetScalars())[:] = voxels.ravel()
    to_ras, half = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    case.volume.GetIJKToRASMatrix(to_ras)
    for axis in range(3):
        half.SetElement(axis, axis, 0.5)
        half.SetElement(axis, 3, -0.25)
    vtk.vtkMatrix4x4.Multiply4x4(to_ras, half, half)
    fine.SetGeometryFromImageToWorldMatrix(half)
    segment = slicer.vtkSegment()
    segment.SetName("hip bone left")
    segment.SetLabelValue(1)
    segment.AddRepresentation("Binary labelmap", fine)
    segmentation.AddSegment(segment, segment_id(HIP_SIDES[0]))
    expected = np.zeros_like(files[2])
    expected[4:6, 4:8, 5:10] = 1
    assert np.array_equal(case.snapshot(HIP_SIDES).label_volume(), expected)
