"""What the product relies on in `qt`, `ctk` and `slicer`; the same statements hold in a running Slicer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")

UI = """<ui version="4.0"><class>Top</class><widget class="qMRMLWidget" name="contractTop">
<layout class="QVBoxLayout" name="contractLayout">
<item><widget class="ctkCollapsibleButton" name="contractFold"><property name="text"><string>Fold</string></property>
<layout class="QVBoxLayout" name="contractFoldLayout">
<item><widget class="QLineEdit" name="contractEdit"/></item>
<item><widget class="qMRMLNodeComboBox" name="contractSelector"><property name="nodeTypes"><stringlist>
<string>vtkMRMLScalarVolumeNode</string></stringlist></property></widget></item>
<item><widget class="qMRMLNodeComboBox" name="contractUnconnected"><property name="nodeTypes"><stringlist>
<string>vtkMRMLScalarVolumeNode</string></stringlist></property></widget></item></layout></widget></item></layout></widget>
<connections><connection><sender>contractTop</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>contractSelector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


@pytest.fixture
def top(tmp_path: Path):
    (tmp_path / "contract.ui").write_text(UI, encoding="utf-8")
    slicer.mrmlScene.Clear(0)
    widget = slicer.util.loadUI(str(tmp_path / "contract.ui"))
    yield widget
    widget.setMRMLScene(None)


def test_properties_are_attributes_and_setters_of_slots_work() -> None:
    button = qt.QPushButton("a")
    button.text, button.toolTip, button.enabled, button.accessibleName = "b", "tip", False, "name"
    assert (button.text, button.toolTip, button.enabled, button.accessibleName) == ("b", "tip", False, "name")
    with pytest.raises(TypeError):
        button.text()


def test_assigning_an_unknown_attribute_raises() -> None:
    with pytest.raises(AttributeError):
        qt.QPushButton().nosuch = 3


def test_table_counts_are_attributes_and_item_texts_methods() -> None:
    table = qt.QTableWidget()
    table.rowCount, table.columnCount = 2, 1
    table.setItem(0, 0, qt.QTableWidgetItem("x"))
    assert (table.rowCount, table.item(0, 0).text()) == (2, "x")


def test_a_slot_may_take_fewer_arguments_than_are_emitted() -> None:
    button, seen = qt.QPushButton(), []
    button.clicked.connect(lambda: seen.append(1))
    button.click()
    assert seen == [1]


def test_connecting_twice_fires_twice() -> None:
    button, seen = qt.QPushButton(), []

    def slot(*_) -> None:
        seen.append(1)

    button.clicked.connect(slot)
    button.clicked.connect(slot)
    button.click()
    assert seen == [1, 1]


def test_a_missing_ui_file_raises_runtime_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        slicer.util.loadUI(str(tmp_path / "none.ui"))


def test_named_descendants_become_variables(top) -> None:
    ui = slicer.util.childWidgetVariables(top)
    assert ui.contractEdit.text == ""
    assert ui.contractFold.text == "Fold"


def test_the_scene_reaches_the_widgets_that_the_ui_file_connects_and_no_other(top) -> None:
    ui = slicer.util.childWidgetVariables(top)
    top.setMRMLScene(slicer.mrmlScene)
    volume = slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16))
    assert ui.contractSelector.currentNode() is volume
    assert ui.contractUnconnected.currentNode() is None


def test_a_node_selector_delivers_the_node(top) -> None:
    ui, seen = slicer.util.childWidgetVariables(top), []
    top.setMRMLScene(slicer.mrmlScene)
    ui.contractSelector.currentNodeChanged.connect(seen.append)
    volume = slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16))
    assert seen[-1] is volume


def test_a_collapsible_button_folds_through_an_attribute_alone(top) -> None:
    fold = slicer.util.childWidgetVariables(top).contractFold
    seen = []
    fold.contentsCollapsed.connect(seen.append)
    fold.collapsed = True
    assert fold.collapsed
    assert seen == [True]
    assert not hasattr(fold, "setCollapsed")


def test_chosen_paths_come_back_as_a_tuple_without_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6 import QtWidgets

    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", staticmethod(lambda *_: (["a", "b"], "all")))
    assert qt.QFileDialog.getOpenFileNames(None, "t", "") == ("a", "b")


def test_an_unknown_module_is_no_attribute() -> None:
    with pytest.raises(AttributeError):
        _ = slicer.modules.pytorchutils


def test_a_volume_that_does_not_exist_raises_runtime_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        slicer.util.loadVolume(str(tmp_path / "none.nrrd"))


def test_the_main_window_may_be_none() -> None:
    assert slicer.util.mainWindow() is None
