"""From classes to the labels of a study: sides told apart, islands removed, surfaces smoothed.

Arrays lie on the training grid: (z, y, x), x growing to the patient's left; spacing is (z, y, x) in mm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import IntEnum

import numpy as np
from scipy import ndimage

from SemiSegEmbedLib.inference.midplane import Midplane, estimate_midplane

WIDEST_ONE_SIDE_MM = 150.0
"""No hip bone or proximal femur alone extends further from left to right; only a joined pair does."""
SMALLEST_SHARE = 0.15
"""Of a joined pair, each side holds at least this share of the voxels; below it the plane only grazes one bone."""

_FULL = ndimage.generate_binary_structure(3, 3)


class Side(IntEnum):
    """Side of the patient's body."""

    NONE = 0
    LEFT = 1
    RIGHT = 2


def split_sides(
    classes: np.ndarray,
    spacing: Sequence[float],
    sided: Collection[int],
    *,
    midplane: Midplane | None = None,
) -> np.ndarray:
    """Which side of the body each voxel of the given classes belongs to.

    Each connected component goes as a whole to the side of the mid-plane on which most of it lies. A component wider
    than any bone of one side with a fair share on both (a pelvis joined at the symphysis) is cut at the
    plane; a crumb left on the wrong side of the cut goes back to the bone that it hangs on.

    Args:
        classes: Class of each voxel, (D, H, W).
        spacing: mm, (z, y, x).
        sided: Classes that stand for bones of both sides.
        midplane: The mid-plane of the body; None estimates it from the bones' own symmetry.

    Returns:
        `Side` of each voxel, uint8, (D, H, W), NONE outside of the sided classes.
    """
    classes = np.asarray(classes)
    sides = np.zeros(classes.shape, np.uint8)
    wanted = [c for c in sided if c > 0]
    every = np.isin(classes, wanted)
    if not every.any():
        return sides
    plane = midplane or estimate_midplane(every, spacing)
    for wanted_class in wanted:
        for box, mask in _components(classes == wanted_class):
            sides[box][mask] = _side_of(mask, box, spacing, plane)[mask]
    return sides


def remove_small(labels: np.ndarray, spacing: Sequence[float], smallest_mm3: float) -> np.ndarray:
    """A copy without the 26-connected components of a label that are smaller than a volume in mm³."""
    voxel = float(np.prod(spacing))
    return _kept(labels, lambda sizes: sizes * voxel >= smallest_mm3)


def largest_components(labels: np.ndarray, values: Collection[int] | None = None, *, count: int = 1) -> np.ndarray:
    """A copy in which each label (or each of `values`) keeps its `count` largest 26-connected components."""

    def largest(sizes: np.ndarray) -> np.ndarray:
        keep = np.zeros(sizes.size, bool)
        keep[np.argsort(sizes, kind="stable")[::-1][:count]] = True
        return keep

    return _kept(labels, largest, values)


def remove_islands(labels: np.ndarray, smallest_share: float = 0.1) -> np.ndarray:
    """A copy without the 26-connected components of a label that hold less than a share of its largest one.

    Unlike `largest_components` it needs not know whether a label stands for one bone or for those of both sides.
    """
    return _kept(labels, lambda sizes: sizes >= smallest_share * sizes.max(initial=0))


def smooth_labels(labels: np.ndarray, spacing: Sequence[float], sigma_mm: float) -> np.ndarray:
    """A copy with smoother surfaces: each voxel takes the label (or background) that prevails around it.

    The mask of each label is blurred with a Gaussian; a label takes a voxel where it exceeds all others and the
    background. Structures thinner than about 1.3 `sigma_mm` vanish, so keep it near the spacing.
    """
    labels = np.asarray(labels)
    if sigma_mm <= 0:
        return labels.copy()
    sigma = sigma_mm / np.asarray(spacing, float)
    best = np.zeros(labels.shape, np.float32)
    total = np.zeros(labels.shape, np.float32)
    result = np.zeros_like(labels)
    for value, box in _boxes(labels, margin=[math.ceil(3 * s) + 1 for s in sigma]):
        share = ndimage.gaussian_filter((labels[box] == value).astype(np.float32), sigma, truncate=3.0)
        total[box] += share
        ahead = share > best[box]
        result[box][ahead] = value
        best[box][ahead] = share[ahead]
    result[best <= 1.0 - total] = 0
    return result


def _side_of(mask: np.ndarray, box: tuple[slice, ...], spacing: Sequence[float], plane: Midplane) -> np.ndarray:
    """`Side` of the voxels of one component, over its box."""
    left = plane.distance(box, spacing) > 0
    share = np.count_nonzero(left & mask) / np.count_nonzero(mask)
    wide = mask.shape[2] * spacing[2] > WIDEST_ONE_SIDE_MM
    if not (wide and min(share, 1 - share) >= SMALLEST_SHARE):
        return np.full(mask.shape, Side.LEFT if share >= 0.5 else Side.RIGHT, np.uint8)
    sides = np.where(left, np.uint8(Side.LEFT), np.uint8(Side.RIGHT))
    for side, other in ((Side.LEFT, Side.RIGHT), (Side.RIGHT, Side.LEFT)):
        pieces, number = ndimage.label(mask & (sides == side), _FULL)
        if number > 1:
            sizes = np.bincount(pieces.ravel())
            sizes[0] = 0
            # The component is connected, so a piece apart from the main one hangs on the other side.
            sides[(pieces > 0) & (pieces != sizes.argmax())] = other
    return sides


def _kept(
    labels: np.ndarray, choose: Callable[[np.ndarray], np.ndarray], values: Collection[int] | None = None
) -> np.ndarray:
    """Components that `choose` (sizes in voxels -> bool) keeps."""
    labels = np.asarray(labels)
    result = labels.copy()
    for value, box in _boxes(labels):
        if values is not None and value not in values:
            continue
        pieces, number = ndimage.label(labels[box] == value, _FULL)
        keep = np.concatenate([[True], choose(np.bincount(pieces.ravel(), minlength=number + 1)[1:])])
        result[box][~keep[pieces]] = 0
    return result


def _components(mask: np.ndarray) -> Iterator[tuple[tuple[slice, ...], np.ndarray]]:
    """Box and mask inside it of each 26-connected component."""
    for _, box in _boxes(mask.view(np.uint8)):
        pieces, _ = ndimage.label(mask[box], _FULL)
        for number, inner in enumerate(ndimage.find_objects(pieces), start=1):
            place = tuple(slice(b.start + i.start, b.start + i.stop) for b, i in zip(box, inner, strict=True))
            yield place, pieces[inner] == number


def _boxes(labels: np.ndarray, margin: Sequence[int] = (0, 0, 0)) -> Iterator[tuple[int, tuple[slice, ...]]]:
    """Each label value above 0 and the box around it, widened by a margin in voxels."""
    for value, box in enumerate(ndimage.find_objects(labels.astype(np.uint8, copy=False)), start=1):
        if box is not None:
            yield (
                value,
                tuple(
                    slice(max(s.start - int(m), 0), min(s.stop + int(m), n))
                    for s, m, n in zip(box, margin, labels.shape, strict=True)
                ),
            )
