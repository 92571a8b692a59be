"""What the library says is collected from its sources, and each of its sentences finds its German one."""

from __future__ import annotations

import ast
import string
import threading

import library_texts
import pytest
import translations

slicer = pytest.importorskip("slicer")
sentences = pytest.importorskip("SemiSegEmbedLib.application.sentences")

GERMAN = translations.read(translations.FOLDER / "SemiSegEmbed_de.ts")[sentences.CONTEXT]
SAMPLES = {
    "changes": ("each batch is learned in 2 parts", "jeder Schritt wird in 2 Teilen gelernt"),
    "choices": ("1.2 (CT, 9 slices); or one of 3 more", "1.2 (CT, 9 Schichten); oder eine von 3 weiteren"),
    "doing": ("The CT of case-0001 could not be read", "Das CT von case-0001 konnte nicht gelesen werden"),
    "error": ("This file is empty: export it again.", "Diese Datei ist leer: die Aufnahme neu exportieren."),
    "hint": ("rename study.json.bak to study.json", "study.json.bak in study.json umbenennen"),
    "holder": ("process 7 on ws since 2026", "Prozess 7 auf ws seit 2026"),
    "limit": ("at least 8", "mindestens 8"),
    "problem": ("is not text", "ist kein Text"),
    "problems": (
        "case-0001: This file is empty: export it again. case-0002: The label is not there: add it again.",
        "case-0001: Diese Datei ist leer: die Aufnahme neu exportieren. "
        "case-0002: Die Annotation ist nicht da: sie neu hinzufügen.",
    ),
    "reason": ("out of memory", "zu wenig Speicher"),
    "spent": ("3.5 hours", "3.5 Stunden"),
    "task": ("Segmenting", "Segmentiere"),
    "what": ("The label of case-0003", "Die Annotation von case-0003"),
}
"""What the library fills into its sentences, and the same in German."""


@pytest.fixture
def german():
    """A Slicer that speaks German."""
    slicer.app.applicationLocaleName = "de_DE"
    slicer.app.loadTranslations(str(translations.FOLDER))
    yield
    slicer.app.forgetTranslations()


def filled(template: str, translated: str) -> tuple[str, str]:
    """A sentence as the library would say it, and its translation."""
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    english = {name: SAMPLES[name][0] if name in SAMPLES else f"{name}-7.{{x}}" for name in names}
    german = {name: SAMPLES[name][1] if name in SAMPLES else english[name] for name in names}
    return template.format(**english), translated.format(**german)


def test_the_collected_texts_are_those_of_the_sources() -> None:
    known = translations.SENTENCES.read_text(encoding="utf-8")
    assert known == translations.sentences_module(), "run Testing/host/translations.py"


def test_there_is_a_sample_of_everything_that_is_filled_in() -> None:
    assert set(SAMPLES) == set(sentences.NESTED)


@pytest.mark.parametrize("template", sentences.SENTENCES)
def test_each_sentence_is_told_from_all_others(german, template: str) -> None:
    english, expected = filled(template, GERMAN[template])
    assert sentences.localised(english) == expected


@pytest.mark.parametrize("template", sentences.PARTS)
def test_each_part_is_told_from_all_others(german, template: str) -> None:
    english, expected = filled(template, GERMAN[template])
    assert sentences.localised_part(english) == expected


def test_without_translations_every_sentence_stays_as_it_is() -> None:
    for template in sentences.SENTENCES:
        english, _ = filled(template, template)
        assert sentences.localised(english) == english


def test_what_is_german_already_is_not_translated_again(german) -> None:
    for entries in translations.read(translations.FOLDER / "SemiSegEmbed_de.ts").values():
        for text in entries.values():
            assert sentences.localised(text) == text
            assert sentences.localised_progress(text) == text


