"""Sides, islands and smoothing on bodies whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from SemiSegEmbedLib.inference.midplane import Midplane, estimate_midplane
from SemiSegEmbedLib.inference.postprocess import (
    Side,
    largest_components,
    remove_islands,
    remove_small,
    smooth_labels,
    split_sides,
)

SPACING = (3.0, 2.0, 2.0)
SHAPE = (40, 60, 130)


def body(offset: float, tilt_z: float = 0.0, tilt_y: float = 0.0, gap: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Classes (1 hip, 2 femur) and true sides: a pelvis of two slanting plates that meet in front, and two shafts.

    `gap` is the half-width of the symphysis in mm; 0 joins both halves in one piece. The body is turned by the tilts.
    """
    z, y, x = (np.arange(n) * s for n, s in zip(SHAPE, SPACING, strict=True))
    z, y, x = z[:, None, None], y[None, :, None], x[None, None, :]
    norm = np.sqrt(1 + tilt_z**2 + tilt_y**2)
    across = (x - offset - tilt_z * z - tilt_y * y) / norm
    # Places on the plane itself, so that mirroring across it changes neither.
    z, y = z + across * tilt_z / norm, y + across * tilt_y / norm
    lateral = np.abs(across)
    classes = np.zeros(SHAPE, np.uint8)
    plate = (np.abs(y - (20 + 0.6 * lateral)) < 7) & (lateral >= gap) & (lateral < 95) & (z > 30)
    plate &= (z > 45) | (lateral > 20)
    classes[plate] = 1
    shaft = ((lateral - 75) ** 2 + (y - 30) ** 2 < 14**2) & (z < 50)
    classes[shaft & (classes == 0)] = 2
    # One side is a little larger, as in life, so that symmetry is not perfect.
    classes[(across > 0) & (lateral > 88) & (classes == 1)] = 0
    sides = np.where(across > 0, Side.LEFT, Side.RIGHT).astype(np.uint8) * (classes > 0)
    return classes, sides


@pytest.mark.parametrize(("tilt_z", "tilt_y"), [(0.0, 0.0), (0.12, -0.1), (-0.15, 0.2)])
@pytest.mark.parametrize("gap", [4.0, 0.0])
def test_sides_are_told_apart_even_when_the_pelvis_is_one_piece(tilt_z, tilt_y, gap):
    offset = 120.0 - 60 * tilt_z - 30 * tilt_y
    classes, truth = body(offset, tilt_z, tilt_y, gap)
    found = split_sides(classes, SPACING, [1, 2])
    wrong = np.count_nonzero(found != truth) / np.count_nonzero(truth)
    assert wrong == 0.0 if gap else wrong < 0.01
    np.testing.assert_array_equal(found > 0, classes > 0)


def test_the_plane_is_found_within_two_millimetres():
    classes, _ = body(118.0, 0.1, -0.05)
    plane = estimate_midplane(classes > 0, SPACING)
    truth = Midplane(118.0, 0.1, -0.05)
    box = tuple(slice(0, n) for n in SHAPE)
    apart = np.abs(plane.distance(box, SPACING) - truth.distance(box, SPACING))
    assert apart[:, :40, 50:70].max() < 2.5


def test_larger_x_is_the_patients_left():
    classes, _ = body(120.0)
    found = split_sides(classes, SPACING, [1, 2])
    assert set(np.unique(found[:, :, :30])) == {Side.NONE, Side.RIGHT}
    assert set(np.unique(found[:, :, -30:])) == {Side.NONE, Side.LEFT}


def test_mirroring_the_body_swaps_the_sides():
    classes, _ = body(117.0, 0.05, 0.05)
    found = split_sides(classes, SPACING, [1, 2])
    mirrored = split_sides(classes[:, :, ::-1], SPACING, [1, 2])[:, :, ::-1]
    swapped = np.array([Side.NONE, Side.RIGHT, Side.LEFT])[mirrored]
    assert np.count_nonzero(swapped != found) < 0.002 * np.count_nonzero(found)


