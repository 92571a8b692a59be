"""What the events of a run add up to: curves, the newest validation, time left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAXIMUM_POINTS = 2000


@dataclass(frozen=True)
class Validation:
    """One validation.

    Attributes:
        step: After how many steps.
        iou: Mean over the classes, or None.
        hd95: Mean over the classes in mm, or None.
        per_class: Class number as text to {"iou", "hd95"}.
        optimistic: Measured on blocks of the training cases themselves.
    """

    step: int
    iou: float | None
    hd95: float | None
    per_class: dict[str, dict[str, float | None]]
    optimistic: bool


@dataclass
class RunProgress:
    """Grows with `add`; loss curves stay short however long the run is."""

    step: int = 0
    total_steps: int = 0
    seconds_left: float | None = None
    task: str = ""
    task_fraction: float = 0.0
    message: str = ""
    losses: list[tuple[int, float, float | None]] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in one event of `events.jsonl`; unknown ones are ignored."""
        kind = event.get("event")
        if kind == "step":
            self._add_step(event)
        elif kind == "validation":
            self._add_validation(event)
        elif kind == "progress":
            self.task, self.task_fraction = str(event.get("task", "")), number(event.get("fraction")) or 0.0
        if isinstance(event.get("message"), str) and event["message"]:
            self.message = event["message"]

    def _add_step(self, event: Mapping[str, Any]) -> None:
        self.step = int(number(event.get("step")) or 0)
        self.total_steps = int(number(event.get("total_steps")) or self.total_steps)
        self.seconds_left = number(event.get("seconds_left"))
        self.task = ""
        # A resumed run goes back to its checkpoint: what came after it is drawn again.
        while self.losses and self.losses[-1][0] >= self.step:
            self.losses.pop()
        while self.validations and self.validations[-1].step > self.step:
            self.validations.pop()
        loss = number(event.get("loss"))
        if loss is not None:
            self.losses.append((self.step, loss, number(event.get("unreliable_fraction"))))
        if len(self.losses) > MAXIMUM_POINTS:
            self.losses = self.losses[::2]

    def _add_validation(self, event: Mapping[str, Any]) -> None:
        per_class = event.get("per_class")
        found = Validation(
            int(number(event.get("step")) or 0),
            number(event.get("iou")),
            number(event.get("hd95")),
            {
                str(name): {key: number(values.get(key)) for key in ("iou", "hd95")}
                for name, values in (per_class.items() if isinstance(per_class, Mapping) else ())
                if isinstance(values, Mapping)
            },
            bool(event.get("optimistic")),
        )
        self.validations = [entry for entry in self.validations if entry.step < found.step] + [found]


def number(value: Any) -> float | None:
    """A number of an event, or None; a run on another machine is not trusted to write numbers."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
