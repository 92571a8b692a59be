"""A study on disk: what is added is found again, nothing is overwritten, nothing leads out of the folder."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.study.files import FileLock, sha256_file
from SemiSegEmbedLib.study.migrations import SCHEMA_VERSION
from SemiSegEmbedLib.study.presets import HIP_BONES, HIP_SIDES
from SemiSegEmbedLib.study.records import Case, Role
from SemiSegEmbedLib.study.study import Study


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study.create(tmp_path / "Hüften 😀" / "study one", "Hips", HIP_SIDES)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write(tmp_path / "Hüften 😀" / "ct" / "Doe^John.nii.gz", "voxels")


def edit_manifest(study: Study, **changes: Any) -> None:
    path = study.folder / "study.json"
    document = json.loads(path.read_text())
    document["cases"][0].update(changes)
    path.write_text(json.dumps(document))


def test_new_study_opens_again(study: Study) -> None:
    again = Study.open(study.folder)
    assert (again.name, again.labels, again.cases, again.spacing_mm) == ("Hips", HIP_SIDES, (), 1.0)
    assert Study.open(study.folder / "study.json").folder == study.folder
    for folder in (study.runs_folder, study.models_folder, study.cache_folder, study.results_folder):
        assert folder.parent == study.folder


def test_second_study_in_a_folder_is_refused(study: Study) -> None:
    with pytest.raises(BadInputError, match="already holds a study"):
        Study.create(study.folder, "Other", HIP_SIDES)


def test_opening_nothing_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="holds no study: choose the folder"):
        Study.open(tmp_path)


def test_lost_manifest_points_to_its_backup(study: Study, image: Path) -> None:
    study.add_case(image)
    study.set_role("case-0001", Role.EXCLUDED)
    (study.folder / "study.json").unlink()
    with pytest.raises(BadInputError, match=r"rename study\.json\.bak"):
        Study.open(study.folder)
    (study.folder / "study.json.bak").rename(study.folder / "study.json")
    assert Study.open(study.folder).case("case-0001").role is Role.UNANNOTATED


def test_referred_image_stays_where_it_is(study: Study, image: Path) -> None:
    case = study.add_case(image, name="first")
    assert (case.key, case.name, case.role, case.image.path) == (
        "case-0001",
        "first",
        Role.UNANNOTATED,
        "../ct/Doe^John.nii.gz",
    )
    assert case.image.sha256 == sha256_file(image)
    assert study.image_path(case) == image.resolve()
    assert Study.open(study.folder).cases == (case,)


def test_copied_image_loses_its_name_and_keeps_its_bytes(study: Study, image: Path) -> None:
    case = study.add_case(image, copy=True)
    image.unlink()
    copy = study.image_path(case)
    assert copy.read_bytes() == b"voxels"
    assert copy.is_relative_to(study.folder)
    assert "Doe" not in case.image.path
    assert case.image.path.endswith(".nii.gz")
    assert study.verify_case(case.key) is None


def test_dicom_folder_is_hashed_and_copied_in_name_order(study: Study, tmp_path: Path) -> None:
    one, two = tmp_path / "series", tmp_path / "renamed"
    for number in (2, 10, 1):
        write(one / f"Doe{number:02d}.dcm", f"slice {number}")
        write(two / f"{number:04d}.dcm", f"slice {number}")
    write(one / ".DS_Store", "junk")
    case = study.add_case(one, copy=True, series_uid="1.2.3")
    names = sorted(os.listdir(study.image_path(case)))
    assert names == ["000001.dcm", "000002.dcm", "000003.dcm"]
    assert (study.image_path(case) / "000003.dcm").read_bytes() == b"slice 10"
    assert study.verify_case(case.key) is None
    with pytest.raises(BadInputError, match="already as case-0001"):
        study.add_case(two)
    assert study.add_case(two, series_uid="9.9").key == "case-0002"


def test_same_content_is_refused_unless_allowed(study: Study, image: Path, tmp_path: Path) -> None:
    study.add_case(image)
    twin = write(tmp_path / "other name.nii.gz", "voxels")
    with pytest.raises(BadInputError, match="in the study already as case-0001"):
        study.add_case(twin)
    assert study.add_case(twin, allow_duplicate=True).key == "case-0002"


@pytest.mark.parametrize("name", ["a.mhd", "a.nhdr", "a.hdr", "a.img"])
def test_images_in_two_files_are_refused(study: Study, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="second file"):
        study.add_case(write(tmp_path / name, "header"))


def test_missing_and_empty_images_are_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="is not there"):
        study.add_case(tmp_path / "none.nii.gz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match="holds no files"):
        study.add_case(tmp_path / "empty")
    assert study.cases == ()


def test_every_label_version_is_kept(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    source = write(tmp_path / "drawing.seg.nrrd", "one")
    first = study.add_label(key, source, annotated_by="AB", complete=False)
    write(source, "two")
    second = study.add_label(key, source, annotated_by="CD", reviewed_by="EF")
    case = Study.open(study.folder).case(key)
    assert case.labels == (first, second)
    assert case.label == second
    assert case.role is Role.ANNOTATED
    assert (first.path, first.complete, second.reviewed_by) == ("labels/case-0001/v0001.seg.nrrd", False, "EF")
    contents = [path.read_bytes() for version in (0, 1) if (path := study.label_path(case, version))]
    assert contents == [b"one", b"two"]
    assert study.label_path(case) == study.label_path(case, 1)
    with pytest.raises(BadInputError, match="no label version 2"):
        study.label_path(case, 2)


def test_label_of_an_interrupted_save_is_never_overwritten(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    orphan = write(study.folder / "labels" / key / "v0001.nii.gz", "not in the manifest")
    version = study.add_label(key, write(tmp_path / "l.nii.gz", "new"))
    assert version.path.endswith("v0002.nii.gz")
    assert orphan.read_bytes() == b"not in the manifest"


def test_held_out_case_stays_held_out_when_labelled(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image, role=Role.HELD_OUT).key
    study.add_label(key, write(tmp_path / "l.nii.gz", "x"))
    assert study.case(key).role is Role.HELD_OUT


def test_review_is_noted_on_the_newest_label(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    with pytest.raises(BadInputError, match="no label to review"):
        study.set_reviewed([key], "EF")
    study.add_label(key, write(tmp_path / "l.nii.gz", "x"), annotated_by="AB")
    study.set_reviewed([key], "EF")
    assert (study.case(key).labels[-1].annotated_by, study.case(key).labels[-1].reviewed_by) == ("AB", "EF")


def test_removed_case_leaves_its_labels_and_its_key_unused(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    version = study.add_label(key, write(tmp_path / "l.nii.gz", "x"))
    study.add_result(key, "m1", study.results_folder / key / "m1", {})
    study.remove_cases([key])
    assert (study.cases, study.results) == ((), ())
    assert (study.folder / version.path).exists()
    assert study.add_case(image).key == "case-0002"
    with pytest.raises(BadInputError, match="no case 'case-0001'"):
        study.case(key)


def test_an_emptied_folder_is_told_without_its_name_which_may_be_a_patients(study: Study, tmp_path: Path) -> None:
    folder = tmp_path / "Mueller_Anna"
    folder.mkdir()
    slice_ = write(folder / "1.dcm", "x")
    key = study.add_case(folder).key
    slice_.unlink()
    told = study.verify_case(key)
    assert told is not None
    assert told.startswith("The CT of case-0001 is no longer where it was")
    assert "Mueller" not in told


def test_patients_are_salted_keys(study: Study, tmp_path: Path) -> None:
    images = [write(tmp_path / f"{number}.nii.gz", str(number)) for number in range(4)]
    first = study.add_case(images[0], patient="Müller, Anna 1950")
    again = study.add_case(images[1], patient=" müller,  anna 1950 ")
    alone = [study.add_case(path) for path in images[2:]]
    assert first.patient_key == again.patient_key == study.patient_key("Müller, Anna 1950")
    assert len({case.patient_key for case in study.cases}) == 3
    assert alone[0].patient_key != alone[1].patient_key
    other = Study.create(tmp_path / "other", "Other", HIP_BONES)
    assert other.patient_key("Müller, Anna 1950") != first.patient_key
    study.set_patient([case.key for case in alone], "Müller, Anna 1950")
    assert {case.patient_key for case in study.cases} == {first.patient_key}
    with pytest.raises(BadInputError, match="no case 'case-0009'"):
        study.set_patient([first.key, "case-0009"], "Meier, Eva")
    with pytest.raises(BadInputError, match="text that names the patient"):
        study.set_patient([first.key], "  ")
    assert {study.case(case.key).patient_key for case in study.cases} == {first.patient_key}
    assert "nna" not in "".join(path.read_text() for path in study.folder.glob("study.json*"))


def test_moved_study_still_finds_its_images(study: Study, image: Path, tmp_path: Path) -> None:
    near, inside = study.add_case(image), study.add_case(write(study.folder / "mine.nii.gz", "inside"))
    moved = tmp_path / "moved"
    shutil.move(study.folder.parent, moved)
    again = Study.open(moved / "study one")
    assert again.image_path(near).read_bytes() == b"voxels"
    assert again.image_path(inside).read_bytes() == b"inside"
    assert again.verify_case(near.key) is None


def test_far_image_is_kept_by_its_absolute_path(study: Study, tmp_path_factory: pytest.TempPathFactory) -> None:
    far = write(tmp_path_factory.mktemp("far", numbered=True) / "deep" / "a.nii.gz", "far")
    study = Study.create(study.folder / "a" / "b" / "c" / "d", "deep", HIP_BONES)
    case = study.add_case(far)
    assert Path(case.image.path).is_absolute()
    assert study.image_path(case) == far.resolve()


def test_changed_and_missing_files_are_named(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    version = study.add_label(key, write(tmp_path / "l.nii.gz", "label"))
    assert study.verify_case(key) is None
    image.write_bytes(b"vOxels")
    assert study.verify_case(key) == (
        "The CT of case-0001 changed on disk after it was added: restore the file, or remove the case and add it."
    )
    image.unlink()
    assert "The CT of case-0001 is no longer where it was" in str(study.verify_case(key))
    image.write_bytes(b"voxels")
    (study.folder / version.path).write_bytes(b"lAbel")
    assert "The label of case-0001 changed" in str(study.verify_case(key))


def test_unchanged_files_are_not_read_again(study: Study, image: Path) -> None:
    key = study.add_case(image).key
    state = image.stat()
    image.write_bytes(b"VOXELS")
    os.utime(image, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert study.verify_case(key) is None, "same size and time: the shortcut must not read the file"


def test_touched_file_is_hashed_once(study: Study, image: Path) -> None:
    key = study.add_case(image).key
    before = study.case(key).image.fingerprint
    os.utime(image, (1, 1))
    with FileLock(study.folder / ".study.lock"):
        assert study.verify_case(key) is None, "reading needs no lock"
        assert study.case(key).image.fingerprint == before
    assert study.verify_case(key) is None
    assert Study.open(study.folder).case(key).image.fingerprint != before


def test_relocated_image_must_be_the_same(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    elsewhere = tmp_path / "elsewhere.nii.gz"
    image.rename(elsewhere)
    with pytest.raises(BadInputError, match="not the CT that was added as case-0001"):
        study.relocate_case(key, write(tmp_path / "wrong.nii.gz", "wrong"))
    study.relocate_case(key, elsewhere)
    assert study.image_path(study.case(key)) == elsewhere.resolve()
    assert study.verify_case(key) is None


def test_hostile_manifest_cannot_reach_out_by_text(study: Study, image: Path) -> None:
    case = study.add_case(image, copy=True)
    edit_manifest(study, image={"path": "../ct/Doe^John.nii.gz", "sha256": case.image.sha256, "copied": True})
    with pytest.raises(BadInputError, match="leads out of the study"):
        Study.open(study.folder)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_hostile_links_cannot_reach_out(study: Study, image: Path, tmp_path: Path) -> None:
    case = study.add_case(image, copy=True)
    study.add_label(case.key, write(tmp_path / "l.nii.gz", "x"))
    secret = write(tmp_path / "secret" / "v0001.nii.gz", "secret")
    copied = study.image_path(case)
    copied.unlink()
    copied.symlink_to(secret)
    shutil.rmtree(study.folder / "labels" / case.key)
    (study.folder / "labels" / case.key).symlink_to(secret.parent)
    again = Study.open(study.folder)
    with pytest.raises(BadInputError, match="The CT of case-0001 points out of the study folder"):
        again.image_path(again.case(case.key))
    with pytest.raises(BadInputError, match="The label of case-0001 points out of the study folder"):
        again.label_path(again.case(case.key))
    with pytest.raises(BadInputError, match="points out of the study folder"):
        again.add_label(case.key, write(tmp_path / "l2.nii.gz", "y"))
    assert "points out" in str(again.verify_case(case.key))
    assert os.listdir(secret.parent) == ["v0001.nii.gz"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
@pytest.mark.parametrize("name", ["runs", "models", "cache", "results"])
def test_a_folder_that_is_a_link_out_of_the_study_is_not_used(study: Study, tmp_path: Path, name: str) -> None:
    (tmp_path / "outside").mkdir()
    (study.folder / name).symlink_to(tmp_path / "outside")
    with pytest.raises(BadInputError, match=f"The folder {name} points out of the study"):
        getattr(study, f"{name}_folder")


def test_runs_and_results_are_kept(study: Study, image: Path) -> None:
    key = study.add_case(image).key
    study.add_run("20260101-ab", "2026-01-01", "embedding_matching", "robust")
    study.add_result(key, "m1", study.results_folder / key / "m1", {"mean_uncertainty": 0.04, "words": ["a"]})
    study.set_result_status(key, "m1", "accepted")
    again = Study.open(study.folder)
    assert [run.method for run in again.runs] == ["embedding_matching"]
    assert again.results[0].status == "accepted"
    assert again.result_path(again.results[0]) == study.results_folder / key / "m1"
    study.add_result(key, "m1", f"results/{key}/m1", {})
    assert [result.status for result in study.results] == ["new"]


def test_senseless_results_and_runs_are_refused(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    for bad in (
        lambda: study.add_result(key, "m1", tmp_path / "outside", {}),
        lambda: study.add_result(key, "m1", "results/x", {"iou": float("nan")}),
        lambda: study.add_result(key, "../m1", "results/x", {}),
        lambda: study.add_result("case-0009", "m1", "results/x", {}),
        lambda: study.set_result_status(key, "m1", "accepted"),
        lambda: study.add_run("a/b", "", "", ""),
    ):
        with pytest.raises(BadInputError):
            bad()
    study.add_run("r1", "", "", "")
    with pytest.raises(BadInputError, match="has a run 'r1' already"):
        study.add_run("r1", "", "", "")
    with pytest.raises(BadInputError, match="cannot be 'great'"):
        study.set_result_status(key, "m1", "great")
    assert Study.open(study.folder).results == ()


def test_backup_holds_the_state_before(study: Study, image: Path) -> None:
    study.add_case(image)
    before = (study.folder / "study.json").read_bytes()
    study.set_role("case-0001", Role.EXCLUDED)
    assert (study.folder / "study.json.bak").read_bytes() == before
    study.set_role("case-0001", Role.EXCLUDED)
    assert (study.folder / "study.json.bak").read_bytes() == before, "a change that changes nothing writes nothing"


def test_old_schema_is_kept_beside_the_first_change(study: Study, image: Path) -> None:
    study.add_case(image)
    path = study.folder / "study.json"
    document = json.loads(path.read_text())
    del document["results"]
    document["schema_version"] = 0
    for case in document["cases"]:
        del case["role"]
        case["annotator"] = "AB"
    path.write_text(old := json.dumps(document))
    opened = Study.open(study.folder)
    assert path.read_text() == old, "opening must not write"
    opened.set_role("case-0001", Role.HELD_OUT)
    assert (study.folder / "study.json.v0").read_text() == old
    assert json.loads(path.read_text())["schema_version"] == SCHEMA_VERSION
    assert Study.open(study.folder).case("case-0001").role is Role.HELD_OUT


def test_reading_works_while_another_program_writes(study: Study, image: Path) -> None:
    study.add_case(image)
    with FileLock(study.folder / ".study.lock"):
        assert Study.open(study.folder).case("case-0001").name == "Doe^John"


def test_change_sees_what_another_program_added(study: Study, image: Path, tmp_path: Path) -> None:
    other = Study.open(study.folder)
    study.add_case(image)
    assert other.cases == ()
    assert other.add_case(write(tmp_path / "b.nii.gz", "b")).key == "case-0002"
    assert [case.key for case in other.cases] == ["case-0001", "case-0002"]
    study.reload()
    assert study.cases == other.cases


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits paths unless it is told not to")
def test_path_of_four_hundred_characters_works(tmp_path: Path, image: Path) -> None:
    study = Study.create(tmp_path.joinpath(*["földer with blanks " * 4] * 4) / "study", "deep", HIP_BONES)
    assert len(str(study.folder)) > 300
    key = study.add_case(image, copy=True).key
    study.add_label(key, write(tmp_path / "l.nii.gz", "x"))
    assert Study.open(study.folder).verify_case(key) is None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_read_only_study_opens_and_says_why_it_cannot_change(study: Study, image: Path) -> None:
    study.add_case(image)
    (study.folder / ".study.lock").unlink()
    study.folder.chmod(0o555)
    try:
        assert len(Study.open(study.folder).cases) == 1
        with pytest.raises(SemiSegEmbedError, match="permission is missing"):
            study.set_role("case-0001", Role.EXCLUDED)
    finally:
        study.folder.chmod(0o755)


def test_snapshot_knows_its_classes(study: Study) -> None:
    assert study.classes() == {1: 1, 2: 1, 3: 2, 4: 2, 5: 0}
    assert study.class_count == 3
    assert study.mirror_classes() == (0, 1, 2)
    assert study.result_label(2, "right").name == "femur right"


def test_key_of_a_case_says_nothing_about_it(study: Study, image: Path) -> None:
    case: Case = study.add_case(image, patient="Doe", name="a\nb\x1b[31m")
    assert case.name == "a b [31m"
    assert "Doe" not in case.patient_key


def test_the_newest_label_is_taken_back_and_no_file_is_lost(study: Study, image: Path, tmp_path: Path) -> None:
    key = study.add_case(image).key
    for number in (1, 2):
        (tmp_path / f"label{number}.nii.gz").write_bytes(bytes([number]))
        study.add_label(key, tmp_path / f"label{number}.nii.gz", annotated_by=str(number))
    files = [study.label_path(study.case(key), version) for version in (0, 1)]
    study.take_back_label(key)
    assert study.case(key).label.annotated_by == "1"
    assert study.case(key).role is Role.ANNOTATED
    study.take_back_label(key)
    assert study.case(key).label is None
    assert study.case(key).role is Role.UNANNOTATED
    assert all(file.is_file() for file in files)
    again = study.add_label(key, tmp_path / "label1.nii.gz")
    assert study.folder / again.path not in files
    study.set_role(key, Role.HELD_OUT)
    study.take_back_label(key)
    assert study.case(key).role is Role.HELD_OUT
    with pytest.raises(BadInputError, match="no label to take back"):
        study.take_back_label(key)
