"""Blocks of an annotated scan that training leaves to validation when there are too few scans to hold one out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from SemiSegEmbedLib.learning.batches import Box
from SemiSegEmbedLib.study.records import IGNORE

MOST_OF_OBJECT = 0.4
"""Training keeps at least the rest of every object."""
TRIES = 200


def withheld_boxes(
    label: np.ndarray, *, fraction: float = 0.15, patch: Sequence[int] = (96, 96, 96), seed: int = 0
) -> tuple[Box, ...]:
    """Boxes of one size around randomly drawn object voxels, without overlap.

    Args:
        label: Classes and 255, (D, H, W).
        fraction: Share of the volume that the boxes cover together, at most.
        patch: Largest size of a box in voxels; where one patch is more than the share, the box is smaller.
        seed: Of the draw.

    Returns:
        ((z0, y0, x0), (z1, y1, x1)) each; empty when no box leaves enough of the objects for training.
    """
    label = np.asarray(label)
    objects = (label > 0) & (label != IGNORE)
    voxels = np.flatnonzero(objects)
    if not len(voxels) or fraction <= 0:
        return ()
    size = [min(p, max(1, int(n * fraction ** (1 / 3)))) for p, n in zip(patch, label.shape, strict=True)]
    wanted = max(1, int(fraction * label.size / math.prod(size)))
    totals = _counts(label)
    random = np.random.default_rng(seed)
    boxes: list[Box] = []
    taken = dict.fromkeys(totals, 0)
    for _ in range(TRIES):
        if len(boxes) == wanted:
            break
        centre = np.unravel_index(random.choice(voxels), label.shape)
        box = _box_at(centre, size, label.shape)
        inside = _counts(label[tuple(slice(a, b) for a, b in zip(*box, strict=True))])
        after = {c: taken[c] + inside.get(c, 0) for c in totals}
        if not any(_overlap(box, other) for other in boxes) and _enough_left(after, totals):
            boxes.append(box)
            taken = after
    return tuple(boxes)


def _counts(label: np.ndarray) -> dict[int, int]:
    """Voxels of each object class."""
    values, counts = np.unique(label, return_counts=True)
    return {int(v): int(n) for v, n in zip(values, counts, strict=True) if v not in (0, IGNORE)}


def _box_at(centre: Sequence[int], size: Sequence[int], shape: Sequence[int]) -> Box:
    low = [min(max(int(c) - s // 2, 0), n - s) for c, s, n in zip(centre, size, shape, strict=True)]
    return tuple(low), tuple(a + s for a, s in zip(low, size, strict=True))  # type: ignore[return-value]


def _overlap(a: Box, b: Box) -> bool:
    return all(a[0][i] < b[1][i] and b[0][i] < a[1][i] for i in range(3))


def _enough_left(taken: dict[int, int], totals: dict[int, int]) -> bool:
    return all(taken[c] <= MOST_OF_OBJECT * totals[c] for c in totals)
