"""The Annotate panel: labels painted into the MRML segmentation, saved by pressing buttons."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from SemiSegEmbedLib.study.records import IGNORE
from SemiSegEmbedLib.study.study import Study

slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")


@pytest.fixture
def study(module, tmp_path: Path, hip) -> Study:
    """A study with two cases, the first of them open."""
    study = module.new_study(tmp_path / "hips", hip("a.nii.gz"), hip("b.nii.gz", 1))
    module.ui.studyNextCaseButton.click()
    return study


def paint(module, value: int, region: tuple[slice, slice, slice]) -> None:
    scene = module.window.workbench.scene
    old = slicer.util.arrayFromSegmentBinaryLabelmap(scene.segmentation, f"label_{value}", scene.volume)
    mask = np.zeros(slicer.util.arrayFromVolume(scene.volume).shape, np.uint8)
    if old is not None and old.shape == mask.shape:
        mask |= old.astype(np.uint8)
    mask[region] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, scene.segmentation, f"label_{value}", scene.volume)


def saved_label(study: Study, key: str) -> np.ndarray:
    study = Study.open(study.folder)
    return sitk.GetArrayFromImage(sitk.ReadImage(str(study.label_path(study.case(key)))))


def labels(module, key: str) -> int:
    return len(Study.open(module.window.session.study.folder).case(key).labels)


BLOCK = (slice(10, 13), slice(15, 25), slice(18, 26))


def test_opening_a_case_puts_it_into_the_editor(module, study) -> None:
    editor, scene = module.ui.annotateSegmentEditor, module.window.workbench.scene
    assert editor.segmentationNode() is scene.segmentation
    assert editor.sourceVolumeNode() is scene.volume
    assert not module.ui.moduleAnnotateFold.collapsed
    assert scene.volume.GetDisplayNode().GetWindow() == 2000


def test_save_writes_what_was_painted_with_the_annotators_name(module, study) -> None:
    paint(module, 1, BLOCK)
    module.ui.annotateByEdit.text = "ab"
    module.ui.annotateSaveButton.click()
    module.wait(lambda: labels(module, "case-0001") == 1)
    expected = np.zeros((24, 40, 44), np.uint8)
    expected[BLOCK] = 1
    assert np.array_equal(saved_label(study, "case-0001"), expected)
    module.wait(lambda: "Saved" in module.message)
    case = module.window.session.study.case("case-0001")
    assert (case.label.annotated_by, case.label.complete) == ("ab", True)
    assert module.ui.studyCaseTable.item(0, 2).text() == "annotated"
    assert list((study.folder / "drafts").iterdir()) == []


def test_the_name_is_remembered_for_the_next_time(module, study) -> None:
    module.ui.annotateByEdit.text = "ab"
    module.ui.annotateSaveButton.click()
    assert module.window._settings.annotator == "ab"


def test_save_and_next_saves_and_opens_the_next_case(module, study) -> None:
    paint(module, 2, BLOCK)
    module.ui.annotateSaveNextButton.click()
    module.wait(lambda: module.window.session.case.key == "case-0002")
    assert labels(module, "case-0001") == 1
    assert not module.window.workbench.scene.snapshot(study.labels).label_volume().any()


def test_leaving_a_case_without_saving_keeps_the_drawing(module, study) -> None:
    paint(module, 1, BLOCK)
    module.window.workbench.open("case-0002")
    module.window.workbench.open("case-0001")
    assert module.window.workbench.scene.snapshot(study.labels).label_volume()[BLOCK].all()
    assert "restored" in module.message
    assert labels(module, "case-0001") == 0


def test_closing_the_scene_keeps_the_drawing(module, study) -> None:
    paint(module, 1, BLOCK)
    slicer.mrmlScene.Clear(0)
    assert module.window.session.case is None
    assert not module.ui.annotateContent.enabled
    module.window.workbench.open("case-0001")
    assert module.window.workbench.scene.snapshot(study.labels).label_volume()[BLOCK].all()


def test_every_version_is_kept(module, study) -> None:
    for version in range(1, 3):
        paint(module, version, BLOCK)
        module.ui.annotateSaveButton.click()
        module.wait(lambda version=version: labels(module, "case-0001") == version)
    study.reload()
    first = sitk.ReadImage(str(study.label_path(study.case("case-0001"), 0)))
    assert set(np.unique(sitk.GetArrayFromImage(first))) == {0, 1}


def test_slices_that_nobody_annotated_are_ignored(module, study) -> None:
    paint(module, 1, BLOCK)
    module.ui.annotatePartialCheck.checked = True
    module.window.workbench.scene.jump_to((0.0, 0.0, 100.0 + 4.0 * 20))
    module.ui.annotateMarkSliceButton.click()
    assert module.ui.annotateSlicesLabel.text.endswith("20")
    module.ui.annotateSaveButton.click()
    module.wait(lambda: labels(module, "case-0001") == 1)
    label = saved_label(study, "case-0001")
    assert [index for index in range(24) if not (label[index] == IGNORE).all()] == [10, 11, 12, 20]
    assert not label[20].any()
    assert not Study.open(study.folder).case("case-0001").label.complete


def test_a_partial_annotation_is_taken_up_where_it_was_left(module, study) -> None:
    paint(module, 1, BLOCK)
    module.ui.annotatePartialCheck.checked = True
    module.ui.annotateSaveButton.click()
    module.wait(lambda: labels(module, "case-0001") == 1)
    module.window.workbench.open("case-0002")
    assert not module.ui.annotatePartialCheck.checked
    module.window.workbench.open("case-0001")
    assert module.ui.annotatePartialCheck.checked
    assert module.window.workbench.marked_slices == {10, 11, 12}
    assert module.window.workbench.scene.snapshot(study.labels).label_volume().max() == 1


def test_a_partial_annotation_still_being_written_is_taken_up_like_a_written_one(module, study) -> None:
    paint(module, 1, BLOCK)
    module.ui.annotatePartialCheck.checked = True
    module.ui.annotateSaveButton.click()
    module.window.workbench.open("case-0002")  # nothing is delivered meanwhile, so it counts as being written
    module.window.workbench.open("case-0001")
    assert module.window.workbench.marked_slices == {10, 11, 12}


def test_a_slice_marked_twice_is_not_marked(module, study) -> None:
    module.ui.annotatePartialCheck.checked = True
    module.ui.annotateMarkSliceButton.click()
    module.ui.annotateMarkSliceButton.click()
    assert module.window.workbench.marked_slices == set()


def test_the_models_result_can_be_the_starting_point(module, study, tmp_path: Path) -> None:
    assert not module.ui.annotatePrefillButton.enabled
    folder = study.folder / "results" / "case-0001" / "m1"
    folder.mkdir(parents=True)
    image = sitk.ReadImage(str(study.image_path(study.case("case-0001"))))
    result = sitk.Cast(image > 400, sitk.sitkUInt8)
    sitk.WriteImage(result, str(folder / "label.nii.gz"))
    study.add_result("case-0001", "m1", folder, {})
    module.window.session.cases_changed.emit()
    paint(module, 2, BLOCK)
    module.answers.agrees = False
    module.ui.annotatePrefillButton.click()
    assert module.window.workbench.scene.snapshot(study.labels).label_volume().max() == 2
    module.answers.agrees = True
    module.ui.annotatePrefillButton.click()
    drawn = module.window.workbench.scene.snapshot(study.labels).label_volume()
    assert np.array_equal(drawn, sitk.GetArrayFromImage(result))


def test_grey_values_follow_the_buttons(module, study) -> None:
    display = module.window.workbench.scene.volume.GetDisplayNode()
    module.ui.annotateSoftWindowButton.click()
    assert (display.GetWindow(), display.GetLevel()) == (400, 50)
    module.ui.annotateBoneWindowButton.click()
    assert (display.GetWindow(), display.GetLevel()) == (2000, 500)


def test_protection_and_bone_only_reach_the_editor(module, study) -> None:
    editor, kind = module.window.workbench.scene.editor(), slicer.vtkMRMLSegmentationNode
    assert editor.GetMaskMode() == kind.EditAllowedOutsideAllSegments
    module.ui.annotateProtectCheck.checked = False
    assert editor.GetMaskMode() == kind.EditAllowedEverywhere
    module.ui.annotateBoneOnlyCheck.checked = True
    assert editor.GetSourceVolumeIntensityMask()


def test_the_threshold_effect_begins_with_bone(module, study) -> None:
    editor = module.window.workbench.scene.editor()
    assert float(editor.GetAttribute("Threshold.MinimumThreshold")) == 150
    assert editor.GetSourceVolumeIntensityMaskRange() == (150.0, 4000.0)


def test_the_threshold_effect_begins_with_bone_again_after_the_scene_was_closed(module, study) -> None:
    slicer.mrmlScene.Clear(0)
    module.ui.studyNextCaseButton.click()
    module.wait(lambda: module.window.session.case is not None)
    editor = module.window.workbench.scene.editor()
    assert float(editor.GetAttribute("Threshold.MinimumThreshold")) == 150
    assert module.ui.annotateSegmentEditor.sourceVolumeNode() is module.window.workbench.scene.volume


def test_leaving_the_module_ends_the_active_effect(module, study) -> None:
    module.ui.annotateSegmentEditor.setActiveEffectByName("Paint")
    assert module.ui.annotateSegmentEditor.activeEffect() is not None
    module.widget.exit()
    assert module.ui.annotateSegmentEditor.activeEffect() is None


def test_the_editors_keys_rest_while_a_control_of_the_module_has_the_keyboard(module, study) -> None:
    from slicer_host.application import let_events_pass

    editor = module.ui.annotateSegmentEditor
    assert editor.shortcutsInstalled
    module.widget.parent.visible = True
    module.widget.parent.activateWindow()
    let_events_pass(0.2)
    module.ui.annotateBoneOnlyCheck.setFocus()
    let_events_pass(0.0)
    assert not editor.shortcutsInstalled
    module.ui.Paint.setFocus()
    let_events_pass(0.0)
    assert editor.shortcutsInstalled
    module.widget.exit()
    assert not editor.shortcutsInstalled
    module.ui.annotateBoneOnlyCheck.setFocus()
    module.ui.Paint.setFocus()
    let_events_pass(0.0)
    assert not editor.shortcutsInstalled


def test_a_module_that_is_reloaded_leaves_no_key_behind(module, study) -> None:
    module.widget.cleanup()
    assert not module.ui.annotateSegmentEditor.shortcutsInstalled


def test_leaving_a_case_takes_segmentation_and_volume_out_of_the_editor(module, study) -> None:
    editor = module.ui.annotateSegmentEditor
    module.window.annotate_view.leave_editor()
    assert editor.segmentationNode() is None
    assert editor.sourceVolumeNode() is None


def test_a_shortcut_saves_and_opens_the_next_case(module, study) -> None:
    import qt
    from PySide6.QtTest import QTest
    from slicer_host.application import let_events_pass

    paint(module, 1, BLOCK)
    module.widget.parent.visible = True
    module.widget.parent.activateWindow()
    let_events_pass(0.2)
    keys = qt.Qt.KeyboardModifier.ControlModifier | qt.Qt.KeyboardModifier.ShiftModifier
    handle = module.widget.parent.window().windowHandle()
    try:
        QTest.keyClick(handle, qt.Qt.Key.Key_N, keys)
        module.wait(lambda: module.window.session.case.key == "case-0002")
        # The keys are still held, which must not add the case to the selection.
        rows = module.ui.studyCaseTable.selectionModel().selectedRows()
        assert [module.ui.studyCaseTable.item(index.row(), 0).text() for index in rows] == ["case-0002"]
    finally:
        QTest.keyRelease(handle, qt.Qt.Key.Key_Control)
    assert labels(module, "case-0001") == 1


def test_a_slice_outside_the_ct_cannot_be_marked(module, study) -> None:
    module.ui.annotatePartialCheck.checked = True
    module.window.workbench.scene.jump_to((0.0, 0.0, 5000.0))
    module.ui.annotateMarkSliceButton.click()
    assert "shows no slice" in module.message
    assert module.window.workbench.marked_slices == set()


def test_going_elsewhere_while_saving_is_not_undone_by_save_and_next(module, study, hip) -> None:
    module.answers.files = [hip("c.nii.gz", 2)]
    module.ui.studyAddFilesButton.click()
    module.wait(lambda: len(module.window.session.study.cases) == 3)
    paint(module, 1, BLOCK)
    module.ui.annotateSaveNextButton.click()
    module.window.workbench.open("case-0003")
    module.wait(lambda: labels(module, "case-0001") == 1 and not module.window.background.busy)
    assert module.window.session.case.key == "case-0003"


def test_a_study_folder_that_vanished_is_a_sentence_and_the_drawing_stays(module, study) -> None:
    paint(module, 1, BLOCK)
    study.folder.rename(study.folder.with_name("elsewhere"))
    module.ui.annotateSaveButton.click()
    module.wait(lambda: module.message.startswith("⚠"))
    assert module.window.workbench.scene.modified
    study.folder.with_name("elsewhere").rename(study.folder)
    module.ui.annotateSaveButton.click()
    module.wait(lambda: labels(module, "case-0001") == 1)


def test_saving_a_large_case_blocks_the_window_for_less_than_a_tenth_of_a_second(module, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = (rng.random((200, 256, 256)) > 0.5).astype(np.uint8)
    volume = sitk.GetImageFromArray(np.zeros(label.shape, np.int16))
    sitk.WriteImage(volume, str(tmp_path / "large.nrrd"))
    sitk.WriteImage(sitk.GetImageFromArray(label), str(tmp_path / "large_label.nrrd"))
    study = Study.create(tmp_path / "large", "large", Study_labels())
    case = study.add_case(tmp_path / "large.nrrd")
    study.add_label(case.key, tmp_path / "large_label.nrrd")
    module.window.session.open(study.folder)
    module.window.workbench.open(case.key)
    module.wait(lambda: module.window.session.case is not None)
    begin = time.process_time()
    module.ui.annotateSaveButton.click()
    blocked = time.process_time() - begin
    module.wait(lambda: labels(module, case.key) == 2)
    assert blocked < 0.1
    assert np.array_equal(saved_label(study, case.key), label)


def Study_labels():
    from SemiSegEmbedLib.study.presets import HIP_BONES

    return HIP_BONES


def test_a_case_saved_too_early_is_taken_back_and_its_drawing_stays(module, study) -> None:
    button = module.ui.annotateTakeBackButton
    assert button.isHidden()
    paint(module, 1, BLOCK)
    module.ui.annotateSaveNextButton.click()
    module.wait(lambda: labels(module, "case-0001") == 1 and module.window.session.case.key == "case-0002")
    assert button.isHidden()
    module.window.workbench.open("case-0001")
    assert not button.isHidden()
    button.click()
    module.wait(lambda: labels(module, "case-0001") == 0)
    module.wait(button.isHidden)
    assert "not finished again" in module.message
    assert Study.open(study.folder).case("case-0001").role.value == "unannotated"

    scene = module.window.workbench.scene
    module.window.workbench.open("case-0002")
    module.window.workbench.open("case-0001")
    assert scene.snapshot(study.labels).label_volume()[BLOCK].all()
    module.ui.annotateSaveButton.click()
    module.wait(lambda: labels(module, "case-0001") == 1)
    assert saved_label(study, "case-0001")[BLOCK].all()
