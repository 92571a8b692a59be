"""Which patches of the scans are labelled, unlabelled, for validation and for the test: counts that are nested."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from SemiSegEmbedLib.workflows.benchmark.scales import Scale

Start = tuple[int, int, int]
SMALLEST_SHARE = 1e-3
"""A patch shows the object when at least this share of its voxels belongs to it."""


def spread_starts(size: int, patch: int) -> list[int]:
    """First voxels of the fewest patches that cover an axis, evenly apart: minimal overlap (section 3.1)."""
    if size <= patch:
        return [0]
    count = -(-size // patch)
    return [round(i * (size - patch) / (count - 1)) for i in range(count)]


def scan_patches(label: np.ndarray, patch: int, count: int, key: str) -> list[Start]:
    """Places of `count` patches of one scan in a random order that depends on its key alone.

    First the patches of the covering grid that show the object; when they do not suffice, patches around random
    voxels of the object follow.
    """
    rng = np.random.default_rng(zlib.crc32(key.encode("ascii")))
    cells = product(*(spread_starts(n, patch) for n in label.shape))
    least = SMALLEST_SHARE * patch**3
    shown = [start for start in cells if label[tuple(slice(a, a + patch) for a in start)].sum() >= least]
    starts = [shown[i] for i in rng.permutation(len(shown))][:count]
    voxels = np.flatnonzero(label)
    while len(starts) < count:
        centre = np.unravel_index(rng.choice(voxels), label.shape)
        last = [max(n - patch, 0) for n in label.shape]
        corner = (min(max(int(c) - int(rng.integers(patch)), 0), e) for c, e in zip(centre, last, strict=True))
        starts.append(tuple(corner))  # type: ignore[arg-type]
    return starts


def even_counts(keys: Sequence[str], total: int, taken: Mapping[str, int] | None = None) -> dict[str, int]:
    """Patches of each scan, `total` in all: always one more of the scan with the fewest, ties in their order."""
    counts = {key: (taken or {}).get(key, 0) for key in keys}
    while sum(counts.values()) < total:
        counts[min(counts, key=counts.__getitem__)] += 1
    return counts


def annotated_order(scale: Scale, draw: int) -> list[int]:
    """In which order the training scans are annotated, as positions; draw 0 is the cohort's own order."""
    if draw == 0:
        return list(range(scale.train))
    return np.random.default_rng([draw, zlib.crc32(b"annotated")]).permutation(scale.train).tolist()


def labelled_counts(scale: Scale, keys: Sequence[str], column: int, draw: int) -> dict[str, int]:
    """Labelled patches of each annotated scan in a column; each column holds the patches of those before it.

    Args:
        scale: Columns.
        keys: The training scans in the cohort's order.
        column: Position among the columns.
        draw: Of the annotated scans.
    """
    order = [keys[i] for i in annotated_order(scale, draw)]
    if column == len(scale.columns) - 1:
        return even_counts(keys, scale.pool)
    counts: dict[str, int] = {}
    for one in scale.columns[: column + 1]:
        counts = even_counts(order[: one.scans], one.patches, counts)
    return counts


def validation_counts(scale: Scale, keys: Sequence[str], column: int) -> dict[str, int]:
    """Validation patches of each scan: from no more scans, and no more of them, than are annotated."""
    one = scale.columns[column]
    scans = min(one.scans, scale.val)
    return even_counts(keys[:scans], min(one.patches, round(scale.val_patches * scans / scale.val)))
