"""The phantom study of Sample Data: registered at start, made by a child process, opened when it is there."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "SemiSegEmbed"

pytest.importorskip("qt")


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch):
    """The button in Sample Data, after Slicer has started with the module."""
    import slicer
    from slicer_host import sample_data

    sample_data.install()
    if str(MODULE) not in sys.path:
        sys.path.append(str(MODULE))
    import SemiSegEmbed

    parent = types.SimpleNamespace()
    SemiSegEmbed.SemiSegEmbed(parent)
    assert slicer.modules.sampleDataSources == {}
    slicer.app.startupCompleted.emit()
    (only,) = slicer.modules.sampleDataSources["SemiSegEmbed"]
    return only


@pytest.fixture
def samples(module, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The running module as Slicer hands it out, with a folder as the user's answer and a small study."""
    import slicer

    from SemiSegEmbedLib.application import sample_data

    monkeypatch.setattr(slicer.util, "getModuleWidget", lambda name: {"SemiSegEmbed": module.widget}[name])
    monkeypatch.setattr(sample_data, "SIZE", ("--count", "3", "--annotated", "1", "--held-out", "1", "--spacing", "6"))
    module.window.samples._dialogs = module.answers
    module.answers.folder = tmp_path / "phantom hips"
    return module


def test_the_button_has_a_name_a_category_and_a_picture(source) -> None:
    import slicer

    assert source.sampleName == "Phantom hip study"
    assert slicer.modules.sampleDataSourceCategories["SemiSegEmbed"]["title"] == "Hip CT (SemiSegEmbed)"
    assert Path(source.thumbnailFileName).read_bytes().startswith(b"\x89PNG")


def test_pressing_it_makes_a_study_with_progress_and_opens_it(source, samples) -> None:
    seen = set()

    def ready() -> bool:
        seen.add(samples.ui.studyWorkLabel.text)
        return "sample study is ready" in samples.message

    source.press()
    samples.wait(ready, 120)
    study = samples.window.session.study
    assert [case.role.value for case in study.cases] == ["annotated", "unannotated", "held-out"]
    assert samples.ui.studyCaseTable.rowCount == 3
    assert any("Making phantom hips" in text for text in seen)
    assert not samples.ui.studyWorkLabel.text


def test_cancel_ends_the_child_and_keeps_the_study_as_far_as_it_came(source, samples, monkeypatch) -> None:
    import psutil

    from SemiSegEmbedLib.application import sample_data

    monkeypatch.setattr(sample_data, "SIZE", ("--count", "200", "--spacing", "6"))
    source.press()
    samples.wait(lambda: samples.window.session.study is not None, 120)
    process = psutil.Process(samples.window.samples._errand._child._process.pid)
    samples.ui.studyCancelButton.click()
    samples.wait(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    assert len(samples.window.session.study.cases) < 200
    assert "Cancelled" in samples.message
    assert not samples.ui.studyWorkLabel.text


def test_a_folder_that_is_not_empty_is_left_alone_and_the_reason_is_said(source, samples, tmp_path: Path) -> None:
    from SemiSegEmbedLib.study.presets import load_labels
    from SemiSegEmbedLib.study.study import Study

    Study.create(samples.answers.folder, "mine", load_labels("hip-bones"))
    source.press()
    samples.wait(lambda: not samples.window.samples._errand._child.running)
    assert Study.open(samples.answers.folder).cases == ()
    assert "choose" in samples.message


def test_pressing_it_twice_makes_one_study(source, samples) -> None:
    source.press()
    first = samples.window.samples._errand._child
    source.press()
    assert samples.window.samples._errand._child is first
    assert "under way" in samples.message
    first.cancel()


def test_no_folder_chosen_means_nothing_happens(source, samples) -> None:
    samples.answers.folder = None
    source.press()
    assert samples.window.samples._errand._child is None


def test_a_study_that_cannot_be_opened_yet_is_opened_with_the_next_hip(samples) -> None:
    from SemiSegEmbedLib.study.presets import load_labels
    from SemiSegEmbedLib.study.study import Study

    folder, maker = samples.answers.folder, samples.window.samples
    folder.mkdir()
    (folder / "study.json").write_text("{")
    maker._progressed(folder, "1 of 3")
    maker._made(folder)
    assert samples.window.session.study is None
    assert "study.json" in samples.message, "that it is ready would not be true"
    (folder / "study.json").unlink()
    Study.create(folder, "hips", load_labels("hip-bones"))
    maker._progressed(folder, "2 of 3")
    assert samples.window.session.study.name == "hips"
    maker._made(folder)
    assert "is ready" in samples.message
