"""Cross-consistency training (Ouali et al., 2020) in 3D."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.losses import supervised_loss
from SemiSegEmbedLib.learning.methods.base import Method
from SemiSegEmbedLib.learning.schedules import ramp_up

NOISE = 0.3
CHANNEL_DROPOUT = 0.5
ATTENTION = (0.7, 0.9)
"""Strengths of the perturbations: those of the authors' code."""


class CrossConsistency(Method):
    """L_S of the main decoder + lambda(T) times the squared error of auxiliary decoders on perturbed features.

    The encoder is shared. Each auxiliary decoder sees all feature maps of the unlabelled half, skips included,
    through a perturbation of its own (with clean skips it could look around the perturbation) and must agree
    with the main decoder's softmax, which is a target without gradient. The auxiliary decoders have no
    supervised loss unless `cct_supervise_auxiliary` says so (as in SSL4MIS: L_S is then the mean over all decoders,
    the auxiliary ones on perturbed features), and lambda(T) = ramp_up(T, 0.1) as in mean teacher. The student's
    input is clean.
    """

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        super().__init__(config, classes)
        self.auxiliary = nn.ModuleList(self.student.new_decoder(classes) for _ in PERTURBATIONS)

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Method.training_step`."""
        labelled, unlabelled = batch.labelled, batch.unlabelled
        assert labelled is not None
        assert unlabelled is not None
        n, all_learn = len(labelled.images), self.config.cct_supervise_auxiliary
        first = 0 if all_learn else n
        images = torch.cat((labelled.student_images, unlabelled.student_images))
        with self.autocast(images.device.type):
            features = self.student.encode(images)
            logits, _ = self.student.decode(features)
            perturbed = [[perturb(level[first:]) for level in features] for perturb in PERTURBATIONS]
            opinions = [decoder(levels) for decoder, levels in zip(self.auxiliary, perturbed, strict=True)]

        l_s = supervised_loss(logits[:n], labelled.labels)
        if all_learn:
            l_s = torch.stack([l_s, *(supervised_loss(opinion[:n], labelled.labels) for opinion in opinions)]).mean()
        target = logits[n:].detach().float().softmax(1)
        errors = [F.mse_loss(opinion[n - first :].float().softmax(1), target) for opinion in opinions]
        l_c = torch.stack(errors).mean()
        loss = l_s + ramp_up(step, self.config.steps, self.config.consistency_weight) * l_c
        return loss, {"loss_supervised": l_s.detach(), "loss_consistency": l_c.detach()}


def multiply_noise(features: Tensor) -> Tensor:
    """z (1 + u) with u uniform in [-0.3, 0.3], one noise map for the whole batch; (B, E, D, H, W)."""
    return features * (1.0 + torch.empty_like(features[:1]).uniform_(-NOISE, NOISE))


def drop_channels(features: Tensor) -> Tensor:
    """Each channel of each image is dropped with probability 0.5; (B, E, D, H, W)."""
    return F.dropout3d(features, CHANNEL_DROPOUT)


def drop_attended(features: Tensor) -> Tensor:
    """Zero where the mean over channels reaches a random 70 to 90 % of its largest value in the image.

    So the most active places go, and the decoder must do without them; (B, E, D, H, W).
    """
    attention = features.detach().mean(1, keepdim=True)
    share = torch.empty_like(attention[:1, :1, :1, :1, :1]).uniform_(*ATTENTION)
    return features * (attention < share * attention.amax((2, 3, 4), keepdim=True))


PERTURBATIONS = (multiply_noise, drop_channels, drop_attended)
