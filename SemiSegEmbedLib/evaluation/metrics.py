"""Overlap and surface distance between two segmentations, with every definition written down.

Tools that all say "HD95" disagree by up to 100 mm, so the definitions used here are:

* **Surface**: the voxels of a mask that have a 6-neighbour outside of it (mask XOR its erosion with the
  6-neighbourhood). Distances run between the centres of surface voxels, in mm, each voxel with weight one.
* **HD95** (primary): the larger of the two directed 95th percentiles, linearly interpolated (as MONAI).
  The **pooled** form takes one percentile over both directions together (as medpy) and can hide a whole
  false island; it is reported beside the primary form, never in its place.
* **ASSD**: mean over the surface voxels of both masks together. **NSD**: the share of the surface voxels of
  both masks that lie within a tolerance of the other surface.
* **Empty masks**: both empty is agreement (IoU, Dice, NSD 1, distances 0). If only one is empty, IoU, Dice and
  NSD are 0 and distances are the diagonal of the volume; `evaluate_labels` flags such rows.
* **Faces of the volume**: with `border="surface"` (as all tools named here) a mask that is cut by a face has
  surface there; with `border="open"` nothing is known beyond the face, and a cut makes no surface.
* **Ignored voxels** count as unknown in the same way: they belong to neither mask, and where a mask meets
  them there is no surface.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import IGNORE

Border = Literal["surface", "open"]


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """All distances between two surfaces, computed once; every surface metric is read from them.

    Attributes:
        from_a: Distance in mm of each surface voxel of `a` to the nearest surface voxel of `b`.
        from_b: The same from `b` to `a`.
        diagonal: Diagonal of the volume in mm, which stands for the distance to a surface that is not there.
    """

    from_a: np.ndarray
    from_b: np.ndarray
    diagonal: float

    @property
    def both_empty(self) -> bool:
        """True when neither mask has a surface."""
        return self.from_a.size == 0 and self.from_b.size == 0

    @property
    def one_empty(self) -> bool:
        """True when exactly one mask has a surface."""
        return (self.from_a.size == 0) != (self.from_b.size == 0)

    def hausdorff(self, percentile: float = 95.0) -> float:
        """Larger of the two directed percentiles, in mm."""
        if self.both_empty or self.one_empty:
            return self._when_empty()
        return float(max(np.percentile(self.from_a, percentile), np.percentile(self.from_b, percentile)))

    def hausdorff_pooled(self, percentile: float = 95.0) -> float:
        """Percentile over both directions together, in mm (medpy's `hd95`)."""
        if self.both_empty or self.one_empty:
            return self._when_empty()
        return float(np.percentile(np.concatenate([self.from_a, self.from_b]), percentile))

    def average(self) -> float:
        """Mean over the surface voxels of both masks, in mm."""
        if self.both_empty or self.one_empty:
            return self._when_empty()
        return float((self.from_a.sum() + self.from_b.sum()) / (self.from_a.size + self.from_b.size))

    def share_within(self, tolerance_mm: float) -> float:
        """Share of the surface voxels of both masks within `tolerance_mm` of the other surface."""
        if self.both_empty:
            return 1.0
        if self.one_empty:
            return 0.0
        near = np.count_nonzero(self.from_a <= tolerance_mm) + np.count_nonzero(self.from_b <= tolerance_mm)
        return float(near / (self.from_a.size + self.from_b.size))

    def _when_empty(self) -> float:
        return 0.0 if self.both_empty else self.diagonal


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks of any, but the same, shape; 1 when both are empty."""
    a, b = _masks(a, b)
    return _ratio(*_counts(a, b))


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice coefficient, 2 IoU / (1 + IoU), of two masks; 1 when both are empty."""
    overlap = iou(a, b)
    return 2.0 * overlap / (1.0 + overlap)


def surface_distances(
    a: np.ndarray,
    b: np.ndarray,
    spacing: Sequence[float],
    *,
    border: Border = "surface",
    known: np.ndarray | None = None,
    workers: int = -1,
) -> SurfaceDistances:
    """Distances between the surfaces of two masks.

    Args:
        a: First mask, (D, H, W) or any number of axes; non-zero is inside.
        b: Second mask of the same shape.
        spacing: Voxel size in mm, one number an axis in the order of the axes (z, y, x).
        border: What lies beyond the faces of the volume (see the module).
        known: Mask of the voxels that may be judged, or None for all of them.
        workers: Threads; -1 is one for each processor. In a pool of processes, say 1.

    Raises:
        BadInputError: If shapes or spacing do not fit.
    """
    a, b = _masks(a, b)
    step = _spacing(spacing, a.ndim)
    if border not in ("surface", "open"):
        raise BadInputError(f'The border rule is "{border}"; choose "surface" or "open".')
    if known is not None:
        known = np.asarray(known, dtype=bool)
        if known.shape != a.shape:
            raise BadInputError("The mask of known voxels has another shape than the segmentations.")
        a, b = a & known, b & known
    diagonal = float(np.linalg.norm(np.asarray(a.shape) * step))
    surface_a, surface_b = (_surface_indices(mask, known, border) for mask in (a, b))
    if len(surface_a) == 0 or len(surface_b) == 0:
        return SurfaceDistances(np.full(len(surface_a), diagonal), np.full(len(surface_b), diagonal), diagonal)
    from_a = _nearest(surface_a, surface_b, step, a.shape, workers)
    from_b = _nearest(surface_b, surface_a, step, a.shape, workers)
    return SurfaceDistances(from_a, from_b, diagonal)


def hausdorff_distance_95(
    a: np.ndarray, b: np.ndarray, spacing: Sequence[float], *, border: Border = "surface"
) -> float:
    """HD95 in mm, the larger of the two directed 95th percentiles (see the module)."""
    return surface_distances(a, b, spacing, border=border).hausdorff(95.0)


def hausdorff_distance_95_pooled(
    a: np.ndarray, b: np.ndarray, spacing: Sequence[float], *, border: Border = "surface"
) -> float:
    """HD95 in mm with one percentile over both directions, as medpy computes it."""
    return surface_distances(a, b, spacing, border=border).hausdorff_pooled(95.0)


def average_symmetric_surface_distance(
    a: np.ndarray, b: np.ndarray, spacing: Sequence[float], *, border: Border = "surface"
) -> float:
    """ASSD in mm over the surface voxels of both masks together."""
    return surface_distances(a, b, spacing, border=border).average()


def normalised_surface_dice(
    a: np.ndarray, b: np.ndarray, spacing: Sequence[float], tolerance_mm: float, *, border: Border = "surface"
) -> float:
    """NSD: the share of both surfaces within `tolerance_mm` of the other one, 0 to 1."""
    return surface_distances(a, b, spacing, border=border).share_within(tolerance_mm)


def evaluate_labels(
    reference: np.ndarray,
    prediction: np.ndarray,
    spacing: Sequence[float],
    values: Iterable[int],
    *,
    tolerances_mm: Sequence[float] = (1.0, 2.0),
    border: Border = "surface",
    workers: int = -1,
) -> dict[int, dict[str, float | int | bool]]:
    """Every metric for every label value, from one distance computation a label.

    Voxels that are 255 (ignore) in the reference are left out: they count in no overlap, and no surface
    arises where a mask meets them (see the module).

    Args:
        reference: Label values, integers, (D, H, W).
        prediction: The same for the prediction.
        spacing: Voxel size in mm, (z, y, x).
        values: The label values to judge.
        tolerances_mm: Tolerances of NSD, each a column `nsd_<t>mm`.
        border: What lies beyond the faces of the volume.
        workers: As in `surface_distances`.

    Returns:
        For each value `iou`, `dice`, `hd95`, `hd95_pooled`, `assd` (mm), `nsd_1mm`, ...,
        `reference_voxels`, `prediction_voxels`, `surface_voxels` (of both; percentiles over few are unstable),
        `missed` (in the reference and nowhere in the prediction) and `spurious` (the other way round).
    """
    reference, prediction = np.asarray(reference), np.asarray(prediction)
    if reference.shape != prediction.shape:
        raise BadInputError(
            f"The reference has shape {reference.shape} and the prediction {prediction.shape}; compare on one grid."
        )
    unknown = reference == IGNORE
    known = ~unknown if unknown.any() else None
    rows = {}
    for value in values:
        a, b = reference == value, prediction == value
        if known is not None:
            b &= known
        both, either, in_a, in_b = _counts(a, b)
        distances = surface_distances(a, b, spacing, border=border, known=known, workers=workers)
        overlap = _ratio(both, either, in_a, in_b)
        row: dict[str, float | int | bool] = {
            "iou": overlap,
            "dice": 2.0 * overlap / (1.0 + overlap),
            "hd95": distances.hausdorff(95.0),
            "hd95_pooled": distances.hausdorff_pooled(95.0),
            "assd": distances.average(),
        }
        row.update({f"nsd_{tolerance:g}mm": distances.share_within(tolerance) for tolerance in tolerances_mm})
        row.update(reference_voxels=in_a, prediction_voxels=in_b)
        row.update(surface_voxels=distances.from_a.size + distances.from_b.size)
        row.update(missed=in_a > 0 and in_b == 0, spurious=in_a == 0 and in_b > 0)
        rows[int(value)] = row
    return rows


def _masks(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise BadInputError(f"The segmentations have shapes {a.shape} and {b.shape}; compare on one grid.")
    return a.astype(bool, copy=False), b.astype(bool, copy=False)


def _spacing(spacing: Sequence[float], axes: int) -> np.ndarray:
    step = np.asarray(spacing, dtype=np.float64)
    if step.shape != (axes,) or not (np.isfinite(step).all() and (step > 0).all()):
        raise BadInputError(f"The spacing {tuple(spacing)} must be {axes} positive numbers in mm, one an axis.")
    return step


def _counts(a: np.ndarray, b: np.ndarray) -> tuple[int, int, int, int]:
    in_a, in_b, both = np.count_nonzero(a), np.count_nonzero(b), np.count_nonzero(a & b)
    return int(both), int(in_a + in_b - both), int(in_a), int(in_b)


def _ratio(both: int, either: int, in_a: int, in_b: int) -> float:
    return both / either if either else 1.0


def _surface_indices(mask: np.ndarray, known: np.ndarray | None, border: Border) -> np.ndarray:
    """Indices (n, axes) of the voxels of `mask` with a 6-neighbour that is known to be outside of it."""
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if not boxes:
        return np.empty((0, mask.ndim), dtype=np.intp)
    box = boxes[0]
    # One voxel around the box decides about its rim; beyond the volume `border` decides.
    around = tuple(slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(box, mask.shape, strict=True))
    padding = [(int(s.start == 0), int(s.stop == n)) for s, n in zip(box, mask.shape, strict=True)]
    outside = ~mask[around]
    if known is not None:
        outside &= known[around]
    outside = np.pad(outside, padding, constant_values=border == "surface")
    core = (slice(1, -1),) * mask.ndim
    exposed = np.zeros(mask[box].shape, dtype=bool)
    for axis in range(mask.ndim):
        for neighbour in (slice(None, -2), slice(2, None)):
            exposed |= outside[(*core[:axis], neighbour, *core[axis + 1 :])]
    exposed &= mask[box]
    return np.argwhere(exposed) + [s.start for s in box]


def _nearest(
    points: np.ndarray, targets: np.ndarray, step: np.ndarray, shape: tuple[int, ...], workers: int
) -> np.ndarray:
    """Distance in mm of each point to the nearest target; shared voxels, most of them as a rule, cost nothing."""
    distances = np.zeros(len(points))
    flat, flat_targets = (np.ravel_multi_index(tuple(p.T), shape) for p in (points, targets))
    apart = ~np.isin(flat, flat_targets, assume_unique=True)
    if apart.any():
        tree = cKDTree(targets * step, balanced_tree=False, compact_nodes=False)
        distances[apart] = tree.query(points[apart] * step, workers=workers)[0]
    return distances
