"""Networks through torch's compiler where there is one, which fuses norm, ReLU and dropout into few kernels."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.memory import is_out_of_memory

WORTHWHILE_STEPS = 3000
"""Compiling takes a minute or so; a prototype of the paper's step won 23 ms by it on an H100 (109 to 86), so fewer
steps do not win it back."""
PROBE_SIDE = 16
NOT_COMPILED = "The networks run without torch's compiler, which does not work here."
MOST_FORMS = 64
"""Of one network's code in a process: one for each mode and batch size, in each run. Beyond torch's own 8 a further
run would be computed uncompiled."""


class Compiler:
    """Runs networks compiled; where that fails they run as they are, with the same results.

    The compiled forms are kept here and not in the networks, whose state dicts stay as they were.

    Args:
        config: `compile`: "on", "off", or "auto" for long runs on a GPU.
        device: Where the networks are.
    """

    def __init__(self, config: TrainingConfig, device: torch.device) -> None:
        worthwhile = device.type == "cuda" and config.steps >= WORTHWHILE_STEPS
        self.active = config.compile == "on" or (config.compile == "auto" and worthwhile)
        self._compiled: dict[int, Callable[..., Any]] = {}
        if self.active:
            _allow_many_forms()

    def __call__(self, network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and embeddings."""
        return self.fused(network)(images)

    def fused(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A network, or a function of this library: its element-wise operations become few kernels."""
        if not self.active:
            return function
        if id(function) not in self._compiled:
            self._compiled[id(function)] = torch.compile(function, dynamic=False)
        return self._compiled[id(function)]

    def probe(self, network: nn.Module, dtype: torch.dtype | None) -> str:
        """Compiles a small forward and backward once, so that a missing compiler is found before the first step.

        Returns:
            One sentence when compiling is impossible here and was switched off, else nothing.
        """
        if not self.active:
            return ""
        device = next(network.parameters()).device
        images = torch.zeros(2, 1, PROBE_SIDE, PROBE_SIDE, PROBE_SIDE, device=device)
        buffers = {name: value.clone() for name, value in network.named_buffers()}
        try:
            with warnings.catch_warnings(), torch.random.fork_rng([device] if device.type == "cuda" else []):
                warnings.simplefilter("ignore")
                with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
                    logits, _ = self(network, images)
                logits.float().sum().backward()
        except Exception as error:  # whatever a compiler may raise; the plain networks do the same work
            if is_out_of_memory(error):
                raise
            self.switch_off()
        finally:
            network.zero_grad(set_to_none=True)
            for name, value in network.named_buffers():
                value.copy_(buffers[name])
        return "" if self.active else NOT_COMPILED

    def is_at_fault(self, error: BaseException) -> bool:
        """Whether a step failed because a network could not be compiled for its patches, which are larger than the
        probe's and may come in new numbers at any step."""
        if not self.active or is_out_of_memory(error):
            return False
        from torch._dynamo.exc import TorchDynamoException  # also the base of what inductor raises

        # Triton's own errors come through where a kernel is launched for the first time.
        return isinstance(error, TorchDynamoException) or type(error).__module__.partition(".")[0] == "triton"

    def switch_off(self) -> None:
        """The networks run as they are from here on."""
        self.active = False
        self._compiled.clear()


def _allow_many_forms() -> None:
    import torch._dynamo.config as settings  # takes a second, which runs that are not compiled need not wait

    name = "recompile_limit" if hasattr(settings, "recompile_limit") else "cache_size_limit"  # torch before 2.6
    setattr(settings, name, max(getattr(settings, name), MOST_FORMS))
