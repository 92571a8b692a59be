"""Where the voxels of an image lie in the world, as plain numbers that can be written to JSON."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import SimpleITK as sitk

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
LATTICE_TOLERANCE = 0.1
"""How far, in voxels, a voxel of a label may lie from a voxel of its image to count as the same voxel."""


@dataclass(frozen=True)
class Geometry:
    """A regular grid of voxels in LPS millimetres, in SimpleITK's order (x, y, z).

    Attributes:
        size: Voxels along each axis, (x, y, z).
        spacing: Distance of neighbouring voxels in mm, (x, y, z).
        origin: LPS position of the centre of voxel (0, 0, 0), in mm.
        direction: Unit vectors of the axes as the columns of a 3x3 matrix, row by row.
    """

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...] = IDENTITY

    @classmethod
    def of(cls, image: sitk.Image | Geometry) -> Geometry:
        """The grid of an image (a `Geometry` is its own)."""
        if isinstance(image, Geometry):
            return image
        return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an array on this grid, (z, y, x)."""
        return self.size[2], self.size[1], self.size[0]

    @property
    def array_spacing(self) -> tuple[float, float, float]:
        """Voxel size in mm in array order, (z, y, x)."""
        return self.spacing[2], self.spacing[1], self.spacing[0]

    @property
    def affine(self) -> np.ndarray:
        """4x4 matrix from voxel indices (x, y, z, 1) to LPS mm."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(self.direction, (3, 3)) * self.spacing
        matrix[:3, 3] = self.origin
        return matrix

    def to_world(self, index: tuple[float, float, float]) -> tuple[float, float, float]:
        """LPS mm of an array index (z, y, x)."""
        x, y, z = (self.affine @ (*reversed(index), 1.0))[:3].tolist()
        return x, y, z

    def to_index(self, point: tuple[float, float, float]) -> tuple[float, float, float]:
        """Continuous array index (z, y, x) of a point in LPS mm."""
        x, y, z = (np.linalg.inv(self.affine) @ (*point, 1.0))[:3].tolist()
        return z, y, x

    def corners(self) -> np.ndarray:
        """LPS positions of the centres of the eight corner voxels, (8, 3)."""
        indices = np.array([(*c, 1) for c in product(*((0, n - 1) for n in self.size))], dtype=float)
        return (indices @ self.affine.T)[:, :3]

    def part(self, box: tuple[slice, ...]) -> Geometry:
        """The grid of a box (z, y, x) of an array that lies on this one."""
        z, y, x = box
        size = (x.stop - x.start, y.stop - y.start, z.stop - z.start)
        return Geometry(size, self.spacing, self.to_world((z.start, y.start, x.start)), self.direction)

    def apply_to(self, image: sitk.Image) -> sitk.Image:
        """Give an image of this size this position in the world; returns the image itself."""
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "size": list(self.size),
            "spacing": list(self.spacing),
            "origin": list(self.origin),
            "direction": list(self.direction),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Geometry:
        """The inverse of `to_dict`."""
        size, spacing, origin = values["size"], values["spacing"], values["origin"]
        direction = tuple(float(v) for v in values["direction"])
        if not (len(size) == len(spacing) == len(origin) == 3 and len(direction) == 9):
            raise ValueError("not a 3D geometry")
        return cls(
            (int(size[0]), int(size[1]), int(size[2])),
            (float(spacing[0]), float(spacing[1]), float(spacing[2])),
            (float(origin[0]), float(origin[1]), float(origin[2])),
            direction,
        )


@dataclass(frozen=True)
class AxisOrder:
    """How an array on one grid is stored on another grid of the same voxels; by default it stays as it is.

    Attributes:
        axes: Which axis of the one array becomes axis 0, 1 and 2 of the other, both in array order (z, y, x).
        flipped: Whether axis 0, 1 and 2 of the other array run against their axis of the one.
    """

    axes: tuple[int, int, int] = (0, 1, 2)
    flipped: tuple[bool, bool, bool] = (False, False, False)

    def apply_to(self, array: np.ndarray) -> np.ndarray:
        """The same values in the other order, as a contiguous array."""
        flipped = tuple(axis for axis in range(3) if self.flipped[axis])
        return np.ascontiguousarray(np.flip(array.transpose(self.axes), flipped))


def axis_order(source: sitk.Image | Geometry, target: sitk.Image | Geometry) -> AxisOrder | None:
    """How an array on `source` is stored on `target`; None unless both grids consist of the same voxels.

    Programs store one scan in several ways: 3D Slicer, for one, flips an axis of a left-handed grid when it reads it.
    """
    source, target = Geometry.of(source), Geometry.of(target)
    steps = _voxel_steps(source, target)
    if steps is None:
        return None
    axes = np.abs(steps[:, :3]).argmax(axis=1)
    flipped = steps[:, :3].sum(axis=1) < 0
    if not np.array_equal(np.take(source.size, axes), target.size):
        return None
    if not np.array_equal(steps[:, 3], np.where(flipped, np.array(target.size) - 1, 0)):
        return None
    z, y, x = (2 - axes[::-1]).tolist()
    flip_x, flip_y, flip_z = flipped.tolist()
    return AxisOrder((z, y, x), (flip_z, flip_y, flip_x))


def on_lattice(part: sitk.Image | Geometry, whole: sitk.Image | Geometry) -> bool:
    """True when every voxel of `part`, extended or cropped or stored along other axes, is a voxel of `whole`'s grid.

    Both may store the same voxels in another order or direction of the axes (a file in RAS beside one in LPS).
    """
    return _voxel_steps(Geometry.of(part), Geometry.of(whole)) is not None


def _voxel_steps(part: Geometry, whole: Geometry) -> np.ndarray | None:
    """From voxel indices (x, y, z, 1) of `part` to those of `whole`, (3, 4) whole numbers; None off the lattice."""
    steps = (np.linalg.inv(whole.affine) @ part.affine)[:3]
    nearest = np.round(steps)
    turned = np.abs(nearest[:, :3])
    if not ((turned.sum(axis=0) == 1).all() and (turned.sum(axis=1) == 1).all()):
        return None
    drift = np.abs(steps[:, :3] - nearest[:, :3]) @ (np.array(part.size) - 1)
    fits = (drift + np.abs(steps[:, 3] - nearest[:, 3]) < LATTICE_TOLERANCE).all()
    return nearest.astype(int) if fits else None
