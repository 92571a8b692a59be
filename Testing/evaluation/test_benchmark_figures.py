import io

import numpy as np
from matplotlib.image import imread

from SemiSegEmbedLib.evaluation.benchmark_figures import (
    Panel,
    comparison_figure,
    critical_difference_figure,
    training_figure,
)
from SemiSegEmbedLib.evaluation.figures import PREDICTION_COLOR, REFERENCE_COLOR


def pixels(png: bytes) -> np.ndarray:
    return (imread(io.BytesIO(png), format="png")[..., :3] * 255).round().astype(int)


def share_of(image: np.ndarray, color: str) -> float:
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    return float((np.abs(image - wanted).sum(-1) < 40).mean())


def test_the_plot_of_ranks_draws_a_bar_for_each_group() -> None:
    ranks = {f"method {n}": 1.0 + n for n in range(6)}
    without = pixels(critical_difference_figure(ranks, [], "ranks"))
    with_bar = pixels(critical_difference_figure(ranks, [("method 0", "method 3")], "ranks"))
    assert share_of(with_bar, "#444444") > share_of(without, "#444444") + 0.003


def test_curves_that_are_missing_are_left_out() -> None:
    validation = {"a": [{"step": 1, "iou": 0.5, "hd95": 9.0}, {"step": 2, "iou": 0.6, "hd95": 8.0}]}
    full = {"a": [{"step": 1, "unreliable_fraction": 0.5}, {"step": 2, "unreliable_fraction": 0.1}]}
    with_curve, without = (pixels(training_figure(validation, steps)) for steps in (full, {"a": [{"step": 1}]}))
    assert share_of(with_curve, "#1f77b4") > share_of(without, "#1f77b4") > 0


def test_predictions_are_drawn_and_models_that_were_not_run_are_not() -> None:
    image = np.zeros((40, 40), np.float32)
    reference, predicted = np.zeros((40, 40)), np.zeros((40, 40))
    reference[10:20, 10:20], predicted[12:30, 12:30] = 1, 1
    drawn = pixels(comparison_figure([("case", image, reference, {"model": Panel(predicted, "IoU 0.3")})]))
    missing = pixels(comparison_figure([("case", image, reference, {"model": None})]))
    assert share_of(drawn, PREDICTION_COLOR) > 0.001
    assert share_of(missing, PREDICTION_COLOR) == 0
    assert share_of(missing, REFERENCE_COLOR) > 0.001
