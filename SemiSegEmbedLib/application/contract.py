"""What the product relies on in `ctk` and `slicer` (and, inherited, in `qt`), as statements to be tried anywhere.

They run against the stand-ins of the test host, and in the self-test against the widgets of a real Slicer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer

from SemiSegEmbedLib.application.contract_qt import QtContract

UI = """<ui version="4.0"><class>Top</class><widget class="qMRMLWidget" name="contractTop">
<layout class="QVBoxLayout" name="contractLayout">
<item><widget class="ctkCollapsibleButton" name="contractFold"><property name="text"><string>Fold</string></property>
<layout class="QVBoxLayout" name="contractFoldLayout">
<item><widget class="QLineEdit" name="contractEdit"><property name="SlicerParameterName" stdset="0">
<string>caseKey</string></property></widget></item>
<item><widget class="qMRMLNodeComboBox" name="contractSelector"><property name="nodeTypes"><stringlist>
<string>vtkMRMLScalarVolumeNode</string></stringlist></property></widget></item>
<item><widget class="qMRMLNodeComboBox" name="contractUnconnected"><property name="nodeTypes"><stringlist>
<string>vtkMRMLScalarVolumeNode</string></stringlist></property></widget></item>
<item><widget class="qMRMLSegmentEditorWidget" name="contractEditor"/></item></layout></widget></item></layout>
</widget>
<connections><connection><sender>contractTop</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>contractSelector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection>
<connection><sender>contractTop</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>contractEditor</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


