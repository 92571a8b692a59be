"""A model's result becomes the annotation of a case when a person accepts it, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Two cases, the first with a result of a model."""
    study = Study.create(tmp_path / "study", "hips", HIP_BONES)
    for number in range(2):
        (tmp_path / f"{number}.nii").write_bytes(b"scan %d" % number)
        study.add_case(tmp_path / f"{number}.nii")
    folder = study.results_folder / "case-0001" / "m1"
    folder.mkdir(parents=True)
    (folder / "label.nii.gz").write_bytes(b"prediction")
    study.add_result("case-0001", "m1", folder, {})
    return study


def test_an_accepted_result_is_the_annotation_and_says_where_it_came_from(study: Study) -> None:
    version = study.accept_result("case-0001", "m1", reviewed_by="A. B.")
    case = Study.open(study.folder).case("case-0001")
    assert case.role is Role.ANNOTATED
    assert case.label == version
    assert (version.accepted_from, version.annotated_by, version.reviewed_by) == ("m1", "", "A. B.")
    assert version.complete
    assert study.label_path(case).read_bytes() == b"prediction"
    assert study.results[0].status == "accepted"
    assert study.verify_case("case-0001") is None


def test_it_can_be_taken_back_and_the_file_stays(study: Study) -> None:
    study.accept_result("case-0001", "m1")
    path = study.label_path(study.case("case-0001"))
    study.withdraw_result("case-0001", "rejected")
    case = Study.open(study.folder).case("case-0001")
    assert (case.labels, case.role) == ((), Role.UNANNOTATED)
    assert study.results[0].status == "rejected"
    assert path.read_bytes() == b"prediction"
    study.accept_result("case-0001", "m1")
    assert study.label_path(study.case("case-0001")) != path, "no version ever gets the name of another one"


def test_it_can_be_taken_back_after_the_case_was_set_apart_or_its_result_is_gone(study: Study) -> None:
    study.accept_result("case-0001", "m1")
    study.set_role("case-0001", Role.EXCLUDED)
    study.add_result("case-0001", "m2", "results/case-0001/m2", {})
    study.withdraw_result("case-0001")
    assert study.case("case-0001").role is Role.EXCLUDED
    assert [result.status for result in study.results] == ["new", "new"]


def test_an_annotation_is_never_replaced_and_never_taken_back(study: Study, tmp_path: Path) -> None:
    (tmp_path / "mine.nrrd").write_bytes(b"drawn")
    study.add_label("case-0001", tmp_path / "mine.nrrd", complete=False)
    before = study.manifest
    with pytest.raises(BadInputError, match="has an annotation already"):
        study.accept_result("case-0001", "m1")
    with pytest.raises(BadInputError, match="drawn by a person"):
        study.withdraw_result("case-0001")
    study.reload()
    assert study.manifest == before
    assert [path.name for path in (study.folder / "labels" / "case-0001").iterdir()] == ["v0001.nrrd"]


def test_what_another_program_annotated_meanwhile_is_not_replaced(study: Study, tmp_path: Path) -> None:
    (tmp_path / "mine.nrrd").write_bytes(b"drawn")
    Study.open(study.folder).add_label("case-0001", tmp_path / "mine.nrrd")
    with pytest.raises(BadInputError, match="has an annotation already"):
        study.accept_result("case-0001", "m1")
    assert [path.name for path in (study.folder / "labels" / "case-0001").iterdir()] == ["v0001.nrrd"]


def test_corrections_of_an_accepted_result_are_somebodys_own(study: Study, tmp_path: Path) -> None:
    study.accept_result("case-0001", "m1")
    (tmp_path / "corrected.nrrd").write_bytes(b"corrected")
    study.add_label("case-0001", tmp_path / "corrected.nrrd", annotated_by="A. B.")
    assert study.case("case-0001").label.accepted_from == ""
    with pytest.raises(BadInputError, match="drawn by a person"):
        study.withdraw_result("case-0001")


@pytest.mark.parametrize("role", [Role.HELD_OUT, Role.EXCLUDED])
def test_a_case_that_does_not_train_gets_no_annotation_of_a_model(study: Study, role: Role) -> None:
    study.set_role("case-0001", role)
    with pytest.raises(BadInputError, match="not used for training"):
        study.accept_result("case-0001", "m1")


def test_without_a_result_there_is_nothing_to_accept(study: Study) -> None:
    with pytest.raises(BadInputError, match="no result of this model for case-0002"):
        study.accept_result("case-0002", "m1")
