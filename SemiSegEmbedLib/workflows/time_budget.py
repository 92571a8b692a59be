"""How many steps fit into minutes, from the time of a few real ones."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.workflows.training import MINIMUM_STEPS

BUDGET_FOR_STEPS = 0.85
"""Share of a time budget that goes to steps; the rest is for validation and for writing the model."""
WARM_UP = 3
"""The first steps of a process are slow: they are not measured."""
PROBE_STEPS = WARM_UP + 16
"""At most so many steps are taken to measure ..."""
PROBE_SHARE = 0.01
"""... and no more, once this share of the time budget is spent on them: a step may take a minute on a processor."""


def measure_step(probe: Trainer, device: torch.device, minutes: float, is_to_stop: Callable[[], bool]) -> float | None:
    """Seconds of a step; None when the run was stopped before two were measured.

    Args:
        probe: A trainer of `PROBE_STEPS` steps, which is used up.
        device: That it trains on.
        minutes: The budget.
        is_to_stop: Asked before each step.
    """
    moments: list[float] = []

    def enough() -> bool:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        moments.append(time.perf_counter())
        measured = moments[WARM_UP:]
        long_enough = len(measured) > 2 and measured[-1] - measured[0] > PROBE_SHARE * 60 * minutes
        return long_enough or is_to_stop()

    probe.should_stop = enough
    probe.run(resume=False)
    measured = moments[WARM_UP:]
    if len(measured) < 2:
        return None
    return max(1e-4, (measured[-1] - measured[0]) / (len(measured) - 1))


def steps_within(minutes: float, step_s: float, spent_s: float) -> int:
    """Steps of `step_s` seconds that a budget still has room for, but at least as many as a run needs."""
    return max(MINIMUM_STEPS, int((60 * minutes * BUDGET_FOR_STEPS - spent_s) / step_s))
