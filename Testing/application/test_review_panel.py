"""The Review panel: overlays, uncertain places, decisions; results lie where the segmenting process puts them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.application.overlays import difference, legend  # noqa: E402
from SemiSegEmbedLib.application.review_presenter import read_places  # noqa: E402
from SemiSegEmbedLib.errors import BadInputError  # noqa: E402
from SemiSegEmbedLib.study.files import FileLock  # noqa: E402
from SemiSegEmbedLib.study.store import LOCK_NAME  # noqa: E402
from SemiSegEmbedLib.study.study import Study  # noqa: E402

PLACES = [
    {"position_lps_mm": [0.0, 10.0, 140.0], "size_mm3": 900.0, "mean_uncertainty": 0.5, "score": 450.0},
    {"position_lps_mm": [20.0, -4.0, 160.0], "size_mm3": 300.0, "mean_uncertainty": 0.4, "score": 120.0},
]


@pytest.fixture
def study(module, tmp_path: Path, hip) -> Study:
    """A study with one open case that has a result."""
    study = module.new_study(tmp_path / "hips", hip("a.nii.gz"))
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
    module.new_study(tmp_path / "hips", hip("a.nii.gz"))
    module.ui.studyNextCaseButton.click()
    assert not module.ui.reviewContent.enabled
    assert "not segmented yet" in module.ui.reviewStateLabel.text


def put_a_model(module, study) -> None:
    """A file in the place of a model: what needs one can be pressed, and fails."""
    study.models_folder.mkdir(exist_ok=True)
    (study.models_folder / "m1.ssemodel").write_bytes(b"damaged")
    module.window.session.refresh()


def test_without_a_model_segmenting_and_ranking_say_what_to_do(module, study) -> None:
    for button in (module.ui.reviewSegmentButton, module.ui.reviewRankButton):
        assert not button.enabled
        assert button.toolTip == "There is no model yet: train first."
    put_a_model(module, study)
    assert module.ui.reviewSegmentButton.enabled
    assert "newest model" in module.ui.reviewSegmentButton.toolTip


def test_a_damaged_model_is_said_in_one_sentence(module, study) -> None:
    put_a_model(module, study)
    module.ui.reviewSegmentButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    assert "damaged" in module.message
    assert not module.ui.reviewSegmentButton.isHidden()


def test_segmenting_can_be_cancelled(module, study) -> None:
    put_a_model(module, study)
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
    assert (slicer.util.arrayFromVolume(volume) == 1).any()
    assert button.checked
    assert button.font.bold()
    assert "■" in module.ui.reviewLegendLabel.text
    button.click()
    assert layers() == (None, None)
    assert not button.checked
    assert not button.font.bold()


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
    shown = slicer.util.arrayFromVolume(slicer.mrmlScene.GetNodeByID(layers()[1]))
    assert np.array_equal(shown == 1, bone & (drawn == 0))
    assert np.array_equal(shown == 2, ~bone & (drawn == 1))


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


def test_the_places_of_another_case_are_looked_at_from_the_first_one_on(module, study, hip) -> None:
    module.ui.reviewPreviousButton.click()
    assert module.ui.reviewPlaceList.currentRow == 1  # before any was looked at: the last one
    study.add_case(hip("b.nii.gz", 1))
    module.window.session.refresh()
    assert module.ui.reviewPlaceList.currentRow == 1
    folder = study.results_folder / "case-0002" / "m1"
    folder.mkdir(parents=True)
    (folder / "places.json").write_text(json.dumps([PLACES[1], PLACES[0]]))
    study.add_result("case-0002", "m1", folder, {"uncertainty": 0.2})
    module.window.session.refresh()
    module.window.workbench.open("case-0002")
    module.wait(lambda: module.window.session.case.key == "case-0002")
    assert module.ui.reviewPlaceList.currentRow == -1
    module.ui.reviewNextButton.click()
    assert module.ui.reviewPlaceList.currentRow == 0


def test_the_list_of_places_of_another_case_begins_at_its_top(module, study, hip) -> None:
    from slicer_host.application import let_events_pass

    study.add_case(hip("b.nii.gz", 1))
    for number, key in enumerate(("case-0001", "case-0002")):
        folder = study.results_folder / key / "m1"
        folder.mkdir(parents=True, exist_ok=True)
        places = [{**PLACES[0], "size_mm3": 900.0 - number - size} for size in range(30)]
        (folder / "places.json").write_text(json.dumps(places))
        study.add_result(key, "m1", folder, {"uncertainty": 0.2})
    module.window.session.refresh()
    module.window.workbench.open("case-0001")
    module.ui.moduleReviewFold.collapsed = False
    module.widget.parent.visible = True
    let_events_pass(0.2)
    module.ui.reviewPreviousButton.click()
    let_events_pass(0.1)
    bar = module.ui.reviewPlaceList.verticalScrollBar()
    assert bar.value > 0
    module.window.workbench.open("case-0002")
    let_events_pass(0.1)
    assert module.ui.reviewPlaceList.currentRow == -1
    assert bar.value == 0


def test_next_place_leads_back_to_the_only_one(module, study) -> None:
    (study.results_folder / "case-0001" / "m1" / "places.json").write_text(json.dumps(PLACES[:1]))
    module.window.session.refresh()
    module.window.workbench.open("case-0001")
    for _press in range(2):
        module.window.workbench.scene.jump_to((0.0, 0.0, 100.0))
        module.ui.reviewNextButton.click()
        assert module.window.workbench.scene.slice_index() == 10


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


def test_every_overlay_explains_all_of_its_colours(module, study) -> None:
    words = {
        "Prediction": ["hip bone left", "hip bone right"],
        "Uncertainty": ["a little unsure (7 %)", "unsure (50 %)", "undecided (100 %)"],
        "Matched": ["hip bone left"],
        "Provenance": ["annotated", "the model is sure", "matched with annotated places", "neither"],
        "Difference": ["only the model", "only the annotation", "another segment"],
    }
    for name, meanings in words.items():
        button = getattr(module.ui, f"review{name}Button")
        button.click()
        module.wait(lambda button=button: button.checked)
        for meaning in meanings:
            assert meaning in module.ui.reviewLegendLabel.text
    module.ui.reviewDifferenceButton.click()
    assert module.ui.reviewLegendLabel.text == ""


def test_what_covers_most_of_a_scan_is_faint_and_what_is_undecided_is_not() -> None:
    entries = {entry.meaning: entry.opacity for entry in legend("provenance", ())}
    assert entries["the model is sure"] < 0.5 < entries["neither"]
    assert entries["annotated"] < 0.5 < entries["matched with annotated places"]


def test_slices_that_nobody_annotated_do_not_differ(module, study) -> None:
    scene = module.window.workbench.scene
    bone = slicer.util.arrayFromVolume(scene.volume) > 400
    drawn = np.zeros(bone.shape, np.uint8)
    drawn[12, :3, :3] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(drawn, scene.segmentation, "label_1", scene.volume)
    module.ui.annotatePartialCheck.click()
    module.ui.reviewDifferenceButton.click()
    module.wait(lambda: module.ui.reviewDifferenceButton.checked)
    shown = slicer.util.arrayFromVolume(slicer.mrmlScene.GetNodeByID(layers()[1]))
    assert shown[12].any()
    assert not shown[:12].any()
    assert not shown[13:].any()


def test_differences_of_every_kind_and_of_another_grid() -> None:
    predicted = np.array([[[0, 1, 1, 1, 2]]], np.uint8)
    annotation = np.array([[[1, 0, 1, 255, 1]]], np.uint8)
    assert difference(predicted, annotation).tolist() == [[[2, 1, 0, 0, 3]]]
    with pytest.raises(BadInputError, match="annotate the case first"):
        difference(predicted, annotation[:, :, :2])


def test_editing_never_touches_a_finished_annotation(module, study) -> None:
    scene = module.window.workbench.scene
    block = np.zeros(slicer.util.arrayFromVolume(scene.volume).shape, np.uint8)
    block[3] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(block, scene.segmentation, "label_2", scene.volume)
    module.ui.annotateSaveButton.click()
    module.wait(lambda: Study.open(study.folder).case("case-0001").label is not None)
    module.wait(lambda: not module.window.background.busy)
    finished = study.folder / Study.open(study.folder).case("case-0001").label.path
    before = finished.read_bytes()

    module.ui.reviewEditButton.click()
    module.wait(lambda: status(study) == "edited")
    assert len(module.answers.questions) == 1  # replacing what is drawn was asked
    module.widget.exit()
    assert finished.read_bytes() == before
    assert len(Study.open(study.folder).case("case-0001").labels) == 1

    module.ui.annotateSaveButton.click()
    module.wait(lambda: len(Study.open(study.folder).case("case-0001").labels) == 2)
    assert finished.read_bytes() == before  # the newest one counts, this one stays


def test_a_decision_waits_for_another_program_in_a_thread(module, study) -> None:
    import time

    with FileLock(study.folder / LOCK_NAME):
        begin = time.monotonic()
        module.ui.reviewAcceptButton.click()
        assert time.monotonic() - begin < 1.0
        assert status(study) == "new"
    module.wait(lambda: status(study) == "accepted")


def add_cases(module, hip, count: int) -> None:
    module.answers.files = [hip(f"more{number}.nii.gz", seed=number + 1) for number in range(count)]
    known = len(module.window.session.study.cases)
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == known + count)


def ranked(module) -> list[str]:
    listing = module.ui.reviewCaseList
    return [listing.item(row).text() for row in range(listing.count)]


def test_cases_worth_annotating_come_by_uncertainty_and_open_with_a_button(module, study, hip) -> None:
    add_cases(module, hip, 3)
    study = module.window.session.study
    for key, model, uncertainty in (("case-0002", "m1", 0.4), ("case-0003", "m2", 0.3), ("case-0001", "m2", 0.1)):
        study.add_result(key, model, f"results/{key}/{model}", {"uncertainty": uncertainty})
    module.window.session.refresh()
    assert [text.split(",")[0] for text in ranked(module)] == ["1. more0", "2. more1", "3. a"]
    assert "an older model" in ranked(module)[0]
    assert "an older model" not in ranked(module)[1]
    assert "Not looked at yet: 1." in module.ui.reviewUnseenLabel.text

    module.ui.reviewCaseList.currentRow = 1
    module.ui.reviewOpenCaseButton.click()
    module.wait(lambda: module.window.session.case.key == "case-0003")


def test_accepted_annotated_and_held_out_cases_are_not_worth_annotating(module, study, hip) -> None:
    add_cases(module, hip, 2)
    study = module.window.session.study
    for key in ("case-0002", "case-0003"):
        study.add_result(key, "m1", f"results/{key}/m1", {"uncertainty": 0.4})
    study.set_role("case-0003", "held-out")
    module.window.session.refresh()
    assert len(ranked(module)) == 2
    module.ui.reviewAcceptButton.click()
    module.wait(lambda: len(ranked(module)) == 1)
    study.reload()
    study.set_result_status("case-0002", "m1", "accepted")
    module.window.session.refresh()
    assert ranked(module) == []
    assert not module.ui.reviewOpenCaseButton.enabled


@pytest.fixture
def copied_in_threads(module, study, monkeypatch: pytest.MonkeyPatch):
    """The result as display arrays, which count as large."""
    from SemiSegEmbedLib.application import overlays

    pytest.importorskip("torch")
    from SemiSegEmbedLib.workflows.display import prepare_display

    monkeypatch.setattr(overlays, "LARGE_BYTES", 0)
    assert prepare_display(study, ["case-0001"])[0]["error"] == ""
    return module


def test_a_large_overlay_is_copied_in_a_thread_and_shows_the_same(copied_in_threads, study) -> None:
    module = copied_in_threads
    folder = study.result_path(Study.open(study.folder).results[0])
    for name in ("Uncertainty", "Provenance"):
        button = getattr(module.ui, f"review{name}Button")
        button.click()
        assert layers() == (None, None)
        module.wait(lambda: layers() != (None, None))
        assert button.checked
        foreground, label = layers()
        shown = slicer.util.arrayFromVolume(slicer.mrmlScene.GetNodeByID(foreground or label))
        expected = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{name.lower()}.nii.gz")))
        np.testing.assert_array_equal(
            shown, np.where(expected == 0, 4, expected) if name == "Provenance" else expected
        )
    assert slicer.mrmlScene.GetNodeByID(label).GetStorageNode() is None, "not from the display array"


def test_the_overlay_pressed_last_is_the_one_that_comes(copied_in_threads) -> None:
    module = copied_in_threads
    before = slicer.mrmlScene.GetNumberOfNodes()
    module.ui.reviewUncertaintyButton.click()
    module.ui.reviewMatchedButton.click()
    module.wait(lambda: layers() != (None, None))
    foreground, label = layers()
    assert foreground is None
    assert slicer.mrmlScene.GetNodeByID(label).GetName() == "matched"
    module.ui.reviewMatchedButton.click()
    module.ui.reviewUncertaintyButton.click()
    module.ui.reviewUncertaintyButton.click()
    module.wait(lambda: not module.window.review._overlay._threads.busy)
    assert layers() == (None, None), "the second press took it back"
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_closing_the_module_waits_for_an_overlay_that_is_being_copied(copied_in_threads) -> None:
    module = copied_in_threads
    before = slicer.mrmlScene.GetNumberOfNodes()
    module.ui.reviewUncertaintyButton.click()
    module.window.review.cleanup()
    assert not module.window.review._overlay._threads.busy
    assert slicer.mrmlScene.GetNumberOfNodes() == before
