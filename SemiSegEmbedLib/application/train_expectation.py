"""What to expect of a training run on this computer, in a sentence or two; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.sentences import localised

SHARE_FOR_STEPS = 0.85
"""As `workflows.time_budget.BUDGET_FOR_STEPS`: the rest of a budget goes to validation and to writing the model."""
QUICK = "quick"
"""The preset for computers without a GPU."""
LITTLE = 0.3
"""A model that has seen less of its steps is of no use."""
LITTLE_MEMORY_BYTES = 4 << 30


@dataclass(frozen=True)
class Machine:
    """What `devices --expect` says.

    Attributes:
        devices: {"device", "name", "free_bytes"} each, the best first; empty while it is not known.
        expected: Preset to {"steps", "seconds" a step, "hours"} on the processor; empty where there is a GPU.
        problem: Why a GPU that is there cannot be used, or an empty text.
    """

    devices: tuple[dict[str, Any], ...] = ()
    expected: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    problem: str = ""

    def expectation(self, device: str, preset: str, minutes: float) -> str:
        """What a person should know before pressing Start; an empty text where there is nothing to say.

        Args:
            device: "auto", or an id.
            preset: Name of the preset.
            minutes: The time budget.
        """
        chosen = self._chosen(device)
        if chosen is None:
            return ""
        if chosen["device"] != "cpu":
            return _low_memory(chosen)
        first = _("No GPU was found.") if self.only_processor else _("The processor is much slower than a GPU.")
        times = self._times(preset, minutes)
        return f"{localised(self.problem) or first} {times}".strip()

    @property
    def only_processor(self) -> bool:
        """Whether it is known that there is no GPU."""
        return bool(self.devices) and all(one["device"] == "cpu" for one in self.devices)

    def _chosen(self, device: str) -> dict[str, Any] | None:
        if device == "auto":
            return self.devices[0] if self.devices else None
        return next((one for one in self.devices if one["device"] == device), None)

    def _times(self, preset: str, minutes: float) -> str:
        expected = self.expected.get(preset)
        if not expected:
            return ""
        steps = min(expected["steps"], 60 * minutes * SHARE_FOR_STEPS / max(expected["seconds"], 1e-6))
        done = steps / expected["steps"]
        if done >= 1:
            text = _("The time is enough: this kind of training takes about {time} here.")
        else:
            text = _("This kind of training takes about {time} here; in {budget} {percent} % of it are done.")
        if done < LITTLE and preset != QUICK:
            text += " " + _("That is too little: choose Quick look.")
        percent = f"{100 * done:.1g}" if done < 0.1 else f"{100 * done:.0f}"
        # The whole run, so that a budget as long as the time that is named is enough.
        whole = expected["hours"] / SHARE_FOR_STEPS
        return text.format(time=spoken(whole), budget=spoken(minutes / 60), percent=percent)


def _low_memory(device: Mapping[str, Any]) -> str:
    if device["free_bytes"] >= LITTLE_MEMORY_BYTES or device["device"] == "mps":
        return ""
    text = _(
        "Only {size:.1f} GiB of the GPU are free: close other programs that use it, or training takes small steps."
    )
    return text.format(size=device["free_bytes"] / 2**30)


def spoken(hours: float) -> str:
    """A time as people say it."""
    if hours < 1.5:
        minutes = max(1, round(60 * hours))
        return _("one minute") if minutes == 1 else _("{count} minutes").format(count=minutes)
    if hours < 48:
        return _("{count} hours").format(count=round(hours))
    return _("{count} days").format(count=round(hours / 24))
