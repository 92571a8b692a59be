"""Are the numbers of an image Hounsfield units? Air is -1000, fat about -100, muscle about 50, bone above 200."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from SemiSegEmbedLib.imaging.problems import WARNING, Problem

SAMPLE_VOXELS = 4_000_000
"""The shape of the histogram is judged on a regular sample of this size; extremes on every voxel."""
EXTREME_HU = 20_000
"""Extended scales of scanners end at 30710 for metal, but so few voxels are metal that one in 1000 is a fault."""


def value_problems(values: np.ndarray) -> list[Problem]:
    """What the values of a scan tell about whether it is a CT in HU.

    Args:
        values: The voxels, (z, y, x), finite numbers of any type.
    """
    low, high = float(values.min()), float(values.max())
    if low == high:
        return [Problem("constant", "All voxels of this image have the same value: export it again.")]
    step = max(1, round((values.size / SAMPLE_VOXELS) ** (1 / 3)))
    sample = values[::step, ::step, ::step].astype(np.float32).ravel()
    return list(_not_hounsfield(low, high, sample))


def _not_hounsfield(low: float, high: float, sample: np.ndarray) -> Iterator[Problem]:
    if low >= 0 and 100 < high <= 255:
        sentence = "The values reach from 0 to 255, these are grey values of a picture: export the HU."
        yield Problem("eight-bit", sentence)
    elif high - low < 300:
        sentence = (
            f"The values only reach from {low:.4g} to {high:.4g}, these are no HU: export the CT without a window."
        )
        yield Problem("not-hu", sentence)
    elif low >= 0:
        yield _all_positive(sample)
    elif low > -500 and _is_offset(sample[sample > 0]):
        yield _offset()
    elif low > -500 and np.mean(sample == low) > 0.02:
        sentence = f"Everything below {low:.4g} was cut off, also the air: export the CT without a window."
        yield Problem("windowed", sentence)
    else:
        yield from _doubts(high, sample)


def _all_positive(sample: np.ndarray) -> Problem:
    """Without a negative value there is no air: which of the usual mistakes is it?"""
    used = sample[sample > 0]
    if len(used) and np.percentile(used, 5) >= 100 and len(used) < 0.5 * len(sample) and not _is_offset(used):
        return Problem(
            "bone-only", "Everything but dense bone was set to 0 in this image: add the CT as it was scanned."
        )
    if _is_offset(used):
        return _offset()
    return Problem(
        "not-a-ct", "There is no negative value, so these are no HU (it may be an MR image): add a CT in HU."
    )


def _offset() -> Problem:
    sentence = "The values are shifted by 1024 (water lies near 1024): export the CT again with its rescale intercept."
    return Problem("offset-1024", sentence)


def _is_offset(used: np.ndarray) -> bool:
    """Fat and muscle, -150 to 150 HU, hold much of what is denser than air in any body."""
    tissue = used[used > 500]
    return len(tissue) > 0.05 * len(used) and _share(tissue, 874, 1174) > 0.4


def _doubts(high: float, sample: np.ndarray) -> Iterator[Problem]:
    if _share(sample, -150, 250) < 0.02:
        sentence = "Hardly any voxel is as dense as fat or muscle, so the values seem to be no HU: look at the scan."
        yield Problem("no-soft-tissue", sentence, WARNING)
    if high < 250:
        yield Problem(
            "no-bone", "No voxel is as dense as bone: check that the whole range of HU was exported.", WARNING
        )
    if np.mean(np.abs(sample) > EXTREME_HU) > 1e-3:
        sentence = "Many values are beyond any scanner's range, numbers seem to have overflowed: export the CT again."
        yield Problem("overflow", sentence)


def _share(values: np.ndarray, low: float, high: float) -> float:
    return float(np.mean((values >= low) & (values <= high))) if len(values) else 0.0
