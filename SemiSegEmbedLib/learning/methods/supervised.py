"""The baseline of Table 1: a single 3D U-Net trained on labelled images alone."""

from __future__ import annotations

from torch import Tensor

from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.methods.base import Method


class Supervised(Method):
    """L_S on as many patches a step as the other methods see, all of them labelled.

    With 2 + 2 patches that is 4 labelled ones: the same student work in a step, so that equal steps are equal
    effort. The teacher is averaged as elsewhere and only reported.
    """

    def patches_per_step(self, step: int) -> tuple[int, int]:
        return self.config.labelled_per_batch + self.config.unlabelled_per_batch, 0

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Method.training_step`."""
        return self.supervised_step(batch)
