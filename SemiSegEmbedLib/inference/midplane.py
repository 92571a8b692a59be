"""The mid-plane of a body, found from the symmetry of its bones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, optimize

GRID_MM = 4.0
"""Symmetry is judged on a grid of this spacing: fine enough for a plane, quick enough for a whole body."""
CAP_MM = 20.0
"""A bone without a partner (implant, field of view) counts as this far off and no farther, so it cannot pull."""
NARROWEST_PAIR_MM = 150.0
"""Bones that together are narrower than this show one side alone, and have no symmetry to be found."""


@dataclass(frozen=True)
class Midplane:
    """The plane x = offset + tilt_z z + tilt_y y in mm from the first voxel; larger x is the patient's left."""

    offset: float
    tilt_z: float = 0.0
    tilt_y: float = 0.0

    def distance(self, box: Sequence[slice], spacing: Sequence[float]) -> np.ndarray:
        """Signed distance in mm of the voxels of a box, (d, h, w), positive on the patient's left."""
        z, y, x = (np.arange(s.start, s.stop, dtype=np.float32) * step for s, step in zip(box, spacing, strict=True))
        across = x - self.offset - self.tilt_z * z[:, None, None] - self.tilt_y * y[:, None]
        return across / np.float32(np.sqrt(1.0 + self.tilt_z**2 + self.tilt_y**2))


def estimate_midplane(mask: np.ndarray, spacing: Sequence[float], *, seed: int = 0) -> Midplane:
    """The plane across which the bones mirror onto themselves best.

    Points of the mask are mirrored and their mean distance to the mask (cut at `CAP_MM`) is made smallest: first
    over upright planes, then over offset and both tilts from the best few. When the bones are too narrow to be a
    pair the plane is put beside them, on the side of the volume's middle: all of them then lie on one side.

    Args:
        mask: Bones of both sides together, bool, (D, H, W), x to the patient's left.
        spacing: mm, (z, y, x).
        seed: Of the choice of points.
    """
    coarse, step = _coarse(mask, spacing)
    points = np.argwhere(coarse) * step
    if len(points) == 0:
        return Midplane((mask.shape[2] - 1) * spacing[2] / 2)
    low, high = points[:, 2].min(), points[:, 2].max()
    if high - low < NARROWEST_PAIR_MM:
        middle = (mask.shape[2] - 1) * spacing[2] / 2
        return Midplane(low - CAP_MM if (low + high) / 2 > middle else high + CAP_MM)
    distances = ndimage.distance_transform_edt(~np.pad(coarse, 8), sampling=step).astype(np.float32)
    chosen = np.random.default_rng(seed).permutation(len(points))[:3000]
    points = points[chosen]
    z_mean, y_mean, _ = points.mean(axis=0)

    def plane(parameters: np.ndarray) -> Midplane:
        # Tilts turn about the middle of the bones: about the first voxel they would shift the plane as well.
        x, tilt_z, tilt_y = map(float, parameters)
        return Midplane(x - tilt_z * z_mean - tilt_y * y_mean, tilt_z, tilt_y)

    def cost(parameters: np.ndarray) -> float:
        return _asymmetry(points, distances, step, plane(parameters))

    offsets = np.arange(low, high, GRID_MM)
    first = [cost(np.array([offset, 0.0, 0.0])) for offset in offsets]
    best = None
    for index in np.argsort(first)[:3]:
        start = np.array([offsets[index], 0.0, 0.0])
        simplex = start + np.array([[0, 0, 0], [8, 0, 0], [0, 0.1, 0], [0, 0, 0.1]])
        found = optimize.minimize(
            cost, start, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-3}
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    return plane(best.x)


def _asymmetry(points: np.ndarray, distances: np.ndarray, step: np.ndarray, plane: Midplane) -> float:
    """Mean distance in mm, cut at the cap, of mirrored points to the mask."""
    normal = np.array([-plane.tilt_z, -plane.tilt_y, 1.0])
    signed = (points @ normal - plane.offset) / (normal @ normal)
    index = np.rint((points - 2.0 * signed[:, None] * normal) / step).astype(int) + 8
    inside = ((index >= 0) & (index < distances.shape)).all(axis=1)
    found = np.full(len(points), CAP_MM)
    found[inside] = np.minimum(distances[tuple(index[inside].T)], CAP_MM)
    return float(found.mean())


def _coarse(mask: np.ndarray, spacing: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Every n-th voxel, about `GRID_MM` apart, and the spacing of the result."""
    strides = [max(1, round(GRID_MM / s)) for s in spacing]
    step = np.array([n * s for n, s in zip(strides, spacing, strict=True)])
    return np.ascontiguousarray(mask[tuple(slice(None, None, n) for n in strides)]), step
