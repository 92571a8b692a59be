"""What drawing may touch: never a voxel of another segment, and nothing at all in a segment that is finished."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from SemiSegEmbedLib.application.signal import Signal


class Protection:
    """Sets the mask of the Segment Editor whenever another segment is selected or its status changes.

    A segment is finished when its status in the editor's table is "Completed".

    Attributes:
        on: Whether segments are protected.
        refused: Emitted with the name of a finished segment when it is selected.
    """

    def __init__(self) -> None:
        self.on = True
        self.refused = Signal()
        self._editor: Any = None
        self._segmentation: Any = None
        self._observed: list[tuple[Any, int]] = []
        self._finished: str | None = None

    def watch(self, editor: Any, segmentation: Any) -> None:
        """Look after a segmentation node.

        Args:
            editor: The `vtkMRMLSegmentEditorNode`.
            segmentation: The segmentation node, or None for none.
        """
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed, self._finished = [], None
        self._editor, self._segmentation = editor, segmentation
        if segmentation is not None:
            content = segmentation.GetSegmentation()
            events = ((editor, vtk.vtkCommand.ModifiedEvent), (content, slicer.vtkSegmentation.SegmentModified))
            self._observed = [(node, node.AddObserver(event, self._changed)) for node, event in events]
            self.apply()

    def _changed(self, _caller: Any, _event: Any) -> None:
        self.apply()

    def apply(self) -> None:
        """Set the mask for the segment that is selected now."""
        if self._segmentation is None:
            return
        kind, finished = slicer.vtkMRMLSegmentationNode, self._finished_segment()
        if not self.on:
            mode = kind.EditAllowedEverywhere
        elif finished is None:
            mode = kind.EditAllowedOutsideAllSegments
        else:
            # Inside a segment that does not exist: nowhere.
            mode = kind.EditAllowedInsideSingleSegment
            if self._editor.GetMaskSegmentID():
                self._editor.SetMaskSegmentID("")
        if self._editor.GetMaskMode() != mode:
            self._editor.SetMaskMode(mode)
        newly, self._finished = finished is not None and finished != self._finished and self.on, finished
        if newly:
            self.refused.emit(finished)

    def _finished_segment(self) -> str | None:
        """Name of the selected segment if it is finished."""
        segment = self._segmentation.GetSegmentation().GetSegment(self._editor.GetSelectedSegmentID() or "")
        logic = slicer.vtkSlicerSegmentationsModuleLogic
        if segment is None or logic.GetSegmentStatus(segment) != logic.Completed:
            return None
        return segment.GetName()