def test_a_component_is_never_torn_by_a_plane_that_only_grazes_it():
    classes, truth = body(120.0)
    grazing = Midplane(offset=125.0)
    np.testing.assert_array_equal(split_sides(classes, SPACING, [1, 2], midplane=grazing), truth)


def test_unsided_classes_are_left_alone_and_one_hip_gets_one_side():
    classes, truth = body(120.0)
    assert not split_sides(classes, SPACING, [])[classes > 0].any()
    assert not split_sides(classes, SPACING, [2])[classes == 1].any()
    only_left = np.where(truth == Side.LEFT, classes, 0)
    found = split_sides(only_left, SPACING, [1, 2])
    assert set(np.unique(found)) == {Side.NONE, Side.LEFT}
    assert not split_sides(np.zeros_like(classes), SPACING, [1]).any()


def test_a_missing_femur_does_not_move_the_plane_far():
    classes, truth = body(120.0, gap=0.0)
    without = np.where((classes == 2) & (truth == Side.LEFT), 0, classes)
    found = split_sides(without, SPACING, [1, 2])
    assert np.count_nonzero((found != truth) & (without > 0)) < 0.01 * np.count_nonzero(truth)


def test_islands_below_a_volume_go_and_others_stay():
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[1:5, 1:5, 1:5], labels[8:10, 8:10, 8:10], labels[0, 11, 11] = 1, 1, 2
    kept = remove_small(labels, (2.0, 1.0, 1.0), 16.0)
    assert np.count_nonzero(kept == 1) == 64 + 8
    assert not (kept == 2).any()
    assert np.count_nonzero(remove_small(labels, (2.0, 1.0, 1.0), 16.5) == 1) == 64
    assert labels[0, 11, 11] == 2


def test_islands_are_parts_far_smaller_than_the_largest_part_of_their_label():
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[1:5, 1:5, 1:5], labels[7:11, 7:11, 7:11], labels[0, 10, 10] = 1, 1, 1
    labels[11, 0, 0] = 2
    kept = remove_islands(labels)
    assert np.count_nonzero(kept == 1) == 2 * 64, "left and right bone stay"
    assert (kept == 2).sum() == 1, "the only part of a label is no island"
    assert np.count_nonzero(remove_islands(labels, 1 / 64) == 1) == 2 * 64 + 1
    assert not remove_islands(np.zeros((3, 3, 3), np.uint8)).any()


def test_each_label_keeps_its_largest_component():
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[1:5, 1:5, 1:5], labels[8:10, 8:10, 8:10] = 1, 1
    labels[6, 0:3, 0:3], labels[6, 9:11, 0:2] = 2, 2
    one = largest_components(labels)
    assert (np.count_nonzero(one == 1), np.count_nonzero(one == 2)) == (64, 9)
    assert np.count_nonzero(largest_components(labels, [2]) == 1) == 72
    np.testing.assert_array_equal(largest_components(labels, count=2), labels)


def test_components_touching_at_a_corner_are_one():
    labels = np.zeros((4, 4, 4), np.uint8)
    labels[0, 0, 0] = labels[1, 1, 1] = 1
    np.testing.assert_array_equal(largest_components(labels), labels)


def test_smoothing_removes_spikes_and_keeps_volumes():
    grid = np.indices((40, 40, 40)) - 19.5
    labels = ((grid**2).sum(0) < 12**2).astype(np.uint8)
    labels[(grid[2] > 0) & (labels > 0)] = 2
    rough = labels.copy()
    rough[20, 20, 32:37] = 2
    smooth = smooth_labels(rough, (1.0, 1.0, 1.0), 1.0)
    assert not smooth[20, 20, 33:].any()
    for value in (1, 2):
        assert np.count_nonzero(smooth == value) == pytest.approx(np.count_nonzero(labels == value), rel=0.02)
    np.testing.assert_array_equal(smooth_labels(rough, (1, 1, 1), 0.0), rough)
