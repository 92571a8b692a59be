"""Where to look first: connected regions of high uncertainty, ranked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from SemiSegEmbedLib.errors import BadInputError

_FULL = ndimage.generate_binary_structure(3, 3)


@dataclass(frozen=True)
class Place:
    """One region that deserves a look.

    Attributes:
        centre_index: The voxel (z, y, x) of the region nearest to its centre of uncertainty.
        size_mm3: Its volume.
        mean_uncertainty: Mean over its voxels, in nats.
        score: Size times mean uncertainty, by which places are ranked.
    """

    centre_index: tuple[int, int, int]
    size_mm3: float
    mean_uncertainty: float
    score: float


def uncertain_places(
    uncertainty: np.ndarray,
    spacing: Sequence[float],
    *,
    threshold: float = 0.5 * math.log(2),
    smallest_mm3: float = 30.0,
    merge_mm: float = 3.0,
    largest_mm: float = 40.0,
    most: int = 20,
) -> list[Place]:
    """Regions whose uncertainty exceeds a threshold, most important first.

    Regions up to `merge_mm` apart count as one. One that is longer than `largest_mm` (uncertainty often
    lines a whole surface) is cut into blocks of that size, so that every place fits into one view.

    Args:
        uncertainty: Nats, (D, H, W).
        spacing: mm, (z, y, x).
        threshold: Nats; for C classes the largest possible uncertainty is ln C.
        smallest_mm3: Smaller regions are left out.
        merge_mm: Largest gap inside a region.
        largest_mm: Largest extent of a place along an axis.
        most: Most places returned.

    Raises:
        BadInputError: If the map is not three-dimensional or sizes are not positive.
    """
    if uncertainty.ndim != 3 or min(spacing) <= 0 or largest_mm <= 0:
        raise BadInputError("Uncertain places need a three-dimensional map and positive sizes in mm.")
    high = np.asarray(uncertainty) > threshold
    boxes = ndimage.find_objects(high.view(np.uint8))
    if not boxes:
        return []
    voxels = np.argwhere(high[boxes[0]]) + [s.start for s in boxes[0]]
    values = np.asarray(uncertainty)[tuple(voxels.T)].astype(np.float64)
    regions = _regions(voxels, spacing, merge_mm, largest_mm)
    sums = np.bincount(regions, weights=values)
    sizes = np.bincount(regions) * float(np.prod(spacing))
    ranked = [int(i) for i in np.argsort(-sums, kind="stable") if sizes[i] >= smallest_mm3][:most]
    return [_place(voxels[regions == i], values[regions == i], spacing) for i in ranked]


def _regions(voxels: np.ndarray, spacing: Sequence[float], merge_mm: float, largest_mm: float) -> np.ndarray:
    """Region number of each voxel, without gaps; found on cells of the size of the gap that is bridged."""
    step = np.asarray(spacing, float)
    # Touching cells of half the gap are at most the gap apart; one voxel is the finest that exists.
    cells = (voxels * step // np.maximum(merge_mm / 2, step)).astype(int)
    cells -= cells.min(axis=0)
    occupied = np.zeros(cells.max(axis=0) + 1, bool)
    occupied[tuple(cells.T)] = True
    numbered, _ = ndimage.label(occupied, _FULL)
    regions = numbered[tuple(cells.T)] - 1
    position = voxels * step
    low = np.full((regions.max() + 1, 3), np.inf)
    high = np.full((regions.max() + 1, 3), -np.inf)
    np.minimum.at(low, regions, position)
    np.maximum.at(high, regions, position)
    # As many equal blocks along each axis as the extent needs.
    blocks = np.maximum(np.ceil((high - low + step) / largest_mm), 1)
    block = ((position - low[regions]) / ((high - low + step) / blocks)[regions]).astype(int)
    return np.unique(np.column_stack([regions, block]), axis=0, return_inverse=True)[1].ravel()


def _place(voxels: np.ndarray, values: np.ndarray, spacing: Sequence[float]) -> Place:
    size = len(voxels) * float(np.prod(spacing))
    centre = np.average(voxels, axis=0, weights=values)
    nearest = voxels[np.argmin((((voxels - centre) * np.asarray(spacing)) ** 2).sum(axis=1))]
    mean = float(values.mean())
    return Place((int(nearest[0]), int(nearest[1]), int(nearest[2])), size, mean, size * mean)
