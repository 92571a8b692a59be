"""Metrics against medpy, MONAI, surface-distance and a slow literal version of the definitions."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.evaluation import metrics
from SemiSegEmbedLib.evaluation.metrics import (
    average_symmetric_surface_distance,
    dice,
    evaluate_labels,
    hausdorff_distance_95,
    hausdorff_distance_95_pooled,
    iou,
    normalised_surface_dice,
    surface_distances,
)

SPACINGS = [(1.0, 1.0, 1.0), (3.0, 0.7, 0.8)]


def ball(shape: tuple[int, ...], centre: tuple[float, ...], radius: float) -> np.ndarray:
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    return sum((axis - c) ** 2 for axis, c in zip(axes, centre, strict=True)) <= radius**2


def blobs(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A ball with dents, and the same with other dents and a far island."""
    generator = np.random.default_rng(seed)
    a, b = ball((22, 26, 24), (11, 13, 12), 7), ball((22, 26, 24), (11.5, 12, 12), 7)
    for mask in (a, b):
        for centre in generator.uniform(6, 16, (4, 3)):
            mask ^= ball(mask.shape, tuple(centre), generator.uniform(1, 3))
    b[0:2, 0:3, 20:24] = True
    return a, b


def literal_distances(
    a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...], border: str, known: np.ndarray | None
) -> tuple[list[float], list[float]]:
    """The definitions of the module, voxel by voxel."""

    def outside(mask: np.ndarray, index: tuple[int, ...]) -> bool:
        if any(i < 0 or i >= n for i, n in zip(index, mask.shape, strict=True)):
            return border == "surface"
        return not mask[index] and (known is None or bool(known[index]))

    def surface(mask: np.ndarray) -> list[np.ndarray]:
        steps = [tuple(s * (axis == k) for k in range(mask.ndim)) for axis in range(mask.ndim) for s in (-1, 1)]
        inside = [tuple(map(int, i)) for i in np.argwhere(mask)]
        return [
            np.multiply(i, spacing)
            for i in inside
            if any(outside(mask, tuple(np.add(i, step).tolist())) for step in steps)
        ]

    if known is not None:
        a, b = a & known, b & known
    one, two = surface(a), surface(b)

    def directed(points: list[np.ndarray], targets: list[np.ndarray]) -> list[float]:
        return [min(math.dist(p, t) for t in targets) for p in points]

    return directed(one, two), directed(two, one)


def interpolated_percentile(values: list[float], percent: float) -> float:
    ordered = sorted(values)
    position = (len(ordered) - 1) * percent / 100
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


@pytest.mark.parametrize("border", ["surface", "open"])
@pytest.mark.parametrize("spacing", SPACINGS)
def test_every_surface_metric_equals_its_literal_definition(spacing, border):
    a = ball((7, 8, 9), (2, 4, 4), 3)
    b = ball((7, 8, 9), (3, 4, 5), 2) | ball((7, 8, 9), (6, 0, 8), 1.5)
    known = np.ones(a.shape, bool)
    known[:, :2] = False
    one, two = literal_distances(a, b, spacing, border, known)
    found = surface_distances(a, b, spacing, border=border, known=known)
    np.testing.assert_allclose(np.sort(found.from_a), np.sort(one))
    np.testing.assert_allclose(np.sort(found.from_b), np.sort(two))
    assert found.hausdorff() == pytest.approx(max(interpolated_percentile(x, 95) for x in (one, two)))
    assert found.hausdorff_pooled() == pytest.approx(interpolated_percentile(one + two, 95))
    assert found.average() == pytest.approx(sum(one + two) / len(one + two))
    assert found.share_within(1.0) == pytest.approx(sum(d <= 1.0 for d in one + two) / len(one + two))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_primary_hd95_and_assd_equal_monai(seed, spacing):
    torch = pytest.importorskip("torch")
    metrics = pytest.importorskip("monai.metrics")
    a, b = blobs(seed)
    one, two = (torch.from_numpy(m)[None, None].float() for m in (a, b))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"include_background": True, "spacing": spacing}
        hd95 = metrics.compute_hausdorff_distance(one, two, percentile=95, **options).item()
        assd = metrics.compute_average_surface_distance(one, two, symmetric=True, **options).item()
    assert hausdorff_distance_95(a, b, spacing) == pytest.approx(hd95, abs=1e-4)
    assert average_symmetric_surface_distance(a, b, spacing) == pytest.approx(assd, abs=1e-4)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pooled_hd95_overlap_and_directed_means_equal_medpy(seed, spacing):
    binary = pytest.importorskip("medpy.metric.binary")
    a, b = blobs(seed)
    found = surface_distances(a, b, spacing)
    assert found.hausdorff_pooled() == pytest.approx(binary.hd95(a, b, voxelspacing=spacing))
    assert hausdorff_distance_95_pooled(a, b, spacing) == found.hausdorff_pooled()
    assert found.from_a.mean() == pytest.approx(binary.asd(a, b, voxelspacing=spacing))
    assert found.from_b.mean() == pytest.approx(binary.asd(b, a, voxelspacing=spacing))
    assert found.hausdorff(100.0) == pytest.approx(binary.hd(a, b, voxelspacing=spacing))
    assert dice(a, b) == pytest.approx(binary.dc(a, b))
    assert iou(a, b) == pytest.approx(binary.jc(a, b))


