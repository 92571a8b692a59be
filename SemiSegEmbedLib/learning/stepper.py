"""One training step with all that makes it fast: precision, memory layout, compiler, several processes."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from SemiSegEmbedLib.learning import processes
from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.compiling import Compiler
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.methods import Method, create_method
from SemiSegEmbedLib.learning.optimiser import Optimiser, learning_rate_at
from SemiSegEmbedLib.learning.precision import training_dtype
from SemiSegEmbedLib.learning.progress import ScalarMeans


class Stepper:
    """Method, optimiser and the means of what the method reports.

    Under torchrun the method is wrapped in `DistributedDataParallel`: each process computes its part of a batch,
    and gradients are averaged while they are still being computed.

    Attributes:
        method: The networks of the run.
        optimiser: Of its trainable parameters.
        means: Of the scalars since they were last taken.
        note: One sentence when the compiler was wanted and does not work here, else empty.
    """

    def __init__(self, config: TrainingConfig, classes: int, device: torch.device) -> None:
        self.config = config
        self.method: Method = create_method(config, classes).to(device)
        self.method.autocast_dtype = training_dtype(config.precision, device)
        if config.channels_last:
            self.method.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        if processes.together() and device.type == "cuda":
            self.method.student = nn.SyncBatchNorm.convert_sync_batchnorm(self.method.student)
        self.method.compiler = Compiler(config, device)
        self.note = self.method.compiler.probe(self.method.student, self.method.autocast_dtype)
        self.optimiser = Optimiser(self.method.trainable_parameters(), config, self.method.autocast_dtype)
        self.means = ScalarMeans()
        self._forward: nn.Module = self.method
        if processes.together():
            # A 1x1x1 convolution has the same memory in both layouts, which DDP takes for two.
            warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
            self._forward = DistributedDataParallel(
                self.method, find_unused_parameters=self.method.uses_parts_of_itself
            )

    def take(self, next_batch: Callable[[], Batch], step: int) -> None:
        """One step; the batch comes in `accumulation` parts."""
        parts = self.config.accumulation
        for part in range(parts):
            with self._without_exchange() if part + 1 < parts else contextlib.nullcontext():
                loss, scalars = self._forward(next_batch(), step)
                self.optimiser.backward(loss / parts)
            self.means.add({"loss": loss.detach(), **scalars})
        self.optimiser.step(learning_rate_at(step, self.config))
        self.method.after_step(step)

    def leave(self) -> None:
        """Takes no further step: the other processes are let go of."""
        self._forward = self.method

    def give_up_step(self) -> None:
        """Forgets a step that failed, so that it can be taken again."""
        self.optimiser.give_up_step()

    def change_config(self, config: TrainingConfig) -> None:
        """Takes smaller patches or parts from here on, after a step was given up."""
        self.config = self.method.config = config

    def state_dict(self) -> dict[str, Any]:
        """Networks and optimiser."""
        return {"method": self.method.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`; other entries are passed over."""
        self.method.load_state_dict(state["method"])
        self.optimiser.load_state_dict(state["optimiser"])

    def _without_exchange(self) -> contextlib.AbstractContextManager[Any]:
        """Gradients of all parts but the last stay in this process."""
        forward = self._forward
        return forward.no_sync() if isinstance(forward, DistributedDataParallel) else contextlib.nullcontext()
