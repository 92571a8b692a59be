"""Means of logged scalars that stay on the device between log steps, and the run's speed."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.effort import effort_until
from SemiSegEmbedLib.learning.processes import total


class ScalarMeans:
    """Adds scalars step by step without waiting for the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, Tensor] = {}

    def add(self, scalars: dict[str, Tensor]) -> None:
        """Values that are not finite (a share of nothing, a skipped step) do not count."""
        for name, value in scalars.items():
            value = value.detach().float()
            finite = torch.isfinite(value)
            zero = torch.zeros_like(value)
            self._sums[name] = self._sums.get(name, zero) + torch.where(finite, value, zero)
            self._counts[name] = self._counts.get(name, zero) + finite

    def take(self) -> dict[str, float | None]:
        """The means since the last call over all processes, None where no value counted; waits for the device once."""
        if not self._sums:
            return {}
        table = torch.stack([torch.stack(list(self._sums.values())), torch.stack(list(self._counts.values()))])
        sums, counts = total(table).tolist()
        means = {name: (s / n if n else None) for name, s, n in zip(self._sums, sums, counts, strict=True)}
        self._sums, self._counts = {}, {}
        return means


class StepClock:
    """Steps a second since the last reading and the time left, validation not counted.

    Args:
        config: Of the run.
        step: Where the session begins.
    """

    def __init__(self, config: TrainingConfig, step: int) -> None:
        self._config, self._step, self._first = config, step, step
        self._began = time.monotonic()
        self._spent = self._total = 0.0

    def pause(self) -> None:
        """Before work that is no training step."""
        self._spent += time.monotonic() - self._began

    def go_on(self) -> None:
        """After it."""
        self._began = time.monotonic()

    def read(self, step: int) -> dict[str, float]:
        """Speed since the last reading; time left from the effort and the time of the whole session."""
        self.pause()
        self.go_on()
        self._total += self._spent
        speed = (step - self._step) / max(self._spent, 1e-9)
        first, now, end = (effort_until(self._config, one) for one in (self._first, step, self._config.steps))
        left = (end - now) * self._total / max(now - first, 1.0)
        self._step, self._spent = step, 0.0
        return {"steps_per_second": speed, "seconds_left": left}
