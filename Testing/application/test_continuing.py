"""Going on from the last model: what the Train panel says about it before anybody presses the button."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("qt")
pytest.importorskip("slicer")

from SemiSegEmbedLib.study.newest_model import learned_on
from SemiSegEmbedLib.study.presets import load_labels
from SemiSegEmbedLib.study.study import Study


def write_model(study: Study, **about: object) -> Path:
    """A file in the form of a model, which says about itself what a test wants."""
    study.models_folder.mkdir(exist_ok=True)
    path = study.models_folder / "given.ssemodel"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/data.pkl", pickle.dumps({"description": json.dumps(about)}))
    return path


@pytest.fixture
def study(module, hip, tmp_path: Path) -> Study:
    """An open study on a grid of 1 mm with two classes, and a case that counts as annotated."""
    study = Study.create(tmp_path / "hips", "hips", load_labels("hip-bones"))
    study.add_case(hip("hip.nrrd"))
    study.add_label("case-0001", hip("label.nrrd"), annotated_by="A. B.")
    module.window.session.open(study.folder)
    module.ui.moduleTrainFold.collapsed = False
    return study


def test_another_grid_is_said_beside_the_button(module, study: Study) -> None:
    write_model(study, spacing_mm=2.5, classes=2)
    module.window.session.refresh()
    assert module.ui.trainContinueButton.enabled
    assert not module.ui.trainContinueLabel.isHidden()
    assert "on a grid of 2.5 mm, and this study has 1 mm" in module.ui.trainContinueLabel.text


@pytest.mark.parametrize("about", [{"spacing_mm": 1.0, "classes": 2}, {"spacing_mm": None}, {}])
def test_nothing_is_said_of_the_same_grid_or_of_one_that_is_not_known(module, study: Study, about: dict) -> None:
    write_model(study, **about)
    module.window.session.refresh()
    assert module.ui.trainContinueButton.enabled
    assert module.ui.trainContinueLabel.isHidden()


def test_a_model_of_other_segments_cannot_be_gone_on_with(module, study: Study) -> None:
    write_model(study, spacing_mm=1.0, classes=5)
    module.window.session.refresh()
    assert not module.ui.trainContinueButton.enabled
    assert "other segments" in module.ui.trainContinueButton.toolTip
    assert module.ui.trainStartButton.enabled


def test_a_real_model_of_the_study_says_its_grid_and_its_classes(module, trained: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "copy"))
    module.window.session.open(folder)
    study = module.window.session.study
    models = list(study.models_folder.iterdir())
    assert models
    assert {learned_on(model) for model in models} == {(study.spacing_mm, study.class_count)}
    assert module.ui.trainContinueButton.enabled
    assert module.ui.trainContinueLabel.isHidden()
