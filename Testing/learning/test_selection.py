from __future__ import annotations

import math

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.config_checks import CHOICES
from SemiSegEmbedLib.learning.selection import COSTS, Selection


def test_the_first_validation_is_best_even_without_a_distance() -> None:
    selection = Selection(0.25, 3)
    assert selection.add(10, {"hd95": math.nan, "iou": 0.0})
    assert selection.add(20, {"hd95": 9.0, "iou": 0.1})
    assert not selection.add(30, {"hd95": 9.0, "iou": 0.1}), "an equal one is not better"
    assert not selection.add(40, {"hd95": None, "iou": 0.1})
    assert selection.best_step == 20


def test_by_iou_a_far_island_does_not_cost_a_better_network_its_place() -> None:
    by_distance, by_iou = Selection(0.25, 3), Selection(0.25, 3, "iou")
    for selection in (by_distance, by_iou):
        selection.add(600, {"hd95": 45.0, "iou": 0.52})
        selection.add(1200, {"hd95": 58.5, "iou": 0.84})
        selection.add(1600, {"hd95": 50.0, "iou": 0.84})
    assert (by_distance.best_step, by_iou.best_step) == (600, 1200)


def test_every_criterion_that_a_configuration_may_name_is_known() -> None:
    assert set(CHOICES["selection"]) == set(COSTS)
    assert TrainingConfig().selection == "hd95", "section 3.2"


def test_only_falls_in_a_row_are_a_divergence() -> None:
    selection = Selection(0.25, 2)
    for step, (iou, diverged) in enumerate([(0.8, False), (0.5, False), (0.6, False), (0.4, False), (0.3, True)]):
        selection.add(step, {"hd95": 5.0, "iou": iou})
        assert selection.diverged == diverged
    assert selection.reason.count(".") >= 1


def test_a_missing_iou_counts_as_a_fall() -> None:
    selection = Selection(0.25, 1)
    selection.add(1, {"hd95": 1.0, "iou": 0.9})
    selection.add(2, {"hd95": 1.0, "iou": math.nan})
    assert selection.diverged


def test_the_state_comes_back() -> None:
    one, two = Selection(0.25, 3), Selection(0.25, 3)
    one.add(1, {"hd95": 2.0, "iou": 0.9})
    one.add(2, {"hd95": 30.0, "iou": 0.1})
    two.load_state_dict(one.state_dict())
    assert (two.best_step, two.falls, two.best_iou) == (1, 1, 0.9)
