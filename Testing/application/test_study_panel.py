"""The Study panel, by pressing its buttons."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from SemiSegEmbedLib.study.files import FileLock
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.store import LOCK_NAME
from SemiSegEmbedLib.study.study import Study


@pytest.fixture
def study(module, tmp_path: Path) -> Study:
    """A new study, opened by the New button."""
    module.answers.folder = tmp_path / "hips"
    module.ui.studyCreateButton.click()
    return module.window.session.study


def add(module, files: list[Path]) -> None:
    before = len(module.window.session.study.cases)
    module.answers.files = files
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == before + len(files))


def choose(combo, index: int) -> None:
    """As a user does: the index changes, then `activated` is emitted."""
    combo.currentIndex = index
    combo.activated.emit(index)


def texts(table, column: int) -> list[str]:
    return [table.item(row, column).text() for row in range(table.rowCount) if not table.isRowHidden(row)]


def test_without_a_study_nothing_can_be_added(module) -> None:
    assert not module.ui.studyContent.isVisibleTo(module.window.widget)
    assert module.ui.studyWelcomeLabel.isVisibleTo(module.window.widget)
    assert module.ui.studyNameLabel.text == "No study is open"


def test_a_new_study_lies_in_the_chosen_folder_with_the_chosen_segments(module, tmp_path: Path) -> None:
    module.ui.studyLabelListCombo.currentIndex = 1
    module.answers.folder = tmp_path / "hips"
    module.ui.studyCreateButton.click()
    assert [label.value for label in Study.open(tmp_path / "hips").labels] == [1, 2, 3, 4, 5]
    assert module.ui.studyNameLabel.text == "hips"
    assert module.ui.studyContent.isVisibleTo(module.window.widget)
    assert not module.ui.studyWelcomeLabel.isVisibleTo(module.window.widget)
    assert "femur" in module.ui.studyNameLabel.toolTip


def test_a_study_learns_on_the_grid_that_was_chosen_for_it_and_the_next_one_on_1_mm_again(
    module, tmp_path: Path
) -> None:
    assert module.ui.studyAdvancedFold.collapsed, "beginners need not see it"
    module.ui.studyAdvancedFold.collapsed = False
    assert module.ui.studySpacingSpin.value == 1.0
    module.ui.studySpacingSpin.value = 0.8
    module.answers.folder = tmp_path / "fine"
    module.ui.studyCreateButton.click()
    assert Study.open(tmp_path / "fine").spacing_mm == 0.8
    assert "Training grid: 0.8 mm" in module.ui.studyNameLabel.toolTip
    module.answers.folder = tmp_path / "usual"
    module.ui.studyCreateButton.click()
    assert Study.open(tmp_path / "usual").spacing_mm == 1.0


def test_the_chosen_grid_stays_when_the_study_could_not_be_created(module, study) -> None:
    module.ui.studySpacingSpin.value = 2.0
    module.ui.studyCreateButton.click()
    assert module.message.startswith("⚠")
    assert module.ui.studySpacingSpin.value == 2.0


def test_a_folder_that_holds_a_study_already_is_refused_in_one_sentence(module, study) -> None:
    module.ui.studyCreateButton.click()
    assert module.message.startswith("⚠")
    assert "\n" not in module.message


def test_cancelling_the_dialog_changes_nothing(module) -> None:
    module.ui.studyCreateButton.click()
    module.ui.studyOpenButton.click()
    assert module.window.session.study is None


def test_a_folder_without_a_study_is_not_opened(module, study, tmp_path: Path) -> None:
    module.answers.folder = tmp_path
    module.ui.studyOpenButton.click()
    assert module.message.startswith("⚠")
    assert module.window.session.study is study


def test_files_appear_in_the_table_with_icon_and_word(module, study, hip) -> None:
    add(module, [hip("a.nii.gz"), hip("b.nii.gz", 1)])
    table = module.ui.studyCaseTable
    assert texts(table, 1) == ["a", "b"]
    assert texts(table, 2) == ["not annotated", "not annotated"]
    assert not table.item(0, 2).icon().isNull()


def test_adding_the_same_scan_again_says_why_not(module, study, hip) -> None:
    path = hip("a.nii.gz")
    add(module, [path])
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    assert len(Study.open(study.folder).cases) == 1
    assert module.ui.studyAddFilesButton.enabled


def test_a_folder_of_files_adds_them_all(module, study, hip) -> None:
    module.answers.folder = hip("a.nii.gz").parent
    hip("b.nrrd", 1)
    module.ui.studyAddFolderButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == 2)


def test_scans_of_one_patient_share_a_key(module, study, hip) -> None:
    module.ui.studyPatientEdit.text = "J. Doe"
    add(module, [hip("a.nii.gz"), hip("b.nii.gz", 1)])
    assert len({case.patient_key for case in module.window.session.study.cases}) == 1
    assert b"Doe" not in (study.folder / "study.json").read_bytes()


def test_a_loaded_volume_that_exists_only_in_slicer_is_copied_into_the_study(module, study) -> None:
    import slicer

    voxels = np.arange(6 * 7 * 8).reshape(6, 7, 8).astype(np.float32)
    volume = slicer.util.addVolumeFromArray(voxels, name="phantom")
    volume.SetSpacing(1.0, 2.0, 3.0)
    module.ui.studyVolumeSelector.setCurrentNode(volume)
    module.ui.studyAddLoadedButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == 1)
    case = module.window.session.study.cases[0]
    assert (case.name, case.image.copied) == ("phantom", True)
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.ReadImage(str(study.image_path(case)))
    assert np.array_equal(sitk.GetArrayFromImage(image), voxels)
    assert image.GetSpacing() == (1.0, 2.0, 3.0)
    assert [path.name for path in study.folder.glob("*.nrrd")] == []


def test_a_loaded_volume_under_a_bending_transform_is_refused(module, study) -> None:
    import slicer
    import vtk

    volume = slicer.util.addVolumeFromArray(np.zeros((4, 4, 4)), name="moved")
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    transform.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    volume.SetAndObserveTransformNodeID(transform.GetID())
    module.ui.studyVolumeSelector.setCurrentNode(volume)
    module.ui.studyAddLoadedButton.click()
    assert "take it out of the transform" in module.message


def test_the_ct_in_view_is_not_added_once_more(module, study, hip) -> None:
    add(module, [hip("a.nii.gz")])
    module.ui.studyNextCaseButton.click()
    module.ui.studyVolumeSelector.setCurrentNode(module.window.workbench.scene.volume)
    module.ui.studyAddLoadedButton.click()
    assert "case-0001 already" in module.message


def test_the_filter_hides_and_what_is_hidden_is_not_selected(module, study, hip) -> None:
    add(module, [hip("left.nii.gz"), hip("right.nii.gz", 1)])
    module.ui.studyCaseTable.selectAll()
    module.ui.studyFilterEdit.text = "RIGHT not"
    assert texts(module.ui.studyCaseTable, 1) == ["right"]
    choose(module.ui.studyRoleCombo, 3)
    module.wait(lambda: texts(module.ui.studyCaseTable, 2) != ["not annotated"])
    assert [case.role for case in module.window.session.study.cases] == [Role.UNANNOTATED, Role.EXCLUDED]


def test_the_window_answers_while_another_program_holds_the_study(module, study, hip) -> None:
    add(module, [hip("a.nii.gz"), hip("b.nii.gz", 1)])
    with FileLock(study.folder / LOCK_NAME):
        begin = time.monotonic()
        module.ui.studyCaseTable.selectRow(0)
        choose(module.ui.studyRoleCombo, 2)
        module.ui.studyCaseTable.selectRow(1)
        module.ui.studyRemoveButton.click()
        assert time.monotonic() - begin < 1.0, "it would wait ten seconds"
        assert "Changing the study" in module.ui.studyWorkLabel.text
    module.wait(lambda: module.ui.studyCaseTable.rowCount == 1)
    (case,) = Study.open(study.folder).cases
    assert (case.key, case.role) == ("case-0001", Role.HELD_OUT)
    assert module.ui.studyWorkLabel.text == ""


def test_removing_asks_first_and_keeps_the_file(module, study, hip) -> None:
    path = hip("a.nii.gz")
    add(module, [path])
    module.ui.studyCaseTable.selectRow(0)
    module.answers.agrees = False
    module.ui.studyRemoveButton.click()
    assert len(module.window.session.study.cases) == 1
    module.answers.agrees = True
    module.ui.studyRemoveButton.click()
    module.wait(lambda: module.ui.studyCaseTable.rowCount == 0)
    assert path.is_file()


def test_next_case_opens_the_first_that_is_not_annotated_and_then_the_one_after(module, study, hip) -> None:
    add(module, [hip("a.nii.gz"), hip("b.nii.gz", 1)])
    module.ui.studyNextCaseButton.click()
    assert module.window.session.case.name == "a"
    module.ui.studyNextCaseButton.click()
    assert module.window.session.case.name == "b"
    assert module.ui.studyCaseTable.item(module.ui.studyCaseTable.currentRow(), 1).text() == "b"


def test_next_case_prefers_where_the_model_is_least_sure(module, study, hip) -> None:
    add(module, [hip("a.nii.gz"), hip("b.nii.gz", 1)])
    for key, value in (("case-0001", 0.01), ("case-0002", 0.2)):
        study.add_result(key, "m1", f"results/{key}/m1", {"uncertainty": value})
    module.window.session.cases_changed.emit()
    module.ui.studyNextCaseButton.click()
    assert module.window.session.case.key == "case-0002"
    assert texts(module.ui.studyCaseTable, 5) == ["1.4", "28.9"]


def test_a_case_whose_ct_moved_is_refused_and_the_one_in_view_stays(module, study, hip) -> None:
    first, second = hip("a.nii.gz"), hip("b.nii.gz", 1)
    add(module, [first, second])
    module.ui.studyNextCaseButton.click()
    second.unlink()
    module.ui.studyNextCaseButton.click()
    assert "not where it was" in module.message
    assert module.window.session.case.key == "case-0001"


def test_a_study_that_was_open_is_offered_again(module, study, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "second"
    module.ui.studyCreateButton.click()
    assert module.ui.studyRecentCombo.count == 3
    choose(module.ui.studyRecentCombo, 2)
    assert module.window.session.study.folder == study.folder


def test_a_recent_study_that_moved_is_asked_for_and_found_again(module, study, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "second"
    module.ui.studyCreateButton.click()
    module.answers.folder = study.folder.rename(tmp_path / "elsewhere")
    choose(module.ui.studyRecentCombo, 2)
    assert module.window.session.study.folder == tmp_path / "elsewhere"
    assert "found again" in module.message
    assert module.window._settings.recent_studies() == [tmp_path / "elsewhere", tmp_path / "second"]


def test_a_recent_study_that_is_gone_is_a_kind_sentence(module, study, tmp_path: Path) -> None:
    module.answers.folder = tmp_path / "second"
    module.ui.studyCreateButton.click()
    study.folder.rename(tmp_path / "elsewhere")
    module.answers.folder = None
    choose(module.ui.studyRecentCombo, 2)
    assert "hips is not where it was" in module.message
    assert module.window.session.study.folder == tmp_path / "second"


def test_moved_scans_are_found_by_name_and_by_content(module, study, hip, tmp_path: Path) -> None:
    first, second = hip("a.nii.gz"), hip("b.nii.gz", 1)
    add(module, [first, second])
    moved = tmp_path / "moved"
    moved.mkdir()
    first.rename(moved / "a.nii.gz")
    second.rename(moved / "another name.nii.gz")
    module.ui.studyCaseTable.selectAll()
    module.answers.folder = moved
    module.ui.studyLocateButton.click()
    module.wait(lambda: "Found" in module.message)
    module.ui.studyNextCaseButton.click()
    assert module.window.session.case.key == "case-0001"
    cases = Study.open(study.folder).cases
    assert [study.image_path(case).name for case in cases] == ["a.nii.gz", "another name.nii.gz"]


def test_scans_that_are_not_in_the_folder_are_named(module, study, hip, tmp_path: Path) -> None:
    path = hip("a.nii.gz")
    add(module, [path])
    path.unlink()
    hip("b.nii.gz", 7)
    module.ui.studyCaseTable.selectRow(0)
    module.answers.folder = path.parent
    module.ui.studyLocateButton.click()
    module.wait(lambda: "Not found" in module.message)
    assert "case-0001" in module.message


def test_the_check_lists_sentences_and_goes_to_the_case(module, study, hip) -> None:
    add(module, [hip("a.nii.gz")])
    module.ui.studyCheckButton.click()
    module.wait(lambda: module.ui.studyProblemList.count > 0)
    sentences = [module.ui.studyProblemList.item(row).text() for row in range(module.ui.studyProblemList.count)]
    of_case = [row for row, text in enumerate(sentences) if "case-0001" in text]
    assert of_case, sentences
    module.ui.studyProblemList.currentRow = of_case[0]
    assert module.ui.studyGoToProblemButton.enabled
    module.ui.studyGoToProblemButton.click()
    assert module.window.session.case.key == "case-0001"
    module.window.workbench.leave()
    module.ui.studyProblemList.itemActivated.emit(module.ui.studyProblemList.item(of_case[0]))
    assert module.window.session.case.key == "case-0001"


def many_rows(**changes):
    from SemiSegEmbedLib.application.case_rows import CaseRow

    rows = [CaseRow(f"case-{i:04d}", f"hip {i}", "to_do", "not annotated", "", "", i / 7, "") for i in range(1000)]
    return [replace(row, **changes) if row.key == "case-0500" else row for row in rows]


def test_of_a_thousand_cases_only_a_changed_one_is_written_anew_and_a_filter_writes_none(
    module, study, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, written = module.window.study._view, []
    fill_row = view._fill_row
    monkeypatch.setattr(view, "_fill_row", lambda index, row: (written.append(row.key), fill_row(index, row)))
    view.show_rows(many_rows())
    assert len(written) == 1000
    view.show_rows(many_rows(status="annotated", icon="annotated"))
    assert written[1000:] == ["case-0500"]
    module.ui.studyFilterEdit.text = "77"
    assert len(written) == 1001
    assert module.ui.studyCaseTable.rowCount == 1000
    assert texts(module.ui.studyCaseTable, 0) == [row.key for row in many_rows() if "77" in row.key]


def test_a_changed_row_is_renewed_where_the_user_sorted_it_to(module, study) -> None:
    import qt

    view, table = module.window.study._view, module.ui.studyCaseTable
    view.show_rows(many_rows())
    table.sortItems(5, qt.Qt.DescendingOrder)
    view.show_rows(many_rows(annotated_by="ab", uncertainty=9999.0))
    assert (table.item(0, 0).text(), table.item(0, 3).text()) == ("case-0500", "ab")
    assert [table.item(row, 0).text() for row in (1, 999)] == ["case-0999", "case-0000"]


def test_the_patient_of_one_scan_is_not_taken_for_that_of_the_next(module, study, hip) -> None:
    module.ui.studyPatientEdit.text = "first"
    add(module, [hip("a.nii.gz")])
    assert module.ui.studyPatientEdit.text == ""
    add(module, [hip("b.nii.gz", 1)])
    first, second = module.window.session.study.cases
    assert first.patient_key != second.patient_key


def test_columns_in_which_nothing_stands_are_left_out(module, study, hip) -> None:
    table = module.ui.studyCaseTable
    add(module, [hip("a.nii.gz")])
    assert [table.isColumnHidden(column) for column in (3, 4, 5)] == [True, True, True]
    study.add_result("case-0001", "m1", "results/case-0001/m1", {"uncertainty": 0.2})
    study.add_label("case-0001", hip("label.nii.gz", 2), annotated_by="AB")
    module.window.session.refresh()
    assert [table.isColumnHidden(column) for column in (3, 4, 5)] == [False, True, False]


def test_ranking_waits_for_a_model_and_says_so(module, study, hip) -> None:
    add(module, [hip("a.nii.gz")])
    assert not module.ui.studyRankButton.enabled
    assert module.ui.studyRankButton.toolTip == "There is no model yet: train first."


def test_changes_are_told_in_local_time(tokyo) -> None:
    from SemiSegEmbedLib.application.case_rows import local_time

    assert local_time("2026-11-22T18:30:00+00:00") == "2026-11-23 03:30"
    assert local_time("someday") == "someday"
