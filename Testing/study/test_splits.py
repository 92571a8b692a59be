"""Splits keep every patient on one side, hold out one in five from six cases on, and say when they flatter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import Case, ImageReference, LabelVersion, Role
from SemiSegEmbedLib.study.splits import make_split


def case(number: int, patient: str, role: Role = Role.ANNOTATED, labelled: bool = True) -> Case:
    labels = (LabelVersion("labels/x", "0" * 64),) if labelled else ()
    return Case(f"case-{number:04d}", "", ImageReference("x", "0" * 64), patient, role, labels)


def annotated(count: int) -> list[Case]:
    return [case(number, f"p{number}") for number in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_cases_all_train_and_validation_is_optimistic(count: int) -> None:
    split = make_split(annotated(count))
    assert len(split.annotated) == count
    assert split.validation == ()
    assert split.optimistic


@pytest.mark.parametrize(("count", "held"), [(6, 1), (7, 1), (8, 2), (10, 2), (25, 5)])
def test_one_patient_in_five_validates(count: int, held: int) -> None:
    split = make_split(annotated(count))
    assert len(split.validation) == held
    assert len(split.annotated) == count - held
    assert not split.optimistic


def test_patients_count_and_not_scans() -> None:
    cases = [case(number, f"p{number // 3}") for number in range(9)]
    split = make_split(cases)
    assert len(split.validation) == 3
    assert len(set(split.validation)) == 3
    assert len(split.annotated) == 6


def test_six_scans_of_one_patient_cannot_be_divided() -> None:
    split = make_split([case(number, "p") for number in range(6)])
    assert len(split.annotated) == 6
    assert split.optimistic


def test_unannotated_scans_of_validation_and_held_out_patients_stay_away() -> None:
    cases = [
        *annotated(6),
        *[case(10 + number, f"p{number}", Role.UNANNOTATED, False) for number in range(6)],
        case(20, "h", Role.HELD_OUT),
        case(21, "h", Role.UNANNOTATED, False),
        case(22, "h"),
        case(23, "e", Role.EXCLUDED),
        case(24, "e", Role.UNANNOTATED, False),
    ]
    split = make_split(cases)
    number = int(split.validation[0].removeprefix("case-"))
    assert f"case-{10 + number:04d}" in split.excluded
    assert {"case-0020", "case-0021", "case-0022", "case-0023"} <= set(split.excluded)
    assert "case-0024" in split.unannotated
    assert len(split.unannotated) == 6


def test_annotated_role_without_a_label_is_unannotated() -> None:
    split = make_split([case(1, "a"), case(2, "b", Role.ANNOTATED, labelled=False)])
    assert (split.annotated, split.unannotated) == (("case-0001",), ("case-0002",))


def test_seed_decides_and_repeats() -> None:
    cases = annotated(20)
    assert make_split(cases, seed=1) == make_split(cases, seed=1)
    assert len({make_split(cases, seed=seed).validation for seed in range(10)}) > 5


def test_one_more_case_hardly_changes_the_choice() -> None:
    before, after = make_split(annotated(20)).validation, make_split(annotated(21)).validation
    assert len(set(before) & set(after)) >= 3


def test_user_chooses_validation_and_its_patient_leaves_training() -> None:
    cases = [case(1, "a"), case(2, "a"), case(3, "b"), case(4, "a", Role.UNANNOTATED, False)]
    split = make_split(cases, validation=["case-0001"])
    assert (split.annotated, split.validation, split.excluded) == (
        ("case-0003",),
        ("case-0001",),
        ("case-0002", "case-0004"),
    )
    assert not split.optimistic
    assert make_split(annotated(10), validation=[]).optimistic


@pytest.mark.parametrize(
    ("cases", "validation", "says"),
    [
        ([], None, "No case is annotated"),
        ([case(1, "a", Role.UNANNOTATED, False)], None, "No case is annotated"),
        ([case(1, "a", Role.HELD_OUT)], None, "No case is annotated"),
        (annotated(3), ["case-0009"], "cannot validate"),
        ([case(1, "a"), case(2, "b", Role.UNANNOTATED, False)], ["case-0002"], "cannot validate"),
        (annotated(2), ["case-0000", "case-0001"], "none train"),
    ],
)
def test_impossible_splits_say_why(cases: list[Case], validation: list[str] | None, says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        make_split(cases, validation=validation)


people = st.tuples(st.integers(0, 12), st.sampled_from(list(Role)), st.booleans())


@settings(max_examples=300, deadline=None)
@given(st.lists(people, max_size=40), st.integers(0, 5))
def test_no_patient_is_ever_on_two_sides(drawn: list[tuple[int, Role, bool]], seed: int) -> None:
    cases = [case(number, f"p{patient}", role, label) for number, (patient, role, label) in enumerate(drawn)]
    try:
        split = make_split(cases, seed=seed)
    except BadInputError:
        return
    patient = {one.key: one.patient_key for one in cases}
    training = {patient[key] for key in (*split.annotated, *split.unannotated)}
    held_out = {one.patient_key for one in cases if one.role is Role.HELD_OUT}
    assert training.isdisjoint({patient[key] for key in split.validation} | held_out)
    sides = (*split.annotated, *split.unannotated, *split.validation, *split.excluded)
    assert sorted(sides) == sorted(one.key for one in cases)
    assert split.optimistic == (not split.validation)


def accepted(number: int) -> Case:
    """A case whose label is an accepted result of a model."""
    labels = (LabelVersion("labels/x", "0" * 64, accepted_from="m1"),)
    return Case(f"case-{number:04d}", "", ImageReference("x", "0" * 64), f"p{number}", Role.ANNOTATED, labels)


def test_accepted_results_train_and_never_validate() -> None:
    few = make_split([*annotated(5), *(accepted(number) for number in range(10, 20))])
    assert (len(few.annotated), few.validation, few.optimistic) == (15, (), True)
    for seed in range(10):
        split = make_split([*annotated(10), *(accepted(number) for number in range(10, 30))], seed=seed)
        assert len(split.validation) == 2
        assert all(int(key.removeprefix("case-")) < 10 for key in split.validation)
        assert len(split.annotated) == 28
    with pytest.raises(BadInputError, match="cannot validate"):
        make_split([*annotated(3), accepted(10)], validation=["case-0010"])
