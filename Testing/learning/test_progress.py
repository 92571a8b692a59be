from __future__ import annotations

import pytest
import torch

from SemiSegEmbedLib.learning import progress
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.effort import step_effort, supervised_step_effort
from SemiSegEmbedLib.learning.progress import ScalarMeans, StepClock


def test_means_leave_out_what_is_not_finite_and_start_anew() -> None:
    means = ScalarMeans()
    for loss, share in ((1.0, float("nan")), (3.0, 0.5), (float("inf"), float("nan"))):
        means.add({"loss": torch.tensor(loss), "share": torch.tensor(share)})
    assert means.take() == {"loss": 2.0, "share": 0.5}
    means.add({"share": torch.tensor(float("nan"))})
    assert means.take() == {"share": None}
    assert means.take() == {}


def test_the_time_left_knows_that_steps_of_a_supervised_start_are_cheaper(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    config = preset("quick", steps=100, supervised_start=0.4)
    clock = StepClock(config, step=0)
    now[0] = 20.0
    left = clock.read(20)["seconds_left"]
    assert left == pytest.approx(20.0 + 60 * step_effort(config) / supervised_step_effort(config))


def test_the_clock_does_not_count_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    clock = StepClock(preset("quick", steps=50, supervised_start=0.0), step=10)
    now[0] = 5.0
    clock.pause()
    now[0] = 100.0
    clock.go_on()
    now[0] = 105.0
    assert clock.read(20) == {"steps_per_second": 1.0, "seconds_left": 30.0}
    now[0] = 110.0
    assert clock.read(40) == {"steps_per_second": 4.0, "seconds_left": 5.0}
