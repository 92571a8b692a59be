"""Grids: indices and positions, and which grids consist of the same voxels in which order."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from SemiSegEmbedLib.imaging.geometry import AxisOrder, Geometry, axis_order, on_lattice

TURN = tuple(Rotation.from_euler("xyz", (10, -20, 30), degrees=True).as_matrix().ravel().tolist())
OBLIQUE = Geometry((12, 10, 8), (0.7, 0.8, 2.5), (-30.0, 12.0, 400.0), TURN)


def blank(geometry: Geometry) -> sitk.Image:
    return geometry.apply_to(sitk.Image(geometry.size, sitk.sitkUInt8))


def test_indices_and_positions_agree_with_simpleitk():
    image = blank(OBLIQUE)
    point = OBLIQUE.to_world((3.0, 2.0, 1.0))
    assert point == pytest.approx(image.TransformIndexToPhysicalPoint((1, 2, 3)))
    assert OBLIQUE.to_index(point) == pytest.approx((3.0, 2.0, 1.0))
    assert OBLIQUE.shape == (8, 10, 12)
    assert OBLIQUE.array_spacing == (2.5, 0.8, 0.7)


def test_a_geometry_survives_json():
    assert Geometry.from_dict(json.loads(json.dumps(OBLIQUE.to_dict()))) == OBLIQUE


@pytest.mark.parametrize("order", ["RAS", "LPS", "ASR", "PIL"])
def test_the_same_voxels_in_another_order_are_the_same_voxels(order):
    assert axis_order(sitk.DICOMOrient(blank(OBLIQUE), order), OBLIQUE) is not None


def test_the_order_of_axes_says_which_axis_is_stored_where():
    stored = replace(OBLIQUE, size=(10, 8, 12), spacing=(0.8, 2.5, 0.7))
    matrix = np.reshape(TURN, (3, 3))
    stored = replace(stored, direction=tuple(np.c_[-matrix[:, 1], matrix[:, 2], matrix[:, 0]].ravel().tolist()))
    stored = replace(stored, origin=OBLIQUE.to_world((0.0, 9.0, 0.0)))
    assert axis_order(stored, OBLIQUE) == AxisOrder((1, 2, 0), (False, True, False))
    assert axis_order(OBLIQUE, OBLIQUE) == AxisOrder()
    for index in ((0, 0, 0), (3, 2, 1), (11, 7, 9)):
        own = np.zeros(stored.shape)
        own[index] = 1
        (found,) = np.argwhere(AxisOrder((1, 2, 0), (False, True, False)).apply_to(own)).tolist()
        assert OBLIQUE.to_world(tuple(found)) == pytest.approx(stored.to_world(index))


def test_a_cropped_part_is_on_the_lattice_but_not_the_same_voxels():
    part = blank(OBLIQUE)[2:9, 1:8, 3:7]
    assert on_lattice(part, OBLIQUE)
    assert axis_order(part, OBLIQUE) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(OBLIQUE, origin=OBLIQUE.to_world((0.5, 0.0, 0.0))),
        replace(OBLIQUE, spacing=(0.7, 0.8, 2.6)),
        replace(OBLIQUE, direction=(1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0)),
    ],
)
def test_shifted_stretched_and_turned_grids_are_other_lattices(other):
    assert not on_lattice(other, OBLIQUE)


def test_rounding_in_a_file_does_not_make_another_grid():
    rounded = replace(OBLIQUE, spacing=tuple(float(np.float32(s)) for s in OBLIQUE.spacing))
    assert axis_order(rounded, OBLIQUE) == AxisOrder()
    assert axis_order(replace(OBLIQUE, origin=OBLIQUE.to_world((1.0, 0.0, 0.0))), OBLIQUE) is None
