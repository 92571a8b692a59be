"""Curves of a run as Slicer plots: tables and charts in the scene, shown in a layout with a plot view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.run_progress import RunProgress

COLORS = ((0.85, 0.45, 0.1), (0.1, 0.5, 0.75), (0.3, 0.65, 0.3), (0.6, 0.35, 0.75), (0.75, 0.2, 0.3))
TABLES = ("losses", "validations")
CHARTS = ("quality", "distance")


class RunPlot:
    """Two charts: loss, unreliable fraction and IoU by label (all without unit), and HD95 by label in mm."""

    def __init__(self) -> None:
        self._nodes: dict[str, Any] = {}

    def show(self, name: str, progress: RunProgress, class_names: Mapping[str, str]) -> None:
        """Fill the charts and bring one into view.

        Args:
            name: "quality" or "distance".
            progress: Where the curves come from.
            class_names: What the classes of the network are called.
        """
        if not self._present():
            self._create()
        self.update(progress, class_names)
        slicer.modules.plots.logic().ShowChartInLayout(self._nodes[name])

    def update(self, progress: RunProgress, class_names: Mapping[str, str]) -> None:
        """Bring the curves up to date, if the charts are in the scene."""
        if not self._present():
            return
        steps = [step for step, _loss, _unreliable in progress.losses]
        losses = [loss for _step, loss, _unreliable in progress.losses]
        unreliable = [value for _step, _loss, value in progress.losses]
        self._fill("losses", {"step": steps, "loss": losses, "unreliable": unreliable})
        self._update_validations(progress, class_names)

    def _update_validations(self, progress: RunProgress, class_names: Mapping[str, str]) -> None:
        validations = progress.validations
        columns: dict[str, list[Any]] = {"step": [entry.step for entry in validations]}
        optimistic = any(entry.optimistic for entry in validations)
        # Curves of an earlier run stay in the chart, so their columns must stay in the table.
        drawn = {name.rpartition(" ")[2] for name in self._nodes if name.startswith("quality iou ")}
        classes = sorted(drawn | {key for entry in validations for key in entry.per_class})
        for key in classes:
            for measure in ("iou", "hd95"):
                columns[f"{measure} {key}"] = [entry.per_class.get(key, {}).get(measure) for entry in validations]
        # The columns first: a series without its column is an error in Slicer's log.
        self._fill("validations", columns)
        for index, key in enumerate(classes):
            label = class_names.get(key, _("class {name}").format(name=key))
            if optimistic:
                label = _("{label} (optimistic)").format(label=label)
            self._series("quality", "validations", f"iou {key}", _("IoU {label}").format(label=label), 2 + index)
            self._series("distance", "validations", f"hd95 {key}", _("HD95 {label}").format(label=label), 2 + index)

    def _present(self) -> bool:
        return bool(self._nodes) and all(slicer.mrmlScene.IsNodePresent(node) for node in self._nodes.values())

    def _fill(self, table: str, columns: Mapping[str, list[Any]]) -> None:
        arrays = [
            np.array([np.nan if value is None else value for value in column], float) for column in columns.values()
        ]
        slicer.util.updateTableFromArray(self._nodes[table], arrays, list(columns))

    def _create(self) -> None:
        for node in self._nodes.values():
            if slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)
        self._nodes = {}
        for names, kind in ((TABLES, "vtkMRMLTableNode"), (CHARTS, "vtkMRMLPlotChartNode")):
            for name in names:
                self._nodes[name] = slicer.mrmlScene.AddNewNodeByClass(kind, f"SemiSegEmbed {name}")
                # The run folder keeps the numbers.
                self._nodes[name].SetSaveWithScene(False)
        self._fill("losses", {"step": [], "loss": [], "unreliable": []})
        self._describe("quality", _("Training"), _("loss, unreliable fraction, IoU"))
        self._describe("distance", _("Validation"), _("HD95 (mm)"))
        self._series("quality", "losses", "loss", _("loss"), 0)
        self._series("quality", "losses", "unreliable", _("unreliable fraction"), 1)

    def _describe(self, chart: str, title: str, axis: str) -> None:
        node = self._nodes[chart]
        node.SetTitle(title)
        node.SetXAxisTitle(_("step"))
        node.SetYAxisTitle(axis)

    def _series(self, chart: str, table: str, column: str, name: str, color: int) -> None:
        """Add a curve to a chart, or rename the one that is there."""
        series = self._nodes.get(f"{chart} {column}")
        if series is not None:
            if series.GetName() != name:
                series.SetName(name)
            return
        series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
        series.SetSaveWithScene(False)
        series.SetAndObserveTableNodeID(self._nodes[table].GetID())
        series.SetXColumnName("step")
        series.SetYColumnName(column)
        series.SetPlotType(series.PlotTypeScatter)
        # Validations are few: one alone has no line, so it gets a point.
        series.SetMarkerStyle(series.MarkerStyleNone if table == "losses" else series.MarkerStyleCircle)
        series.SetColor(*COLORS[color % len(COLORS)])
        self._nodes[chart].AddAndObservePlotSeriesNodeID(series.GetID())
        self._nodes[f"{chart} {column}"] = series
