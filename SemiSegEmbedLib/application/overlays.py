"""What a model made of a case, laid over the CT in the slice views, each with its legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import IGNORE, Label

OVERLAYS = ("prediction", "uncertainty", "matched", "provenance", "difference")
FILES = {
    "prediction": "label.nii.gz",
    "uncertainty": "uncertainty.nii.gz",
    "matched": "matched.nii.gz",
    "provenance": "provenance.nii.gz",
    "difference": "label.nii.gz",
}
HIDDEN_BELOW_NATS = 0.05
COLORS_OF_UNCERTAINTY = ((1.0, 0.95, 0.3), (1.0, 0.45, 0.1), (0.75, 0.0, 0.25))

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One line of a legend: a colour and what it means."""

    value: int
    color: Color
    meaning: str


def legend(name: str, labels: Sequence[Label]) -> list[Entry]:
    """What the colours of an overlay mean.

    Args:
        name: One of `OVERLAYS`.
        labels: Labels of the study.
    """
    if name in ("prediction", "matched"):
        return [Entry(label.value, label.color, label.name) for label in labels]
    if name == "provenance":
        return [
            Entry(1, (70, 150, 240), _("annotated")),
            Entry(2, (90, 190, 90), _("confident network")),
            Entry(3, (245, 160, 50), _("embedding matching")),
        ]
    if name == "difference":
        return [
            Entry(1, (240, 120, 50), _("only the model")),
            Entry(2, (70, 150, 240), _("only the annotation")),
            Entry(3, (200, 80, 200), _("another segment")),
        ]
    shades = [(round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue in COLORS_OF_UNCERTAINTY]
    words = (_("a little unsure"), _("unsure"), _("undecided"))
    return [Entry(index, shade, word) for index, (shade, word) in enumerate(zip(shades, words, strict=True), 1)]


class Overlay:
    """The one overlay that is shown, or none."""

    def __init__(self) -> None:
        self.name: str | None = None
        self._opacity = 0.5
        self._nodes: list[Any] = []

    def show(self, name: str, folder: Path, labels: Sequence[Label], annotation: np.ndarray | None) -> None:
        """Load an overlay and lay it over the CT in all slice views.

        Args:
            name: One of `OVERLAYS`.
            folder: The folder of the result.
            labels: Labels of the study.
            annotation: What is drawn, (z, y, x) label values; needed for "difference" alone.

        Raises:
            BadInputError: The file is missing or on another grid.
        """
        self.hide()
        path = folder / FILES[name]
        try:
            if name == "uncertainty":
                node = slicer.util.loadVolume(str(path), {"show": False, "singleFile": True, "name": name})
            else:
                node = slicer.util.loadLabelVolume(str(path), {"show": False, "singleFile": True, "name": name})
        except RuntimeError as error:
            raise BadInputError(_("This result has no such map: segment the case again.")) from error
        self._nodes = [node, node.GetStorageNode()]
        self.name = name
        if name == "difference":
            self._subtract(node, annotation)
        self._color(node, legend(name, labels))
        self._lay()

    def _subtract(self, node: Any, annotation: np.ndarray | None) -> None:
        predicted = slicer.util.arrayFromVolume(node)
        if annotation is None or annotation.shape != predicted.shape:
            self.hide()
            raise BadInputError(_("There is no annotation on the grid of this result: annotate the case first."))
        known = annotation != IGNORE
        difference = np.zeros_like(predicted)
        difference[(predicted > 0) & (annotation == 0)] = 1
        difference[(predicted == 0) & (annotation > 0) & known] = 2
        difference[(predicted > 0) & (annotation > 0) & (predicted != annotation) & known] = 3
        predicted[:] = difference
        slicer.util.arrayFromVolumeModified(node)

    def _color(self, node: Any, entries: Sequence[Entry]) -> None:
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"SemiSegEmbed {self.name}")
        table.SetTypeToUser()
        table.SetHideFromEditors(True)
        if self.name == "uncertainty":
            fill_ramp(table)
        else:
            table.SetNumberOfColors(256)
            for value in range(256):
                table.SetColor(value, "", 0.0, 0.0, 0.0, 0.0)
            for entry in entries:
                table.SetColor(entry.value, entry.meaning, *(channel / 255 for channel in entry.color), 1.0)
        display = node.GetDisplayNode()
        display.SetAndObserveColorNodeID(table.GetID())
        if self.name == "uncertainty":
            display.SetAutoWindowLevel(False)
            display.SetWindowLevelMinMax(0.0, math.log(2))
            display.SetThreshold(HIDDEN_BELOW_NATS, 100.0)
            display.SetApplyThreshold(True)
        self._nodes += [table, display]

    def set_opacity(self, opacity: float) -> None:
        """Opacity, 0 to 1."""
        self._opacity = opacity
        if self.name is not None:
            self._lay()

    def _lay(self) -> None:
        layer = "foreground" if self.name == "uncertainty" else "label"
        slicer.util.setSliceViewerLayers(**{layer: self._nodes[0], f"{layer}Opacity": self._opacity})

    def hide(self) -> None:
        """Take the overlay out of views and scene."""
        if self.name is not None or self._nodes:
            slicer.util.setSliceViewerLayers(foreground=None, label=None)
        for node in self._nodes:
            if node is not None and slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)
        self._nodes, self.name = [], None


def fill_ramp(table: Any) -> None:
    """Yellow over orange to red, in 256 steps."""
    table.SetNumberOfColors(256)
    stops = np.linspace(0, 1, len(COLORS_OF_UNCERTAINTY))
    for index in range(256):
        channels = [np.interp(index / 255, stops, column) for column in np.transpose(COLORS_OF_UNCERTAINTY)]
        table.SetColor(index, "", *(float(channel) for channel in channels), 1.0)
