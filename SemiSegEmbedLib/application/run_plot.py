"""Curves of a run as Slicer plots: tables and charts in the scene, shown in a layout with a plot view."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.run_progress import RunProgress

COLORS = ((0.85, 0.45, 0.1), (0.1, 0.5, 0.75), (0.3, 0.65, 0.3), (0.6, 0.35, 0.75), (0.75, 0.2, 0.3))


class RunPlot:
    """Two charts: loss, IoU and unreliable fraction (all without unit), and HD95 in mm."""

    def __init__(self) -> None:
        self._nodes: dict[str, Any] = {}

    def show(self, name: str, progress: RunProgress) -> None:
        """Fill the charts and bring one into view.

        Args:
            name: "quality" or "distance".
            progress: Where the curves come from.
        """
        self.update(progress, create=True)
        slicer.modules.plots.logic().ShowChartInLayout(self._nodes[name])

    def update(self, progress: RunProgress, create: bool = False) -> None:
        """Bring the tables up to date; without `create` only if the charts are in the scene."""
        if not self._present():
            if not create:
                return
            self._create(progress)
        steps = np.array([point[0] for point in progress.losses], float)
        unreliable = [np.nan if point[2] is None else point[2] for point in progress.losses]
        losses = [point[1] for point in progress.losses]
        self._fill("losses", [steps, losses, unreliable], ["step", "loss", "unreliable"])
        columns: list[list[float]] = [[entry.step for entry in progress.validations]]
        names = ["step"]
        for measure in ("iou", "hd95"):
            for key in self._classes:
                values = [entry.per_class.get(key, {}).get(measure) for entry in progress.validations]
                columns.append([np.nan if value is None else value for value in values])
                names.append(f"{measure} {key}")
        self._fill("validations", columns, names)

    def _present(self) -> bool:
        return bool(self._nodes) and all(slicer.mrmlScene.IsNodePresent(node) for node in self._nodes.values())

    def _fill(self, table: str, columns: list[Any], names: list[str]) -> None:
        slicer.util.updateTableFromArray(self._nodes[table], [np.asarray(column, float) for column in columns], names)

    def _create(self, progress: RunProgress) -> None:
        for node in self._nodes.values():
            if slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)
        self._nodes = {}
        self._classes = sorted({key for entry in progress.validations for key in entry.per_class}) or ["1"]
        for name, kind in (
            ("losses", "vtkMRMLTableNode"),
            ("validations", "vtkMRMLTableNode"),
            ("quality", "vtkMRMLPlotChartNode"),
            ("distance", "vtkMRMLPlotChartNode"),
        ):
            self._nodes[name] = slicer.mrmlScene.AddNewNodeByClass(kind, f"SemiSegEmbed {name}")
        self._describe("quality", _("Training"), _("loss, IoU, unreliable fraction"))
        self._describe("distance", _("Validation"), _("HD95 (mm)"))
        self._add_series("quality", "losses", "loss", _("loss"), 0)
        self._add_series("quality", "losses", "unreliable", _("unreliable fraction"), 1)
        for index, key in enumerate(self._classes):
            self._add_series(
                "quality", "validations", f"iou {key}", _("IoU, class {name}").format(name=key), 2 + index
            )
            self._add_series("distance", "validations", f"hd95 {key}", _("class {name}").format(name=key), 2 + index)

    def _describe(self, chart: str, title: str, axis: str) -> None:
        node = self._nodes[chart]
        node.SetTitle(title)
        node.SetXAxisTitle(_("step"))
        node.SetYAxisTitle(axis)

    def _add_series(self, chart: str, table: str, column: str, name: str, color: int) -> None:
        series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
        series.SetAndObserveTableNodeID(self._nodes[table].GetID())
        series.SetXColumnName("step")
        series.SetYColumnName(column)
        series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        series.SetMarkerStyle(
            slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone
            if table == "losses"
            else slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle
        )
        series.SetColor(*COLORS[color % len(COLORS)])
        self._nodes[chart].AddAndObservePlotSeriesNodeID(series.GetID())
        self._nodes[f"{chart} {column}"] = series
