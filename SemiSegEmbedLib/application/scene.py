"""The MRML scene as the panels use it: the CT and labels of one case, what the views show, where they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer
import vtk

from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.protection import Protection
from SemiSegEmbedLib.application.segmentation import (
    create_segmentation,
    fill_segmentation,
    is_empty,
    label_voxels_of,
    take_snapshot,
)
from SemiSegEmbedLib.application.slice_views import BONE_WINDOW, bring_into_view, is_aside, set_window, slice_nodes
from SemiSegEmbedLib.application.snapshot import Snapshot
from SemiSegEmbedLib.application.volumes import CASE_ATTRIBUTE, add_volume, load_label, load_volume, remove_node
from SemiSegEmbedLib.study.records import Label

BONE_FROM_HU = 150.0
BONE_UP_TO_HU = 4000.0
AXIAL_VIEW = "vtkMRMLSliceNodeRed"
BEGUN_ATTRIBUTE = "SemiSegEmbed.begun"
"""On the settings node of the Segment Editor: it has the settings that a case begins with."""


class CaseScene:
    """The nodes of the case in view.

    Attributes:
        volume: The CT, or None.
        segmentation: The labels as they are being drawn, or None.
        protection: What drawing may touch.
    """

    def __init__(self) -> None:
        self.volume: Any = None
        self.segmentation: Any = None
        self.editor_node: Any = None
        self.protection = Protection()
        self._saved_state = 0

    def load(
        self, image: Path | Voxels, label: Path | Voxels | None, labels: Sequence[Label], name: str
    ) -> Voxels | None:
        """Load a case and show it in all slice views; the case before it leaves the scene.

        Args:
            image: The CT: a file, or its display array.
            label: A label file or display array, or None.
            labels: Labels of the study.
            name: What to call the nodes.

        Returns:
            The label as it was loaded, or None.

        Raises:
            BadInputError: A file is missing or unreadable; the scene stays as it was.
        """
        with waiting():
            drawn = _read_label(label) if isinstance(label, Path) else label
            volume = load_volume(image, name) if isinstance(image, Path) else add_volume(image, name)
            self.clear()
            volume.SetAttribute(CASE_ATTRIBUTE, name)
            self.volume = volume
            self.segmentation = create_segmentation(volume, labels, drawn)
            self.protection.watch(self.editor(), self.segmentation)
            self.set_window(*WINDOWS["bone"])
            bring_into_view(volume, None if drawn is None else _middle(drawn))
            self.mark_saved()
        return drawn

    def come_back(self) -> None:
        """Bring the case into view again where a result on another CT has taken its place."""
        if self.segmentation is not None and is_aside(self.segmentation):
            bring_into_view(self.volume, keep_overlay=True)

    def clear(self) -> None:
        """Take the case out of the scene."""
        segmentation, volume = self.segmentation, self.volume
        self.forget()
        for node in (segmentation, volume):
            remove_node(node)

    def forget(self) -> None:
        """Let go of nodes that the scene has removed by itself."""
        self.protection.watch(None, None)
        self.volume = self.segmentation = None

    def fill(self, label: Path | Voxels | None, labels: Sequence[Label]) -> None:
        """Replace what is drawn by a label: a file, or its display array; None leaves nothing."""
        with waiting():
            fill_segmentation(self.segmentation, labels, _read_label(label) if isinstance(label, Path) else label)

    def free(self) -> None:
        """Take CT and labels out of transforms that somebody put them under; what is drawn stays as it is stored."""
        for node in (self.volume, self.segmentation):
            node.SetAndObserveTransformNodeID(None)

    def editor(self) -> Any:
        """The Segment Editor's settings node of this module; closing a scene keeps the node, but empties it."""
        if self.editor_node is None or not slicer.mrmlScene.IsNodePresent(self.editor_node):
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag("SemiSegEmbed")
            self.editor_node = slicer.mrmlScene.AddNode(node)
        if self.editor_node.GetAttribute(BEGUN_ATTRIBUTE) is None:
            _begin(self.editor_node)
        return self.editor_node

    def protect_other_labels(self, on: bool) -> None:
        """Whether other segments and finished ones are protected."""
        self.protection.on = on
        self.protection.apply()

    def draw_bone_only(self, on: bool) -> None:
        """Whether drawing reaches only voxels as dense as bone."""
        self.editor().SetSourceVolumeIntensityMaskRange(BONE_FROM_HU, BONE_UP_TO_HU)
        self.editor().SetSourceVolumeIntensityMask(on)

    def snapshot(self, labels: Sequence[Label]) -> Snapshot:
        """A copy of what is drawn."""
        return take_snapshot(self.segmentation, self.volume, labels)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is drawn."""
        return self.segmentation is None or is_empty(self.segmentation)

    def mark_saved(self) -> None:
        """Note that what is drawn now is on disk."""
        self._saved_state = self._state()

    def mark_unsaved(self) -> None:
        """Note that saving failed."""
        self._saved_state = -1

    @property
    def modified(self) -> bool:
        """Whether something was drawn since it was loaded or saved."""
        return self.segmentation is not None and self._state() != self._saved_state

    def _state(self) -> int:
        segmentation = self.segmentation.GetSegmentation()
        times = [segmentation.GetNumberOfSegments()]
        name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
        for index in range(segmentation.GetNumberOfSegments()):
            image = segmentation.GetNthSegment(index).GetRepresentation(name)
            times.append(0 if image is None else image.GetMTime())
        return hash(tuple(times))

    def set_window(self, width: float, level: float) -> None:
        """Set grey window and level of the CT in HU."""
        set_window(self.volume, width, level)

    def slice_index(self) -> int | None:
        """Index of the slice of the CT that the axial view shows; None when it shows none."""
        view = slicer.mrmlScene.GetNodeByID(AXIAL_VIEW)
        if view is None or self.volume is None:
            return None
        to_ras = view.GetSliceToRAS()
        ras = [to_ras.GetElement(row, 3) for row in range(3)] + [1.0]
        matrix = vtk.vtkMatrix4x4()
        self.volume.GetRASToIJKMatrix(matrix)
        index = round(matrix.MultiplyPoint(ras)[2])
        return index if 0 <= index < self.volume.GetImageData().GetDimensions()[2] else None

    def jump_to(self, position_lps_mm: Sequence[float]) -> None:
        """Move all slice views to a place of the case."""
        self.come_back()
        x, y, z = position_lps_mm
        for node in slice_nodes():
            node.JumpSliceByCentering(-x, -y, z)


WINDOWS = {"bone": BONE_WINDOW, "soft tissue": (400.0, 50.0)}
"""Width and level in HU."""


@contextmanager
def waiting() -> Iterator[None]:
    """Show the wait cursor; what timers call meanwhile must not touch the scene, see `is_waiting`."""
    global _waits
    qt.QApplication.setOverrideCursor(qt.Qt.WaitCursor)
    _waits += 1
    try:
        yield
    finally:
        _waits -= 1
        qt.QApplication.restoreOverrideCursor()


_waits = 0


def is_waiting() -> bool:
    """Whether the main thread is in `waiting`; Slicer handles events in it when reading a file takes over a second."""
    return _waits > 0


def _begin(editor: Any) -> None:
    editor.SetAttribute(BEGUN_ATTRIBUTE, "yes")
    editor.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
    # Effects keep their parameters in attributes of this node: Threshold begins with bone.
    editor.SetAttribute("Threshold.MinimumThreshold", str(BONE_FROM_HU))
    editor.SetAttribute("Threshold.MaximumThreshold", str(BONE_UP_TO_HU))


def _read_label(path: Path) -> Voxels:
    node = load_label(path)
    voxels = label_voxels_of(node)
    remove_node(node)
    return voxels


def _middle(drawn: Voxels) -> tuple[float, float, float] | None:
    """RAS of the middle of what is drawn in every eighth voxel; None where that is nothing."""
    found = np.nonzero(drawn.array[::8, ::8, ::8])
    if not found[0].size:
        return None
    z, y, x = (8 * (axis.min() + axis.max()) / 2 for axis in found)
    left, posterior, superior = (drawn.grid.ijk_to_lps @ (x, y, z, 1.0))[:3].tolist()
    return -left, -posterior, superior
