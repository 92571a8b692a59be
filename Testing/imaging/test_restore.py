"""Back onto the CT's own grid: same size, spacing, origin and direction, and the same voxels where grids agree."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging import restore
from SemiSegEmbedLib.imaging.geometry import IDENTITY, Geometry
from SemiSegEmbedLib.imaging.grid import label_to_training_grid, training_geometry
from SemiSegEmbedLib.imaging.read import read_label
from SemiSegEmbedLib.imaging.restore import (
    categories_to_native,
    labels_to_native,
    map_to_native,
)

CLASSES = {1: 1, 2: 2}


def two_balls(geometry: Geometry, radius: float = 14.0) -> sitk.Image:
    """Two balls of a radius in mm beside the centre of a grid, as values 1 and 2."""
    index = np.indices(geometry.shape).reshape(3, -1)[::-1]
    world = geometry.affine[:3, :3] @ index + geometry.affine[:3, 3:]
    centre = geometry.affine @ (*((np.array(geometry.size) - 1) / 2), 1.0)
    label = np.zeros(index.shape[1], np.uint8)
    for value, offset in ((1, 13.0), (2, -13.0)):
        distance = np.linalg.norm(world - (centre[:3] + np.array((offset, 0, 0)))[:, None], axis=0)
        label[distance < radius] = value
    return geometry.apply_to(sitk.GetImageFromArray(label.reshape(geometry.shape)))


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


def same_grid(image: sitk.Image, geometry: Geometry) -> bool:
    return Geometry.of(image) == geometry


def round_trip(label: sitk.Image, spacing_mm: float) -> sitk.Image:
    geometry = training_geometry(Geometry.of(label), spacing_mm)
    return labels_to_native(label_to_training_grid(label, CLASSES, geometry), geometry, label)


def lowest_dice(a: sitk.Image, b: sitk.Image) -> float:
    first, second = sitk.GetArrayFromImage(a), sitk.GetArrayFromImage(b)
    return min(dice(first == value, second == value) for value in (1, 2))


@pytest.mark.parametrize("order", ["LPS", "RAS", "SAL", "PIR"])
def test_equal_voxels_come_back_exactly_in_every_orientation(order):
    label = sitk.DICOMOrient(two_balls(Geometry((60, 40, 44), (1.0, 1.0, 1.0), (-20.0, 5.0, 300.0))), order)
    back = round_trip(label, 1.0)
    assert same_grid(back, Geometry.of(label))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(back), sitk.GetArrayFromImage(label))


def test_work_in_slabs_changes_nothing(monkeypatch):
    geometry = Geometry((64, 48, 30), (0.9, 0.9, 2.0), (4.0, 5.0, 6.0))
    label = two_balls(geometry)
    target = training_geometry(geometry, 1.0)
    array = label_to_training_grid(label, CLASSES, target)
    smooth = np.random.default_rng(0).random(target.shape).astype(np.float32)
    whole = labels_to_native(array, target, geometry), map_to_native(smooth, target, geometry)
    monkeypatch.setattr(restore, "_SLAB_VOXELS", 64 * 48 * 3)
    slabs = labels_to_native(array, target, geometry), map_to_native(smooth, target, geometry)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(whole[0]), sitk.GetArrayFromImage(slabs[0]))
    np.testing.assert_allclose(sitk.GetArrayFromImage(whole[1]), sitk.GetArrayFromImage(slabs[1]), atol=1e-6)


@pytest.mark.parametrize("degrees", [0.0, 20.0])
def test_work_in_the_box_of_a_label_changes_nothing(monkeypatch, degrees):
    """Small labels, one at a face of the volume and one a single voxel, on straight and oblique grids."""
    direction = tuple(Rotation.from_euler("xyz", (degrees, degrees / 2, -degrees), degrees=True).as_matrix().ravel())
    native = Geometry((64, 48, 30), (0.9, 0.7, 2.0), (4.0, 5.0, 6.0), direction)
    target = training_geometry(native, 1.0)
    array = np.zeros(target.shape, np.uint8)
    middle = tuple(n // 2 for n in array.shape)
    array[middle[0] - 6 : middle[0], middle[1] - 5 : middle[1], middle[2] - 9 : middle[2]] = 1
    array[: middle[0], middle[1] + 4 : middle[1] + 7, :] = 2
    array[middle[0] + 3, middle[1] + 3, middle[2] + 3] = 3
    found = sitk.GetArrayFromImage(labels_to_native(array, target, native))
    everywhere = tuple(slice(0, n) for n in native.shape)
    monkeypatch.setattr(restore, "_reach", lambda *_: everywhere)
    np.testing.assert_array_equal(found, sitk.GetArrayFromImage(labels_to_native(array, target, native)))
    assert {0, 1, 2} <= set(np.unique(found))


def test_maps_equal_one_resampling_of_the_whole():
    native = Geometry((40, 36, 20), (0.8, 0.9, 2.1), (1.0, 2.0, 3.0), tuple(np.eye(3)[[1, 2, 0]].ravel().tolist()))
    target = training_geometry(native, 1.0)
    values = np.random.default_rng(2).random(target.shape).astype(np.float16)
    image = target.apply_to(sitk.GetImageFromArray(values.astype(np.float32)))
    blank = native.apply_to(sitk.Image(native.size, sitk.sitkFloat32))
    expected = sitk.Resample(image, blank, sitk.Transform(), sitk.sitkLinear, 0.0)
    found = map_to_native(values, target, blank)
    assert same_grid(found, native)
    np.testing.assert_allclose(sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(expected), atol=1e-5)


def test_categories_are_never_mixed():
    native = Geometry((40, 36, 20), (0.8, 0.9, 2.1), (1.0, 2.0, 3.0))
    target = training_geometry(native, 1.0)
    values = np.where(np.arange(target.shape[2]) < 12, 0, 3).astype(np.uint8) * np.ones(target.shape, np.uint8)
    found = sitk.GetArrayFromImage(categories_to_native(values, target, native))
    assert set(np.unique(found)) == {0, 3}
    assert found.dtype == np.uint8


def test_a_map_of_another_case_is_refused():
    geometry = Geometry((10, 10, 10), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(BadInputError, match="does not fit"):
        labels_to_native(np.zeros((10, 10, 9), np.uint8), geometry, geometry)


@settings(max_examples=15, deadline=None)
@given(
    spacing=st.tuples(*[st.floats(0.5, 1.6)] * 2, st.floats(0.6, 3.2)),
    degrees=st.tuples(*[st.floats(-40, 40)] * 3),
    order=st.permutations(range(3)),
    flips=st.tuples(*[st.sampled_from((-1.0, 1.0))] * 3),
)
def test_random_grids_come_back_on_their_own_grid_and_nearly_the_same(spacing, degrees, order, flips):
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    direction = turn @ (np.eye(3)[:, order] * flips)
    size = tuple(int(72 / s) for s in spacing)
    label = two_balls(Geometry(size, spacing, (-100.0, 50.0, 900.0), tuple(direction.ravel().tolist())))
    back = round_trip(label, 1.0)
    assert same_grid(back, Geometry.of(label))
    assert lowest_dice(label, back) > 0.95


@pytest.mark.parametrize(
    ("spacing", "degrees", "least"),
    [
        ((0.7, 0.7, 0.7), 0, 0.98),
        ((0.7, 0.7, 3.0), 0, 0.98),
        ((0.7, 0.7, 3.0), 20, 0.97),
        ((1.5, 1.5, 1.5), 10, 0.97),
    ],
)
def test_stated_dice_of_the_round_trip(spacing, degrees, least):
    turn = Rotation.from_euler("xyz", (degrees, degrees, 0), degrees=True).as_matrix()
    size = tuple(int(72 / s) for s in spacing)
    label = two_balls(Geometry(size, spacing, (0.0, 0.0, 0.0), tuple(turn.ravel().tolist())))
    assert lowest_dice(label, round_trip(label, 1.0)) > least


def test_labels_of_a_real_ct_come_back(shared, record_property):
    label = read_label(shared / "ct" / "ts_example_ct_3mm_leftnail_labels.nii.gz")
    classes = {value: value for value in range(1, 6)}
    geometry = training_geometry(Geometry.of(label), 1.0)
    back = labels_to_native(label_to_training_grid(label, classes, geometry), geometry, label)
    assert same_grid(back, Geometry.of(label))
    a, b = sitk.GetArrayFromImage(label), sitk.GetArrayFromImage(back)
    scores = {value: round(dice(a == value, b == value), 4) for value in classes}
    record_property("dice", scores)
    assert min(scores.values()) > 0.99, scores


def test_identity_direction_is_kept_as_it_was():
    geometry = Geometry((60, 44, 24), (0.9, 0.9, 2.0), (4.0, 5.0, 6.0), IDENTITY)
    assert Geometry.of(round_trip(two_balls(geometry), 1.0)) == geometry
