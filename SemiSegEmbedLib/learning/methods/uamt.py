"""Uncertainty-aware mean teacher (Yu et al., 2019)."""

from __future__ import annotations

import torch
from torch import Tensor

from SemiSegEmbedLib.learning.batches import UnlabelledBatch
from SemiSegEmbedLib.learning.methods.mean_teacher import CLIP, MeanTeacher
from SemiSegEmbedLib.learning.schedules import reliability_threshold
from SemiSegEmbedLib.learning.uncertainty import ENTROPY_OF_MEAN


class UncertaintyAwareMeanTeacher(MeanTeacher):
    """Mean teacher on the voxels of which the teacher is sure.

    Uncertainty is the entropy of the mean of `consistency_passes` stochastic predictions; a voxel counts below
    the threshold of section 2.2. The target is a further stochastic pass, as in the authors' code, and the
    squared error is divided by the number of classes (UA-MT's "2").
    """

    @torch.no_grad()
    def target(self, unlabelled: UnlabelledBatch, step: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """See `MeanTeacher.target`."""
        c = self.config
        probabilities, _, _ = super().target(unlabelled, step)
        _, uncertainty = self.monte_carlo(
            unlabelled.images, c.consistency_passes, c.consistency_noise, ENTROPY_OF_MEAN, CLIP
        )
        threshold = reliability_threshold(step, c.steps, self.classes, start=c.threshold_start, end=c.threshold_end)
        reliable = uncertainty < threshold
        return probabilities, reliable, {"unreliable_fraction": (~reliable).float().mean()}
