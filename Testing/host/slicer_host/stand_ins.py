"""Widgets that exist in Slicer alone: CTK's and qMRML's, as far as the product uses them."""

from __future__ import annotations

import types
from typing import Any

import slicer
from PySide6.QtCore import Property, QMargins, QRect, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

# isort: split
from __feature__ import true_property  # noqa: F401

from slicer_host.segment_editor import qMRMLSegmentEditorWidget

UNLIMITED = 16777215
TITLE_HEIGHT = 28


class qMRMLWidget(QWidget):
    """The top of a `.ui` file; hands a scene to the widgets that the file connects to `mrmlSceneChanged`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene_receivers: list[Any] = []
        self._scene: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        for receiver in self.scene_receivers:
            receiver.setMRMLScene(scene)

    def mrmlScene(self) -> Any:
        return self._scene


class ctkCollapsibleButton(QWidget):
    """A titled box that folds; `collapsed` is an attribute and there is no `setCollapsed`."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folded = False
        self._title = QToolButton(self)
        self._title.autoRaise = True
        self._title.focusPolicy = Qt.FocusPolicy.StrongFocus
        self._title.toolButtonStyle = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self._title.sizePolicy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._title.arrowType = Qt.ArrowType.DownArrow
        self._title.clicked.connect(lambda *_: self._fold(not self._folded))
        self.setContentsMargins(0, TITLE_HEIGHT, 0, 0)

    def _fold(self, folded: bool) -> None:
        if folded == self._folded:
            return
        self._folded = folded
        self._title.arrowType = Qt.ArrowType.RightArrow if folded else Qt.ArrowType.DownArrow
        self.maximumHeight = TITLE_HEIGHT if folded else UNLIMITED
        for child in self.children():
            if child.inherits("QWidget") and child is not self._title:
                child.visible = not folded
        self.contentsCollapsed.emit(folded)

    def resizeEvent(self, event: Any) -> None:
        self._title.geometry = QRect(0, 0, event.size().width(), TITLE_HEIGHT - 2)

    def _get_text(self) -> str:
        return self._title.text

    def _set_text(self, text: str) -> None:
        self._title.text = text

    collapsed = Property(bool, lambda self: self._folded, _fold)
    text = Property(str, _get_text, _set_text)


class qMRMLNodeComboBox(QWidget):
    """Chooses a node of the scene; `currentNodeChanged` delivers the node, and `currentNode()` is a method."""

    currentNodeChanged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QComboBox(self)
        self._box.objectName = "comboBox"
        layout = QHBoxLayout(self)
        layout.contentsMargins = QMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._scene: Any = None
        self._tags: list[int] = []
        self._types: list[str] = []
        self._ids: list[str | None] = []
        self._flags = {"noneEnabled": False, "addEnabled": True, "removeEnabled": True, "renameEnabled": False}
        self._box.currentIndexChanged.connect(lambda *_: self.currentNodeChanged.emit(self.currentNode()))

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene = scene
        events = (slicer.vtkMRMLScene.NodeAddedEvent, slicer.vtkMRMLScene.NodeRemovedEvent)
        self._tags = [scene.AddObserver(event, lambda *_: self._refill()) for event in events] if scene else []
        self._refill()

    def currentNode(self) -> Any:
        index = self._box.currentIndex
        node_id = self._ids[index] if 0 <= index < len(self._ids) else None
        return self._scene.GetNodeByID(node_id) if self._scene and node_id else None

    def setCurrentNode(self, node: Any) -> None:
        node_id = node.GetID() if node else None
        self._box.currentIndex = self._ids.index(node_id) if node_id in self._ids else -1

    def _refill(self) -> None:
        chosen = self.currentNode()
        nodes = [
            node
            for kind in self._types
            for node in (slicer.util.getNodesByClass(kind) if self._scene else ())
            if not node.GetHideFromEditors() and node.IsA(kind)
        ]
        self._box.blockSignals(True)
        self._box.clear()
        self._ids = [None] if self._flags["noneEnabled"] else []
        self._box.addItems([*(["None"] if self._flags["noneEnabled"] else []), *[node.GetName() for node in nodes]])
        self._ids += [node.GetID() for node in nodes]
        self._box.blockSignals(False)
        if chosen is not None:
            self.setCurrentNode(chosen)
        self.currentNodeChanged.emit(self.currentNode())

    def _set_types(self, types_: list[str]) -> None:
        self._types = list(types_)
        self._refill()

    def _flag(name: str) -> Any:
        return Property(bool, lambda self: self._flags[name], lambda self, on: self._flags.update({name: on}))

    nodeTypes = Property("QStringList", lambda self: self._types, _set_types)
    noneEnabled = _flag("noneEnabled")
    addEnabled = _flag("addEnabled")
    removeEnabled = _flag("removeEnabled")
    renameEnabled = _flag("renameEnabled")


WIDGETS = (qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentEditorWidget, ctkCollapsibleButton)


def make_ctk() -> types.ModuleType:
    """The module `ctk`."""
    ctk = types.ModuleType("ctk")
    ctk.ctkCollapsibleButton = ctkCollapsibleButton
    return ctk
