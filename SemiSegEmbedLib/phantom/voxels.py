"""Watertight triangle meshes on voxel grids: exact labels, partial volume, depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.spatial import cKDTree

from SemiSegEmbedLib.phantom.shape import Mesh

# Scan lines miss vertices and edges of meshes whose coordinates are round numbers.
_OFFSET = (3.1e-5, 4.7e-5)
# A surface that lies on a voxel centre up to rounding counts as passing it.
_SNAP = 1e-6
FAR_MM = 6.0


@dataclass(frozen=True)
class Grid:
    """A voxel grid with axes parallel to LPS: first voxel's centre and spacing in mm, all (z, y, x)."""

    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    shape: tuple[int, int, int]

    def axis(self, axis: int) -> np.ndarray:
        """World coordinates of the voxel centres along one axis, float32."""
        return (self.origin[axis] + self.spacing[axis] * np.arange(self.shape[axis])).astype(np.float32)

    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z (D, 1, 1), y (1, H, 1) and x (1, 1, W) in mm, for broadcasting."""
        z, y, x = (self.axis(a) for a in range(3))
        return z[:, None, None], y[None, :, None], x[None, None, :]

    def box(self, low: np.ndarray, high: np.ndarray) -> tuple[slice, slice, slice]:
        """Voxels whose centres lie in a world box; low and high are (x, y, z) mm; may be empty."""
        slices = []
        for axis in range(3):
            first = int(np.ceil((low[2 - axis] - self.origin[axis]) / self.spacing[axis]))
            last = int(np.floor((high[2 - axis] - self.origin[axis]) / self.spacing[axis])) + 1
            first = min(max(first, 0), self.shape[axis])
            slices.append(slice(first, min(max(last, first), self.shape[axis])))
        return tuple(slices)  # type: ignore[return-value]

    def part(self, box: tuple[slice, slice, slice]) -> Grid:
        """The grid of a box of this grid's voxels."""
        return Grid(
            tuple(o + s * b.start for o, s, b in zip(self.origin, self.spacing, box, strict=True)),  # type: ignore
            self.spacing,
            tuple(b.stop - b.start for b in box),  # type: ignore[arg-type]
        )

    def coarser(self, spacing: float) -> Grid:
        """A grid over the same box whose voxels are at least `spacing` mm wide along each axis."""
        steps = [max(s, spacing) for s in self.spacing]
        shape = [int(np.ceil((n - 1) * s / t)) + 1 for n, s, t in zip(self.shape, self.spacing, steps, strict=True)]
        return Grid(self.origin, tuple(steps), tuple(shape))  # type: ignore[arg-type]


