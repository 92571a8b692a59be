"""Display arrays hold what a case shows, on the voxels of its CT, and are made again when something changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.study.display import display_folder, image_key, is_slow_to_read, label_key, map_key
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.display import display_cache, prepare_display, right_handed

LEFT_HANDED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


@pytest.fixture
def voxels() -> np.ndarray:
    return np.random.default_rng(0).integers(-1000, 1500, (6, 7, 8)).astype(np.int16)


def write(path: Path, array: np.ndarray, direction=None) -> Path:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.5, 0.6, 2.0))
    image.SetOrigin((-10.0, 20.0, 30.0))
    if direction:
        image.SetDirection(direction)
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture
def study(tmp_path: Path, voxels: np.ndarray) -> Study:
    study = Study.create(tmp_path / "hips", "hips", HIP_BONES)
    study.add_case(write(tmp_path / "ct.nii.gz", voxels))
    return study


def entry(study: Study, key: str | None):
    found = None if key is None else display_cache(study).get(key)
    return None if found is None else (np.array(found[0]), found[1])


def test_the_entry_of_a_ct_holds_its_hu_and_its_place(study: Study, voxels: np.ndarray) -> None:
    assert prepare_display(study, ["case-0001"]) == [{"case": "case-0001", "error": ""}]
    array, facts = entry(study, image_key(study.cases[0].image))
    assert array.dtype == np.int16
    assert np.array_equal(array, voxels)
    expected = np.diag([0.5, 0.6, 2.0, 1.0])
    expected[:3, 3] = -10, 20, 30
    assert np.allclose(facts["ijk_to_lps"], expected)


def test_a_left_handed_ct_is_turned_and_its_label_with_it(tmp_path: Path, voxels: np.ndarray) -> None:
    study = Study.create(tmp_path / "hips", "hips", HIP_BONES)
    case = study.add_case(write(tmp_path / "ct.nrrd", voxels, LEFT_HANDED))
    label = (voxels > 700).astype(np.uint8)
    study.add_label(case.key, write(tmp_path / "label.nrrd", label, LEFT_HANDED))
    prepare_display(study, [case.key])
    case = study.case(case.key)
    array, facts = entry(study, image_key(case.image))
    assert np.array_equal(array, voxels[::-1])
    assert np.linalg.det(facts["ijk_to_lps"]) > 0
    # The first voxel of the file is where it was.
    assert np.allclose(np.array(facts["ijk_to_lps"]) @ (0, 0, 5, 1), (-10, 20, 30, 1))
    assert np.array_equal(entry(study, label_key(case.image, case.label))[0], label[::-1])


def test_right_handed_voxels_stay_as_they_are(voxels: np.ndarray) -> None:
    array, affine = right_handed(voxels, np.diag([1.0, 1.0, 2.0, 1.0]))
    assert np.array_equal(array, voxels)
    assert affine[2, 2] == 2


def test_a_partial_label_names_its_annotated_slices_and_holds_no_ignore(study: Study, tmp_path: Path) -> None:
    label = np.full((6, 7, 8), 255, np.uint8)
    label[2:4] = 0
    label[2, 1, 1] = 2
    study.add_label("case-0001", write(tmp_path / "label.nii.gz", label), complete=False)
    prepare_display(study, ["case-0001"])
    case = study.cases[0]
    array, facts = entry(study, label_key(case.image, case.label))
    assert facts["annotated_slices"] == [2, 3]
    assert np.argwhere(array).tolist() == [[2, 1, 1]]


def test_a_label_with_single_ignored_voxels_is_left_to_its_file(study: Study, tmp_path: Path) -> None:
    label = np.zeros((6, 7, 8), np.uint8)
    label[2, 1, 1] = 255
    study.add_label("case-0001", write(tmp_path / "label.nii.gz", label), complete=False)
    prepare_display(study, ["case-0001"])
    case = study.cases[0]
    assert entry(study, label_key(case.image, case.label)) is None


def test_maps_of_the_newest_result_are_prepared_and_a_new_one_has_a_new_entry(study: Study) -> None:
    folder = study.folder / "results" / "case-0001" / "m"
    values = np.random.default_rng(1).random((6, 7, 8)).astype(np.float32)
    write(folder / "uncertainty.nii.gz", values)
    write(folder / "label.nii.gz", (values > 0.5).astype(np.uint8))
    study.add_result("case-0001", "m", folder, {})
    prepare_display(study, ["case-0001"])
    image = study.cases[0].image
    first = map_key(image, folder / "label.nii.gz")
    assert np.array_equal(entry(study, first)[0], values > 0.5)
    assert np.allclose(entry(study, map_key(image, folder / "uncertainty.nii.gz"))[0], values)
    assert map_key(image, folder / "matched.nii.gz") is None
    write(folder / "label.nii.gz", np.zeros((6, 7, 8), np.uint8))
    assert map_key(image, folder / "label.nii.gz") != first


def test_a_damaged_entry_is_made_again(study: Study, voxels: np.ndarray) -> None:
    prepare_display(study, ["case-0001"])
    path = display_folder(study.folder) / f"{image_key(study.cases[0].image)}.npy"
    path.write_bytes(path.read_bytes()[:-2] + b"xx")
    prepare_display(study, ["case-0001"])
    assert np.array_equal(entry(study, image_key(study.cases[0].image))[0], voxels)


def test_one_case_that_cannot_be_prepared_does_not_stop_the_others(study: Study, tmp_path: Path) -> None:
    study.add_case(write(tmp_path / "other.nii.gz", np.ones((5, 5, 5), np.int16)))
    (tmp_path / "ct.nii.gz").unlink()
    outcomes = prepare_display(study, ["case-0001", "case-0002"])
    assert "no longer where it was" in outcomes[0]["error"]
    assert outcomes[1]["error"] == ""


def test_entries_are_named_by_cases_alone(study: Study) -> None:
    """Neither path nor name of a scan is in the folder."""
    prepare_display(study, ["case-0001"])
    for path in display_folder(study.folder).glob("*.json"):
        assert set(json.loads(path.read_text())["facts"]) == {"ijk_to_lps"}


def test_folders_and_large_files_are_worth_an_entry(tmp_path: Path) -> None:
    (tmp_path / "small.nii").write_bytes(b"x")
    with (tmp_path / "large.nii").open("wb") as file:
        file.truncate(17 << 20)
    names = {path.name: is_slow_to_read(path) for path in (tmp_path, tmp_path / "small.nii", tmp_path / "large.nii")}
    assert names == {tmp_path.name: True, "small.nii": False, "large.nii": True}
    assert not is_slow_to_read(tmp_path / "gone.nii")
