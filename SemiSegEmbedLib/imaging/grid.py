"""The training grid: isotropic, axes parallel to LPS; how a CT and its label get onto it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import IDENTITY, Geometry
from SemiSegEmbedLib.study.records import IGNORE

LOW_HU = -1000
HIGH_HU = 2000
"""Above lie only metal and its streaks; dense cortical bone stays below 2000 HU."""
_FULL = 240
"""One in the uint8 pictures of a class: divisible by the usual bin sizes, and sums of classes stay below 256."""
_HALF = _FULL // 2 - 1
"""One half; ITK rounds down, so an exact half may arrive one lower."""
_BLOCK = 32


@dataclass(frozen=True, eq=False)
class TrainingGrid:
    """A CT on the training grid.

    Attributes:
        array: Clipped HU, float16, (D, H, W); -1000 outside the scan.
        geometry: Where the array lies.
        source: The grid of the CT as it was.
    """

    array: np.ndarray
    geometry: Geometry
    source: Geometry


def training_geometry(source: Geometry, spacing_mm: float) -> Geometry:
    """The isotropic grid parallel to LPS over the box around all voxel centres of a scan.

    The grid is centred in the box and never leaves it, so an axis-aligned scan has a value at each of its
    points, and each voxel of the scan is less than half a training voxel outside of it at most. A scan that is on
    such a grid already keeps its voxels.
    """
    corners = source.corners()
    low, extent = corners.min(axis=0), np.ptp(corners, axis=0)
    steps = np.floor(extent / spacing_mm + 1e-3)
    origin = low + (extent - steps * spacing_mm) / 2
    size = (int(steps[0]) + 1, int(steps[1]) + 1, int(steps[2]) + 1)
    return Geometry(size, (spacing_mm,) * 3, (float(origin[0]), float(origin[1]), float(origin[2])), IDENTITY)


def to_training_grid(image: sitk.Image, spacing_mm: float) -> TrainingGrid:
    """Resample a CT to the training grid.

    Linear interpolation. Axes that the training grid coarsens by two or more are averaged over whole voxels
    first; below that factor, linear interpolation itself smooths enough and averaging would cost sharpness.

    Args:
        image: A 3D CT in HU.
        spacing_mm: Voxel size of the training grid.

    Raises:
        BadInputError: The image has values that are no numbers.
    """
    source = Geometry.of(image)
    target = training_geometry(source, spacing_mm)
    on_grid = sitk.DICOMOrient(image, "LPS")
    if not _is_on(Geometry.of(on_grid), target):
        binned = _bin(on_grid, _whole_factors(on_grid, spacing_mm))
        on_grid = resample(binned, target, sitk.sitkLinear, LOW_HU, sitk.sitkFloat32)
    # The view does not keep the image alive: `on_grid` must stay in scope.
    return TrainingGrid(_clip(sitk.GetArrayViewFromImage(on_grid)), target, source)


def label_to_training_grid(label: sitk.Image, classes: dict[int, int], grid: TrainingGrid | Geometry) -> np.ndarray:
    """Resample a label to the training grid without losing thin bone.

    Each class is a picture of its own, interpolated linearly; a voxel belongs to the foreground from one half
    on (a tie keeps bone). A sheet thinner than a training voxel may pass between the grid points and stay below
    one half everywhere. So a voxel is also kept when it is a crest of the foreground, that is not below its two
    neighbours along an axis, well above at least one of them, neither of them foreground, and when its value
    is one that a sheet of a single voxel can have in the worst position. Flat surfaces have no crests, so thick bone
    keeps its size.

    Args:
        label: uint8 label on the grid of its CT; 255 is `IGNORE`.
        classes: Training class of each label value.
        grid: The training grid of the CT.

    Returns:
        Classes 0 to C-1 and 255 for ignore, uint8, (D, H, W). Points outside the scan are ignored.

    Raises:
        BadInputError: The label has a value that `classes` does not know.
    """
    target = grid.geometry if isinstance(grid, TrainingGrid) else grid
    oriented = sitk.DICOMOrient(label, "LPS")
    found = set(present_values(sitk.GetArrayViewFromImage(oriented)))
    unknown = found - set(classes) - {0, IGNORE}
    if unknown:
        listed = ", ".join(map(str, sorted(unknown)[:5]))
        raise BadInputError(f"The label has values that the study does not know ({listed}): add or correct them.")
    if _is_on(Geometry.of(oriented), target):
        return _class_table(classes)[sitk.GetArrayViewFromImage(oriented)]
    result = _foreground(oriented, {v: classes[v] for v in found if classes.get(v, 0) > 0}, target)
    if IGNORE in found:
        part, box = _class_picture(oriented, [IGNORE], target, (1, 1, 1))
        result[box][part >= _HALF] = IGNORE
    if not np.allclose(Geometry.of(oriented).direction, IDENTITY, atol=1e-6):
        result[~_inside(Geometry.of(oriented), target)] = IGNORE
    return result


def resample(
    image: sitk.Image, target: Geometry, interpolator: int, outside: float, pixel: int = sitk.sitkUnknown
) -> sitk.Image:
    """`image` at the voxels of `target`, `outside` where it has none."""
    return sitk.Resample(
        image,
        target.size,
        sitk.Transform(),
        interpolator,
        target.origin,
        target.spacing,
        target.direction,
        outside,
        pixel,
    )


def _foreground(label: sitk.Image, classes: dict[int, int], target: Geometry) -> np.ndarray:
    total = np.zeros(target.shape, np.uint8)
    strongest = np.zeros(target.shape, np.uint8)
    result = np.zeros(target.shape, np.uint8)
    spacing = label.GetSpacing()
    bins = tuple(max(1, round(target.spacing[axis] / spacing[axis])) for axis in range(3))
    for training_class in sorted(set(classes.values())):
        values = [value for value, owner in classes.items() if owner == training_class]
        part, box = _class_picture(label, values, target, bins)
        total[box] += np.minimum(part, 255 - total[box])
        wins = part > strongest[box]
        result[box][wins] = training_class
        strongest[box][wins] = part[wins]
    if result.any():
        box = bounding_box(total)
        result[box][~_kept(total[box], _sheet_level(spacing, target.spacing, bins))] = 0
    return result


def _kept(total: np.ndarray, sheet: int) -> np.ndarray:
    """Voxels that are foreground: at least one half, or the crest of a thin sheet."""
    half = total >= _HALF
    kept = half.copy()
    if sheet >= _HALF:
        return kept
    candidate = (total >= sheet) & ~half
    for axis in range(3):
        before, after = _neighbour(total, axis, 1), _neighbour(total, axis, -1)
        crest = (total >= before) & (total > after)
        # One neighbour must be nearly empty: the flank of thick bone is no crest along any axis but may be flat.
        steep = np.minimum(before, after) * np.uint16(2) <= total
        beside_bone = _neighbour(half, axis, 1) | _neighbour(half, axis, -1)
        kept |= candidate & crest & steep & ~beside_bone
    return kept


def _neighbour(values: np.ndarray, axis: int, shift: int) -> np.ndarray:
    moved = np.zeros_like(values)
    here = [slice(None)] * 3
    there = [slice(None)] * 3
    here[axis], there[axis] = (slice(1, None), slice(None, -1)) if shift > 0 else (slice(None, -1), slice(1, None))
    moved[tuple(here)] = values[tuple(there)]
    return moved


def _sheet_level(spacing: tuple[float, ...], target: tuple[float, ...], bins: tuple[int, ...]) -> int:
    """The peak that is left of a sheet of one voxel in the worst position: between two grid points and two bins."""
    worst = min((1 - t / (2 * s * b)) / b if t > s else 1.0 for s, t, b in zip(spacing, target, bins, strict=True))
    return max(int(0.8 * worst * _FULL), 8)


def _class_picture(
    label: sitk.Image, values: list[int], target: Geometry, bins: tuple[int, ...]
) -> tuple[np.ndarray, tuple[slice, ...]]:
    """The share of some label values at the voxels of a part of `target`, times `_FULL`, and which part that is."""
    table = np.zeros(256, np.uint8)
    table[values] = _FULL
    array = sitk.GetArrayViewFromImage(label)
    where = bounding_box(np.isin(array, values))
    start = [max(0, s.start - 2 * b) // b * b for s, b in zip(where, reversed(bins), strict=True)]
    stop = [min(n, s.stop + 2 * b) for s, n, b in zip(where, array.shape, reversed(bins), strict=True)]
    part = sitk.GetImageFromArray(table[array[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]])
    Geometry(
        part.GetSize(),
        label.GetSpacing(),
        label.TransformIndexToPhysicalPoint((start[2], start[1], start[0])),
        label.GetDirection(),
    ).apply_to(part)
    box, region = covered_part(Geometry.of(part), target, margin=1)
    # A label touches the border of the scan as if it went on: beyond the last voxel the last value counts.
    picture = resample(_bin(part, bins), region, sitk.sitkLinear, 0, sitk.sitkUInt8)
    return sitk.GetArrayFromImage(picture), box


def present_values(array: np.ndarray) -> list[int]:
    """The values of a uint8 array, in order; slice by slice, since numpy counts in copies of 64 bits a voxel."""
    seen = np.zeros(256, bool)
    for part in array:
        seen |= np.bincount(part.ravel(), minlength=256) > 0
    return [int(value) for value in np.flatnonzero(seen)]


def covered_part(source: Geometry, target: Geometry, margin: int) -> tuple[tuple[slice, ...], Geometry]:
    """The box of voxels of `target` around all of `source`, as array slices (z, y, x) and as a grid."""
    indices = (np.c_[source.corners(), np.ones(8)] @ np.linalg.inv(target.affine).T)[:, :3]
    size = np.array(target.size)
    low = np.clip(np.floor(indices.min(axis=0)).astype(int) - margin, 0, size - 1)
    high = np.clip(np.ceil(indices.max(axis=0)).astype(int) + margin + 1, low + 1, size)
    box = tuple(slice(first, end) for first, end in zip(low.tolist()[::-1], high.tolist()[::-1], strict=True))
    return box, target.part(box)


def bounding_box(mask: np.ndarray) -> tuple[slice, ...]:
    """The smallest box around what is not 0 in a volume, which must hold something."""
    box = []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(int(used[0]), int(used[-1]) + 1))
    return tuple(box)


def _inside(source: Geometry, target: Geometry) -> np.ndarray:
    ones = sitk.Image(source.size, sitk.sitkUInt8) + 1
    image = resample(source.apply_to(ones), target, sitk.sitkNearestNeighbor, 0)
    return sitk.GetArrayViewFromImage(image).astype(bool)


def _whole_factors(image: sitk.Image, spacing_mm: float) -> tuple[int, ...]:
    return tuple(max(1, math.floor(spacing_mm / s + 1e-3)) for s in image.GetSpacing())


def _bin(image: sitk.Image, factors: tuple[int, ...]) -> sitk.Image:
    """Average blocks of voxels; the last block is filled up with copies of the border."""
    if max(factors) == 1:
        return image
    missing = [-n % f for n, f in zip(image.GetSize(), factors, strict=True)]
    if any(missing):
        image = sitk.ZeroFluxNeumannPad(image, (0, 0, 0), missing)
    return sitk.BinShrink(image, factors)


def _is_on(source: Geometry, target: Geometry) -> bool:
    return source.size == target.size and np.allclose(source.affine, target.affine, atol=1e-4)


def _class_table(classes: dict[int, int]) -> np.ndarray:
    table = np.zeros(256, np.uint8)
    for value, training_class in classes.items():
        table[value] = training_class
    table[IGNORE] = IGNORE
    return table


def _clip(values: np.ndarray) -> np.ndarray:
    """Clipped float16, a few slices at a time so that no second float32 volume exists."""
    result = np.empty(values.shape, np.float16)
    for start in range(0, len(values), _BLOCK):
        block = values[start : start + _BLOCK]
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            raise BadInputError("This CT has values that are not numbers: export it again.")
        result[start : start + _BLOCK] = np.clip(block, LOW_HU, HIGH_HU)
    return result
