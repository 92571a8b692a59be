"""Steps of the self-test that need no model: what the Segment Editor, the slice views and the plots make of us."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.overlays import OVERLAYS, Overlay
from SemiSegEmbedLib.application.run_plot import CHARTS, RunPlot
from SemiSegEmbedLib.application.run_progress import RunProgress
from SemiSegEmbedLib.application.scene import WINDOWS, CaseScene
from SemiSegEmbedLib.application.volumes import grid_of
from SemiSegEmbedLib.study.study import Study

LAYERS = {"uncertainty": "Foreground"}
"""In which layer of the slice views an overlay lies; the others are label maps."""


def try_protection(scene: CaseScene, editor: Any) -> None:
    """A completed segment puts the tool down; another status gives it back.

    Args:
        scene: With a case in view.
        editor: The Segment Editor of the window.
    """
    node, logic, kind = scene.editor(), slicer.vtkSlicerSegmentationsModuleLogic, slicer.vtkMRMLSegmentationNode
    segment = scene.segmentation.GetSegmentation().GetSegment("label_1")
    node.SetSelectedSegmentID("label_1")
    for status in (logic.Completed, logic.InProgress):
        logic.SetSegmentStatus(segment, status)
        if slicer.app.layoutManager() is not None:
            # Slicer's Paint effect takes for granted that there are views.
            editor.setActiveEffectByName("Paint")
            active = editor.activeEffect() is not None
            assert active == (status != logic.Completed), "a completed segment can be drawn in"
        slicer.app.processEvents()
        assert node.GetMaskMode() == kind.EditAllowedOutsideAllSegments, "other segments can be drawn over"
    editor.setActiveEffect(None)
    assert float(node.GetAttribute("Threshold.MinimumThreshold")) > 0, "the threshold does not begin with bone"


def try_overlays(scene: CaseScene, study: Study) -> None:
    """Every overlay comes into the slice views and leaves them.

    Args:
        scene: With a case in view.
        study: The open study.
    """
    grid, overlay = grid_of(scene.volume), Overlay()
    before = _nodes_of_overlays()
    for name in OVERLAYS:
        kind = np.float32 if name == "uncertainty" else np.uint8
        overlay.show(name, Voxels(np.ones(grid.shape, kind), grid), study.labels, study.class_count)
        slicer.app.processEvents()
        assert overlay.name == name
        for view in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode"):
            shown = getattr(view, f"Get{LAYERS.get(name, 'Label')}VolumeID")()
            assert slicer.mrmlScene.GetNodeByID(shown or "") is not None, f"{name} is not in the slice views"
    overlay.set_opacity(0.2)
    overlay.finish()
    assert _nodes_of_overlays() == before, "an overlay left nodes behind"
    scene.jump_to((0.0, 0.0, 30.0))
    for window in WINDOWS.values():
        scene.set_window(*window)
    slicer.app.processEvents()


def _nodes_of_overlays() -> set[str]:
    """IDs of all nodes of the kinds that an overlay makes; the application may make others of its own meanwhile."""
    kinds = ("vtkMRMLVolumeNode", "vtkMRMLVolumeDisplayNode", "vtkMRMLColorTableNode")
    return {node.GetID() for kind in kinds for node in slicer.util.getNodesByClass(kind)}


def try_curves() -> None:
    """The curves of a run come into a plot view."""
    progress, plot = RunProgress(), RunPlot()
    for step in (1, 2, 3):
        progress.add({"event": "step", "step": step, "total_steps": 3, "loss": 1.0 / step, "unreliable_fraction": 0.5})
    scores = {"iou": 0.5, "hd95": None}
    progress.add({"event": "validation", "step": 3, **scores, "per_class": {"1": scores}, "optimistic": True})
    for chart in CHARTS:
        plot.show(chart, progress, {"1": "bone"})
        slicer.app.processEvents()
    nodes = slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")
    assert len(nodes) == 4, "curves are missing"
