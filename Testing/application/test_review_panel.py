"""The Review panel: overlays, uncertain places, decisions; results lie where the segmenting process puts them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.application.review_presenter import read_places  # noqa: E402
from SemiSegEmbedLib.study.study import Study  # noqa: E402

PLACES = [
    {"position_lps_mm": [0.0, 10.0, 140.0], "size_mm3": 900.0, "mean_uncertainty": 0.5, "score": 450.0},
    {"position_lps_mm": [20.0, -4.0, 160.0], "size_mm3": 300.0, "mean_uncertainty": 0.4, "score": 120.0},
]


@pytest.fixture
def study(module, tmp_path: Path, hip) -> Study:
    """A study with one open case that has a result."""
    module.answers.folder = tmp_path / "hips"
    module.ui.studyCreateButton.click()
    module.answers.files = [hip("a.nii.gz")]
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == 1)
    study = module.window.session.study
    write_result(study)
    module.ui.studyNextCaseButton.click()
    return study


def write_result(study: Study) -> None:
    folder = study.results_folder / "case-0001" / "m1"
    folder.mkdir(parents=True)
    image = sitk.ReadImage(str(study.image_path(study.case("case-0001"))))
    bone = sitk.Cast(image > 400, sitk.sitkUInt8)
    for name in ("label", "matched", "provenance"):
        sitk.WriteImage(bone, str(folder / f"{name}.nii.gz"))
    sitk.WriteImage(sitk.Cast(bone, sitk.sitkFloat32) * 0.4, str(folder / "uncertainty.nii.gz"))
    (folder / "places.json").write_text(json.dumps(PLACES))
    study.add_result("case-0001", "m1", folder, {"uncertainty": 0.2, "confident": 0.7, "matched": 0.2})


def layers() -> tuple[str | None, str | None]:
    slicer.app.layoutManager().mrmlSliceLogics()
    node = slicer.mrmlScene.GetNthNodeByClass(0, "vtkMRMLSliceCompositeNode")
    return node.GetForegroundVolumeID(), node.GetLabelVolumeID()


def status(study: Study) -> str:
    return Study.open(study.folder).results[-1].status


def test_a_case_without_a_result_offers_segmenting_alone(module, tmp_path: Path, hip) -> None:
    module.answers.folder = tmp_path / "hips"
    module.ui.studyCreateButton.click()
    module.answers.files = [hip("a.nii.gz")]
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == 1)
    module.ui.studyNextCaseButton.click()
    assert module.ui.reviewSegmentButton.enabled
    assert not module.ui.reviewContent.enabled
    assert "not segmented yet" in module.ui.reviewStateLabel.text


def test_segmenting_without_a_model_says_what_to_do(module, study) -> None:
    module.ui.reviewSegmentButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    assert "no model yet" in module.message
    assert not module.ui.reviewSegmentButton.isHidden()


def test_segmenting_can_be_cancelled(module, study) -> None:
    module.ui.reviewSegmentButton.click()
    assert not module.ui.reviewCancelButton.isHidden()
    module.ui.reviewCancelButton.click()
    assert module.ui.reviewCancelButton.isHidden()
    assert "cancelled" in module.message


@pytest.mark.parametrize("name", ["Prediction", "Matched", "Provenance"])
def test_one_click_shows_a_map_of_labels_with_its_legend_and_another_hides_it(module, study, name: str) -> None:
    button = getattr(module.ui, f"review{name}Button")
    button.click()
    volume = slicer.mrmlScene.GetNodeByID(layers()[1])
    assert slicer.util.arrayFromVolume(volume).max() == 1
    assert button.checked
    assert "■" in module.ui.reviewLegendLabel.text
    button.click()
    assert layers() == (None, None)
    assert not button.checked


def test_overlay_colours_are_those_of_the_legend(module, study) -> None:
    module.ui.reviewPredictionButton.click()
    volume = slicer.mrmlScene.GetNodeByID(layers()[1])
    color = [0.0] * 4
    volume.GetDisplayNode().GetColorNode().GetColor(1, color)
    assert np.allclose(np.array(color) * 255, [*study.labels[0].color, 255])
    assert study.labels[0].name in module.ui.reviewLegendLabel.text


def test_one_overlay_replaces_the_other_and_leaves_nothing_in_the_scene(module, study) -> None:
    before = slicer.mrmlScene.GetNumberOfNodes()
    module.ui.reviewPredictionButton.click()
    module.ui.reviewUncertaintyButton.click()
    foreground, label = layers()
    assert slicer.mrmlScene.GetNodeByID(foreground).GetName() == "uncertainty"
    assert label is None
    assert not module.ui.reviewPredictionButton.checked
    module.ui.reviewUncertaintyButton.click()
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_the_difference_is_between_prediction_and_what_is_drawn(module, study) -> None:
    scene = module.window.workbench.scene
    bone = slicer.util.arrayFromVolume(scene.volume) > 400
    drawn = bone.astype(np.uint8)
    drawn[:12] = 0
    drawn[12, :3, :3] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, scene.segmentation, "label_1", scene.volume)
    module.ui.reviewDifferenceButton.click()
    module.wait(lambda: module.ui.reviewDifferenceButton.checked)
    difference = slicer.util.arrayFromVolume(slicer.mrmlScene.GetNodeByID(layers()[1]))
    assert np.array_equal(difference == 1, bone & (drawn == 0))
    assert np.array_equal(difference == 2, ~bone & (drawn == 1))


def test_the_opacity_reaches_the_views(module, study) -> None:
    module.ui.reviewPredictionButton.click()
    module.ui.reviewOpacitySlider.value = 80
    node = slicer.mrmlScene.GetNthNodeByClass(0, "vtkMRMLSliceCompositeNode")
    assert node.GetLabelOpacity() == pytest.approx(0.8)


def test_next_and_previous_place_move_the_views_around_the_list(module, study) -> None:
    assert module.ui.reviewPlaceList.count == 2
    module.ui.reviewNextButton.click()
    assert module.window.workbench.scene.slice_index() == 10
    module.ui.reviewNextButton.click()
    assert module.window.workbench.scene.slice_index() == 15
    module.ui.reviewNextButton.click()
    assert module.ui.reviewPlaceList.currentRow == 0
    module.ui.reviewPreviousButton.click()
    assert module.window.workbench.scene.slice_index() == 15


def test_accepting_and_rejecting_are_kept(module, study) -> None:
    module.ui.reviewAcceptButton.click()
    module.wait(lambda: "accepted" in module.ui.reviewStateLabel.text)
    assert status(study) == "accepted"
    module.ui.reviewRejectButton.click()
    module.wait(lambda: "rejected" in module.ui.reviewStateLabel.text)
    assert status(study) == "rejected"


def test_editing_puts_a_copy_into_the_segment_editor(module, study) -> None:
    module.ui.reviewEditButton.click()
    drawn = module.window.workbench.scene.snapshot(study.labels).label_volume()
    assert np.array_equal(drawn, slicer.util.arrayFromVolume(module.window.workbench.scene.volume) > 400)
    module.wait(lambda: status(study) == "edited")
    assert Study.open(study.folder).case("case-0001").label is None


def test_editing_that_is_declined_changes_neither_drawing_nor_status(module, study) -> None:
    scene = module.window.workbench.scene
    block = np.zeros(slicer.util.arrayFromVolume(scene.volume).shape, np.uint8)
    block[3] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(block, scene.segmentation, "label_2", scene.volume)
    module.answers.agrees = False
    module.ui.reviewEditButton.click()
    assert status(study) == "new"
    assert np.array_equal(scene.snapshot(study.labels).label_volume(), 2 * block)


def test_a_result_without_a_map_is_a_sentence(module, study) -> None:
    (study.results_folder / "case-0001" / "m1" / "matched.nii.gz").unlink()
    module.ui.reviewMatchedButton.click()
    assert "segment the case again" in module.message
    assert layers() == (None, None)


def test_leaving_the_case_takes_its_overlay_along(module, study) -> None:
    module.ui.reviewUncertaintyButton.click()
    slicer.mrmlScene.Clear(0)
    assert module.window.review._overlay.name is None
    assert not module.ui.reviewUncertaintyButton.checked


@pytest.mark.parametrize("text", ["", "{}", "[3]", '[{"position_lps_mm": [1, 2]}]', '[{"size_mm3": "x"}]'])
def test_damaged_places_are_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "places.json").write_text(text)
    assert read_places(tmp_path / "places.json") == []
