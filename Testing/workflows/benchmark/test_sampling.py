import numpy as np
import pytest

from SemiSegEmbedLib.workflows.benchmark.sampling import (
    annotated_order,
    even_counts,
    labelled_counts,
    scan_patches,
    spread_starts,
    validation_counts,
)
from SemiSegEmbedLib.workflows.benchmark.scales import get_scale

PAPER = get_scale("paper")
KEYS = [f"train-{n:04d}" for n in range(1, 351)]


@pytest.mark.parametrize(("size", "patch"), [(96, 96), (97, 96), (256, 96), (304, 96), (10, 16)])
def test_covering_patches_leave_no_voxel_out_and_are_as_few_as_can_be(size, patch):
    starts = spread_starts(size, patch)
    covered = np.zeros(size, bool)
    for start in starts:
        covered[start : start + patch] = True
    assert covered.all()
    assert len(starts) == max(1, -(-size // patch))
    assert max(starts) <= max(size - patch, 0)


def test_patches_of_a_scan_show_the_object_and_are_the_same_every_time():
    label = np.zeros((40, 40, 40), np.uint8)
    label[2:12, 3:14, 5:30] = 1
    starts = scan_patches(label, 16, 12, "train-0007")
    assert starts == scan_patches(label, 16, 12, "train-0007")
    assert starts != scan_patches(label, 16, 12, "train-0008")
    assert all(label[tuple(slice(a, a + 16) for a in start)].any() for start in starts)
    assert scan_patches(label, 16, 5, "train-0007") == starts[:5]
    assert all(0 <= a <= 24 for start in starts for a in start)


def test_counts_are_even_and_go_on_from_what_is_taken():
    assert even_counts(["a", "b", "c"], 7) == {"a": 3, "b": 2, "c": 2}
    assert even_counts(["a", "b", "c"], 7, {"a": 3}) == {"a": 3, "b": 2, "c": 2}


@pytest.mark.parametrize("draw", [0, 1, 2])
def test_columns_have_their_patches_from_their_scans_and_hold_the_columns_before(draw):
    before: dict[str, int] = {}
    for number, column in enumerate(PAPER.columns):
        counts = labelled_counts(PAPER, KEYS, number, draw)
        assert sum(counts.values()) == column.patches
        assert len(counts) == column.scans
        assert all(counts[key] >= n for key, n in before.items())
        before = counts


def test_no_scan_gives_more_labelled_patches_than_the_pool_holds():
    pool = even_counts(KEYS, PAPER.pool)
    for number in range(len(PAPER.columns)):
        counts = labelled_counts(PAPER, KEYS, number, 1)
        assert all(n <= pool[key] for key, n in counts.items())


def test_draws_annotate_other_scans():
    first = [set(annotated_order(PAPER, draw)[:4]) for draw in range(3)]
    assert first[0] == {0, 1, 2, 3}
    assert len({frozenset(scans) for scans in first}) == 3


def test_validation_is_no_larger_than_what_is_annotated():
    keys = [f"val-{n:04d}" for n in range(1, 101)]
    for number, column in enumerate(PAPER.columns):
        counts = validation_counts(PAPER, keys, number)
        assert len(counts) <= column.scans
        assert 0 < sum(counts.values()) <= column.patches
    assert sum(validation_counts(PAPER, keys, 5).values()) == 1174
