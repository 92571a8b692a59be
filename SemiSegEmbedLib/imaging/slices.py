"""Do the slices of a DICOM series make one regular volume, and in which order?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from SemiSegEmbedLib.imaging.dicom import Series, Slice
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.headers import MAX_SLICE_SIDE, MAX_VOXELS
from SemiSegEmbedLib.imaging.problems import ERROR, WARNING, Problem

_TILT = math.cos(math.radians(0.5))
_SAME_PLACE_MM = 0.01


def arrange(series: Series) -> tuple[list[Slice], Geometry | None, list[Problem]]:
    """Sort the slices of a series along their normal and say what is wrong with them.

    Returns:
        The slices from first to last without repeated copies, the grid that they form (None when an error
        stands in the way), and the problems.
    """
    problems = _unusable(series)
    if problems:
        return list(series.slices), None, problems
    slices, problems = _without_copies(series.slices)
    problems += _unreadable(series)
    orientation = np.median([s.orientation for s in slices], axis=0)
    if np.abs(np.array([s.orientation for s in slices]) - orientation).max() > 1e-3:
        sentence = "The slices of this series point in different directions: export the axial scan alone."
        return slices, None, [*problems, Problem("mixed-orientation", sentence)]
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    slices.sort(key=lambda s: float(np.dot(s.position, normal)))
    positions = np.array([s.position for s in slices])
    problems += _gap_problems(positions @ normal) + _tilt_problems(positions, normal)
    if any(p.severity == ERROR for p in problems):
        return slices, None, problems
    first = slices[0]
    step = float(positions[-1] @ normal - positions[0] @ normal) / (len(slices) - 1)
    direction = np.stack([row, column, normal], axis=1)
    geometry = Geometry(
        (first.columns, first.rows, len(slices)),
        (first.pixel_spacing[1], first.pixel_spacing[0], step),
        (first.position[0], first.position[1], first.position[2]),
        tuple(float(v) for v in direction.ravel()),
    )
    return slices, geometry, problems


def _unusable(series: Series) -> list[Problem]:
    """Reasons why the slices cannot even be sorted."""
    slices = series.slices
    if any(s.frames > 1 for s in slices):
        return [Problem("multi-frame", "This series is stored as one multi-frame file: convert it to NIfTI first.")]
    if len(slices) < 2:
        return [Problem("too-few-slices", "This series has a single slice: add the folder with the whole scan.")]
    lacking = sum(not (s.position and s.orientation and s.pixel_spacing) for s in slices)
    if lacking:
        sentence = f"{lacking} of {len(slices)} slices lack their position, direction or spacing: export them again."
        return [Problem("missing-tags", sentence)]
    if len({(s.rows, s.columns, s.pixel_spacing) for s in slices}) > 1:
        sentence = "The slices of this series differ in size or spacing: export the axial scan alone."
        return [Problem("mixed-sizes", sentence)]
    first = slices[0]
    implausible = not (2 <= first.rows <= MAX_SLICE_SIDE and 2 <= first.columns <= MAX_SLICE_SIDE)
    if implausible or first.rows * first.columns * len(slices) > MAX_VOXELS:
        return [Problem("implausible-size", "The slices claim an impossible size: export the series again.")]
    if not all(0.01 <= v <= 100 for v in first.pixel_spacing):
        return [Problem("implausible-spacing", "The pixel spacing of this series is implausible: export it again.")]
    if any(not s.complete for s in slices):
        count = sum(not s.complete for s in slices)
        return [
            Problem(
                "damaged-slices",
                f"{count} of {len(slices)} slices hold fewer or more voxels than they say: copy them again.",
            )
        ]
    return []


def _without_copies(slices: Sequence[Slice]) -> tuple[list[Slice], list[Problem]]:
    """One of each slice; the same image twice is harmless, two images in one place are not."""
    by_uid = {s.instance_uid or str(number): s for number, s in enumerate(slices)}
    kept = list(by_uid.values())
    problems = []
    if len(kept) < len(slices):
        sentence = f"{len(slices) - len(kept)} slices are in this folder twice and are read once: nothing to do."
        problems.append(Problem("repeated-slices", sentence, WARNING))
    return kept, problems


def _unreadable(series: Series) -> list[Problem]:
    if not series.unreadable:
        return []
    sentence = f"{series.unreadable} DICOM files in this folder are damaged and are left out: copy them again."
    return [Problem("unreadable-files", sentence, WARNING)]


def _gap_problems(heights: np.ndarray) -> list[Problem]:
    gaps = np.diff(heights)
    if (gaps < _SAME_PLACE_MM).any():
        count = int((gaps < _SAME_PLACE_MM).sum())
        sentence = f"{count} slices lie in the place of another (several phases or exports): keep one of each."
        return [Problem("duplicate-slices", sentence)]
    usual = float(np.median(gaps))
    missing = int((np.round(gaps / usual) - 1).clip(0).sum())
    if missing:
        sentence = f"{missing} slices are missing between the first and the last one: export the whole series again."
        return [Problem("missing-slices", sentence)]
    uneven = float(np.abs(gaps - usual).max())
    if uneven > 0.1 * usual:
        sentence = (
            f"The distance of the slices varies by up to {uneven:.2g} mm: resample it to an even distance first."
        )
        return [Problem("uneven-slices", sentence)]
    return []


def _tilt_problems(positions: np.ndarray, normal: np.ndarray) -> list[Problem]:
    along = positions[-1] - positions[0]
    if abs(float(along @ normal)) < _TILT * float(np.linalg.norm(along)):
        return [Problem("gantry-tilt", "The gantry was tilted: resample the scan to a rectangular grid first.")]
    return []
