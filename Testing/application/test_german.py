"""A window that speaks German says what the library says in German: findings, refusals, failed runs, progress."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
torch = pytest.importorskip("torch")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.application.library_sentences import SENTENCES  # noqa: E402
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState  # noqa: E402
from SemiSegEmbedLib.workflows.failures import explain_failure  # noqa: E402

RESOURCES = Path(__file__).resolve().parents[2] / "SemiSegEmbed" / "Resources"
ENGLISH = {
    literal for template in SENTENCES for literal, *_ in string.Formatter().parse(template) if literal.count(" ") > 3
}
"""Words that no German sentence holds."""


@pytest.fixture
def german():
    """A Slicer that was started in German."""
    slicer.app.applicationLocaleName = "de_DE"
    slicer.app.loadTranslations(str(RESOURCES / "Translations"))
    yield
    slicer.app.forgetTranslations()


@pytest.fixture
def window(german, module, tmp_path: Path):
    """The module in German with a new study."""
    module.answers.folder = tmp_path / "Studie"
    module.answers.folder.mkdir()
    module.ui.studyCreateButton.click()
    module.wait(lambda: module.window.session.study is not None)
    return module


def add(window, *paths: Path) -> None:
    window.answers.files = list(paths)
    window.ui.studyAddFilesButton.click()
    window.wait(lambda: not window.ui.studyWorkLabel.text)


def is_german(*texts: str) -> bool:
    return not any(words in text for text in texts for words in ENGLISH)


def test_english_is_told_from_german() -> None:
    assert not is_german("This file is empty: export it again.")
    assert is_german("Diese Datei ist leer: die Aufnahme neu exportieren.")


def test_findings_of_the_check_and_its_progress(window, hip, tmp_path: Path) -> None:
    photo = sitk.GetImageFromArray(sitk.GetArrayFromImage(sitk.ReadImage(str(hip("b.nii.gz")))) % 251 + 4)
    photo.SetSpacing((12.0, 12.0, 12.0))
    sitk.WriteImage(sitk.Cast(photo, sitk.sitkUInt8), str(tmp_path / "photo.nii.gz"))
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(b"not an image")
    add(window, hip("a.nii.gz"), tmp_path / "photo.nii.gz", broken)
    work, view = [], window.window.study._view
    show = view.show_work
    view.show_work = lambda text, can_cancel=False: (work.append(text), show(text, can_cancel))
    window.ui.studyCheckButton.click()
    window.wait(lambda: window.ui.studyProblemList.count > 0)
    found = [window.ui.studyProblemList.item(row).text() for row in range(window.ui.studyProblemList.count)]
    assert is_german(*found), found
    assert any(
        "case-0002 · Die Voxel liegen 12.0 mm auseinander, dünner Knochen geht verloren" in one for one in found
    )
    assert any("case-0003 · Diese Datei" in one for one in found)
    assert any(line.startswith("Prüfe ") and line.endswith("%") for line in work), work
    assert is_german(*work), work


def test_what_an_errand_reports(window, hip) -> None:
    add(window, hip("a.nii.gz"))
    (window.window.session.study.folder / "study.json").write_text("{")
    window.ui.studyCheckButton.click()
    window.wait(lambda: window.message.startswith("⚠"))
    assert window.message == (
        "⚠ Die Datei study.json der Studie ist nicht verwendbar, denn sie ist kein gültiges JSON: "
        "sie aus study.json.bak oder einer Sicherung wiederherstellen."
    )


def test_a_file_that_is_refused(window, tmp_path: Path) -> None:
    header = tmp_path / "CT {2}.nhdr"
    header.write_text("NRRD0004\ndata file: a.raw\n")
    add(window, header)
    assert window.message == (
        "⚠ CT {2}.nhdr hat seine Voxel in einer zweiten Datei: es zuerst als .nii.gz, .nrrd oder .mha speichern."
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "Der Speicher der GPU reichte nicht: andere Programme"),
        (OSError(28, "no space"), "Der Datenträger ist voll: Platz schaffen, dann fortsetzen."),
        (KeyError("x"), "Der Lauf endete unerwartet (KeyError): in seinem Protokoll steht, wo;"),
    ],
)
def test_why_a_run_failed(window, error: Exception, reason: str) -> None:
    study = window.window.session.study.folder
    run = RunFolder.create(study / "runs", {"request": {"preset": "quick"}})
    run.append_event(event="step", step=3, total_steps=10, loss=0.5)
    run.write_status(RunState.FAILED, reason=explain_failure(error), step=3, total_steps=10)
    window.window.session.open(study)
    window.wait(lambda: reason in window.ui.trainStateLabel.text)
    assert window.ui.trainStateLabel.text.startswith("fehlgeschlagen · Schritt 3 von 10")


def test_what_a_run_says_while_it_works(window) -> None:
    study = window.window.session.study.folder
    run = RunFolder.create(study / "runs", {"request": {"preset": "quick"}})
    run.write_status(RunState.RUNNING, step=0, total_steps=10)
    run.append_event(event="progress", task="Preparing the scans", fraction=0.5)
    run.append_event(event="memory", message="Memory ran out, so each batch is learned in 2 parts; "
                     "the run goes on from where it is.")  # fmt: skip
    window.window.session.open(study)
    state = window.ui.trainStateLabel
    window.wait(lambda: "Bereite die Aufnahmen vor 50 %" in state.text)
    assert "Der Speicher reichte nicht, deshalb: jeder Schritt wird in 2 Teilen gelernt;" in state.text


def test_a_model_that_cannot_be_read(window, hip, tmp_path: Path) -> None:
    models = window.window.session.study.folder / "models"
    models.mkdir(exist_ok=True)
    (models / "m {1}.ssemodel").write_bytes(b"not a model")
    window.window.session.open(models.parent)
    window.answers.files, window.answers.folder = [hip("a.nii.gz")], tmp_path / "out"
    window.answers.folder.mkdir()
    window.ui.segmentAddFilesButton.click()
    window.ui.segmentStartButton.click()
    window.wait(lambda: not window.window.segment.running)
    texts = [window.ui.segmentScanTable.item(0, column).text() for column in range(3)]
    reason = (
        "Die Datei „m {1}.ssemodel“ ist kein Modell von SemiSegEmbed oder ist beschädigt; eine andere Datei wählen."
    )
    assert texts == ["a", "fehlgeschlagen", reason]
    window.ui.moduleModelsFold.collapsed = False
    window.wait(lambda: window.ui.modelsTable.rowCount == 1)
    assert window.ui.modelsDescriptionLabel.text == reason


def test_the_processor_and_what_to_expect_of_it(window) -> None:
    window.ui.moduleTrainFold.collapsed = False
    combo = window.ui.trainDeviceCombo
    window.wait(lambda: combo.count > 1, 120)
    assert combo.itemText(combo.count - 1).startswith("Prozessor mit ")
