"""The module as a whole: resources, scene events, reload, self-test, and rules that PythonQt asks for."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "SemiSegEmbed"
APPLICATION = ROOT / "SemiSegEmbedLib" / "application"
UI_FILES = sorted((MODULE / "Resources" / "UI").glob("*.ui"))
INTERACTIVE = {
    "QPushButton",
    "QCheckBox",
    "QComboBox",
    "QLineEdit",
    "QSpinBox",
    "QTableWidget",
    "QListWidget",
    "QSlider",
    "qMRMLNodeComboBox",
    "qMRMLSegmentEditorWidget",
}

SHORTCUTS_OF_SLICER = {
    # 5.12.3: qSlicerMainWindow.ui and .cxx, qSlicerModuleSelectorToolBar.cxx
    *(f"Ctrl+{key}" for key in (*"023456OSWZYXCVHF`", "Left", "Right")),
    # qMRMLMarkupsToolBar.cxx, qMRMLSequenceBrowserPlayWidget.cxx, qSlicerSubjectHierarchyViewContextMenuPlugin.cxx
    *(f"Ctrl+Shift+{key}" for key in ("A", "T", "Space", "Down", "Left", "Right")),
    "Ctrl+B",
}

MENUS_OF_SLICER = set("fevh")
"""File, Edit, View and Help with Alt, in qSlicerMainWindow.ui of 5.12.3."""

pytest.importorskip("qt")


def widgets(path: Path) -> dict[str, ElementTree.Element]:
    return {widget.get("name"): widget for widget in ElementTree.parse(path).iter("widget")}


def text_of(widget: ElementTree.Element, name: str) -> str:
    for entry in widget.findall("property"):
        if entry.get("name") == name:
            return "".join(entry.itertext()).strip()
    return ""


@pytest.mark.parametrize("path", UI_FILES, ids=lambda path: path.stem)
def test_every_control_explains_itself_and_can_be_reached_by_tab(path: Path) -> None:
    found = {name: widget for name, widget in widgets(path).items() if widget.get("class") in INTERACTIVE}
    stops = [stop.text for stop in ElementTree.parse(path).iter("tabstop")]
    for name, widget in found.items():
        assert text_of(widget, "toolTip"), f"{name} has no tool tip"
        assert text_of(widget, "text") or text_of(widget, "accessibleName"), f"{name} has no name for screen readers"
        assert name in stops, f"{name} is not in the tab order"
    assert set(stops) <= set(widgets(path))


def test_no_shortcut_is_one_of_slicers_own() -> None:
    """Two shortcuts with the same keys in one window: Qt carries out neither."""
    found = {text_of(widget, "shortcut") for path in UI_FILES for widget in widgets(path).values()} - {""}
    assert found
    assert not found & SHORTCUTS_OF_SLICER


def test_the_tab_key_walks_through_the_panels_in_the_order_of_the_work(module) -> None:
    order = []
    widget = first = module.window.widget
    while True:
        widget = widget.nextInFocusChain()
        if widget is first:
            break
        inside = [name for name, panel in module.window.panels.items() if panel.isAncestorOf(widget)]
        if inside and int(widget.focusPolicy) & 1 and inside != order[-1:]:
            order += inside
    assert order == ["Study", "Annotate", "Train", "Review", "Segment", "Models"]


def test_no_control_keeps_the_tab_key_to_itself(module, tmp_path: Path, hip) -> None:
    import qt

    module.answers.folder, module.answers.files = tmp_path / "hips", [hip("a.nii.gz"), hip("b.nii.gz", 1)]
    module.ui.studyCreateButton.click()
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: module.ui.studyCaseTable.rowCount == 2)
    module.window.widget.show()
    for name in module.window.panels:
        getattr(module.ui, f"module{name}Fold").collapsed = False
    module.window.widget.window().show()
    module.window.widget.window().activateWindow()
    module.ui.moduleGuideButton.setFocus()
    module.wait(lambda: qt.QApplication.focusWidget() is not None)
    reached: list[str] = []
    while not reached or qt.QApplication.focusWidget() is not module.ui.moduleGuideButton:
        widget = qt.QApplication.focusWidget()
        reached.append(widget.objectName or widget.parent().objectName)
        assert len(reached) < 200, f"the keyboard is caught in {reached[-1]}"
        qt.QApplication.sendEvent(widget, qt.QKeyEvent(qt.QEvent.KeyPress, qt.Qt.Key_Tab, qt.Qt.NoModifier))
    assert {"studyCaseTable", "trainMinutesSpin", "reviewCaseList", "segmentScanTable", "modelsTable"} <= set(reached)


@pytest.mark.parametrize("path", UI_FILES, ids=lambda path: path.stem)
def test_buddies_exist_and_names_are_distinctive(path: Path) -> None:
    found = widgets(path)
    prefix = path.stem.removesuffix("Panel").lower()
    for name, widget in found.items():
        buddy = text_of(widget, "buddy")
        assert not buddy or buddy in found
        assert name.startswith((prefix, "module", path.stem)), f"{name} could clash with an inner widget of Slicer"


def test_mnemonics_are_unique_in_the_module() -> None:
    """Several sections may be unfolded: with a letter twice in sight, Alt and the letter press nothing."""
    marked = [widget for path in UI_FILES for widget in widgets(path).values() if "&" in text_of(widget, "text")]
    letters = [re.search(r"&(\w)", text_of(widget, "text")).group(1).lower() for widget in marked]
    assert len(letters) > 10
    assert not {letter for letter in letters if letters.count(letter) > 1}
    assert not set(letters) & MENUS_OF_SLICER


def test_no_letter_is_underlined_where_other_keys_press_the_button() -> None:
    """Qt knows one shortcut a button: the one that is set takes the place of Alt and the letter."""
    for path in UI_FILES:
        for name, widget in widgets(path).items():
            assert not text_of(widget, "shortcut") or "&" not in text_of(widget, "text"), name


def test_cmake_lists_every_file_of_the_module() -> None:
    listed = set(re.findall(r"^  (Resources/\S+)$", (MODULE / "CMakeLists.txt").read_text(), re.MULTILINE))
    present = {path.relative_to(MODULE).as_posix() for path in (MODULE / "Resources").rglob("*") if path.is_file()}
    # Pictures of the README stay in the repository.
    assert listed == {path for path in present if not path.startswith("Resources/Screenshots/")}


def test_product_code_follows_the_rules_of_pythonqt() -> None:
    forbidden = {
        r"isinstance\([^)]*qt\.": "isinstance is always False for Qt classes in PythonQt",
        r"class \w+\(qt\.": "subclasses of widgets can crash at exit",
        r"\.connect\(['\"]": "a wrong signature string fails silently",
        r"\.(setText|setEnabled|setVisible|setChecked|setToolTip)\(": "assign the property",
        r"\bprint\(": "use logging",
        r"QProcess": "a QProcess dies with its owner",
    }
    for path in [*APPLICATION.glob("*.py"), MODULE / "SemiSegEmbed.py"]:
        source = path.read_text(encoding="utf-8")
        for pattern, reason in forbidden.items():
            assert not re.search(pattern, source), f"{path.name}: {reason}"


def test_no_call_of_qt_has_keyword_arguments() -> None:
    """PythonQt refuses them: "called slot does not support kwargs"."""
    for path in [*APPLICATION.glob("*.py"), MODULE / "SemiSegEmbed.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.keywords:
                assert not ast.unparse(node.func).startswith(("qt.", "ctk.")), f"{path.name}:{node.lineno}"


def test_the_main_file_is_thin_and_files_are_short() -> None:
    assert len((MODULE / "SemiSegEmbed.py").read_text().splitlines()) <= 150
    for path in APPLICATION.glob("*.py"):
        if path.name != "library_sentences.py":  # a list that a script writes
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 310, path.name


def test_presenters_know_no_qt() -> None:
    for path in [*APPLICATION.glob("*_presenter.py"), APPLICATION / "workbench.py", APPLICATION / "session.py"]:
        assert not re.search(r"^\s*(import|from) (qt|ctk|vtk)\b", path.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_scene_names_the_study_and_an_imported_scene_opens_it(module, tmp_path: Path) -> None:
    import slicer

    module.answers.folder = tmp_path / "hips"
    module.ui.studyCreateButton.click()
    node = module.widget.logic.getParameterNode()
    assert node.studyFolder == str(tmp_path / "hips")
    module.window.session.close()
    node.studyFolder = str(tmp_path / "hips")
    slicer.mrmlScene.InvokeEvent(slicer.vtkMRMLScene.EndImportEvent)
    assert module.window.session.study.folder == tmp_path / "hips"


def test_cleaning_up_twice_is_harmless_and_the_timer_stops(module) -> None:
    module.widget.cleanup()
    assert not module.window.timer.active
    module.widget.cleanup()


def test_slicer_unloads_the_module_before_those_that_it_uses(scene, monkeypatch) -> None:
    from types import SimpleNamespace

    monkeypatch.syspath_prepend(str(MODULE))
    import SemiSegEmbed

    parent = SimpleNamespace()
    SemiSegEmbed.SemiSegEmbed(parent)
    sources = "".join(path.read_text(encoding="utf-8") for path in APPLICATION.glob("*.py"))
    used = {"segmentations", "subjecthierarchy", "volumes", *re.findall(r"slicer\.modules\.(\w+)\.logic", sources)}
    assert used == {name.lower() for name in parent.dependencies}


def test_a_widget_without_a_parent_is_ready_at_once(scene, settings_file, monkeypatch) -> None:
    """As on the Python console; the base class then calls `setup` itself."""
    monkeypatch.syspath_prepend(str(MODULE))
    import SemiSegEmbed

    widget = SemiSegEmbed.SemiSegEmbedWidget()
    assert widget.window is not None
    widget.cleanup()
    widget.parent.close()


def test_timers_leave_the_scene_alone_while_a_file_is_read(module) -> None:
    from SemiSegEmbedLib.application.scene import waiting

    seen = []
    module.window.background.start(lambda: "done", seen.append, pytest.fail)
    with waiting():
        module.window.tick()
        assert seen == []
    module.wait(lambda: seen == ["done"])


def test_reloading_the_module_reloads_the_library(module) -> None:
    import importlib
    import sys

    before = dict(sys.modules)
    try:
        module.widget.onReload()
        loaded = importlib.import_module("SemiSegEmbedLib.application.session")
        assert loaded is not before["SemiSegEmbedLib.application.session"]
    finally:
        for name in [name for name in sys.modules if name.startswith("SemiSegEmbedLib")]:
            del sys.modules[name]
        sys.modules.update({name: value for name, value in before.items() if name.startswith("SemiSegEmbedLib")})


@pytest.fixture
def self_test(scene, settings_file, capfd: pytest.CaptureFixture):
    """Runs the self-test as the application does, and returns what it printed."""
    import sys

    import slicer

    sys.path.append(str(MODULE))
    import SemiSegEmbed

    def run() -> list[str]:
        SemiSegEmbed.SemiSegEmbedTest().runTest()
        return capfd.readouterr().out.splitlines()

    yield run
    slicer.app.moduleManager().unload()
    slicer.app.hasMainWindow = True
    sys.path.remove(str(MODULE))


@pytest.mark.slow
def test_the_self_test_trains_segments_and_reviews(self_test) -> None:
    lines = self_test()
    assert lines[-1] == "The self-test passed."
    assert "A result was reviewed and accepted." in lines


NOT_IN_SLICER = ("torch", "highdicom", "psutil", "matplotlib", "tqdm", "monai", "openvino")


@pytest.fixture
def slicers_own_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this process nor its children find what Slicer does not bundle."""
    import importlib.metadata
    import os

    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        f"ABSENT = {NOT_IN_SLICER!r}\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ABSENT:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    version = importlib.metadata.version

    def bundled(name: str) -> str:
        if name in NOT_IN_SLICER:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", bundled)


def test_the_self_test_passes_without_torch_and_without_main_window(self_test, slicers_own_python) -> None:
    import slicer

    from SemiSegEmbedLib.application.settings import Settings

    slicer.app.hasMainWindow = False
    settings = Settings()
    settings.annotator = "AB"
    lines = self_test()
    assert settings.annotator == "AB"
    assert settings.recent_studies() == []
    assert "training skipped: torch absent" in lines
    assert lines[-1] == "The self-test passed."
