"""Tests and intervals over scans."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.evaluation.statistics import (
    Comparison,
    bootstrap_interval,
    holm,
    indistinct_groups,
    mean_ranks,
    wilcoxon_holm,
)


def exact_signed_rank_p(differences: np.ndarray) -> float:
    """Two-sided p-value by listing all sign patterns (no ties, no zeros)."""
    ranks = np.argsort(np.argsort(np.abs(differences))) + 1
    observed = ranks[differences > 0].sum()
    sums = np.array([np.dot(ranks, signs) for signs in product((0, 1), repeat=len(ranks))])
    return min(1.0, 2 * min((sums <= observed).mean(), (sums >= observed).mean()))


def test_wilcoxon_equals_listing_all_sign_patterns():
    generator = np.random.default_rng(3)
    a, b = generator.normal(0.9, 0.03, 9), generator.normal(0.88, 0.03, 9)
    (row,) = wilcoxon_holm({"a": a, "b": b})
    assert row.p == pytest.approx(exact_signed_rank_p(a - b))
    assert row.p_holm == row.p
    assert (row.first, row.second, row.scans) == ("a", "b", 9)
    assert row.mean_difference == pytest.approx((a - b).mean())


def test_holm_follows_the_textbook_and_never_reorders():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_a_reference_method_is_compared_with_each_other_one_and_corrected():
    generator = np.random.default_rng(0)
    base = generator.normal(0.9, 0.02, 20)
    table = {"ours": base, "b": base - 0.05 - generator.uniform(0, 0.01, 20), "c": base + generator.normal(0, 1, 20)}
    rows = wilcoxon_holm(table, reference="ours")
    assert [(row.first, row.second) for row in rows] == [("ours", "b"), ("ours", "c")]
    assert [row.p_holm for row in rows] == pytest.approx(holm([row.p for row in rows]))
    assert rows[0].p_holm < 0.001 < rows[1].p_holm
    assert len(wilcoxon_holm(table)) == 3


def test_methods_that_never_differ_have_p_one():
    assert wilcoxon_holm({"a": [0.5, 0.6], "b": [0.5, 0.6]})[0].p == 1.0


def test_the_interval_of_normal_data_agrees_with_theory():
    values = np.random.default_rng(1).normal(10.0, 2.0, 200)
    found = bootstrap_interval(values)
    half = 1.96 * values.std() / np.sqrt(200)
    assert found.estimate == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.05)
    assert found.high == pytest.approx(values.mean() + half, abs=0.05)


def test_pairing_removes_what_scans_share():
    generator = np.random.default_rng(2)
    scans = generator.normal(0, 1, 40)
    a, b = scans + 0.1, scans + generator.normal(0, 0.01, 40)
    paired = bootstrap_interval(a, b)
    assert 0.08 < paired.low < 0.1 < paired.high < 0.12
    assert bootstrap_interval(a).high - bootstrap_interval(a).low > 10 * (paired.high - paired.low)


def test_patches_of_one_scan_are_drawn_together():
    scans = np.random.default_rng(4).normal(0, 1, 12)
    patches, groups = np.repeat(scans, 10), [f"case-{i // 10:04d}" for i in range(120)]
    honest, naive = bootstrap_interval(patches, groups=groups), bootstrap_interval(patches)
    alone = bootstrap_interval(scans)
    assert honest.high - honest.low == pytest.approx(alone.high - alone.low, rel=0.05)
    assert honest.high - honest.low > 2 * (naive.high - naive.low)


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).normal(0, 1, 30)
    assert bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)
    assert bootstrap_interval(values, seed=5) != bootstrap_interval(values, seed=6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilcoxon_holm({"a": [1.0], "b": [1.0, 2.0]}),
        lambda: wilcoxon_holm({"a": [1.0, float("nan")], "b": [1.0, 2.0]}),
        lambda: wilcoxon_holm({"a": [1.0], "b": [2.0]}, reference="c"),
        lambda: wilcoxon_holm({"a": [1.0]}),
        lambda: bootstrap_interval([]),
        lambda: bootstrap_interval([1.0, 2.0], [1.0]),
        lambda: bootstrap_interval([1.0, 2.0], groups=["x"]),
        lambda: bootstrap_interval([1.0], confidence=1.0),
    ],
)
def test_input_that_does_not_fit_is_refused_with_a_sentence(call):
    with pytest.raises(BadInputError, match=r"\.$"):
        call()


def test_mean_ranks_share_ties_and_know_which_end_is_better() -> None:
    table = {"a": [1.0, 2.0, 5.0], "b": [2.0, 2.0, 1.0], "c": [3.0, 4.0, 9.0]}
    assert mean_ranks(table, lower_is_better=True) == pytest.approx({"a": 4.5 / 3, "b": 4.5 / 3, "c": 3.0})
    assert mean_ranks(table, lower_is_better=False) == pytest.approx({"a": 7.5 / 3, "b": 7.5 / 3, "c": 1.0})


def test_bars_join_neighbours_in_rank_without_a_significant_pair() -> None:
    ranks = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}
    different = {("a", "c"), ("a", "d"), ("b", "d")}
    pairs = [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]
    comparisons = [Comparison(x, y, 10, 0.0, 0.5, 0.01 if (x, y) in different else 0.2) for x, y in pairs]
    assert indistinct_groups(ranks, comparisons) == [("a", "b"), ("b", "c"), ("c", "d")]
    assert indistinct_groups(ranks, comparisons, level=0.001) == [("a", "b", "c", "d")]
    assert indistinct_groups({"a": 1.0, "d": 2.0}, comparisons) == []
