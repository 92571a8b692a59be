"""Accept in the Review panel: the result becomes the annotation, never over somebody's work, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.study.records import Case, Role  # noqa: E402
from SemiSegEmbedLib.study.study import Study  # noqa: E402


@pytest.fixture
def study(module, tmp_path: Path, hip) -> Study:
    """A study with one open case and a result of it."""
    study = module.new_study(tmp_path / "hips", hip("a.nii.gz"))
    folder = study.results_folder / "case-0001" / "m1"
    folder.mkdir(parents=True)
    scan = sitk.ReadImage(str(study.image_path(study.cases[0])))
    sitk.WriteImage(sitk.Cast(scan > 400, sitk.sitkUInt8), str(folder / "label.nii.gz"))
    study.add_result("case-0001", "m1", folder, {"uncertainty": 0.2})
    module.ui.studyNextCaseButton.click()
    module.ui.annotateByEdit.text = "A. B."
    return study


def case_on_disk(study: Study) -> Case:
    return Study.open(study.folder).cases[0]


def status(study: Study) -> str:
    return Study.open(study.folder).results[-1].status


def drawn(module) -> np.ndarray:
    return module.window.workbench.scene.snapshot(module.window.session.study.labels).label_volume()


def row(module) -> list[str]:
    table = module.ui.studyCaseTable
    return [table.item(0, column).text() for column in range(table.columnCount)]


def accept(module, study: Study) -> None:
    module.ui.reviewAcceptButton.click()
    module.wait(lambda: status(study) == "accepted" and "ccepted" in module.message)


def paint(module, value: int = 2) -> np.ndarray:
    scene = module.window.workbench.scene
    mask = np.zeros(slicer.util.arrayFromVolume(scene.volume).shape, np.uint8)
    mask[3:6, 4:9, 4:9] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, scene.segmentation, f"label_{value}", scene.volume)
    return value * mask


def test_an_accepted_result_trains_and_the_table_says_where_it_came_from(module, study: Study) -> None:
    assert module.ui.reviewTeachCheck.checked
    assert not module.ui.reviewTakeBackButton.enabled
    accept(module, study)
    case = case_on_disk(study)
    assert case.role is Role.ANNOTATED
    assert (case.label.accepted_from, case.label.reviewed_by, case.label.annotated_by) == ("m1", "A. B.", "")
    predicted = sitk.GetArrayFromImage(sitk.ReadImage(str(study.label_path(case))))
    assert predicted.any()
    np.testing.assert_array_equal(drawn(module), predicted)
    assert not module.window.workbench.scene.modified, "what is shown is what is saved"
    assert {"model's result, accepted", "m1", "A. B."} <= set(row(module))
    assert module.ui.reviewTakeBackButton.enabled
    assert "Take back undoes it" in module.message


def test_taking_it_back_leaves_everything_as_it_was(module, study: Study) -> None:
    accept(module, study)
    module.ui.reviewTakeBackButton.click()
    module.wait(lambda: "no longer the annotation" in module.message)
    case = case_on_disk(study)
    assert (case.labels, case.role, status(study)) == ((), Role.UNANNOTATED, "new")
    assert not drawn(module).any()
    assert not module.window.workbench.scene.modified
    assert "segmented by the model" in row(module)
    assert not module.ui.reviewTakeBackButton.enabled
    accept(module, study)
    assert case_on_disk(study).label is not None


def test_rejecting_an_accepted_result_takes_it_back_too(module, study: Study) -> None:
    accept(module, study)
    module.ui.reviewRejectButton.click()
    module.wait(lambda: status(study) == "rejected")
    assert case_on_disk(study).labels == ()


def test_without_the_check_mark_the_decision_alone_is_kept(module, study: Study) -> None:
    module.ui.reviewTeachCheck.checked = False
    module.ui.reviewAcceptButton.click()
    module.wait(lambda: status(study) == "accepted")
    assert case_on_disk(study).labels == ()
    assert not drawn(module).any()


def test_an_annotation_stays_when_a_result_is_accepted(module, study: Study) -> None:
    mask = paint(module)
    module.ui.annotateSaveButton.click()
    module.wait(lambda: case_on_disk(study).label is not None)
    module.wait(lambda: module.window.session.case.label is not None)
    accept(module, study)
    assert "Your annotation of a stays as it is" in module.message
    assert case_on_disk(study).label.accepted_from == ""
    assert len(case_on_disk(study).labels) == 1
    np.testing.assert_array_equal(drawn(module), mask)
    assert not module.ui.reviewTakeBackButton.enabled


def test_what_is_drawn_and_not_saved_stays_when_a_result_is_accepted(module, study: Study) -> None:
    mask = paint(module)
    accept(module, study)
    assert "What you drew in a stays" in module.message
    assert case_on_disk(study).labels == ()
    np.testing.assert_array_equal(drawn(module), mask)
    assert module.window.workbench.scene.modified


def test_corrections_drawn_on_an_accepted_result_outlive_taking_it_back(module, study: Study) -> None:
    accept(module, study)
    paint(module)
    expected = drawn(module)
    module.ui.reviewTakeBackButton.click()
    module.wait(lambda: "no longer the annotation" in module.message)
    np.testing.assert_array_equal(drawn(module), expected)
    assert module.window.workbench.scene.modified


def test_a_case_for_testing_gets_no_annotation_of_a_model(module, study: Study) -> None:
    study.set_role("case-0001", Role.HELD_OUT)
    module.window.session.refresh()
    accept(module, study)
    assert "not used for training" in module.message
    assert case_on_disk(study).labels == ()
