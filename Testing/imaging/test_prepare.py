"""The training grid: where it lies, what it holds, and that thin bone survives the way onto it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import IDENTITY, Geometry
from SemiSegEmbedLib.imaging.grid import label_to_training_grid, to_training_grid, training_geometry
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.study.records import IGNORE

FLIPPED = (-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0)


def turned(*degrees: float) -> tuple[float, ...]:
    return tuple(Rotation.from_euler("xyz", degrees, degrees=True).as_matrix().ravel().tolist())


def test_a_scan_on_the_training_grid_keeps_every_voxel(make_image, body):
    array, label = body(spacing=(1.0, 1.0, 1.0))
    grid = to_training_grid(make_image(array, origin=(5.0, -7.0, 11.0)), 1.0)
    assert grid.array.dtype == np.float16
    assert grid.geometry.origin == (5.0, -7.0, 11.0)
    np.testing.assert_array_equal(grid.array, np.clip(array, -1000, 2000).astype(np.float16))
    np.testing.assert_array_equal(
        label_to_training_grid(make_image(label), {1: 1, 2: 2}, Geometry.of(make_image(label))), label
    )


def test_axes_point_left_posterior_and_up_whatever_the_file_says(make_image, body):
    array, label = body(spacing=(1.0, 1.0, 1.0))
    grid = to_training_grid(make_image(array[:, ::-1, ::-1], direction=FLIPPED), 1.0)
    np.testing.assert_array_equal(grid.array, np.clip(array, -1000, 2000).astype(np.float16))
    flipped = make_image(np.ascontiguousarray(label[:, ::-1, ::-1]), direction=FLIPPED)
    np.testing.assert_array_equal(label_to_training_grid(flipped, {1: 1, 2: 2}, grid), label)
    assert np.argwhere(label == 1)[:, 2].mean() > np.argwhere(label == 2)[:, 2].mean()


def test_linear_resampling_equals_interpolation_by_hand(make_image):
    array = np.random.default_rng(0).integers(-900, 900, (9, 10, 11)).astype(np.int16)
    grid = to_training_grid(make_image(array, spacing=(0.8, 0.9, 2.5)), 1.0)
    z, y, x = (np.arange(n) for n in grid.array.shape)
    ox, oy, oz = grid.geometry.origin
    where = np.meshgrid((z + oz) / 2.5, (y + oy) / 0.9, (x + ox) / 0.8, indexing="ij")
    expected = ndimage.map_coordinates(array.astype(np.float64), where, order=1)
    np.testing.assert_allclose(grid.array, expected, atol=0.51)


def test_values_are_clipped_and_metal_is_not_infinite(make_image):
    array = np.full((20, 20, 20), 40, np.float32)
    array[0], array[1] = 30000, -3024
    grid = to_training_grid(make_image(array), 1.0)
    assert grid.array.max() == 2000
    assert grid.array.min() == -1000


def test_not_a_number_is_refused(make_image):
    array = np.zeros((20, 20, 20), np.float32)
    array[3, 4, 5] = np.nan
    with pytest.raises(BadInputError, match="not numbers"):
        to_training_grid(make_image(array), 1.0)


def test_outside_an_oblique_scan_there_is_air_and_no_label(make_image):
    array = np.full((30, 30, 30), 60, np.int16)
    image = make_image(array, spacing=(1.0, 1.0, 1.5), direction=turned(0, 0, 30))
    grid = to_training_grid(image, 1.0)
    label = label_to_training_grid(
        make_image((array > 0).astype(np.uint8), (1.0, 1.0, 1.5), turned(0, 0, 30)), {1: 1}, grid
    )
    outside = label == IGNORE
    assert 0.2 < outside.mean() < 0.6
    assert (grid.array[outside] == -1000).all()
    assert (grid.array[~outside] == 60).all()


def test_coarse_grids_average_instead_of_picking_voxels(make_image):
    noise = np.random.default_rng(1).normal(0, 100, (60, 60, 60)).astype(np.float32)
    grid = to_training_grid(make_image(noise, spacing=(0.7, 0.7, 0.7)), 2.8)
    assert grid.array.astype(np.float32).std() < 100 / np.sqrt(64) * 1.5


def test_the_grid_never_leaves_the_scan_and_covers_it():
    source = Geometry((101, 87, 33), (0.73, 0.81, 2.9), (3.0, -8.0, 100.0), IDENTITY)
    target = training_geometry(source, 1.0)
    low, high = target.corners().min(axis=0), target.corners().max(axis=0)
    assert (low >= source.corners().min(axis=0)).all()
    assert (high <= source.corners().max(axis=0)).all()
    assert (low - source.corners().min(axis=0) < 0.5).all()


def sheet(spacing, normal, thickness, side=40.0, margin=6.0):
    size = [round(side / s) for s in reversed(spacing)]
    z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in size), indexing="ij")
    z, y, x = z * spacing[2], y * spacing[1], x * spacing[0]
    unit = np.array(normal) / np.linalg.norm(normal)
    near = np.abs(x * unit[0] + y * unit[1] + z * unit[2]) <= thickness / 2 + 1e-9
    return (near & (np.maximum(np.maximum(abs(x), abs(y)), abs(z)) < side / 2 - margin)).astype(np.uint8)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.35, 0.5])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_sheet_of_one_voxel_survives_in_every_position(make_image, axis, shift):
    array = np.zeros((50, 50, 50), np.uint8)
    where = [slice(10, 40)] * 3
    where[axis] = 23
    array[tuple(where)] = 1
    image = make_image(array, (0.7, 0.7, 0.7))
    size = (33, 33, 33)
    label = label_to_training_grid(image, {1: 1}, Geometry(size, (1.0, 1.0, 1.0), (shift,) * 3))
    core = [slice(9, 26)] * 3
    core[axis] = slice(None)
    assert (label[tuple(core)] == 1).any(axis=axis).all()
    assert (label[tuple(core)] == 1).sum(axis=axis).max() <= 2


@pytest.mark.parametrize("normal", [(1, 0, 0), (1, 1, 0), (1, 0.3, 0.2), (0.2, 0.3, 1), (1, 1, 1)])
@pytest.mark.parametrize("degrees", [(0, 0, 0), (15, 15, 0)])
@pytest.mark.parametrize(
    ("spacing", "spacing_mm"), [((0.7, 0.7, 0.7), 1.0), ((0.7, 0.7, 3.0), 1.0), ((0.9, 0.9, 1.0), 1.0)]
)
def test_thin_sheets_stay_whole_also_when_oblique(make_image, spacing, spacing_mm, degrees, normal):
    array = sheet(spacing, normal, max(spacing) if normal[2] else spacing[0])
    image = make_image(array, spacing, turned(*degrees))
    geometry = training_geometry(Geometry.of(image), spacing_mm)
    kept = label_to_training_grid(image, {1: 1}, geometry) == 1
    pieces, _ = ndimage.label(kept, np.ones((3, 3, 3)))
    assert np.bincount(pieces.ravel())[1:].max() > 0.97 * kept.sum()
    world = np.c_[np.argwhere(array)[:, ::-1], np.ones(array.sum())] @ Geometry.of(image).affine.T
    index = np.round((world @ np.linalg.inv(geometry.affine).T)[:, 2::-1]).astype(int)
    distance = ndimage.distance_transform_edt(~kept)
    assert (distance[tuple(index.T)] <= 1.01).mean() > 0.99


@pytest.mark.parametrize(
    "spacing", [(0.5, 0.5, 0.5), (0.67, 0.67, 0.67), (0.7, 0.7, 3.0), (0.34, 0.34, 0.8), (0.9, 0.9, 1.0)]
)
def test_thick_bone_keeps_its_volume(make_image, spacing):
    size = [round(60 / s) for s in reversed(spacing)]
    z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in size), indexing="ij")
    ball = ((x * spacing[0]) ** 2 + (y * spacing[1]) ** 2 + (z * spacing[2]) ** 2 < 20**2).astype(np.uint8)
    image = make_image(ball, spacing)
    label = label_to_training_grid(image, {1: 1}, training_geometry(Geometry.of(image), 1.0))
    assert label.sum() == pytest.approx(ball.sum() * np.prod(spacing), rel=0.015)


def test_labels_share_classes_and_ignore_survives(make_image):
    array = np.zeros((30, 30, 30), np.uint8)
    array[5:15, 5:25, 5:25], array[15:25, 5:25, 5:15], array[15:25, 5:25, 15:25] = 3, 4, 7
    array[26:] = IGNORE
    image = make_image(array, (0.8, 0.8, 0.8))
    label = label_to_training_grid(image, {3: 1, 4: 2, 7: 0}, training_geometry(Geometry.of(image), 1.0))
    assert set(np.unique(label)) == {0, 1, 2, IGNORE}
    assert (label[-1] == IGNORE).all()
    assert (label[5:11, 6:18, 6:18] == 1).all()
    # Where two bones touch there is no gap of background between them.
    assert (label[10:15, 6:18, 6:11] > 0).all()


def test_unknown_values_are_refused(make_image):
    array = np.zeros((10, 10, 10), np.uint8)
    array[3:6, 3:6, 3:6] = 9
    with pytest.raises(BadInputError, match="9"):
        label_to_training_grid(make_image(array), {1: 1}, Geometry.of(make_image(array)))


def test_a_real_ct_lies_on_the_grid_in_plausible_hu(shared):
    image = read_image(shared / "ct" / "ts_example_ct_3mm_leftnail.nii.gz")
    label = read_label(shared / "ct" / "ts_example_ct_3mm_leftnail_labels.nii.gz", image)
    grid = to_training_grid(image, 1.0)
    classes = label_to_training_grid(label, {1: 1, 2: 1, 3: 2, 4: 2, 5: 0}, grid)
    assert grid.array.shape == classes.shape == tuple((n - 1) * 3 + 1 for n in reversed(image.GetSize()))
    assert set(np.unique(classes)) == {0, 1, 2}
    hu = grid.array[classes == 1]
    assert 100 < np.median(hu.astype(np.float32)) < 500
    assert np.median(grid.array[::4, ::4, ::4].astype(np.float32)) < 0
