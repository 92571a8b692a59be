"""What a person is told before training: a processor's time in figures, a GPU that is full, nothing else."""

from __future__ import annotations

import pytest

pytest.importorskip("slicer")

from SemiSegEmbedLib.application.train_expectation import SHARE_FOR_STEPS, Machine, spoken

CPU = {"device": "cpu", "name": "processor with 4 cores", "free_bytes": 16 << 30}
GPU = {"device": "cuda:0", "name": "NVIDIA GeForce", "free_bytes": 10 << 30}
EXPECTED = {"robust": {"steps": 6000, "seconds": 6.0, "hours": 10.0}}


def test_a_processor_alone_is_said_with_the_expected_time() -> None:
    text = Machine((CPU,), EXPECTED).expectation("auto", "robust", 20)
    assert text.startswith("No GPU was found.")
    assert "takes about 12 hours here; in 20 minutes 3 % of it are done." in text  # 20 * 60 * 0.85 / 6 of 6000
    assert text.endswith("That is too little: choose Quick look.")


def test_most_of_a_preset_is_worth_it() -> None:
    text = Machine((CPU,), EXPECTED).expectation("auto", "robust", 360)
    assert text.endswith("in 6 hours 51 % of it are done.")


def test_whoever_chose_quick_already_is_not_told_to() -> None:
    expected = {"quick": {"steps": 300, "seconds": 60.0, "hours": 5.0}}
    assert "choose" not in Machine((CPU,), expected).expectation("auto", "quick", 10)


def test_a_budget_longer_than_the_preset_is_enough() -> None:
    text = Machine((CPU,), EXPECTED).expectation("auto", "robust", 10_000)
    assert text.endswith("The time is enough: this kind of training takes about 12 hours here.")


def test_a_budget_of_the_time_that_is_named_is_enough() -> None:
    whole = 10 / SHARE_FOR_STEPS
    assert "is enough" in Machine((CPU,), EXPECTED).expectation("auto", "robust", 60 * whole)
    assert "is enough" not in Machine((CPU,), EXPECTED).expectation("auto", "robust", 59 * whole)


def test_a_gpu_that_cannot_be_used_says_why() -> None:
    text = Machine((CPU,), EXPECTED, "The driver of the GPU is too old.").expectation("auto", "robust", 20)
    assert text.startswith("The driver of the GPU is too old. This kind")


def test_a_gpu_with_free_memory_needs_no_words() -> None:
    assert Machine((GPU, CPU)).expectation("auto", "robust", 20) == ""


def test_a_full_gpu_is_said() -> None:
    text = Machine(({**GPU, "free_bytes": 1 << 30}, CPU)).expectation("cuda:0", "robust", 20)
    assert "1.0 GiB" in text
    assert "close other programs" in text


def test_choosing_the_processor_beside_a_gpu_is_said() -> None:
    assert "slower" in Machine((GPU, CPU)).expectation("cpu", "robust", 20)


def test_nothing_is_said_before_anything_is_known() -> None:
    assert Machine().expectation("auto", "robust", 20) == ""


@pytest.mark.parametrize(
    ("hours", "text"), [(0.001, "one minute"), (1.0, "60 minutes"), (10.2, "10 hours"), (217, "9 days")]
)
def test_times_are_spoken_as_people_do(hours: float, text: str) -> None:
    assert spoken(hours) == text


def test_the_share_for_steps_is_that_of_the_library() -> None:
    time_budget = pytest.importorskip("SemiSegEmbedLib.workflows.time_budget")
    assert time_budget.BUDGET_FOR_STEPS == SHARE_FOR_STEPS
