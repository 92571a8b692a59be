"""Are two methods different, and by how much? Tests and intervals over scans, never over voxels or patches.

Patches of one scan are not independent, so values are averaged per scan first; the paper's test
(section 3.2, Wilcoxon signed-rank) is then run over scans, corrected for the number of comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from SemiSegEmbedLib.errors import BadInputError


@dataclass(frozen=True)
class Comparison:
    """Two methods on the same scans.

    Attributes:
        first: Name of the first method.
        second: Name of the second method.
        scans: Number of pairs.
        mean_difference: Mean of (first - second) over the scans, in the unit of the metric.
        p: Two-sided p-value of the Wilcoxon signed-rank test; 1 when no scan differs.
        p_holm: The same after Holm's correction over all comparisons of the call.
    """

    first: str
    second: str
    scans: int
    mean_difference: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class Interval:
    """An estimate and its bootstrap confidence interval, in the unit of the values."""

    estimate: float
    low: float
    high: float


def wilcoxon_holm(table: Mapping[str, Sequence[float]], *, reference: str | None = None) -> list[Comparison]:
    """Wilcoxon signed-rank tests between methods, with Holm's step-down correction.

    The test ranks the absolute paired differences (zeros dropped, after Wilcoxon) and asks whether their signs
    balance; it is exact up to 50 pairs without ties, else normal-approximated (`scipy.stats.wilcoxon`). Holm
    sorts the m p-values and takes the running maximum of (m - rank) p, rank from 0, cut at 1.

    Args:
        table: Method name to one value a scan; the same scans in the same order for all methods.
        reference: Compare this method with each other one; None compares all pairs.

    Raises:
        BadInputError: If methods have different numbers of scans, or a value is not finite.
    """
    values = {name: np.asarray(column, dtype=np.float64) for name, column in table.items()}
    if reference is not None and reference not in values:
        raise BadInputError(f'The reference method "{reference}" is not in the table.')
    if len(values) < 2 or len({len(column) for column in values.values()}) != 1:
        raise BadInputError("A comparison needs at least two methods with the same scans.")
    if not all(column.size and np.isfinite(column).all() for column in values.values()):
        raise BadInputError("A comparison needs a finite value for every scan; replace missing ones by their penalty.")
    pairs = combinations(values, 2) if reference is None else ((reference, n) for n in values if n != reference)
    rows = [(a, b, values[a] - values[b]) for a, b in pairs]
    p = [float(stats.wilcoxon(d).pvalue) if np.any(d) else 1.0 for _, _, d in rows]
    return [
        Comparison(a, b, d.size, float(d.mean()), raw, corrected)
        for (a, b, d), raw, corrected in zip(rows, p, holm(p), strict=True)
    ]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction of p-values, in the order given."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected.tolist()


def bootstrap_interval(
    values: Sequence[float],
    other: Sequence[float] | None = None,
    *,
    groups: Sequence[str] | None = None,
    confidence: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap interval of a mean, or of a mean paired difference, resampling scans.

    Whole groups are drawn with replacement, as many as there are, and the mean over all their values is taken;
    the interval is the central share `confidence` of these means.

    Args:
        values: One value a scan (or patch).
        other: The same scans with another method: the interval is of mean(values - other).
        groups: The scan or patient of each value, when several values belong together; None: each its own.
        confidence: Share that the interval covers, between 0 and 1.
        resamples: Number of draws.
        seed: Seed of the draws.

    Raises:
        BadInputError: If nothing is there to resample or lengths differ.
    """
    data = np.asarray(values, dtype=np.float64)
    if other is not None:
        paired = np.asarray(other, dtype=np.float64)
        if paired.shape != data.shape:
            raise BadInputError("A paired interval needs both methods on the same scans.")
        data = data - paired
    if data.ndim != 1 or data.size == 0 or not np.isfinite(data).all():
        raise BadInputError("An interval needs at least one value, and all of them finite.")
    if groups is not None and len(groups) != data.size:
        raise BadInputError("An interval needs one group name for each value.")
    if not 0.0 < confidence < 1.0 or resamples < 1:
        raise BadInputError("The confidence must lie between 0 and 1, and resamples must be at least 1.")
    member = np.arange(data.size) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    sums, counts = np.bincount(member, weights=data), np.bincount(member)
    means = _resampled_means(sums, counts, resamples, np.random.default_rng(seed))
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(data.mean()), float(low), float(high))


def _resampled_means(
    sums: np.ndarray, counts: np.ndarray, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    means = np.empty(resamples)
    chunk = max(1, 4_000_000 // sums.size)
    for start in range(0, resamples, chunk):
        drawn = generator.integers(0, sums.size, (min(chunk, resamples - start), sums.size))
        means[start : start + chunk] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return means


def mean_ranks(table: Mapping[str, Sequence[float]], *, lower_is_better: bool) -> dict[str, float]:
    """Mean rank of each method over the scans, 1 the best, ties shared (Demsar, 2006, section 3.2.2).

    Args:
        table: Method name to one value a scan; the same scans in the same order for all methods.
        lower_is_better: True for distances, False for overlaps.
    """
    values = np.array(list(table.values()), np.float64) * (1 if lower_is_better else -1)
    ranks = stats.rankdata(values, axis=0).mean(axis=1)
    return {name: float(rank) for name, rank in zip(table, ranks, strict=True)}


def indistinct_groups(
    ranks: Mapping[str, float], comparisons: Sequence[Comparison], level: float = 0.05
) -> list[tuple[str, ...]]:
    """The bars of a critical-difference plot: runs of neighbours in rank of which no pair differs significantly.

    Args:
        ranks: From `mean_ranks`.
        comparisons: All pairs, from `wilcoxon_holm`.
        level: A pair differs when its corrected p lies below.

    Returns:
        The longest runs of at least two methods, best first; none lies within another.
    """
    differs = {frozenset((c.first, c.second)) for c in comparisons if c.p_holm < level}
    order = sorted(ranks, key=ranks.__getitem__)
    groups: list[tuple[str, ...]] = []
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not any(frozenset((a, order[end])) in differs for a in order[start:end]):
            end += 1
        if end - start > 1 and not (groups and set(order[start:end]) <= set(groups[-1])):
            groups.append(tuple(order[start:end]))
    return groups
