"""What a model made of a case, laid over the CT in the slice views, each with its legend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.volumes import add_image, allocate
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import IGNORE, Label

OVERLAYS = ("prediction", "uncertainty", "matched", "provenance", "difference")
PREVIEW = "preview"
FILES = {
    "prediction": "label.nii.gz",
    "uncertainty": "uncertainty.nii.gz",
    "matched": "matched.nii.gz",
    "provenance": "provenance.nii.gz",
    "difference": "label.nii.gz",
}
HIDDEN_BELOW_NATS = 0.05
COLORS_OF_UNCERTAINTY = ((1.0, 0.95, 0.3), (1.0, 0.45, 0.1), (0.75, 0.0, 0.25))
FAINT = 0.35
"""Opacity of what covers most of a scan, so that the CT and the rest stay visible."""

LARGE_BYTES = 32 << 20
"""Copying a smaller map takes less time than a thread that does it."""

NEITHER = 4
"""Shown instead of 0, which is also what views show beyond the scan."""

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Entry:
    """One line of a legend: a colour, what it means, and how strong it is beside the others."""

    value: int
    color: Color
    meaning: str
    opacity: float = 1.0


def legend(name: str, labels: Sequence[Label], classes: int = 2) -> list[Entry]:
    """What the colours of an overlay mean.

    Args:
        name: One of `OVERLAYS`, or `PREVIEW`.
        labels: Labels of the study.
        classes: C, background included; entropy is at most ln C nats.
    """
    if name in ("prediction", "matched", PREVIEW):
        return [Entry(label.value, label.color, label.name) for label in labels]
    if name == "provenance":
        return [
            Entry(1, (70, 150, 240), _("annotated"), FAINT),
            Entry(2, (90, 190, 90), _("the model is sure"), FAINT),
            Entry(3, (245, 160, 50), _("matched with annotated places")),
            Entry(NEITHER, (225, 60, 110), _("neither")),
        ]
    if name == "difference":
        return [
            Entry(1, (240, 120, 50), _("only the model")),
            Entry(2, (70, 150, 240), _("only the annotation")),
            Entry(3, (200, 80, 200), _("another segment")),
        ]
    shades = [(round(255 * red), round(255 * green), round(255 * blue)) for red, green, blue in COLORS_OF_UNCERTAINTY]
    least = round(100 * HIDDEN_BELOW_NATS / math.log(classes))
    texts = (_("a little unsure ({percent} %)").format(percent=least), _("unsure (50 %)"), _("undecided (100 %)"))
    return [Entry(index, shade, text) for index, (shade, text) in enumerate(zip(shades, texts, strict=True), 1)]


def difference(predicted: np.ndarray, annotation: np.ndarray) -> np.ndarray:
    """Where a prediction and an annotation differ; touches neither MRML nor Qt.

    Args:
        predicted: Label values, uint8, (z, y, x).
        annotation: Label values of the same shape; `IGNORE` where nobody annotated.

    Returns:
        0 equal or not annotated, 1 only the model, 2 only the annotation, 3 another segment; uint8.

    Raises:
        BadInputError: The two lie on different grids.
    """
    if annotation.shape != predicted.shape:
        # Not translated before it is shown, since Qt must not be asked in a thread.
        raise BadInputError("There is no annotation on the grid of this result: annotate the case first.")
    result = np.zeros(predicted.shape, np.uint8)
    for drawn, found, out in zip(annotation, predicted, result, strict=True):
        # Slice by slice: the temporary arrays stay small however large the scan is.
        differs = (drawn != found) & (drawn != IGNORE)
        out[differs] = np.where(drawn[differs] == 0, 1, np.where(found[differs] == 0, 2, 3))
    return result


class Overlay:
    """The one overlay that is shown, or none.

    Attributes:
        name: One of `OVERLAYS`, `PREVIEW`, or None; also of one that will be there in a moment.
        changed: Emitted with the name after another overlay or none is shown.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self.changed = Signal()
        self._opacity = 0.5
        self._nodes: list[Any] = []
        self._threads = Background()
        self._coming: Any = None

    def show(self, name: str, source: Path | Voxels, labels: Sequence[Label], classes: int = 2) -> None:
        """Lay an overlay over the CT in all slice views; a large array a moment later, as a thread copies it.

        Args:
            name: One of `OVERLAYS`, or `PREVIEW`.
            source: A file, or an array with its grid.
            labels: Labels of the study.
            classes: C, background included.

        Raises:
            BadInputError: The file is missing or unreadable; then none is shown.
        """
        self._remove()
        if isinstance(source, Voxels):
            self._copy(name, source, lambda node: self._put(name, node, labels, classes))
            return
        try:
            node = _load(name, source)
        except RuntimeError as error:
            self.changed.emit(None)
            raise BadInputError(_("This result has no such map: segment the case again.")) from error
        if name == "provenance":
            _mark_neither(slicer.util.arrayFromVolume(node))
            slicer.util.arrayFromVolumeModified(node)
        self._put(name, node, labels, classes)

    def _copy(self, name: str, voxels: Voxels, then: Callable[[Any], None]) -> None:
        """Make a volume of a copy of an array; a thread copies where that takes longer than a click may."""
        image = self._coming = vtk.vtkImageData()
        memory, self.name = allocate(image, voxels.array), name

        def work() -> None:
            np.copyto(memory, voxels.array)
            if name == "provenance":
                _mark_neither(memory)

        def done(_nothing: object) -> None:
            if self._coming is image:  # the user wants nothing else meanwhile
                then(add_image(image, voxels.grid, name, labelmap=name != "uncertainty"))

        if voxels.array.nbytes < LARGE_BYTES:
            work()
            done(None)
        else:
            self._threads.start(work, done, lambda _sentence: self.hide())

    def _put(self, name: str, node: Any, labels: Sequence[Label], classes: int) -> None:
        node.SetSaveWithScene(False)
        self._nodes = [node, node.GetStorageNode()]
        self.name = name
        self._color(node, legend(name, labels, classes), classes)
        self._lay()
        self.changed.emit(name)

    def poll(self) -> None:
        """Show what a thread has copied; called by a timer."""
        self._threads.poll()

    def finish(self) -> None:
        """Take the overlay out of the scene for good."""
        self.hide()
        self._threads.finish()

    def _color(self, node: Any, entries: Sequence[Entry], classes: int) -> None:
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLColorTableNode", f"SemiSegEmbed {self.name}")
        table.SetTypeToUser()
        table.SetHideFromEditors(True)
        table.SetSaveWithScene(False)
        if self.name == "uncertainty":
            fill_ramp(table)
        else:
            table.SetNumberOfColors(256)
            for value in range(256):
                table.SetColor(value, "", 0.0, 0.0, 0.0, 0.0)
            for entry in entries:
                channels = [channel / 255 for channel in entry.color]
                table.SetColor(entry.value, entry.meaning, *channels, entry.opacity)
        display = node.GetDisplayNode()
        display.SetAndObserveColorNodeID(table.GetID())
        if self.name == "uncertainty":
            display.SetAutoWindowLevel(False)
            display.SetWindowLevelMinMax(0.0, math.log(classes))
            display.SetThreshold(HIDDEN_BELOW_NATS, 100.0)
            display.SetApplyThreshold(True)
        self._nodes += [table, display]

    def set_opacity(self, opacity: float) -> None:
        """Opacity, 0 to 1."""
        self._opacity = opacity
        if self._nodes:
            self._lay()

    def _lay(self) -> None:
        layer = "foreground" if self.name == "uncertainty" else "label"
        slicer.util.setSliceViewerLayers(**{layer: self._nodes[0], f"{layer}Opacity": self._opacity})

    def hide(self) -> None:
        """Take the overlay out of views and scene."""
        if self.name is not None:
            self._remove()
            self.changed.emit(None)

    def _remove(self) -> None:
        if self._nodes:
            slicer.util.setSliceViewerLayers(foreground=None, label=None)
        for node in self._nodes:
            if node is not None and slicer.mrmlScene.IsNodePresent(node):
                slicer.mrmlScene.RemoveNode(node)
        self._nodes, self.name, self._coming = [], None, None


def _mark_neither(voxels: np.ndarray) -> None:
    for plane in voxels:
        # Slice by slice: the temporary arrays stay small.
        plane[plane == 0] = NEITHER


def _load(name: str, source: Path) -> Any:
    load = slicer.util.loadVolume if name == "uncertainty" else slicer.util.loadLabelVolume
    return load(str(source), {"show": False, "singleFile": True, "name": name})


def fill_ramp(table: Any) -> None:
    """Yellow over orange to red, in 256 steps."""
    table.SetNumberOfColors(256)
    stops = np.linspace(0, 1, len(COLORS_OF_UNCERTAINTY))
    for index in range(256):
        channels = [np.interp(index / 255, stops, column) for column in np.transpose(COLORS_OF_UNCERTAINTY)]
        table.SetColor(index, "", *(float(channel) for channel in channels), 1.0)
