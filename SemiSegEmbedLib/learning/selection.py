"""Which checkpoint is best, when validation has fallen too far to go on, and how a run ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        state: "finished", "stopped" or "diverged".
        step: Steps done.
        best_step: Of the checkpoint with the lowest validation HD95, or None without validation.
        best: What validation said then.
        reason: One sentence when the run diverged, else empty.
    """

    state: str
    step: int
    best_step: int | None
    best: dict[str, Any] | None
    reason: str = ""


class Selection:
    """Keeps the lowest validation HD95 (section 3.2 of the paper) and watches the IoU.

    Args:
        drop: An IoU this much below the best IoU is a fall.
        patience: So many falls in a row are a divergence.
    """

    def __init__(self, drop: float, patience: int) -> None:
        self.drop, self.patience = drop, patience
        self.best_step: int | None = None
        self.best: dict[str, Any] | None = None
        self.best_iou = 0.0
        self.falls = 0
        self.warning = ""

    def add(self, step: int, metrics: dict[str, Any]) -> bool:
        """Takes in one validation; True when it is the best so far (the first one always is)."""
        iou, distance = _number(metrics.get("iou"), 0.0), _number(metrics.get("hd95"), math.inf)
        self.falls = self.falls + 1 if iou < self.best_iou - self.drop else 0
        self.warning = self.reason if self.falls == 1 else ""
        self.best_iou = max(self.best_iou, iou)
        if self.best is not None and distance >= _number(self.best.get("hd95"), math.inf):
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
        return {"best_step": self.best_step, "best": self.best, "best_iou": self.best_iou, "falls": self.falls}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.best_step, self.best = state["best_step"], state["best"]
        self.best_iou, self.falls = state["best_iou"], state["falls"]


def _number(value: Any, otherwise: float) -> float:
    return otherwise if value is None or math.isnan(value) else float(value)
