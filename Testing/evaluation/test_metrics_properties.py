"""Properties of metrics: they do not depend on how axes are stored, and keep the order that their names promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from SemiSegEmbedLib.evaluation.metrics import dice, evaluate_labels, iou, surface_distances

shapes = st.tuples(*[st.integers(1, 5)] * 3)
pairs = shapes.flatmap(lambda shape: arrays(np.uint8, (2, *shape), elements=st.sampled_from([0, 1, 2])))
spacings = st.tuples(*[st.floats(0.3, 4.0)] * 3)


@settings(max_examples=50, deadline=None)
@given(pairs, spacings, st.permutations((0, 1, 2)), st.tuples(*[st.booleans()] * 3))
def test_turning_and_mirroring_both_changes_nothing(
    pair: np.ndarray, spacing: tuple[float, float, float], axes: list[int], flips: tuple[bool, bool, bool]
) -> None:
    flipped = tuple(axis for axis in range(3) if flips[axis])
    turned = [np.flip(one.transpose(axes), flipped) for one in pair]
    here = evaluate_labels(pair[0], pair[1], spacing, [1, 2])
    there = evaluate_labels(turned[0], turned[1], [spacing[axis] for axis in axes], [1, 2])
    for value in (1, 2):
        assert there[value] == pytest.approx(here[value], abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(pairs, spacings, st.floats(0.1, 5), st.floats(0, 100))
def test_wider_tolerance_and_higher_percentile_never_give_less(
    pair: np.ndarray, spacing: tuple[float, float, float], tolerance: float, percentile: float
) -> None:
    a, b = (one == 1 for one in pair)
    found = surface_distances(a, b, spacing)
    assert found.share_within(tolerance) <= found.share_within(2 * tolerance) <= 1.0
    assert found.hausdorff(percentile) <= found.hausdorff(100.0)
    assert found.average() <= found.hausdorff(100.0) + 1e-12
    if not (found.one_empty or found.both_empty):
        assert found.hausdorff_pooled(95) <= found.hausdorff(100.0)


@settings(max_examples=50, deadline=None)
@given(pairs)
def test_overlap_is_that_of_sets(pair: np.ndarray) -> None:
    a, b = (set(np.flatnonzero(one == 1).tolist()) for one in pair)
    expected = len(a & b) / len(a | b) if a | b else 1.0
    assert iou(pair[0] == 1, pair[1] == 1) == pytest.approx(expected)
    row = evaluate_labels(pair[0], pair[1], (1.0, 1.0, 1.0), [1])[1]
    assert (row["iou"], row["dice"]) == pytest.approx((expected, 2 * expected / (1 + expected)))
    both = len(a) + len(b)
    assert dice(pair[0] == 1, pair[1] == 1) == pytest.approx(2 * len(a & b) / both if both else 1.0)


@settings(max_examples=50, deadline=None)
@given(pairs, spacings)
def test_adding_a_voxel_that_is_right_never_lowers_the_overlap(
    pair: np.ndarray, spacing: tuple[float, float, float]
) -> None:
    reference, prediction = pair[0] == 1, pair[1] == 1
    missed = np.argwhere(reference & ~prediction)
    before = iou(reference, prediction)
    if len(missed):
        prediction = prediction.copy()
        prediction[tuple(missed[0])] = True
        assert iou(reference, prediction) > before or before == 1.0
