import io
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Text

from SemiSegEmbedLib.evaluation import benchmark_figures
from SemiSegEmbedLib.evaluation.benchmark_figures import (
    Panel,
    comparison_figure,
    critical_difference_figure,
    training_figure,
)
from SemiSegEmbedLib.evaluation.figures import PREDICTION_COLOR, REFERENCE_COLOR, to_png


def pixels(png: bytes) -> np.ndarray:
    return (imread(io.BytesIO(png), format="png")[..., :3] * 255).round().astype(int)


def share_of(image: np.ndarray, color: str) -> float:
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])
    return float((np.abs(image - wanted).sum(-1) < 40).mean())


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that become pictures."""
    found: list[Figure] = []

    def keep(figure: Figure) -> bytes:
        found.append(figure)
        return to_png(figure)

    monkeypatch.setattr(benchmark_figures, "to_png", keep)
    return found


def assert_readable(figure: Figure) -> None:
    """No text reaches over the picture's edge or into another text."""
    parts = [part for ax in figure.axes for part in (*ax.texts, ax.title, ax.get_legend()) if part is not None]
    for axis in (axis for ax in figure.axes if ax.axison for axis in (ax.xaxis, ax.yaxis)):
        low, high = sorted(axis.get_view_interval())
        parts += [axis.label, *(tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high)]
    texts = [text for part in parts for text in part.findobj(Text) if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    for name, box in boxes:
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1, name
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1, name
    for (name, box), (other, further) in combinations(boxes, 2):
        assert not box.overlaps(further), (name, other)


def test_34_rows_are_ranked_readably(drawn: list[Figure]) -> None:
    order = [f"Robust, with a change to it that has a long name, {n}" for n in range(34)]
    ranks = {name: 1 + 33 * (number // 3) / 11 for number, name in enumerate(order)}
    critical_difference_figure(ranks, [order[:9], order[5:20], order[18:]], "Mean rank\nsecond line")
    assert_readable(drawn[0])
    assert [label.get_text() for label in drawn[0].axes[0].get_yticklabels()] == order
    bars = [sorted(line.get_ydata().round()) for line in drawn[0].axes[1].lines]
    assert bars == [[0, 8], [5, 19], [18, 33]]


def test_34_rows_have_curves_of_their_own_and_a_whole_legend(drawn: list[Figure]) -> None:
    titles = [f"Robust, with a change to it that has a long name, {n}" for n in range(34)]
    curves = {title: [{"step": s, "iou": n / 50, "hd95": 9.0 + n} for s in (1, 2)] for n, title in enumerate(titles)}
    training_figure(curves, {})
    assert_readable(drawn[0])
    *_, beside = drawn[0].axes
    assert [text.get_text() for text in beside.get_legend().get_texts()] == titles
    looks = [{(line.get_color(), line.get_linestyle()) for line in ax.lines} for ax in drawn[0].axes[:2]]
    assert len(looks[0]) == len(looks[1]) == 34


def test_the_plot_of_ranks_draws_a_bar_for_each_group() -> None:
    ranks = {f"method {n}": 1.0 + n for n in range(6)}
    without = pixels(critical_difference_figure(ranks, [], "ranks"))
    with_bar = pixels(critical_difference_figure(ranks, [("method 0", "method 3")], "ranks"))
    assert share_of(with_bar, "#444444") > share_of(without, "#444444") + 0.001


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
