"""A segmented scan in the scene: segmentation with terminology and reference geometry, surfaces, export."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.scene import load_label, load_volume, remove_node
from SemiSegEmbedLib.application.segmentation import create_segmentation
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.records import Label

LABEL_ATTRIBUTE = "SemiSegEmbed.label"
"""Which label file a segmentation was made from."""


def show_result(image: Path, label: Path, labels: Sequence[Label], name: str) -> Any:
    """Load a CT with its result and show it in all views; a result that is loaded already is reused.

    Args:
        image: The CT.
        label: Label volume on its grid.
        labels: Labels of the study.
        name: What to call the nodes.

    Returns:
        The segmentation node, ready for Slicer's own export, DICOM SEG included.

    Raises:
        BadInputError: A file is missing or unreadable.
    """
    loaded = [
        node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if _made_from(node) == str(label)
    ]
    if loaded:
        return loaded[0]
    volume = load_volume(image, name)
    label_node = load_label(label)
    node = create_segmentation(volume, labels, label_node, f"{name} segmentation")
    remove_node(label_node)
    node.SetAttribute(LABEL_ATTRIBUTE, str(label))
    node.CreateClosedSurfaceRepresentation()
    slicer.util.setSliceViewerLayers(background=volume, foreground=None, label=None, fit=True)
    return node


def _made_from(node: Any) -> str | None:
    return node.GetAttribute(LABEL_ATTRIBUTE)


def export_surfaces(node: Any, folder: Path, file_format: str) -> int:
    """Write the surface of each segment that is not empty, in LPS millimetres.

    Args:
        node: A segmentation.
        folder: Where to write.
        file_format: "STL" or "OBJ".

    Returns:
        The number of segments written.

    Raises:
        SemiSegEmbedError: Nothing could be written.
    """
    ids = vtk.vtkStringArray()
    for segment_id in node.GetSegmentation().GetSegmentIDs():
        surface = vtk.vtkPolyData()
        if node.GetClosedSurfaceRepresentation(segment_id, surface) and surface.GetNumberOfPoints():
            ids.InsertNextValue(segment_id)
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if ids.GetNumberOfValues() == 0:
        raise SemiSegEmbedError(_("This result is empty: there is no surface to write."))
    if not logic.ExportSegmentsClosedSurfaceRepresentationToFiles(str(folder), node, ids, file_format, True):
        raise SemiSegEmbedError(_("The surfaces could not be written: choose another folder."))
    return ids.GetNumberOfValues()
