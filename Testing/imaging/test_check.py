"""The check before training: a sound case passes, each fault is named by its code, all at once, without names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.imaging.check import check_case, check_patients, check_study
from SemiSegEmbedLib.imaging.check_values import value_problems
from SemiSegEmbedLib.imaging.geometry import IDENTITY
from SemiSegEmbedLib.imaging.write import write_segmentation
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import IGNORE, Role, Split
from SemiSegEmbedLib.study.study import Study

SPACING = (2.5, 2.5, 2.5)


@pytest.fixture
def files(tmp_path, make_image, body):
    """Write a CT and its label after changing them; returns both paths."""

    def write(image=lambda a: a, label=lambda a: a, place=None, label_place=None, seed=0):
        ct, bones = body(spacing=SPACING, seed=seed)
        place = {"spacing": SPACING, **(place or {})}
        paths = tmp_path / f"Planted Name {seed}.nii.gz", tmp_path / f"Planted label {seed}.nii.gz"
        sitk.WriteImage(make_image(image(ct), **place), str(paths[0]))
        sitk.WriteImage(make_image(label(bones), **{**place, **(label_place or {})}), str(paths[1]))
        return paths

    return write


def codes(problems, severity=None) -> list[str]:
    for problem in problems:
        assert problem.sentence.endswith(".")
        assert "Planted" not in problem.sentence
    return [p.code for p in problems if severity in (None, p.severity)]


def test_a_sound_case_has_no_problem(files):
    assert check_case(*files(), HIP_BONES) == []
    assert check_case(files()[0], None, HIP_BONES) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda a: (a.clip(-1024) + 1024).astype(np.uint16), "offset-1024"),
        (lambda a: a + 1024, "offset-1024"),
        (lambda a: np.where(a > 200, a, 0).astype(np.int16), "bone-only"),
        (lambda a: ((a.clip(-200, 400) + 200) * 255 / 600).astype(np.uint8), "eight-bit"),
        (lambda a: (a.astype(np.float32) - a.mean()) / a.std(), "not-hu"),
        (lambda a: a.clip(-100, 250), "windowed"),
        (lambda a: np.full_like(a, 7), "constant"),
        (lambda a: (np.abs(a.astype(np.float32) * 0.4 + 430)).astype(np.int16), "not-a-ct"),
        (lambda a: np.where(np.arange(a.shape[2]) < 3, np.nan, a).astype(np.float32), "unreadable-image"),
        (lambda a: np.where(a > 200, 32000, a).astype(np.int16), "overflow"),
    ],
)
def test_values_that_are_no_hu_are_errors(files, change, code):
    assert codes(check_case(*files(image=change), HIP_BONES), "error") == [code]


def test_an_image_like_mr_is_no_ct(body):
    array, _ = body()
    rng = np.random.default_rng(0)
    inside = array > -500
    signal = np.where(inside, np.where(array > 200, 90, np.where(array > 0, 260, 620)), 0)
    mr = np.abs(signal + rng.normal(0, 15, array.shape)).astype(np.int16)
    assert codes(value_problems(mr)) == ["not-a-ct"]


@pytest.mark.parametrize(
    ("label", "label_place", "code"),
    [
        (lambda a: a, {"origin": (1.0, 0, 0)}, "label-shifted"),
        (lambda a: a, {"origin": (2.5, 0, 0)}, "label-shifted"),
        (lambda a: a[:-2], None, "label-size"),
        (lambda a: a, {"spacing": (2.5, 2.5, 2.6)}, "label-grid"),
        (lambda a: a * 9, None, "unknown-values"),
        (lambda a: a * 0, None, "empty-label"),
        (lambda a: np.where(a == 0, IGNORE, 0).astype(np.uint8), None, "empty-label"),
        (lambda a: a * np.float32(0.5), None, "unreadable-label"),
        (lambda a: np.array([0, 2, 1], np.uint8)[a], None, "sides-exchanged"),
    ],
)
def test_labels_that_do_not_fit_are_errors(files, label, label_place, code):
    assert codes(check_case(*files(label=label, label_place=label_place), HIP_BONES), "error") == [code]


def test_a_label_on_soft_tissue_and_an_absent_label_are_warnings(files):
    found = check_case(*files(label=lambda a: np.roll(a, 16, axis=0)), HIP_BONES)
    assert [(p.code, p.severity) for p in found] == [("label-beside-bone", "warning")]
    found = check_case(*files(label=lambda a: np.where(a == 1, 1, 0).astype(np.uint8)), HIP_BONES)
    assert [(p.code, p.severity) for p in found] == [("absent-label", "warning")]


@pytest.mark.parametrize(("ct_axes", "label_axes"), [("LPS", "RSP"), ("LAS", "LPS"), ("RAS", "LAS"), ("PIR", "SAL")])
def test_a_label_in_another_order_of_axes_is_fine(files, ct_axes, label_axes):
    image, label = files()
    for path, axes in ((image, ct_axes), (label, label_axes)):
        sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(str(path)), axes), str(path))
    assert check_case(image, label, HIP_BONES) == []


@pytest.mark.parametrize("shift", [0.5, 1.0])
def test_a_shift_behind_another_order_of_axes_is_an_error(files, shift):
    image, label = files()
    moved = sitk.DICOMOrient(sitk.ReadImage(str(label)), "LAS")
    moved.SetOrigin(moved.TransformContinuousIndexToPhysicalPoint((0.0, shift, 0.0)))
    sitk.WriteImage(moved, str(label))
    assert codes(check_case(image, label, HIP_BONES), "error") == ["label-grid"]


def test_a_cropped_segmentation_is_fine_but_a_cropped_label_map_is_not(files):
    image, label = files()
    part = sitk.ReadImage(str(label))[4:60, 4:50, 4:44]
    for name, expected in (("part.seg.nrrd", []), ("part.nrrd", ["label-size"])):
        write_segmentation(part, HIP_BONES, label.parent / name)
        assert codes(check_case(image, label.parent / name, HIP_BONES)) == expected


def test_coarse_and_small_scans(files):
    coarse = {"spacing": (2.5, 2.5, 6.0)}
    assert codes(check_case(files(place=coarse)[0], None, HIP_BONES), "warning") == ["coarse-spacing"]
    assert check_case(files(place=coarse)[0], None, HIP_BONES, spacing_limit_mm=6.0) == []
    assert codes(check_case(files(place={"spacing": (2.5, 2.5, 11.0)})[0], None, HIP_BONES), "error") == [
        "coarse-spacing"
    ]
    small = check_case(files(place={"spacing": (0.6, 2.5, 2.5)})[0], None, HIP_BONES)
    assert "small-volume" in codes(small, "warning")
    assert codes(check_case(files(place={"spacing": (0.4, 2.5, 2.5)})[0], None, HIP_BONES), "error") == [
        "small-volume"
    ]


def test_a_scan_without_bone_is_a_warning(files):
    found = check_case(files(image=lambda a: np.where(a > 200, 60, a).astype(np.int16))[0], None, HIP_BONES)
    assert set(codes(found, "warning")) == {"no-bone", "no-hip"}
    assert codes(found, "error") == []


def test_oblique_axes_are_fine_and_sheared_ones_are_not(files, tmp_path):
    turned = sitk.Euler3DTransform((0, 0, 0), 0.2, 0.1, -0.1).GetMatrix()
    assert check_case(*files(place={"direction": turned}), HIP_BONES) == []
    path = tmp_path / "sheared.nrrd"
    sitk.WriteImage(sitk.ReadImage(str(files(place={"direction": IDENTITY})[0])), str(path))
    data = path.read_bytes()
    assert b"(0,0,2.5)" in data
    path.write_bytes(data.replace(b"(0,0,2.5)", b"(0,0.8,2.4)"))
    (problem,) = check_case(path, None, HIP_BONES)
    assert problem.code == "unreadable-image"
    assert "right angles" in problem.sentence


def test_dicom_faults_are_listed_together_with_the_labels(write_dicom, body, files):
    array, _ = body(spacing=SPACING)
    _, label = files(label=lambda a: a * 0)

    def damage(number, dataset):
        return number != 20

    folder = write_dicom(array, spacing=SPACING, change=damage, Modality="MR")
    assert set(codes(check_case(folder, label, HIP_BONES), "error")) == {"not-a-ct", "missing-slices", "empty-label"}


def test_several_problems_come_at_once_errors_first(files):
    paths = files(lambda a: a.clip(-1024) + 1024, lambda a: a * 9, place={"spacing": (2.5, 2.5, 6.0)})
    found = check_case(*paths, HIP_BONES)
    assert set(codes(found)) == {"offset-1024", "unknown-values", "coarse-spacing"}
    severities = [p.severity for p in found]
    assert severities == sorted(severities)


def test_damaged_files_are_problems_and_no_crash(files):
    image, label = files()
    for path in (image, label):
        path.write_bytes(path.read_bytes()[:300])
    assert set(codes(check_case(image, label, HIP_BONES), "error")) == {"unreadable-image", "unreadable-label"}


@pytest.fixture
def study(tmp_path, files):
    made = Study.create(tmp_path / "study", "test", HIP_BONES, 2.0)
    for seed, patient in enumerate(("anna", "anna", "berta", "carl")):
        image, label = files(seed=seed)
        case = made.add_case(image, patient=patient)
        if seed < 3:
            made.add_label(case.key, label)
    return made


def test_a_sound_study_has_no_problem_and_progress_is_told(study):
    told = []
    assert check_study(study, progress=told.append) == []
    assert told[0] == 0
    assert told[-1] == 1


def test_a_patient_on_two_sides_is_found(study):
    first, second, third, fourth = (case.key for case in study.cases)
    split = Split((second, third), (fourth,), validation=(first,))
    found = check_patients(study, split)
    assert [(key, p.code) for key, p in found] == [(first, "patient-on-two-sides")]
    assert "anna" not in found[0][1].sentence
    assert check_patients(study, Split((third,), (fourth,), validation=(first, second))) == []
    study.set_role(second, Role.HELD_OUT)
    assert [(key, p.code) for key, p in check_patients(study)] == [(second, "patient-on-two-sides")]
    study.set_role(first, Role.EXCLUDED)
    assert check_patients(study) == []


def test_duplicates_and_changed_files_are_found(study, files):
    image, _ = files(seed=2)
    copy = study.add_case(image, patient="dora", allow_duplicate=True)
    assert [(key, p.code) for key, p in check_study(study)] == [(copy.key, "duplicate-image")]
    files(image=lambda a: a + 1, seed=2)
    found = check_study(study)
    assert {p.code for _, p in found} == {"changed-file", "duplicate-image"}


def test_real_scans_pass(shared):
    labels = tuple(replace(one, value=one.value) for one in HIP_BONES)
    ct = shared / "ct"
    label = ct / "ts_example_ct_3mm_leftnail_labels.nii.gz"
    found = check_case(ct / "ts_example_ct_3mm_leftnail.nii.gz", label, labels)
    assert codes(found, "error") == ["unknown-values"]
    assert check_case(ct / "tcga_ov_2043_pelvis_crop.nii.gz", None, labels) == []
    assert check_case(shared / "dicom" / "tcga_ov_2043_pelvis", None, labels) == []
    assert "not-hu" in codes(check_case(label, None, labels), "error")
