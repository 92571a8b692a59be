"""Dual-task consistency (Luo et al., 2021): the segmentation must agree with a signed distance map."""

from __future__ import annotations

import torch
from torch import Tensor

from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.distance import DistanceHead, distance_error
from SemiSegEmbedLib.learning.losses import dice_loss, supervised_loss
from SemiSegEmbedLib.learning.methods.base import Method
from SemiSegEmbedLib.learning.schedules import ramp_up

STEEPNESS = 1500.0
"""Of the sigmoid that turns a distance back into a probability."""
DISTANCE_WEIGHT = 0.3


class DualTaskConsistency(Method):
    """Dice + 0.3 MSE(z, SDF) on labelled images + lambda(T) mean((sigmoid(-1500 z) - p)^2) on all images.

    z, in [-1, 1] and negative inside, comes from a second 1x1x1 head on the embeddings, one channel for each
    foreground class; p is the softmax, which for two classes is the sigmoid of the difference of both logits.
    Both sides of the last term carry gradient; lambda(T) = ramp_up(T, 1). There is no teacher and no noise.
    """

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        super().__init__(config, classes)
        self.distance_head = DistanceHead(self.student.new_head(classes - 1))

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Method.training_step`."""
        labelled, unlabelled = batch.labelled, batch.unlabelled
        assert labelled is not None
        assert unlabelled is not None
        c, n, labels = self.config, len(labelled.images), labelled.labels
        images = torch.cat((labelled.student_images, unlabelled.student_images))
        logits, embeddings = self.forward_network(self.student, images)
        distances = self.distance_head(embeddings)
        probabilities = logits.float().softmax(1)

        l_s = dice_loss(probabilities[:n], labels) if c.dtc_dice_alone else supervised_loss(logits[:n], labels)
        l_d = distance_error(distances[:n], labels)
        l_c = ((-STEEPNESS * distances).sigmoid() - probabilities[:, 1:]).square().mean()
        loss = l_s + DISTANCE_WEIGHT * l_d + ramp_up(step, c.steps, c.dtc_weight) * l_c
        parts = {"loss_supervised": l_s, "loss_distance": l_d, "loss_consistency": l_c}
        return loss, {name: value.detach() for name, value in parts.items()}
