"""Curves in real MRML plot nodes: one for each label, renamed and added as a run goes on."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer")
pytest.importorskip("qt")

from SemiSegEmbedLib.application.run_plot import RunPlot  # noqa: E402
from SemiSegEmbedLib.application.run_progress import RunProgress  # noqa: E402

NAMES = {"1": "left femur", "2": "sacrum"}


def progress(steps: int = 3) -> RunProgress:
    found = RunProgress()
    for step in range(1, steps + 1):
        found.add({"event": "step", "step": step, "total_steps": 9, "loss": 1 / step, "unreliable_fraction": 0.5})
    return found


def validate(found: RunProgress, step: int, optimistic: bool = False, **classes: tuple[float, float | None]) -> None:
    per_class = {name[1:]: {"iou": iou, "hd95": hd95} for name, (iou, hd95) in classes.items()}
    found.add({"event": "validation", "step": step, "per_class": per_class, "optimistic": optimistic})


def curves(chart: str) -> dict[str, np.ndarray]:
    """What a chart shows: the name of each curve and its values."""
    node = slicer.util.getFirstNodeByName(f"SemiSegEmbed {chart}")
    found = {}
    for index in range(node.GetNumberOfPlotSeriesNodes()):
        series = node.GetNthPlotSeriesNode(index)
        found[series.GetName()] = slicer.util.arrayFromTableColumn(series.GetTableNode(), series.GetYColumnName())
    return found


@pytest.mark.usefixtures("scene")
def test_loss_and_unreliable_fraction_are_there_before_the_first_validation() -> None:
    RunPlot().show("quality", progress(), NAMES)
    assert set(curves("quality")) == {"loss", "unreliable fraction"}
    assert np.allclose(curves("quality")["loss"], [1, 1 / 2, 1 / 3])
    assert curves("distance") == {}


@pytest.mark.usefixtures("scene")
def test_each_label_gets_its_curves_from_the_first_validation_on() -> None:
    plot, found = RunPlot(), progress()
    plot.show("quality", found, NAMES)
    validate(found, 2, c1=(0.5, 9.0))
    plot.update(found, NAMES)
    assert np.allclose(curves("quality")["IoU left femur"], [0.5])
    assert np.allclose(curves("distance")["HD95 left femur"], [9.0])
    validate(found, 3, c1=(0.6, 4.0), c2=(0.0, None))
    plot.update(found, NAMES)
    assert np.allclose(curves("quality")["IoU sacrum"], [np.nan, 0.0], equal_nan=True)
    assert np.isnan(curves("distance")["HD95 sacrum"]).all()
    assert len(curves("quality")) == 4


@pytest.mark.usefixtures("scene")
def test_what_is_optimistic_says_so_at_the_curve() -> None:
    plot, found = RunPlot(), progress()
    validate(found, 2, optimistic=True, c1=(0.5, 9.0))
    plot.show("distance", found, NAMES)
    assert set(curves("distance")) == {"HD95 left femur (optimistic)"}
    assert "IoU left femur (optimistic)" in curves("quality")


@pytest.mark.usefixtures("scene")
def test_another_run_takes_the_charts_over() -> None:
    plot, first = RunPlot(), progress()
    validate(first, 2, optimistic=True, c1=(0.5, 9.0))
    plot.show("quality", first, NAMES)
    second = progress(5)
    plot.update(second, NAMES)
    assert len(curves("quality")["IoU left femur"]) == 0
    validate(second, 2, c1=(0.7, 2.0))
    plot.update(second, NAMES)
    assert len(curves("quality")["loss"]) == 5
    assert "IoU left femur" in curves("quality")


@pytest.mark.usefixtures("scene")
def test_charts_that_left_with_the_scene_are_not_made_again_unasked() -> None:
    plot = RunPlot()
    plot.show("quality", progress(), NAMES)
    slicer.mrmlScene.Clear(0)
    plot.update(progress(), NAMES)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 0
    plot.show("quality", progress(), NAMES)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 2
