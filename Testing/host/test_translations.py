"""German as the proof that translation works: complete, well-formed, and a window of which nothing is cut off."""

from __future__ import annotations

import re
import string
import sys
from pathlib import Path

import pytest
import translations

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")

from slicer_host.application import let_events_pass  # noqa: E402

GERMAN = translations.FOLDER / "SemiSegEmbed_de.ts"
COMPILED = GERMAN.with_suffix(".qm")
MNEMONIC = re.compile(r"&(\w)")
MENUS_OF_SLICER = set("fevh") | set("dbah")
"""File, Edit, View and Help with Alt: as they are, and as SlicerLanguageTranslations has them in German."""
WIDTH = 380
"""Pixels: so narrow is Slicer's module panel on a small screen."""


def pairs() -> list[tuple[str, str, str]]:
    """Context, text and translation."""
    texts = translations.read(GERMAN)
    return [(context, text, entries[text]) for context, entries in texts.items() for text in entries]


def test_every_text_of_the_module_is_translated_and_nothing_else() -> None:
    known = translations.read(GERMAN)
    collected = translations.collect()
    assert {name: set(texts) for name, texts in collected.items()} == {
        name: set(texts) for name, texts in known.items()
    }
    assert all(translation for _, _, translation in pairs())


def test_only_names_and_units_are_the_same_in_german() -> None:
    same = {text for _, text, translation in pairs() if text == translation and len(text) > 12}
    assert {text for text in same if not text.startswith("Ctrl+")} <= {
        "NIfTI (.nii.gz)",
        "{key}: {error}",
        "{name}: IoU {iou}, HD95 {hd95}",
        "{where}.{name} {problem}",
    }


def test_placeholders_spaces_and_shortcuts_survive() -> None:
    for _, text, translation in pairs():
        for parts in (text, translation):
            assert "&&" not in parts
        expected, found = (
            {(name, spec) for _, name, spec, _ in string.Formatter().parse(entry) if name is not None}
            for entry in (text, translation)
        )
        assert expected == found, text
        assert (text[:1] == " ", text[-1:] == " ") == (translation[:1] == " ", translation[-1:] == " "), text
        if text.startswith("Ctrl+"):
            assert text == translation


def test_mnemonics_are_kept_and_unique_in_the_module() -> None:
    """A dialog has letters of its own; all panels may be in sight together."""
    letters: dict[str, list[str]] = {}
    for context, text, translation in pairs():
        found = MNEMONIC.search(translation)
        assert bool(MNEMONIC.search(text)) == bool(found), text
        if found:
            place = "panels" if context.endswith("Panel") else context
            letters.setdefault(place, []).append(found.group(1).lower())
    assert len(letters["panels"]) > 10
    for place, used in letters.items():
        assert len(set(used)) == len(used), f"{place}: {sorted(used)}"
    assert not set(letters["panels"]) & MENUS_OF_SLICER


def test_the_compiled_file_is_that_of_the_texts(tmp_path: Path) -> None:
    if not translations.lrelease().is_file():
        pytest.skip("needs lrelease of PySide6")
    translations.compile_file(GERMAN, tmp_path / "new.qm")
    assert (tmp_path / "new.qm").read_bytes() == COMPILED.read_bytes(), "run Testing/host/translations.py"


def test_updating_keeps_translations_and_marks_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "X_de.ts"
    missing = translations.write(
        path, {"a": ["known", "new"], "b": ["known"]}, {"a": {"known": "bekannt", "old": "alt"}}
    )
    assert missing == ["a: new"]
    assert translations.read(path) == {"a": {"known": "bekannt"}, "b": {"known": "bekannt"}}


def test_a_text_that_lupdate_could_not_find_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text('_(f"{1}")')
    with pytest.raises(ValueError, match="only plain texts"):
        list(translations.python_texts(tmp_path / "x.py"))


@pytest.fixture
def window(request: pytest.FixtureRequest, tmp_path: Path):
    """The window in a Slicer that speaks a language, with every part of every panel in sight."""
    root = Path(__file__).resolve().parents[2]
    sys.path[:0] = [str(root / "SemiSegEmbed")]
    import SemiSegEmbed

    qt.QApplication.instance().organizationName = "SlicerHost"
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(tmp_path))
    slicer.app.applicationLocaleName = request.param
    SemiSegEmbed.SemiSegEmbed(SemiSegEmbed.ScriptedLoadableModuleWidget().parent)
    from SemiSegEmbedLib.application.window import ModuleWindow

    resources = root / "SemiSegEmbed" / "Resources"
    window = ModuleWindow(lambda name: str(resources / name))
    for name, panel in window.panels.items():
        getattr(window.ui, f"module{name}Fold").collapsed = False
        for widget in panel.findChildren(qt.QWidget):
            if widget.objectName.startswith(name.lower()):
                widget.visible = True
    window.widget.show()
    window.widget.size = qt.QSize(WIDTH, 3000)
    let_events_pass(0.2)
    yield window
    window.cleanup()
    slicer.app.forgetTranslations()
    sys.path.remove(str(root / "SemiSegEmbed"))


def shown(window, *kinds: str):
    for widget in slicer.util.childWidgetVariables(window.widget).__dict__.values():
        if any(widget.inherits(kind) for kind in kinds):
            yield widget


@pytest.mark.parametrize("window", ["de_DE"], indirect=True)
def test_the_window_speaks_german(window) -> None:
    ui = slicer.util.childWidgetVariables(window.widget)
    assert ui.moduleStudyFold.text == "Studie"
    assert ui.trainStartButton.text.replace("&", "") == "Start"
    assert ui.trainPresetCombo.itemText(0) == "Robust (empfohlen)"
    assert ui.segmentScanTable.horizontalHeaderItem(0).text() == "Aufnahme"
    english = {text for _, text, translation in pairs() if text != translation and len(text) > 3}
    for widget in shown(window, "QAbstractButton", "QLabel"):
        assert widget.text not in english, widget.objectName
        assert widget.toolTip not in english, widget.objectName
        assert widget.accessibleName not in english, widget.objectName


@pytest.mark.parametrize("window", ["en_US", "de_DE"], indirect=True)
def test_nothing_is_cut_off_in_a_narrow_panel(window) -> None:
    assert window.widget.minimumSizeHint.width() <= WIDTH
    for widget in shown(window, "QPushButton", "QCheckBox", "QLabel", "QComboBox"):
        wraps = widget.inherits("QLabel") and widget.wordWrap
        if widget.isVisibleTo(window.widget) and widget.width and not wraps:
            needed = widget.minimumSizeHint.width()
            assert widget.width >= needed, f"{widget.objectName} has {widget.width} of {needed} pixels"
