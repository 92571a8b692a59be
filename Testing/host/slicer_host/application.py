"""What the Slicer application adds to the `slicer` package: `app`, `modules`, translation, packaging, module bases."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import slicer
import slicer.util
import vtk
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

# isort: split
from __feature__ import true_property  # noqa: F401

from slicer_host import module_bases

SLICE_VIEWS = ("Red", "Green", "Yellow")


def extend_slicer() -> None:
    """Give `slicer` a scene and the objects of the application."""
    slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.app = Application()
    slicer.modules = Modules()
    slicer.qMRMLSegmentEditorWidget = _stand_in("qMRMLSegmentEditorWidget")
    _add_module("i18n", tr=lambda text: text, translate=lambda _context, text: text)
    _add_module("packaging", **module_bases.packaging())
    _add_module("parameterNodeWrapper", parameterNodeWrapper=module_bases.parameterNodeWrapper)
    _add_module("ScriptedLoadableModule", **module_bases.scripted_loadable_module())


def _stand_in(name: str) -> type:
    from slicer_host import stand_ins

    return getattr(stand_ins, name)


def _add_module(name: str, **members: Any) -> None:
    module = types.ModuleType(f"slicer.{name}")
    module.__dict__.update(members)
    module.__all__ = list(members)
    setattr(slicer, name, module)
    sys.modules[f"slicer.{name}"] = module


class Application:
    """`slicer.app`."""

    applicationName = "Slicer"

    def __init__(self) -> None:
        self._layout = LayoutManager()
        self._io = IOManager()
        self.testing = False

    def processEvents(self) -> None:
        QApplication.processEvents()

    def testingEnabled(self) -> bool:
        return self.testing

    def topLevelWidgets(self) -> tuple[QWidget, ...]:
        return tuple(QApplication.topLevelWidgets())

    def setOverrideCursor(self, cursor: Any) -> None:
        QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:
        QApplication.restoreOverrideCursor()

    def layoutManager(self) -> LayoutManager:
        return self._layout

    def coreIOManager(self) -> IOManager:
        return self._io


class LayoutManager:
    """`slicer.app.layoutManager()`: slice views with real logic; views are blank until a layout is set."""

    def __init__(self) -> None:
        self.layout = 0
        self._scene: Any = None
        self._logics: dict[str, Any] = {}

    def setLayout(self, layout: int) -> None:
        self.layout = layout

    def sliceViewNames(self) -> tuple[str, ...]:
        return SLICE_VIEWS

    def sliceWidget(self, name: str) -> Any:
        logic = self._views()[name]
        return types.SimpleNamespace(mrmlSliceNode=logic.GetSliceNode, sliceLogic=lambda: logic)

    def mrmlSliceLogics(self) -> Any:
        collection = vtk.vtkCollection()
        for logic in self._views().values():
            collection.AddItem(logic)
        return collection

    def resetSliceViews(self) -> None:
        for logic in self._views().values():
            logic.FitSliceToBackground()

    def _views(self) -> dict[str, Any]:
        present = [logic.GetSliceNode() for logic in self._logics.values()]
        if not present or any(slicer.mrmlScene.IsNodePresent(node) == 0 for node in present):
            self._logics = {}
            for name in SLICE_VIEWS:
                logic = slicer.vtkMRMLSliceLogic()
                logic.SetMRMLScene(slicer.mrmlScene)
                logic.AddSliceNode(name)
                self._logics[name] = logic
        return self._logics


class IOManager:
    """Loads volumes through the real storage nodes of MRML."""

    def loadNodes(self, file_type: str, properties: dict[str, Any], loaded: Any, messages: Any) -> bool:
        if file_type != "VolumeFile":
            return False
        labelmap = properties.get("labelmap", False)
        kind = "vtkMRMLLabelMapVolumeNode" if labelmap else "vtkMRMLScalarVolumeNode"
        path = properties["fileName"]
        name = properties.get("name") or Path(path).name.split(".")[0]
        node = slicer.mrmlScene.AddNewNodeByClass(kind, name)
        storage = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
        storage.SetFileName(path)
        storage.SetSingleFile(properties.get("singleFile", False))
        if not Path(path).exists() or not storage.ReadData(node):
            slicer.mrmlScene.RemoveNode(node)
            slicer.mrmlScene.RemoveNode(storage)
            return False
        node.SetAndObserveStorageNodeID(storage.GetID())
        node.CreateDefaultDisplayNodes()
        loaded.AddItem(node)
        return True

    def fileType(self, path: str) -> str:
        return "VolumeFile"


class Modules:
    """`slicer.modules`: real logics behind the names that the application gives them."""

    def __init__(self) -> None:
        self.segmentations = _module(slicer.vtkSlicerSegmentationsModuleLogic())
        self.volumes = _module(slicer.vtkSlicerVolumesLogic())
        self.plots = _module(slicer.vtkSlicerPlotsLogic())


def _module(logic: Any) -> types.SimpleNamespace:
    logic.SetMRMLScene(slicer.mrmlScene)
    return types.SimpleNamespace(logic=lambda: logic)


def let_events_pass(seconds: float = 0.0) -> None:
    """Process events, deferred deletions included, for a while."""
    import time

    end = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if time.monotonic() >= end:
            return
        time.sleep(0.005)


__all__ = ["Application", "extend_slicer", "let_events_pass"]
