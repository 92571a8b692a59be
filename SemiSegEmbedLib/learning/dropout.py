"""Element-wise dropout whose random numbers cost little on a CPU, where torch's own takes a third of a step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_LEVELS = 2**16


class Dropout(nn.Dropout):
    """`torch.nn.Dropout` with 16 random bits a value on the CPU; elsewhere it is `torch.nn.Dropout`.

    The probability is rounded to 1/65536 there, and kept values are scaled by exactly what that leaves, so the
    expectation is that of the input. Random numbers come from torch's global generator.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same shape."""
        if x.device.type != "cpu" or not self.training or not 0 < round(self.p * _LEVELS) < _LEVELS:
            return functional.dropout(x, self.p, self.training)
        kept, share = kept_values(x.numel(), self.p)
        return x * kept.view(x.shape).to(x.dtype).mul_(1.0 / share)


def kept_values(count: int, probability: float, generator: torch.Generator | None = None) -> tuple[Tensor, float]:
    """Independent draws of what dropout keeps, on the CPU.

    Args:
        count: How many.
        probability: Of being dropped; rounded to 1/65536.
        generator: None is torch's global one.

    Returns:
        bool, (count,), and the exact probability of being kept.
    """
    dropped = round(probability * _LEVELS)
    # One 64-bit draw makes the 16-bit numbers of four values; they lie evenly in [-32768, 32767].
    draws = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None, generator=generator)
    bits = draws.view(torch.int16)[:count]
    return bits >= dropped - _LEVELS // 2, (_LEVELS - dropped) / _LEVELS
