"""Properties of grids: every way there leads back, whatever the axes, the spacing and the place."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from SemiSegEmbedLib.imaging.geometry import AxisOrder, Geometry, axis_order, on_lattice
from SemiSegEmbedLib.imaging.grid import training_geometry
from SemiSegEmbedLib.imaging.restore import categories_to_native, labels_to_native, map_to_native

sizes = st.tuples(*[st.integers(2, 9)] * 3)
spacings = st.tuples(*[st.floats(0.2, 6.0)] * 3)
origins = st.tuples(*[st.floats(-800, 800)] * 3)
turns = st.tuples(*[st.floats(-180, 180)] * 3).map(
    lambda angles: tuple(Rotation.from_euler("xyz", angles, degrees=True).as_matrix().ravel().tolist())
)
grids = st.builds(Geometry, sizes, spacings, origins, turns)
orders = st.builds(AxisOrder, st.permutations((0, 1, 2)).map(tuple), st.tuples(*[st.booleans()] * 3))


@settings(max_examples=60, deadline=None)
@given(grids, st.tuples(*[st.floats(-20, 20)] * 3))
def test_positions_lead_back_to_their_index(grid: Geometry, index: tuple[float, float, float]) -> None:
    assert grid.to_index(grid.to_world(index)) == pytest.approx(index, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(grids)
def test_json_keeps_a_grid_to_the_bit(grid: Geometry) -> None:
    assert Geometry.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid


def stored(grid: Geometry, order: AxisOrder) -> Geometry:
    """The same voxels as `grid`, stored so that `order` leads from there to `grid`."""
    axes, size = [0, 0, 0], [0, 0, 0]
    columns, spacing, first = np.reshape(grid.direction, (3, 3)), [0.0] * 3, [0.0] * 3
    matrix = np.zeros((3, 3))
    for target in range(3):  # array axes (z, y, x) of the grid; 2 - axis is SimpleITK's
        source = order.axes[target]
        axes[source] = target
        size[2 - source] = grid.size[2 - target]
        spacing[2 - source] = grid.spacing[2 - target]
        sign = -1.0 if order.flipped[target] else 1.0
        matrix[:, 2 - source] = sign * columns[:, 2 - target]
        first[target] = grid.shape[target] - 1.0 if order.flipped[target] else 0.0
    origin = grid.to_world((first[0], first[1], first[2]))
    return Geometry(tuple(size), tuple(spacing), origin, tuple(matrix.ravel().tolist()))  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(grids, orders, st.integers(0, 2**31))
def test_an_array_along_any_axes_comes_back_voxel_by_voxel(grid: Geometry, order: AxisOrder, seed: int) -> None:
    other = stored(grid, order)
    assert on_lattice(other, grid)
    found = axis_order(other, grid)
    assert found is not None
    array = np.random.default_rng(seed).random(other.shape)
    back = found.apply_to(array)
    assert back.shape == grid.shape
    for index in np.ndindex(*other.shape):
        place = np.round(grid.to_index(other.to_world(index))).astype(int)
        assert back[tuple(place)] == array[index]


@settings(max_examples=40, deadline=None)
@given(grids, st.floats(0.5, 4.0))
def test_the_training_grid_covers_every_voxel_of_the_scan(grid: Geometry, spacing_mm: float) -> None:
    training = training_geometry(grid, spacing_mm)
    assert training.spacing == (spacing_mm,) * 3
    low = np.array([training.to_index(tuple(corner)) for corner in grid.corners()])
    assert (low > -1.0).all()
    assert (low < np.array(training.shape)).all()


@settings(max_examples=15, deadline=None)
@given(grids, st.integers(0, 2**31))
def test_on_its_own_grid_every_map_is_itself(grid: Geometry, seed: int) -> None:
    label = np.random.default_rng(seed).integers(0, 4, grid.shape).astype(np.uint8)
    for restore in (labels_to_native, categories_to_native):
        assert np.array_equal(sitk.GetArrayFromImage(restore(label, grid, grid)), label)
    smooth = label.astype(np.float32)
    assert np.allclose(sitk.GetArrayFromImage(map_to_native(smooth, grid, grid)), smooth, atol=1e-4)
