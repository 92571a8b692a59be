"""A segmented scan in the scene: segmentation with terminology and reference geometry, and its surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slicer

from SemiSegEmbedLib.application.scene import waiting
from SemiSegEmbedLib.application.segmentation import create_segmentation
from SemiSegEmbedLib.application.slice_views import BONE_WINDOW, bring_into_view, ct_of, set_window
from SemiSegEmbedLib.application.volumes import load_label, load_volume, remove_node
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import Label

LABEL_ATTRIBUTE = "SemiSegEmbed.label"
"""Which label file a segmentation was made from."""


def show_result(image: Path, label: Path, labels: Sequence[Label], name: str, volume: Any = None) -> Any:
    """Show a CT with its result in the slice views; what is loaded already is reused.

    Segmentations of other CTs that the module made are hidden meanwhile: over this one they would mislead.

    Args:
        image: The CT.
        label: Label volume on its grid.
        labels: What its values mean.
        name: What to call the nodes.
        volume: The CT where it is in the scene; None loads it.

    Returns:
        The segmentation node, ready for Slicer's own export, DICOM SEG included.

    Raises:
        BadInputError: A file is missing or unreadable; the scene stays as it was.
    """
    with waiting():
        node = _made_from(label) or _load(image, label, labels, name, volume)
        shown = ct_of(node)
        if shown is None:
            # Somebody took the CT out of the scene and left what was found in it.
            shown = volume or _load_ct(image, name)
            node.SetReferenceImageGeometryParameterFromVolumeNode(shown)
        bring_into_view(shown)
    return node


def _load(image: Path, label: Path, labels: Sequence[Label], name: str, volume: Any) -> Any:
    loaded = _load_ct(image, name) if volume is None else None
    try:
        label_node = load_label(label)
    except BadInputError:
        remove_node(loaded)
        raise
    node = create_segmentation(volume or loaded, labels, label_node, f"{name} segmentation")
    remove_node(label_node)
    node.SetAttribute(LABEL_ATTRIBUTE, str(label))
    return node


def _load_ct(image: Path, name: str) -> Any:
    volume = load_volume(image, name)
    set_window(volume, *BONE_WINDOW)
    return volume


def _made_from(label: Path) -> Any:
    nodes = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    return next((node for node in nodes if node.GetAttribute(LABEL_ATTRIBUTE) == str(label)), None)


def make_surfaces(node: Any, smoothing: float) -> None:
    """Make the surfaces of all segments.

    Args:
        node: A segmentation.
        smoothing: 0 (every voxel shows) to 1; Slicer's own default is 0.5.
    """
    rule = slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule
    with waiting():
        node.GetSegmentation().SetConversionParameter(rule.GetSmoothingFactorParameterName(), f"{smoothing:g}")
        node.RemoveClosedSurfaceRepresentation()
        node.CreateClosedSurfaceRepresentation()


def show_surfaces(node: Any, smoothing: float) -> None:
    """Make the surfaces and bring them into the 3D views; see `make_surfaces`."""
    make_surfaces(node, smoothing)
    node.GetDisplayNode().SetVisibility3D(True)
    layout = slicer.app.layoutManager()
    if layout is not None:
        layout.resetThreeDViews()