class Contract(QtContract):
    """All statements: the methods whose names begin with "that". Each raises AssertionError where it does not hold.

    Args:
        folder: An empty folder for small files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tops: list[Any] = []

    @staticmethod
    def statements() -> list[str]:
        """Names of all statements."""
        return [name for name in dir(Contract) if name.startswith("that_")]

    def check(self, name: str) -> None:
        """Try one statement in an empty scene, and leave the scene empty."""
        slicer.mrmlScene.Clear(0)
        try:
            getattr(self, name)()
        finally:
            while self._tops:
                top = self._tops.pop()
                top.setMRMLScene(None)
                top.deleteLater()
            slicer.mrmlScene.Clear(0)
            slicer.app.processEvents()

    def broken(self) -> list[str]:
        """Try all statements; one line for each that does not hold."""
        lines = []
        for name in self.statements():
            try:
                self.check(name)
            except Exception as error:
                lines.append(f"{name.replace('_', ' ')}: {type(error).__name__} {error}")
        return lines

    def _load(self) -> tuple[Any, Any]:
        path = self._folder / "contract.ui"
        path.write_text(UI, encoding="utf-8")
        top = slicer.util.loadUI(str(path))
        self._tops.append(top)
        return top, slicer.util.childWidgetVariables(top)

    def that_a_missing_ui_file_is_a_runtime_error(self) -> None:
        _raises(RuntimeError, lambda: slicer.util.loadUI(str(self._folder / "none.ui")))

    def that_named_widgets_become_variables(self) -> None:
        top, ui = self._load()
        assert top.inherits("QWidget")
        assert ui.contractEdit.text == ""
        assert ui.contractFold.text == "Fold"
        assert ui.contractEdit.property("SlicerParameterName") == "caseKey"

    def that_the_scene_reaches_the_connected_widgets_alone(self) -> None:
        top, ui = self._load()
        seen: list[Any] = []
        top.setMRMLScene(slicer.mrmlScene)
        ui.contractSelector.currentNodeChanged.connect(lambda node: seen.append(node))
        volume = slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16))
        ui.contractSelector.setCurrentNode(volume)
        assert ui.contractSelector.currentNode().GetID() == volume.GetID()
        assert seen[-1].GetID() == volume.GetID()
        assert ui.contractUnconnected.currentNode() is None

    def that_a_fold_folds_through_its_attribute(self) -> None:
        _top, ui = self._load()
        seen: list[bool] = []
        ui.contractFold.contentsCollapsed.connect(lambda folded: seen.append(folded))
        ui.contractFold.collapsed = True
        assert ui.contractFold.collapsed
        ui.contractFold.collapsed = False
        assert seen == [True, False]
        assert ui.contractFold.layout() is not None
        assert not hasattr(ui.contractFold, "setCollapsed")

    def that_the_segment_editor_takes_node_segmentation_and_volume(self) -> None:
        top, ui = self._load()
        editor = ui.contractEditor
        top.setMRMLScene(slicer.mrmlScene)
        editor.segmentationNodeSelectorVisible = editor.sourceVolumeNodeSelectorVisible = False
        editor.switchToSegmentationsButtonVisible = False
        editor.maximumNumberOfUndoStates = 20
        assert editor.maximumNumberOfUndoStates == 20
        volume = slicer.util.addVolumeFromArray(np.zeros((8, 8, 8), np.int16))
        segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        segmentation.CreateDefaultDisplayNodes()
        segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        segmentation.GetSegmentation().AddEmptySegment("label_1", "bone")
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag("SemiSegEmbedContract")
        node = slicer.mrmlScene.AddNode(node)
        editor.setMRMLSegmentEditorNode(node)
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(volume)
        assert editor.mrmlSegmentEditorNode().GetID() == node.GetID()
        assert node.GetSegmentationNode().GetID() == segmentation.GetID()
        assert node.GetSourceVolumeNode().GetID() == volume.GetID()
        if slicer.app.layoutManager() is not None:
            # Slicer's Paint effect takes for granted that there are views.
            editor.setActiveEffectByName("Paint")
            assert editor.activeEffect() is not None
            node.SetActiveEffectName("")
            assert editor.activeEffect() is None, "a tool is not put down through the node"
        editor.setActiveEffect(None)
        assert editor.activeEffect() is None
        editor.setSourceVolumeNode(None)
        editor.setSegmentationNode(None)
        assert node.GetSegmentationNode() is None
        assert node.GetSourceVolumeNode() is None

    def that_slice_views_are_nodes_of_the_scene_and_may_be_none(self) -> None:
        layout = slicer.app.layoutManager()
        nodes = slicer.util.getNodesByClass("vtkMRMLSliceNode")
        volume = slicer.util.addVolumeFromArray(np.zeros((4, 4, 4), np.int16))
        volume.CreateDefaultDisplayNodes()
        slicer.util.setSliceViewerLayers(background=volume, foreground=None, label=None, fit=True)
        for node in nodes:
            node.RotateToVolumePlane(volume)
            node.JumpSliceByCentering(0.0, 0.0, 0.0)
        if layout is not None:
            assert all(layout.sliceWidget(name).mrmlSliceNode() for name in layout.sliceViewNames())
            layout.resetThreeDViews()

    def that_the_main_window_may_be_none(self) -> None:
        window = slicer.util.mainWindow()
        assert window is None or window.inherits("QWidget")

    def that_the_application_says_where_the_keyboard_goes(self) -> None:
        def slot(_old: Any, _now: Any) -> None:
            """Is taken off again."""

        slicer.app.focusChanged.connect(slot)
        slicer.app.focusChanged.disconnect(slot)
        focus = qt.QApplication.focusWidget()
        top, ui = self._load()
        assert focus is None or not top.isAncestorOf(focus)
        assert top.isAncestorOf(ui.contractEdit)
        ui.contractEditor.installKeyboardShortcuts(top)
        ui.contractEditor.uninstallKeyboardShortcuts()

    def that_unreadable_files_are_runtime_errors(self) -> None:
        path = str(self._folder / "none.nrrd")
        _raises(RuntimeError, lambda: slicer.util.loadVolume(path, {"show": False}))
        _raises(RuntimeError, lambda: slicer.util.loadLabelVolume(path, {"show": False}))

    def that_voxels_are_changed_in_place(self) -> None:
        volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16))
        slicer.util.arrayFromVolume(volume)[1, 2, 3] = 7
        slicer.util.arrayFromVolumeModified(volume)
        assert slicer.util.arrayFromVolume(volume).sum() == 7
        assert volume.GetImageData().GetDimensions() == (4, 3, 2)

    def that_segments_stand_beside_their_volume(self) -> None:
        volume = slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16))
        hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
        assert hierarchy is not None
        assert hierarchy.GetItemByDataNode(volume) != 0

    def that_curves_come_into_view(self) -> None:
        table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
        columns = [np.arange(3.0), np.array([1.0, np.nan, 3.0])]
        slicer.util.updateTableFromArray(table, columns, ["step", "loss"])
        assert table.GetTable().GetNumberOfRows() == 3
        chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode")
        slicer.modules.plots.logic().ShowChartInLayout(chart)

    def that_packages_are_looked_up_without_importing(self) -> None:
        import slicer.packaging

        path = self._folder / "requirements.txt"
        path.write_text("# for the contract\nnumpy>=1.26\n", encoding="utf-8")
        (entry,) = slicer.packaging.load_requirements(path)
        assert str(entry).startswith("numpy")
        assert slicer.packaging.pip_check(entry)
        assert callable(slicer.packaging.pip_ensure)

    def that_texts_are_translated_or_left_alone(self) -> None:
        from slicer.i18n import tr, translate

        assert tr("no such text {count}") == "no such text {count}"
        assert translate("NoSuchContext", "no such text") == "no such text"
        assert isinstance(slicer.app.applicationLocaleName, str)
        slicer.app.loadTranslations(str(self._folder))

    def that_parameters_live_in_the_scene(self) -> None:
        from slicer.parameterNodeWrapper import parameterNodeWrapper

        class Parameters:
            caseKey: str = ""

        wrapped: Any = parameterNodeWrapper(Parameters)
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
        wrapped(node).caseKey = "case-0001"
        assert wrapped(node).caseKey == "case-0001"

    def that_closing_a_scene_keeps_the_settings_node_of_the_editor_and_empties_it(self) -> None:
        node = slicer.vtkMRMLSegmentEditorNode()
        node.SetSingletonTag("SemiSegEmbedContract")
        node = slicer.mrmlScene.AddNode(node)
        node.SetAttribute("Threshold.MinimumThreshold", "150")
        slicer.mrmlScene.Clear(0)
        assert slicer.mrmlScene.IsNodePresent(node)
        assert node.GetAttribute("Threshold.MinimumThreshold") is None

    def that_a_python_for_child_processes_is_found(self) -> None:
        from SemiSegEmbedLib.jobs.locate import interpreter

        assert Path(interpreter()).is_file()


def _raises(kind: type[Exception], call: Callable[[], Any]) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")
