"""Adam as the paper sets it, and the way a step is skipped without asking the host."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.learning.config import TrainingConfig

NO_CLIPPING = 1e30


def learning_rate_at(step: int, config: TrainingConfig) -> float:
    """The learning rate of a step, a function of the step alone so that a resumed run needs no memory of it."""
    done = step / config.steps
    factor = {
        "constant": 1.0,
        "cosine": 0.5 * (1.0 + math.cos(math.pi * done)),
        "poly": (1.0 - done) ** 0.9,
    }[config.schedule]
    warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    return config.learning_rate * factor * warmup


class Optimiser:
    """Adam (section 3.2) behind a gradient scaler.

    The scaler leaves out a step whose gradients are not finite; with the fused Adam that is decided on the
    device. Outside fp16 its scale starts at 1 and never grows.

    Args:
        parameters: What to move.
        config: `learning_rate`, `betas`, `gradient_clip`.
        dtype: Of the autocast, or None for fp32.
    """

    def __init__(self, parameters: list[nn.Parameter], config: TrainingConfig, dtype: torch.dtype | None) -> None:
        device = parameters[0].device
        scalable = device.type in ("cpu", "cuda")
        self.parameters, self.clip = parameters, config.gradient_clip or NO_CLIPPING
        self.adam = torch.optim.Adam(
            parameters, config.learning_rate, betas=config.betas, fused=True if scalable else None
        )
        fp16 = dtype == torch.float16
        self._new_scaler = partial(
            torch.amp.GradScaler,
            device.type,
            init_scale=65536.0 if fp16 else 1.0,
            growth_interval=2000 if fp16 else 2**31 - 1,
            enabled=scalable,
        )
        self.scaler = self._new_scaler()
        self._skipped = torch.zeros(2, dtype=torch.int64, device=device)

    def backward(self, loss: Tensor) -> None:
        """Adds the gradients of one part of the batch."""
        self.scaler.scale(loss).backward()

    def step(self, learning_rate: float) -> None:
        """Moves the parameters unless a gradient is not finite, and forgets the gradients."""
        self.scaler.unscale_(self.adam)
        norm = nn.utils.clip_grad_norm_(self.parameters, self.clip)
        bad = (~torch.isfinite(norm)).long()
        skipped = torch.stack([self._skipped[0] + bad, (self._skipped[1] + 1) * bad])
        for group in self.adam.param_groups:
            group["lr"] = learning_rate
        self.scaler.step(self.adam)
        self.scaler.update()
        self._skipped = skipped
        self.adam.zero_grad(set_to_none=True)

    def give_up_step(self) -> None:
        """Forgets a step that failed anywhere, so that it can be made again. Waits for the device."""
        self.adam.zero_grad(set_to_none=True)
        # A scaler refuses to unscale twice and has no way to forget that it did.
        fresh = self._new_scaler()
        fresh.load_state_dict(self.scaler.state_dict())
        self.scaler = fresh
        # Adam takes a state that it could not finish for a whole one.
        for parameter in [p for p, state in self.adam.state.items() if "exp_avg_sq" not in state]:
            del self.adam.state[parameter]

    def skipped(self) -> tuple[int, int]:
        """Steps left out: in all, and in a row until now. Waits for the device."""
        total, in_row = self._skipped.tolist()
        return total, in_row

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on exactly."""
        return {"adam": self.adam.state_dict(), "scaler": self.scaler.state_dict(), "skipped": self._skipped}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.adam.load_state_dict(state["adam"])
        self.scaler.load_state_dict(state["scaler"])
        self._skipped = state["skipped"].to(self._skipped.device)
