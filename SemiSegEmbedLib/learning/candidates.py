"""Which labelled voxels serve as references, and drawing some of them in a step (paper, section 2.3.1).

Where a reference may lie depends on the label alone, so it is found once for a whole volume; a step then only
counts and gathers, and never waits for the device. Groups 0..C-1 are the voxels of each class near the
surface of an object; with hard negatives, group C are background voxels far from every surface that look like
bone (other bones, implants, contrast agent).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.study.records import IGNORE

NO_REFERENCE = 255


def group_classes(classes: int, hard_negatives: bool) -> tuple[int, ...]:
    """The class of each group of references."""
    return (*range(classes), *([0] if hard_negatives else []))


def reference_groups(
    image: np.ndarray, label: np.ndarray, spacing: Sequence[float], classes: int, config: TrainingConfig
) -> np.ndarray:
    """The group of each voxel of a volume, 255 for none.

    A voxel of class c >= 1 is near the surface when a voxel of another known class lies within `band_mm`; one of
    the background when an object does; on a grid coarser than the band, one voxel is near enough. Ignore voxels
    are in no group and make no surface.

    Args:
        image: HU, (D, H, W).
        label: Classes and 255, (D, H, W).
        spacing: mm, (z, y, x).
        classes: C.
        config: `band_mm`, `hard_negatives`, `bone_hu`.

    Returns:
        uint8, (D, H, W).
    """
    groups = np.full(label.shape, NO_REFERENCE, np.uint8)
    objects = (label > 0) & (label != IGNORE)
    background = label == 0
    if config.hard_negatives:
        groups[background & (np.asarray(image) > config.bone_hu)] = classes
    band_mm = max(config.band_mm, *spacing)
    box = _box_around(objects, band_mm, spacing)
    if box is None:
        return groups
    objects, background, label, part = objects[box], background[box], label[box], groups[box]
    near = within(objects, band_mm, spacing)
    part[background & near] = 0
    for c in range(1, classes):
        others = (label != c) & (label != IGNORE)
        part[(label == c) & within(others, band_mm, spacing)] = c
    return groups


def within(mask: np.ndarray, distance_mm: float, spacing: Sequence[float]) -> np.ndarray:
    """Voxels at most `distance_mm` (Euclidean, between centres) from a voxel of the mask, (D, H, W) bool.

    One pass of shifted minima along each axis: exact, and for a narrow band much cheaper than a distance
    transform.
    """
    squared = np.where(mask, np.float32(0), np.float32(np.inf))
    for axis in range(3):
        lines = np.moveaxis(squared, axis, 0)
        result = lines.copy()
        for shift in range(1, min(int(distance_mm / spacing[axis] + 1e-6), len(lines) - 1) + 1):
            step = np.float32((shift * spacing[axis]) ** 2)
            np.minimum(result[shift:], lines[:-shift] + step, out=result[shift:])
            np.minimum(result[:-shift], lines[shift:] + step, out=result[:-shift])
        squared = np.moveaxis(result, 0, axis)
    return squared <= np.float32(distance_mm**2 * (1 + 1e-5))


def without_margin(candidates: Tensor, margin: int) -> Tensor:
    """No references within `margin` voxels of the faces of a patch, where padding reaches the embeddings.

    In a patch too small for that the margin is what leaves at least half of each side. (n, D, H, W) -> same.
    """
    inner = torch.full_like(candidates, NO_REFERENCE)
    keep = (slice(None), *(slice(m, n - m) for n in candidates.shape[1:] for m in [min(margin, n // 4)]))
    inner[keep] = candidates[keep]
    return inner


def draw_positions(candidates: Tensor, groups: int, k: int, l: int) -> tuple[Tensor, Tensor]:  # noqa: E741
    """l independent random draws of k voxels of every group in every row.

    A draw takes one voxel from each of k equal parts of a group's voxels in scan order: without replacement
    where a group has at least k voxels, and spread over the surface; smaller groups repeat.

    Args:
        candidates: Group of each voxel, (n, V).
        groups: G.
        k: Voxels of a draw.
        l: Draws.

    Returns:
        Voxel indices (n, G, l, k), and whether the group has any voxel (n, G).
    """
    device, n = candidates.device, len(candidates)
    positions, found = [], []
    for group in range(groups):
        count_until = (candidates == group).cumsum(1)
        count = count_until[:, -1]
        edges = torch.arange(k + 1, device=device) * count[:, None] // k
        low, width = edges[:, None, :-1], edges.diff(dim=1).clamp_min(1)[:, None]
        rank = low + (torch.rand(n, l, k, device=device) * width).long()
        position = torch.searchsorted(count_until, (rank + 1).flatten(1))
        positions.append(position.clamp_max(candidates.shape[1] - 1).view(n, l, k))
        found.append(count > 0)
    return torch.stack(positions, 1), torch.stack(found, 1)


def gather_embeddings(embeddings: Tensor, positions: Tensor) -> Tensor:
    """Embeddings (n, E, V) at voxel indices (n, G, l, k) -> (n, G, l, k, E)."""
    n, channels, _ = embeddings.shape
    index = positions.flatten(1)[:, None].expand(n, channels, -1)
    return embeddings.gather(2, index).transpose(1, 2).reshape(*positions.shape, channels)


def _box_around(mask: np.ndarray, distance_mm: float, spacing: Sequence[float]) -> tuple[slice, ...] | None:
    """The smallest box with every voxel within reach of the mask, or None for an empty mask."""
    box = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        if not len(hit):
            return None
        reach = int(distance_mm / spacing[axis]) + 1
        box.append(slice(max(0, int(hit[0]) - reach), int(hit[-1]) + reach + 1))
    return tuple(box)
