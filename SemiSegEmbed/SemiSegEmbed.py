"""SemiSegEmbed in Slicer: module, widget, logic and self-test; all they do lives in SemiSegEmbedLib.application."""

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

LIBRARY = "SemiSegEmbedLib"


def findLibrary() -> None:
    """Make the library importable from a source tree, where it lies beside the module's folder."""
    parent = str(Path(__file__).resolve().parents[1])
    if (Path(parent) / LIBRARY).is_dir() and parent not in sys.path:
        sys.path.append(parent)


class SemiSegEmbed(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        super().__init__(parent)
        slicer.app.loadTranslations(str(Path(__file__).resolve().parent / "Resources" / "Translations"))
        self.parent.title = "SemiSegEmbed"
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        # Slicer unloads a module before those that it names here: leaving the editor at exit still needs them.
        self.parent.dependencies = ["Plots", "Segmentations", "SubjectHierarchy", "Volumes"]
        self.parent.contributors = ["SemiSegEmbed contributors"]
        self.parent.helpText = _(
            "Learn to segment hip bones in CT from a few annotated scans and many unannotated ones: "
            "annotate, train in the background, review where the model is unsure, correct, train on."
        )
        self.parent.acknowledgementText = _(
            "Implements semi-supervised segmentation via embedding matching. Not for clinical use."
        )
        slicer.app.startupCompleted.connect(registerSampleData)


def registerSampleData() -> None:
    """Offer phantom hips in Slicer's Sample Data module."""
    findLibrary()
    from SampleData import SampleDataLogic

    from SemiSegEmbedLib.application.sample_data import register_sample_data

    register_sample_data(SampleDataLogic, Path(__file__).resolve().parent / "Resources" / "Icons" / "PhantomStudy.png")


@parameterNodeWrapper
class SemiSegEmbedParameterNode:
    """What belongs to a scene: which study and case it shows."""

    studyFolder: str = ""
    caseKey: str = ""


class SemiSegEmbedWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Hands Slicer's calls to the window of the library."""

    def __init__(self, parent=None):
        # First, because without a parent the base class calls `setup` at once.
        self.window = None
        self.logic = None
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    def setup(self):
        super().setup()
        findLibrary()
        from SemiSegEmbedLib.application.window import ModuleWindow

        self.logic = SemiSegEmbedLogic()
        self.window = ModuleWindow(self.resourcePath)
        self.layout.addWidget(self.window.widget)
        self.window.session.study_changed.connect(self.noteInScene)
        self.window.session.case_changed.connect(self.noteInScene)
        scene, events = slicer.mrmlScene, slicer.vtkMRMLScene
        self.addObserver(scene, events.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, events.EndImportEvent, self.onSceneEndImport)

    def enter(self):
        self.window.enter()

    def exit(self):
        self.window.exit()

    def cleanup(self):
        self.removeObservers()
        if self.window is not None:
            self.window.cleanup()

    def onReload(self):
        """Reload the library with the module."""
        for name in [name for name in sys.modules if name.partition(".")[0] == LIBRARY]:
            del sys.modules[name]
        super().onReload()

    def noteInScene(self):
        session, node = self.window.session, self.logic.getParameterNode()
        node.studyFolder = str(session.study.folder) if session.study else ""
        node.caseKey = session.case.key if session.case else ""

    def onSceneStartClose(self, _caller, _event):
        self.window.scene_closes()

    def onSceneEndImport(self, _caller, _event):
        folder = self.logic.getParameterNode().studyFolder
        if folder and Path(folder).is_dir():
            self.window.open_study(Path(folder))


class SemiSegEmbedLogic(ScriptedLoadableModuleLogic):
    """The parameters that are stored with the scene."""

    def getParameterNode(self):
        return SemiSegEmbedParameterNode(super().getParameterNode())


class SemiSegEmbedTest(ScriptedLoadableModuleTest):
    """The self-test: see SemiSegEmbedLib.application.self_test."""

    def runTest(self):
        findLibrary()
        from SemiSegEmbedLib.application.self_test import run_self_test

        resources = Path(__file__).resolve().parent / "Resources"
        run_self_test(lambda name: str(resources / name), self.delayDisplay)
