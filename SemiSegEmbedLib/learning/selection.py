"""Which checkpoint is best, when validation has fallen too far to go on, and how a run ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

COSTS: dict[str, Callable[[Mapping[str, Any]], float]] = {
    "hd95": lambda metrics: _number(metrics.get("hd95"), math.inf),
    "iou": lambda metrics: 1.0 - _number(metrics.get("iou"), 0.0),
}
"""What the best checkpoint has least of, by `TrainingConfig.selection`; section 3.2 of the paper takes "hd95"."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        state: "finished", "stopped" or "diverged".
        step: Steps done.
        best_step: Of the checkpoint that `Selection` chose, or None without validation.
        best: What validation said then.
        reason: One sentence when the run diverged, else empty.
    """

    state: str
    step: int
    best_step: int | None
    best: dict[str, Any] | None
    reason: str = ""


class Selection:
    """Keeps the best validation by one of `COSTS` and watches the IoU.

    HD95 is the paper's criterion (section 3.2). One island far away is enough to make it large, however good the rest
    is; the IoU hardly sees an island, and removing it is a click.

    Args:
        drop: An IoU this much below the best IoU is a fall.
        patience: So many falls in a row are a divergence.
        by: A name of `COSTS`.

    Attributes:
        seen: The step of the last validation, 0 before the first.
    """

    def __init__(self, drop: float, patience: int, by: str = "hd95") -> None:
        self.drop, self.patience, self.cost = drop, patience, COSTS[by]
        self.best_step: int | None = None
        self.best: dict[str, Any] | None = None
        self.best_iou = 0.0
        self.falls = 0
        self.seen = 0
        self.warning = ""

    def add(self, step: int, metrics: dict[str, Any]) -> bool:
        """Takes in one validation; True when it is the best so far (the first one always is)."""
        self.seen, iou = step, _number(metrics.get("iou"), 0.0)
        self.falls = self.falls + 1 if iou < self.best_iou - self.drop else 0
        self.warning = self.reason if self.falls == 1 else ""
        self.best_iou = max(self.best_iou, iou)
        if self.best is not None and self.cost(metrics) >= self.cost(self.best):
            return False
        self.best_step, self.best = step, dict(metrics)
        return True

    @property
    def diverged(self) -> bool:
        return self.falls >= self.patience

    @property
    def reason(self) -> str:
        """One sentence about the fall."""
        return (
            f"The validation IoU fell more than {self.drop:g} below its best of {self.best_iou:.3f}; "
            f"the checkpoint of step {self.best_step} is kept as the best."
        )

    def state_dict(self) -> dict[str, Any]:
        """Plain values."""
        names = ("best_step", "best", "best_iou", "falls", "seen")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.best_step, self.best = state["best_step"], state["best"]
        self.best_iou, self.falls = state["best_iou"], state["falls"]
        self.seen = state.get("seen", self.best_step or 0)  # older checkpoints do not say


def _number(value: Any, otherwise: float) -> float:
    return otherwise if value is None or math.isnan(value) else float(value)
