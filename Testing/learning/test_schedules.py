"""Eq. 1, the reliability threshold and the teacher's decay against the paper's formulas and values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SemiSegEmbedLib.learning.schedules import ema_decay_at, ramp_up, reliability_threshold


@given(st.integers(1, 200_000), st.floats(0, 1), st.floats(0.01, 10))
def test_ramp_up_is_equation_1(total: int, progress: float, scale: float) -> None:
    step = int(progress * total)
    assert ramp_up(step, total, scale) == pytest.approx(scale * math.exp(-5.0 * (1.0 - step / total) ** 2), rel=1e-12)


@given(st.integers(1, 1000), st.floats(0.01, 10))
def test_ramp_up_never_falls_and_ends_at_its_scale(total: int, scale: float) -> None:
    values = [ramp_up(step, total, scale) for step in range(total + 1)]
    assert values == sorted(values)
    assert values[-1] == scale


def test_ramp_up_stays_mature_after_the_last_step_and_low_before_the_first() -> None:
    assert ramp_up(150, 100, 0.25) == 0.25
    assert ramp_up(-3, 100, 0.25) == ramp_up(0, 100, 0.25) == pytest.approx(0.25 * math.exp(-5))


def test_ramp_up_refuses_a_run_without_steps() -> None:
    with pytest.raises(ValueError, match="total_steps"):
        ramp_up(0, 0, 1.0)


@pytest.mark.parametrize(
    ("progress", "fraction"), [(0, 0.752), (25, 0.765), (50, 0.822), (75, 0.933), (90, 0.988), (100, 1.0)]
)
def test_threshold_in_units_of_ln_2_is_that_of_section_2_2(progress: int, fraction: float) -> None:
    assert reliability_threshold(progress, 100) / math.log(2) == pytest.approx(fraction, abs=5e-4)


def test_threshold_for_more_classes_is_the_same_share_of_the_largest_entropy() -> None:
    for step in range(0, 101, 10):
        share = reliability_threshold(step, 100) / math.log(2)
        assert reliability_threshold(step, 100, 5) == pytest.approx(share * math.log(5))


def test_threshold_that_ends_below_one_leaves_a_uniform_prediction_unreliable() -> None:
    assert reliability_threshold(100, 100, 3, start=0.6, end=0.95) == pytest.approx(0.95 * math.log(3))
    assert reliability_threshold(100, 100, 3, end=0.95) < math.log(3)


def test_teacher_copies_the_student_first_and_then_averages_all_students() -> None:
    average, students = 0.0, [3.0, 1.0, -2.0, 7.0, 5.0]
    for t, student in enumerate(students):
        decay = ema_decay_at(t, 0.99)
        average = decay * average + (1 - decay) * student
        assert average == pytest.approx(sum(students[: t + 1]) / (t + 1))


def test_decay_reaches_its_final_value_after_one_hundred_updates() -> None:
    assert ema_decay_at(98, 0.99) < 0.99
    assert ema_decay_at(99, 0.99) == ema_decay_at(10_000, 0.99) == 0.99
