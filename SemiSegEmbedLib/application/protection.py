"""What drawing may touch: never a voxel of another segment, and nothing at all in a segment that is finished."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from SemiSegEmbedLib.application.segmentation import is_finished
from SemiSegEmbedLib.application.signal import Signal


class Protection:
    """Looks after mask and tool of the Segment Editor whenever another segment is selected or its status changes.

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
            # After the Segment Editor itself has seen what changed.
            self._observed = [(node, node.AddObserver(event, self._changed, -1.0)) for node, event in events]
            self.apply()

    def _changed(self, _caller: Any, _event: Any) -> None:
        self.apply()

    def apply(self) -> None:
        """Set the mask, and put the tool down where the segment that is selected now is finished."""
        if self._segmentation is None:
            return
        kind = slicer.vtkMRMLSegmentationNode
        mode = kind.EditAllowedOutsideAllSegments if self.on else kind.EditAllowedEverywhere
        if self._editor.GetMaskMode() != mode:
            self._editor.SetMaskMode(mode)
        finished = self._finished_segment() if self.on else None
        newly, self._finished = finished is not None and finished != self._finished, finished
        if finished is not None and self._editor.GetActiveEffectName():
            # Not a mask: there is none for "nowhere", and the editor turns one inside an unknown segment into none.
            newly = True
            self._editor.SetActiveEffectName("")
        if newly:
            self.refused.emit(finished)

    def _finished_segment(self) -> str | None:
        """Name of the selected segment if it is finished."""
        segment = self._segmentation.GetSegmentation().GetSegment(self._editor.GetSelectedSegmentID() or "")
        return segment.GetName() if is_finished(segment) else None
