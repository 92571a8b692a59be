"""Effort counted in forwards, by hand, for 2 + 2 patches."""

from __future__ import annotations

import pytest

from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.effort import (
    DECODER_SHARE,
    effort_until,
    mean_step_effort,
    step_effort,
    supervised_step_effort,
)


@pytest.mark.parametrize(
    ("method", "forwards"),
    [
        ("supervised", 12),
        ("mean_teacher", 12 + 2),
        ("uamt", 12 + 9 * 2),
        ("embedding_matching", 12 + 5 * 2 + 2),
        ("cct", 12 + 3 * 3 * 2 * DECODER_SHARE),
        ("mtc", 12 + 3 * 4 * DECODER_SHARE / 2),
        ("dtc", 12),
    ],
)
def test_a_step_is_three_forwards_of_each_patch_and_those_of_the_teacher(method: str, forwards: float) -> None:
    assert step_effort(preset("paper", method=method)) == pytest.approx(forwards)


def test_a_supervised_start_is_cheaper() -> None:
    config = preset("paper", steps=100, supervised_start=0.3)
    assert supervised_step_effort(config) == 12
    assert [effort_until(config, step) for step in (0, 30, 31, 100)] == [0, 360, 384, 360 + 70 * 24]
    assert mean_step_effort(config) == pytest.approx(0.3 * 12 + 0.7 * 24)
