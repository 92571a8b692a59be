"""The Segment Editor, as far as the product uses it: its choices live in the segment editor node.

It follows Slicer 5.12.3, Modules/Loadable/Segmentations/Widgets/qMRMLSegmentEditorWidget.cxx, also where that is
unkind: without a segmentation it keeps its source volume, an unknown mask segment becomes no mask at all, and the
settings node survives the closing of the scene without its attributes.
"""

from __future__ import annotations

import types
from typing import Any

import slicer
import vtk
from PySide6.QtCore import Property, QMargins
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QToolButton, QVBoxLayout, QWidget

# isort: split
from __feature__ import true_property  # noqa: F401

EFFECTS = ("Threshold", "Paint", "Draw", "Erase", "Level tracing", "Grow from seeds", "Fill between slices", "Margin")
DEFAULTS = {"Threshold.MinimumThreshold": "0", "Threshold.MaximumThreshold": "0"}


class qMRMLSegmentEditorWidget(QWidget):
    """Shows segments and effects, and follows its node."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._node: Any = None
        self._segmentation: Any = None
        self._effect: str | None = None
        self._tags: list[tuple[Any, int]] = []
        self._shown = {"segmentationNodeSelectorVisible": True, "sourceVolumeNodeSelectorVisible": True}
        self._shown["switchToSegmentationsButtonVisible"] = True
        self._undo_states = 0
        self._history = slicer.vtkSegmentationHistory()
        self._shortcuts = False
        self._build()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.contentsMargins = QMargins(0, 0, 0, 0)
        self._segments = QListWidget(self)
        self._segments.objectName = "SegmentsTableView"
        self._segments.maximumHeight = 110
        layout.addWidget(self._segments)
        row = QHBoxLayout()
        layout.addLayout(row)
        for name in EFFECTS[:4]:
            button = QToolButton(self)
            button.objectName = name
            button.text = name
            row.addWidget(button)
        row.addStretch(1)

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self._observe()
        self._update()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        if node is not self._node:
            self._node = node
            self._observe()
            self._set_defaults()
            self._update()

    def mrmlSegmentEditorNode(self) -> Any:
        return self._node

    def _observe(self) -> None:
        for subject, tag in self._tags:
            subject.RemoveObserver(tag)
        self._tags = []
        if self._scene is not None:
            event = slicer.vtkMRMLScene.EndCloseEvent
            self._tags.append((self._scene, self._scene.AddObserver(event, self._scene_closed)))
        if self._node is not None:
            event = vtk.vtkCommand.ModifiedEvent
            self._tags.append((self._node, self._node.AddObserver(event, lambda *_: self._update())))

    def _scene_closed(self, *_: Any) -> None:
        self._set_defaults()
        self._update()

    def _set_defaults(self) -> None:
        for name, value in DEFAULTS.items():
            if self._node is not None and self._node.GetAttribute(name) is None:
                self._node.SetAttribute(name, value)

    def _update(self) -> None:
        if self._scene is None or self._scene.IsClosing() or self._node is None:
            return
        modifying = self._node.StartModify()
        segmentation = self._node.GetSegmentationNode()
        if segmentation is not self._segmentation:
            self._take(segmentation)
        name = self._node.GetActiveEffectName()
        self._effect = name if name in EFFECTS and segmentation is not None else None
        inside = self._node.GetMaskMode() == slicer.vtkMRMLSegmentationNode.EditAllowedInsideSingleSegment
        known = segmentation is not None and segmentation.GetSegmentation().GetSegment(
            self._node.GetMaskSegmentID() or ""
        )
        if segmentation is not None and inside and not known:
            self._node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedEverywhere)
        self._node.EndModify(modifying)

    def _take(self, node: Any) -> None:
        self._segmentation = node
        self._history.RemoveAllStates()
        self._history.SetSegmentation(node.GetSegmentation() if node else None)
        self._segments.clear()
        if node is None:
            return
        role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
        self._node.SetAndObserveSourceVolumeNode(node.GetNodeReference(role))
        segments = node.GetSegmentation()
        names = [segments.GetNthSegment(index).GetName() for index in range(segments.GetNumberOfSegments())]
        self._segments.addItems(names)
        if names:
            self._node.SetSelectedSegmentID(segments.GetNthSegmentID(0))

    def setSegmentationNode(self, node: Any) -> None:
        if self._node is None:
            if node is not None:
                raise RuntimeError("setSegmentationNode before setMRMLSegmentEditorNode does nothing in Slicer")
        elif node is not self._node.GetSegmentationNode():
            self._node.SetAndObserveSegmentationNode(node)
            self.setActiveEffect(None)

    def segmentationNode(self) -> Any:
        return self._node.GetSegmentationNode() if self._node else None

    def setSourceVolumeNode(self, node: Any) -> None:
        if self._node is not None and self._node.GetSegmentationNode() is not None:
            self._node.SetAndObserveSourceVolumeNode(node)

    def sourceVolumeNode(self) -> Any:
        return self._node.GetSourceVolumeNode() if self._node else None

    def setActiveEffectByName(self, name: str) -> None:
        self.setActiveEffect(types.SimpleNamespace(name=name) if name in EFFECTS else None)

    def setActiveEffect(self, effect: Any) -> None:
        if self._node is not None:
            self._node.SetActiveEffectName(effect.name if effect else "")

    def activeEffect(self) -> Any:
        return types.SimpleNamespace(name=self._effect) if self._effect else None

    def currentSegmentID(self) -> str:
        return self._node.GetSelectedSegmentID() if self._node else ""

    def setCurrentSegmentID(self, segment_id: str) -> None:
        self._node.SetSelectedSegmentID(segment_id)

    def saveStateForUndo(self) -> None:
        self._history.SaveState()

    def undo(self) -> None:
        self._history.RestorePreviousState()

    def installKeyboardShortcuts(self, parent: QWidget | None = None) -> None:
        self._shortcuts = True

    def uninstallKeyboardShortcuts(self) -> None:
        self._shortcuts = False

    def _shown_flag(name: str) -> Any:
        return Property(bool, lambda self: self._shown[name], lambda self, on: self._shown.update({name: on}))

    def _set_undo(self, count: int) -> None:
        self._undo_states = count
        self._history.SetMaximumNumberOfStates(count)

    @property
    def shortcutsInstalled(self) -> bool:
        """For tests; the real one does not tell."""
        return self._shortcuts

    segmentationNodeSelectorVisible = _shown_flag("segmentationNodeSelectorVisible")
    sourceVolumeNodeSelectorVisible = _shown_flag("sourceVolumeNodeSelectorVisible")
    switchToSegmentationsButtonVisible = _shown_flag("switchToSegmentationsButtonVisible")
    maximumNumberOfUndoStates = Property(int, lambda self: self._undo_states, _set_undo)
