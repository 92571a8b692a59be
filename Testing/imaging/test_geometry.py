"""Grids: indices and positions, and which grids consist of the same voxels."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from SemiSegEmbedLib.imaging.geometry import Geometry, on_lattice, same_voxels

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
    assert same_voxels(sitk.DICOMOrient(blank(OBLIQUE), order), OBLIQUE)


def test_a_cropped_part_is_on_the_lattice_but_not_the_same_voxels():
    part = blank(OBLIQUE)[2:9, 1:8, 3:7]
    assert on_lattice(part, OBLIQUE)
    assert not same_voxels(part, OBLIQUE)


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
    assert same_voxels(rounded, OBLIQUE)
    assert not same_voxels(replace(OBLIQUE, origin=OBLIQUE.to_world((1.0, 0.0, 0.0))), OBLIQUE)
