"""What the Slicer application adds to the `slicer` package: `app`, `modules`, translation, packaging, module bases."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import slicer
import slicer.util
import vtk
from PySide6.QtCore import QObject, QTranslator, Signal
from PySide6.QtWidgets import QApplication, QWidget

# isort: split
from __feature__ import true_property  # noqa: F401

from slicer_host import event_loop, module_bases, translation

ORIENTATIONS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}
SLICE_VIEWS = tuple(ORIENTATIONS)


def extend_slicer() -> None:
    """Give `slicer` a scene and the objects of the application."""
    slicer.mrmlScene = slicer.vtkMRMLScene()
    slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, _into_subject_hierarchy)
    slicer.mrmlScene.AddObserver(slicer.vtkMRMLScene.NodeAboutToBeRemovedEvent, _out_of_subject_hierarchy)
    slicer.app = Application()
    slicer.modules = Modules()
    slicer.qSlicerScriptedLoadableModuleWidget = module_bases.Representation
    slicer.qMRMLSegmentEditorWidget = _stand_in("qMRMLSegmentEditorWidget")
    _add_module("i18n", tr=translation.tr, translate=translation.translate)
    _add_module("packaging", **module_bases.packaging())
    _add_module("parameterNodeWrapper", parameterNodeWrapper=module_bases.parameterNodeWrapper)
    _add_module("ScriptedLoadableModule", **module_bases.scripted_loadable_module())


@vtk.calldata_type(vtk.VTK_OBJECT)
def _into_subject_hierarchy(scene: Any, _event: str, node: Any) -> None:
    """The application gives each volume and segmentation an item in the subject hierarchy."""
    if node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLSegmentationNode"):
        hierarchy = scene.GetSubjectHierarchyNode()
        if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)


@vtk.calldata_type(vtk.VTK_OBJECT)
def _out_of_subject_hierarchy(scene: Any, _event: str, node: Any) -> None:
    hierarchy = None if scene.IsClosing() else scene.GetSubjectHierarchyNode()
    if hierarchy is not None and node is not hierarchy and hierarchy.GetItemByDataNode(node):
        hierarchy.RemoveItem(hierarchy.GetItemByDataNode(node), False, False)


def _stand_in(name: str) -> type:
    from slicer_host import stand_ins

    return getattr(stand_ins, name)


def _add_module(name: str, **members: Any) -> None:
    module = types.ModuleType(f"slicer.{name}")
    module.__dict__.update(members)
    module.__all__ = list(members)
    setattr(slicer, name, module)
    sys.modules[f"slicer.{name}"] = module


class Signals(QObject):
    """Signals of the application."""

    startupCompleted = Signal()


class Application:
    """`slicer.app`.

    Attributes:
        hasMainWindow: Without one there is no layout manager, and no view.
        applicationLocaleName: The language of the application.
    """

    applicationName = "Slicer"

    def __init__(self) -> None:
        self._layout = LayoutManager()
        self._io = IOManager()
        self._modules = module_bases.ModuleManager()
        self.testing = False
        self.hasMainWindow = True
        self.applicationLocaleName = "en_US"
        self._translators: list[QTranslator] = []
        self._signals = Signals()
        self.startupCompleted = self._signals.startupCompleted
        self.focusChanged = QApplication.instance().focusChanged

    def loadTranslations(self, folder: str) -> None:
        """Install all files of the folder that are in the language of the application."""
        locale = self.applicationLocaleName
        for ending in (locale, locale.split("_")[0]):
            files = sorted(Path(folder).glob(f"*{ending}.qm"))
            for file in files:
                self._translators.append(QTranslator())
                if self._translators[-1].load(str(file)):
                    QApplication.installTranslator(self._translators[-1])
            if files:
                return

    def forgetTranslations(self) -> None:
        """For tests: back to English."""
        self.applicationLocaleName = "en_US"
        while self._translators:
            QApplication.removeTranslator(self._translators.pop())

    def processEvents(self) -> None:
        event_loop.process_events()

    def testingEnabled(self) -> bool:
        return self.testing

    def topLevelWidgets(self) -> tuple[QWidget, ...]:
        return tuple(QApplication.topLevelWidgets())

    def setOverrideCursor(self, cursor: Any) -> None:
        QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:
        QApplication.restoreOverrideCursor()

    def layoutManager(self) -> LayoutManager | None:
        return self._layout if self.hasMainWindow else None

    def moduleManager(self) -> module_bases.ModuleManager:
        return self._modules

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
        for logic in self._views().values():
            logic.GetSliceNode().SetMappedInLayout(1)

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

    def resetThreeDViews(self) -> None:
        """There is no 3D view here."""

    def _views(self) -> dict[str, Any]:
        present = [logic.GetSliceNode() for logic in self._logics.values()]
        if not present or any(slicer.mrmlScene.IsNodePresent(node) == 0 for node in present):
            self._logics = {}
            slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(slicer.mrmlScene)
            for name in SLICE_VIEWS:
                logic = slicer.vtkMRMLSliceLogic()
                logic.SetMRMLScene(slicer.mrmlScene)
                logic.AddSliceNode(name)
                getattr(logic.GetSliceNode(), f"SetOrientationTo{ORIENTATIONS[name]}")()
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
    """Process events, deferred deletions included, for a while; as in Slicer no Python thread runs meanwhile."""
    event_loop.run(seconds)
    event_loop.delete_later()


__all__ = ["Application", "extend_slicer", "let_events_pass"]
