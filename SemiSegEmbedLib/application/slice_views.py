"""What the slice views show: one CT with what was drawn or found on it, and nothing of another CT."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer

MADE_ATTRIBUTE = "SemiSegEmbed.made"
"""On segmentations that the module made; those of the user are left as they are."""
ASIDE_ATTRIBUTE = "SemiSegEmbed.aside"
"""On segmentations that are hidden while another CT is in view."""
BONE_WINDOW = (2000.0, 500.0)
"""Width and level in HU."""


def slice_nodes() -> list[Any]:
    """The nodes of all slice views."""
    return list(slicer.util.getNodesByClass("vtkMRMLSliceNode"))


def ct_of(segmentation: Any) -> Any:
    """The CT that a segmentation was made on; None where it is no longer in the scene."""
    return segmentation.GetNodeReference(slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole())


def bring_into_view(volume: Any, position_ras: Sequence[float] | None = None, keep_overlay: bool = False) -> None:
    """Show a CT in all slice views, in its own planes and all of it in sight.

    Args:
        volume: The CT.
        position_ras: Where the views look, in mm; None: the middle of the CT.
        keep_overlay: Whether what lies over the CT stays.
    """
    manager = slicer.app.layoutManager()
    if manager is not None and not any(node.IsMappedInLayout() for node in slice_nodes()):
        manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    for node in slice_nodes():
        node.RotateToVolumePlane(volume)
    overlay = {} if keep_overlay else {"foreground": None, "label": None}
    slicer.util.setSliceViewerLayers(background=volume, fit=True, **overlay)
    for node in slice_nodes():
        node.JumpSliceByCentering(*(position_ras or middle_of(volume)))
    for segmentation in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if segmentation.GetAttribute(MADE_ATTRIBUTE) is not None:
            _put(segmentation, aside=ct_of(segmentation) is not volume)


def _put(segmentation: Any, aside: bool) -> None:
    if aside != is_aside(segmentation):
        segmentation.SetDisplayVisibility(not aside)
        segmentation.SetAttribute(ASIDE_ATTRIBUTE, "yes" if aside else None)


def is_aside(segmentation: Any) -> bool:
    """Whether a segmentation is hidden because another CT is in view."""
    return segmentation.GetAttribute(ASIDE_ATTRIBUTE) is not None


def middle_of(volume: Any) -> tuple[float, float, float]:
    """RAS of the middle of a CT in mm."""
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    return (bounds[0] + bounds[1]) / 2, (bounds[2] + bounds[3]) / 2, (bounds[4] + bounds[5]) / 2


def set_window(volume: Any, width: float, level: float) -> None:
    """Set grey window and level of a CT in HU."""
    display = volume.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(width, level)
