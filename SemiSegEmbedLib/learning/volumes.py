"""What training is fed with: whole volumes on the training grid, as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Volume:
    """One case on the training grid; arrays may be memory maps, and nothing here says where they came from.

    Attributes:
        key: The case key.
        image: Clipped HU, float16, (D, H, W); integers up to 2048 are exact in float16.
        label: Class indices 0..C-1 and 255 for ignore, uint8, (D, H, W); None for an unannotated case.
        spacing: Voxel size in mm, (z, y, x).
        withheld: Boxes ((z0, y0, x0), (z1, y1, x1)) in voxels whose voxels training never sees as
            labelled: the validation blocks of the "optimistic" validation.
    """

    key: str
    image: np.ndarray
    label: np.ndarray | None
    spacing: tuple[float, float, float]
    withheld: tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...] = ()


@dataclass(frozen=True)
class Normalisation:
    """Clip to [low, high] HU, then z-score with the statistics of the training cases (paper, section 3.1)."""

    mean: float
    std: float
    low: float = -1000.0
    high: float = 2000.0

    @property
    def value_range(self) -> tuple[float, float]:
        """The normalised values of the window's two ends."""
        return (self.low - self.mean) / self.std, (self.high - self.mean) / self.std


def measure_normalisation(volumes: Sequence[Volume], stride: int = 2) -> Normalisation:
    """Mean and standard deviation of the clipped HU of the training cases (section 3.1), on every second voxel."""
    count = total = squares = 0.0
    for volume in volumes:
        sample = np.asarray(volume.image[::stride, ::stride, ::stride], np.float64)
        count, total, squares = count + sample.size, total + sample.sum(), squares + np.square(sample).sum()
    mean = total / count
    return Normalisation(mean=float(mean), std=max(1.0, float(np.sqrt(squares / count - mean**2))))