@pytest.mark.parametrize(
    ("english", "german_text"),
    [
        (
            "This CT has values that are not numbers: export it again. Its model so far is kept as a-1.",
            "Dieses CT hat Werte, die keine Zahlen sind: es neu exportieren. "
            "Sein bisheriges Modell ist als a-1 aufbewahrt.",
        ),
        (
            "The study's file study.json cannot be used because study.cases[0].key is not text: "
            "restore it from study.json.bak or a backup.",
            "Die Datei study.json der Studie ist nicht verwendbar, denn study.cases[0].key ist kein Text: "
            "sie aus study.json.bak oder einer Sicherung wiederherstellen.",
        ),
        (
            "{0} {name} }{.nii is still being written: try again when it is complete.",
            "{0} {name} }{.nii wird noch geschrieben: erneut versuchen, wenn es vollständig ist.",
        ),
        (
            "case-0002: A sentence of an older version: do this. case-0003: The label is not there: add it again.",
            "case-0002: A sentence of an older version: do this. "
            "case-0003: Die Annotation ist nicht da: sie neu hinzufügen.",
        ),
        ("", ""),
        ("CUDA error: device-side assert triggered", "CUDA error: device-side assert triggered"),
        ("It is not there: look elsewhere.", "It is not there: look elsewhere."),
    ],
)
def test_what_is_known_of_a_text_is_translated(german, english: str, german_text: str) -> None:
    assert sentences.localised(english) == german_text


@pytest.mark.parametrize(
    ("line", "german_line"),
    [
        ("Preparing the scans  45% case-0001", "Bereite die Aufnahmen vor  45% case-0001"),
        ("Segmenting (2 of 7) 100%", "Segmentiere (2 von 7) 100%"),
        ("Making phantom hips", "Erzeuge Phantomhüften"),
        ("Downloading model  3%", "Downloading model  3%"),
    ],
)
def test_a_line_of_progress_keeps_its_numbers(german, line: str, german_line: str) -> None:
    assert sentences.localised_progress(line) == german_line


def test_a_foreign_file_of_translations_with_other_gaps_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    for broken in ("{unknown} ist leer", "{", "{name!x}"):
        monkeypatch.setattr(sentences, "translate", lambda _context, _text, broken=broken: broken)
        said = "a.nii is a folder: choose the label file itself."
        assert sentences.localised(said) == said


def texts(source: str, prose: bool = True) -> list[tuple[str, bool]]:
    return list(library_texts.file_texts(ast.parse(source), prose))


def test_templates_are_named_after_the_values_in_them() -> None:
    source = '''
def f(path, series, key, error):
    """A docstring that is shown to nobody."""
    logger.warning("only developers see this")
    what = f"the {shown_text(key, 40)!r} of {len(series)} in {', '.join(names[:5])} and {os.strerror(number)}"
    if x:
        raise BadInputError(f"{path.name} is {error.x:.1f} mm or {other.x} long")
    return f"{holder['pid']} at {self._place()} by {value if value else 0} or {getattr(a, b)}, as {size >> 20}"
'''
    assert texts(source) == [
        ("the {key} of {series} in {names} and {strerror}", False),
        ("{pid} at {place} by {value} or {value2}, as {size}", False),
        ("{name} is {x} mm or {x2} long", True),
    ]


def test_single_words_count_where_they_are_shown_alone() -> None:
    assert texts('progress("Training", 0.5)\ncolor = "red"') == [("Training", False)]
    assert texts('parser.add_argument("a", help="some help")\nconsole.progress("Checking", 0)', prose=False) == [
        ("Checking", False)
    ]


def test_braces_of_the_library_are_no_gaps() -> None:
    ((text, _),) = texts('x = f"write {{a}} into {name} here"')
    assert text == "write {{a}} into {name} here"
    assert text.format(name="b") == "write {a} into b here"


def test_nothing_is_excluded_in_vain() -> None:
    every = set()
    for path in translations.LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            every.add(library_texts.template(node))
    assert set(library_texts.NOT_SHOWN) <= every
    assert all((translations.LIBRARY / name).exists() for name in library_texts.NOT_REACHED)


def test_the_rooms_are_those_of_the_library() -> None:
    rooms = {path.name for path in translations.LIBRARY.iterdir() if (path / "__init__.py").is_file()}
    assert rooms - {*library_texts.ROOMS, "application", "cli"} == {"evaluation", "phantom"}


def test_in_the_application_only_errors_without_a_translation_of_their_own_are_collected() -> None:
    source = 'raise BadInputError(_("one thing"))\nraise explain(error, "another thing")\nx = "no thing at all"'
    assert texts(source, prose=False) == [("another thing", False)]


def test_threads_do_not_ask_qt_for_translations() -> None:
    caught: list[RuntimeError] = []

    def work() -> None:
        try:
            slicer.i18n.translate("a", "b")
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(caught) == 1