@pytest.mark.parametrize("spacing", SPACINGS)
def test_surface_distance_agrees_within_one_voxel(spacing):
    """DeepMind's surfels lie between voxels and are weighted by area, so equality is not expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        deepmind = pytest.importorskip("surface_distance")
        a, b = ball((30, 40, 40), (15, 20, 20), 11), ball((30, 40, 40), (15, 22, 20), 12)
        theirs = deepmind.compute_surface_distances(a, b, spacing)
        hd95 = deepmind.compute_robust_hausdorff(theirs, 95)
        voxel = max(spacing)
        tight, loose = (deepmind.compute_surface_dice_at_tolerance(theirs, t) for t in (2.5 - voxel, 2.5 + voxel))
    assert abs(hausdorff_distance_95(a, b, spacing) - hd95) <= voxel
    assert tight <= normalised_surface_dice(a, b, spacing, 2.5) <= loose


def test_a_false_island_shows_in_the_primary_form_and_hides_in_the_pooled_one():
    """ssl_sota section 4.2: a ball of radius 24 with a far false-positive ball of radius 6."""
    reference = ball((96, 96, 96), (48, 48, 48), 24)
    prediction = reference | ball((96, 96, 96), (12, 12, 12), 6)
    assert hausdorff_distance_95_pooled(reference, prediction, (1, 1, 1)) == 0.0
    assert hausdorff_distance_95(reference, prediction, (1, 1, 1)) > 30.0


def test_spacing_is_taken_in_the_order_of_the_axes():
    a, b = np.zeros((9, 9, 9), bool), np.zeros((9, 9, 9), bool)
    a[2, 4, 4], b[5, 4, 4] = True, True
    assert hausdorff_distance_95(a, b, (3.0, 0.5, 0.7)) == pytest.approx(9.0)
    assert hausdorff_distance_95(a.T, b.T, (3.0, 0.5, 0.7)) == pytest.approx(2.1)


def test_an_open_border_does_not_dilute_with_the_cut_face():
    reference, prediction = np.zeros((20, 20, 20), bool), np.zeros((20, 20, 20), bool)
    reference[:, 4:16, 4:16], prediction[:, 4:16, 6:18] = True, True
    counted = average_symmetric_surface_distance(reference, prediction, (1, 1, 1))
    open_faces = average_symmetric_surface_distance(reference, prediction, (1, 1, 1), border="open")
    assert open_faces > counted
    whole = np.ones((4, 4, 4), bool)
    assert surface_distances(whole, whole, (1, 1, 1), border="open").from_a.size == 0


def test_empty_masks_follow_the_stated_rule():
    empty, full = np.zeros((3, 4, 12), bool), np.zeros((3, 4, 12), bool)
    full[1, 1:3, 2:5] = True
    diagonal = math.dist((0, 0, 0), (3 * 2.0, 4, 12 * 0.5))
    spacing = (2.0, 1.0, 0.5)
    for metric in (hausdorff_distance_95, hausdorff_distance_95_pooled, average_symmetric_surface_distance):
        assert metric(empty, full, spacing) == pytest.approx(diagonal)
        assert metric(full, empty, spacing) == pytest.approx(diagonal)
        assert metric(empty, empty, spacing) == 0.0
    assert (iou(empty, empty), dice(empty, empty)) == (1.0, 1.0)
    assert (iou(empty, full), dice(full, empty)) == (0.0, 0.0)
    assert normalised_surface_dice(empty, empty, spacing, 1.0) == 1.0
    assert normalised_surface_dice(empty, full, spacing, 100.0) == 0.0


@pytest.mark.parametrize("workers", [-1, 1])
def test_threads_are_as_many_as_the_caller_says(monkeypatch: pytest.MonkeyPatch, workers: int):
    asked = []

    class Watched(metrics.cKDTree):
        def query(self, *arguments, **options):
            asked.append(options["workers"])
            return super().query(*arguments, **options)

    monkeypatch.setattr(metrics, "cKDTree", Watched)
    a, b = (mask.astype(np.uint8) for mask in blobs(1))
    found = evaluate_labels(a, b, (1.0, 1.0, 1.0), [1], workers=workers)[1]
    assert asked == [workers] * 2
    assert found == evaluate_labels(a, b, (1.0, 1.0, 1.0), [1])[1]


def test_labels_are_judged_one_by_one_and_misses_are_flagged():
    reference, prediction = np.zeros((10, 12, 14), np.uint8), np.zeros((10, 12, 14), np.uint8)
    reference[1:5, 1:5, 1:5], prediction[1:5, 1:5, 2:6] = 1, 1
    reference[6:9, 6:9, 6:9] = 2
    prediction[7:9, 1:3, 9:12] = 3
    rows = evaluate_labels(reference, prediction, (2.0, 1.0, 1.0), [1, 2, 3, 4])
    for value in (1, 2, 3, 4):
        a, b = reference == value, prediction == value
        assert rows[value]["iou"] == iou(a, b)
        assert rows[value]["hd95"] == hausdorff_distance_95(a, b, (2.0, 1.0, 1.0))
        assert rows[value]["nsd_1mm"] == normalised_surface_dice(a, b, (2.0, 1.0, 1.0), 1.0)
    flags = {value: (row["missed"], row["spurious"]) for value, row in rows.items()}
    assert flags == {1: (False, False), 2: (True, False), 3: (False, True), 4: (False, False)}
    assert (rows[1]["reference_voxels"], rows[1]["prediction_voxels"]) == (64, 64)


def test_ignored_voxels_change_nothing_and_make_no_surface():
    reference = np.zeros((12, 12, 12), np.uint8)
    reference[2:10, 3:9, 3:9] = 1
    prediction = reference.copy()
    reference[6:] = 255
    for junk in (0, 1, 7):
        prediction[6:] = junk
        row = evaluate_labels(reference, prediction, (1, 1, 1), [1])[1]
        assert (row["iou"], row["hd95"], row["assd"], row["nsd_1mm"]) == (1.0, 0.0, 0.0, 1.0)
        assert row["prediction_voxels"] == row["reference_voxels"] == 4 * 36
        assert row["surface_voxels"] == 2 * (36 + 3 * 20)  # the bottom and three rings, but not the cut at slice 6


@settings(max_examples=60, deadline=None)
@given(
    masks=arrays(bool, st.tuples(st.just(2), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))),
    spacing=st.tuples(*[st.floats(0.2, 5.0)] * 3),
    scale=st.floats(0.5, 3.0),
)
def test_metrics_are_symmetric_bounded_and_scale_with_spacing(masks, spacing, scale):
    a, b = masks
    found, back = surface_distances(a, b, spacing), surface_distances(b, a, spacing)
    larger = surface_distances(a, b, [scale * s for s in spacing])
    for name in ("hausdorff", "hausdorff_pooled", "average"):
        value = getattr(found, name)()
        assert value == pytest.approx(getattr(back, name)())
        assert 0.0 <= value <= found.diagonal
        assert getattr(larger, name)() == pytest.approx(scale * value, abs=1e-9)
    assert 0.0 <= iou(a, b) == iou(b, a) <= dice(a, b) <= 1.0
    assert surface_distances(a, a, spacing).hausdorff(100) == 0.0


@pytest.mark.parametrize(
    ("spacing", "shape"),
    [((1, 1), (4, 4, 4)), ((1, 0, 1), (4, 4, 4)), ((1, 1, float("nan")), (4, 4, 4)), ((1, 1, 1), (4, 4, 5))],
)
def test_input_that_does_not_fit_is_refused_with_a_sentence(spacing, shape):
    with pytest.raises(BadInputError, match=r"\.$"):
        hausdorff_distance_95(np.ones((4, 4, 4), bool), np.ones(shape, bool), spacing)