def _ranges(first: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Owner and value of all integers first[i] .. first[i] + count[i] - 1."""
    owner = np.repeat(np.arange(len(count)), count)
    return owner, first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)


def _crossings(mesh: Mesh, grid: Grid, shift: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where scan lines along x cross the mesh.

    Args:
        mesh: Watertight, outward.
        grid: Its rows (z, y) are the scan lines.
        shift: Shift of the lines in voxels, (z, y).

    Returns:
        Flat row index, x in voxels, and +1 where the line enters or -1 where it leaves.

    Both triangles of an edge compute the edge's side test from the same numbers in the same order, so no line
    slips between them and none is counted twice.
    """
    place = (mesh.vertices[:, ::-1] - np.asarray(grid.origin)) / np.asarray(grid.spacing)
    z, y, x = place[:, 0] - shift[0] - _OFFSET[0], place[:, 1] - shift[1] - _OFFSET[1], place[:, 2]
    faces = mesh.faces
    first, count = [], []
    for values, size in ((z, grid.shape[0]), (y, grid.shape[1])):
        corners = values[faces]
        low = np.clip(np.ceil(corners.min(1)), 0, size).astype(np.int64)
        high = np.clip(np.floor(corners.max(1)) + 1, 0, size).astype(np.int64)
        first.append(low)
        count.append(np.maximum(high - low, 0))
    face, offset = _ranges(np.zeros(len(faces), np.int64), count[0] * count[1])
    row_z = first[0][face] + offset // count[1][face]
    row_y = first[1][face] + offset % count[1][face]
    area = np.zeros(len(face))
    weighted = np.zeros(len(face))
    sides = []
    for corner in range(3):
        opposite, start, end = (faces[:, (corner + i) % 3] for i in range(3))
        low, high = np.minimum(start, end), np.maximum(start, end)
        sign = np.where(start < end, 1.0, -1.0)
        dy, dz = y[high] - y[low], z[high] - z[low]
        # The doubled area of (edge, scan line) is this corner's barycentric weight.
        side = dy[face] * (row_z - z[low][face]) - dz[face] * (row_y - y[low][face])
        sides.append((side >= 0) == (sign[face] > 0))
        area += sign[face] * side
        weighted += sign[face] * side * x[opposite][face]
    inside = (sides[0] == sides[1]) & (sides[1] == sides[2]) & (area != 0)
    direction = -np.sign(area[inside]).astype(np.int8)
    return (row_z * grid.shape[1] + row_y)[inside], weighted[inside] / area[inside], direction


def voxelise(mesh: Mesh, grid: Grid) -> np.ndarray:
    """Voxels whose centre lies inside the mesh (winding number above zero), bool (D, H, W)."""
    row, x, direction = _crossings(mesh, grid, (0.0, 0.0))
    width = grid.shape[2]
    column = np.clip(np.ceil(x - _SNAP), 0, width).astype(np.int64)
    winding = np.bincount(
        row * (width + 1) + column, direction, minlength=grid.shape[0] * grid.shape[1] * (width + 1)
    ).reshape(grid.shape[0], grid.shape[1], width + 1)
    return np.cumsum(winding.astype(np.int8), axis=2, dtype=np.int8)[:, :, :width] > 0


def coverage(mesh: Mesh, grid: Grid, lines: int = 2) -> np.ndarray:
    """The share of each voxel inside the mesh, float32 (D, H, W): exact along x, lines × lines samples across."""
    width = grid.shape[2]
    total = np.zeros(grid.shape[0] * grid.shape[1] * (width + 2), np.float32)
    shifts = (np.arange(lines) + 0.5) / lines - 0.5
    for shift_z in shifts:
        for shift_y in shifts:
            row, x, direction = _crossings(mesh, grid, (shift_z, shift_y))
            place = np.clip(x + 0.5, 0, width)
            column = np.floor(place).astype(np.int64)
            share = place - column
            flat = row * (width + 2) + column
            total += np.bincount(
                np.concatenate([flat, flat + 1]),
                np.concatenate([direction * (1 - share), direction * share]),
                minlength=len(total),
            ).astype(np.float32)
    inside = np.cumsum(total.reshape(grid.shape[0], grid.shape[1], width + 2), axis=2)[:, :, :width]
    return np.clip(inside / lines**2, 0.0, 1.0, out=inside)


def depth(mesh: Mesh, grid: Grid) -> np.ndarray:
    """Depth below the surface in mm at the voxel centres, float32 (D, H, W); negative outside, at least -FAR_MM.

    The distance is that to the tangent plane of the nearest vertex close to the surface, and to the vertex itself
    farther in; the vertices must be about as dense as the voxels.
    """
    inside = voxelise(mesh, grid)
    reach = int(np.ceil(4.0 / min(grid.spacing)))
    near = binary_dilation(inside, iterations=reach)
    index = np.nonzero(near)
    points = np.stack([grid.axis(a)[index[a]] for a in (2, 1, 0)], axis=1)
    distance, nearest = cKDTree(mesh.vertices).query(points)
    plane = np.einsum("ij,ij->i", mesh.vertices[nearest] - points, mesh.normals()[nearest])
    signed = np.where(inside[index], distance, -distance)
    # Beyond the planes' range a blend avoids a step in the field.
    share = np.clip((distance - 1.5) / 2.0, 0.0, 1.0)
    field = np.full(grid.shape, -FAR_MM, np.float32)
    field[index] = np.maximum(plane * (1 - share) + signed * share, -FAR_MM)
    return field
