"""The MRML scene as the panels use it: the CT and labels of one case, what the views show, where they look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk

from SemiSegEmbedLib.application.label_file import Grid
from SemiSegEmbedLib.application.segmentation import create_segmentation, fill_segmentation, grid_of, take_snapshot
from SemiSegEmbedLib.application.snapshot import Snapshot
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import IGNORE, Label

BONE_FROM_HU = 150.0
BONE_UP_TO_HU = 4000.0


class CaseScene:
    """The nodes of the case in view.

    Attributes:
        volume: The CT, or None.
        segmentation: The labels as they are being drawn, or None.
    """

    def __init__(self) -> None:
        self.volume: Any = None
        self.segmentation: Any = None
        self.editor_node: Any = None
        self._saved_state = 0

    def load(self, image: Path, label: Path | None, labels: Sequence[Label], name: str) -> set[int] | None:
        """Load a case and show it in all slice views; the case before it leaves the scene.

        Args:
            image: A file or a DICOM folder.
            label: A label volume, or None.
            labels: Labels of the study.
            name: What to call the nodes.

        Returns:
            None if the label is complete; else the slices that are annotated.

        Raises:
            BadInputError: A file is missing or unreadable; the scene stays as it was.
        """
        volume = load_volume(image, name)
        try:
            label_node = None if label is None else load_label(label)
        except BadInputError:
            slicer.mrmlScene.RemoveNode(volume)
            raise
        self.clear()
        self.volume = volume
        self.segmentation = create_segmentation(volume, labels, label_node)
        slices = None if label_node is None else _annotated_slices(slicer.util.arrayFromVolume(label_node))
        remove_node(label_node)
        self.set_window(*WINDOWS["bone"])
        slicer.util.setSliceViewerLayers(
            background=volume, foreground=None, label=None, fit=True, rotateToVolumePlane=True
        )
        self.mark_saved()
        return slices

    def clear(self) -> None:
        """Take the case out of the scene."""
        for node in (self.segmentation, self.volume):
            remove_node(node)
        self.forget()

    def forget(self) -> None:
        """Let go of nodes that the scene has removed by itself."""
        self.volume = self.segmentation = None

    def fill(self, label: Path, labels: Sequence[Label]) -> None:
        """Replace what is drawn by a label volume."""
        node = load_label(label)
        fill_segmentation(self.segmentation, labels, node)
        remove_node(node)

    def editor(self) -> Any:
        """The Segment Editor's settings node of this module, made at first use."""
        if self.editor_node is None or not slicer.mrmlScene.IsNodePresent(self.editor_node):
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag("SemiSegEmbed")
            node.SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteAllSegments)
            self.editor_node = slicer.mrmlScene.AddNode(node)
        return self.editor_node

    def protect_other_labels(self, on: bool) -> None:
        """Whether drawing may touch voxels of other segments."""
        kind = slicer.vtkMRMLSegmentationNode
        self.editor().SetMaskMode(kind.EditAllowedOutsideAllSegments if on else kind.EditAllowedEverywhere)

    def draw_bone_only(self, on: bool) -> None:
        """Whether drawing reaches only voxels as dense as bone."""
        self.editor().SetSourceVolumeIntensityMaskRange(BONE_FROM_HU, BONE_UP_TO_HU)
        self.editor().SetSourceVolumeIntensityMask(on)

    def snapshot(self, labels: Sequence[Label]) -> Snapshot:
        """A copy of what is drawn."""
        return take_snapshot(self.segmentation, self.volume, labels)

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
        display = self.volume.GetDisplayNode()
        display.SetAutoWindowLevel(False)
        display.SetWindowLevel(width, level)

    def slice_index(self) -> int:
        """Index of the slice of the CT that the axial view shows."""
        node = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
        to_ras = node.GetSliceToRAS()
        ras = [to_ras.GetElement(row, 3) for row in range(3)] + [1.0]
        matrix = vtk.vtkMatrix4x4()
        self.volume.GetRASToIJKMatrix(matrix)
        return round(matrix.MultiplyPoint(ras)[2])

    def jump_to(self, position_lps_mm: Sequence[float]) -> None:
        """Move all slice views to a place."""
        x, y, z = position_lps_mm
        for name in slicer.app.layoutManager().sliceViewNames():
            slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode().JumpSliceByCentering(-x, -y, z)


WINDOWS = {"bone": (2000.0, 500.0), "soft tissue": (400.0, 50.0)}
"""Width and level in HU."""


def volume_copy(volume: Any) -> tuple[np.ndarray, Grid]:
    """The voxels of a loaded volume as int16 HU, copied, and their grid.

    Raises:
        BadInputError: It is empty, stands under a transform, or is no scalar 3-D volume.
    """
    name = volume.GetName()
    if volume.GetParentTransformNode() is not None:
        raise BadInputError(f"{name} stands under a transform: harden the transform, or take the volume out of it.")
    image = volume.GetImageData()
    if image is None or image.GetNumberOfScalarComponents() != 1 or min(image.GetDimensions()) < 2:
        raise BadInputError(f"{name} is not a 3-D volume of one value a voxel: choose a CT.")
    voxels = slicer.util.arrayFromVolume(volume)
    return np.clip(np.rint(voxels), -32768, 32767).astype(np.int16), grid_of(volume)


def unchanged_file(volume: Any) -> Path | None:
    """The file that a loaded volume came from, if the volume still is what the file holds; else None."""
    storage = volume.GetStorageNode()
    if storage is None or storage.GetFileName() is None or storage.GetNumberOfFileNames() > 1:
        return None
    path = Path(storage.GetFileName())
    if not path.is_file() or volume.GetModifiedSinceRead() or volume.GetParentTransformNode() is not None:
        return None
    return path


def _annotated_slices(label: np.ndarray) -> set[int] | None:
    ignored = label == IGNORE
    if not ignored.any():
        return None
    return {int(index) for index in np.flatnonzero(~ignored.all(axis=(1, 2)))}


def load_volume(path: Path, name: str) -> Any:
    """Load a CT from a file or a DICOM folder without showing it; `BadInputError` if that fails."""
    files = [path]
    if path.is_dir():
        files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
    if not files or not files[0].exists():
        raise BadInputError(f"The CT {path.name} is not where it was: put it back, or tell the study where it is now.")
    try:
        return slicer.util.loadVolume(str(files[0]), {"name": name, "show": False, "singleFile": not path.is_dir()})
    except RuntimeError as error:
        raise BadInputError(f"The CT {path.name} could not be read: check the file or add it again.") from error


def load_label(path: Path) -> Any:
    """Load a label volume without showing it; `BadInputError` if that fails."""
    try:
        return slicer.util.loadLabelVolume(str(path), {"show": False, "singleFile": True})
    except RuntimeError as error:
        raise BadInputError(f"The label {path.name} could not be read: restore it from an earlier version.") from error


def remove_node(node: Any) -> None:
    """Take a node out of the scene, with its display and storage; None and absent ones are ignored."""
    if node is None or not slicer.mrmlScene.IsNodePresent(node):
        return
    helpers = [node.GetDisplayNode(), node.GetStorageNode()]
    # The node itself first: a slice view that still shows it would give it a new display node.
    for entry in (node, *helpers):
        if entry is not None and slicer.mrmlScene.IsNodePresent(entry):
            slicer.mrmlScene.RemoveNode(entry)
