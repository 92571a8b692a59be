from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from SemiSegEmbedLib.learning.volumes import Volume
from SemiSegEmbedLib.learning.withheld import MOST_OF_OBJECT, withheld_boxes


def covered(boxes: tuple, shape: tuple[int, int, int]) -> np.ndarray:
    mask = np.zeros(shape, int)
    for low, high in boxes:
        mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] += 1
    return mask


@pytest.mark.parametrize("seed", range(5))
def test_boxes_lie_inside_hold_objects_do_not_overlap_and_leave_enough(
    ball_volume: Callable[..., Volume], seed: int
) -> None:
    label = ball_volume(size=40).label
    boxes = withheld_boxes(label, fraction=0.15, patch=(16, 16, 16), seed=seed)
    mask = covered(boxes, label.shape)
    assert boxes
    assert mask.max() == 1
    assert mask.mean() <= 0.15
    for low, high in boxes:
        assert all(0 <= a < b <= 40 for a, b in zip(low, high, strict=True))
        assert label[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].any()
    assert label[mask == 1].sum() <= MOST_OF_OBJECT * label.sum()


def test_a_patch_as_large_as_the_scan_makes_smaller_boxes(ball_volume: Callable[..., Volume]) -> None:
    label = ball_volume(size=32).label
    boxes = withheld_boxes(label, fraction=0.1, patch=(96, 96, 96), seed=0)
    assert 0.05 <= covered(boxes, label.shape).mean() <= 0.1


def test_the_seed_decides(ball_volume: Callable[..., Volume]) -> None:
    label = ball_volume(size=40).label
    drawn = [withheld_boxes(label, patch=(12, 12, 12), seed=s) for s in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("value", [0, 255])
def test_nothing_is_withheld_where_no_object_is(value: int) -> None:
    assert withheld_boxes(np.full((20, 20, 20), value, np.uint8)) == ()


def test_an_object_inside_one_box_is_left_to_training() -> None:
    label = np.zeros((30, 30, 30), np.uint8)
    label[14:16, 14:16, 14:16] = 1
    for seed, fraction in itertools.product(range(3), (0.1, 0.3)):
        boxes = withheld_boxes(label, fraction=fraction, seed=seed)
        assert label[covered(boxes, label.shape) == 1].sum() <= MOST_OF_OBJECT * 8
