"""Multi-task consistency by attention (Chen et al., 2019): segmentation and reconstruction share an encoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.losses import supervised_loss
from SemiSegEmbedLib.learning.methods.base import Method

SUPERVISED_SHARE = 0.9
"""Weight of L_S in "joint"; L_rec has the rest."""


class MultiTaskConsistency(Method):
    """L_S on labelled images; on unlabelled ones L_rec, the reconstruction of each class's part of the image.

    A second decoder without skips must rebuild P_c X, the image X in [0, 1] times the predicted probability of
    class c, for each class. L_rec = sum over c of w_c MSE(R_c, P_c X) with w_c = mean(P_c). Its gradient passes
    through P to the encoder, but the segmentation decoder does not move. "alternating" takes a step of L_S, then
    one of L_rec, each on as many patches as a step of the other methods has, so that equal steps are equal
    effort; "joint" is 0.9 L_S + 0.1 L_rec in every step. The student's input is clean.
    """

    def __init__(self, config: TrainingConfig, classes: int) -> None:
        super().__init__(config, classes)
        self.reconstruction = self.student.new_decoder(classes, skips=False)

    def patches_per_step(self, step: int) -> tuple[int, int]:
        labelled, unlabelled = super().patches_per_step(step)
        if self.config.mtc_mode == "joint" or not unlabelled:
            return labelled, unlabelled
        return (labelled + unlabelled, 0) if step % 2 == 0 else (0, labelled + unlabelled)

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Method.training_step`. A term that the step does not have is logged as NaN, which does not count."""
        if self.config.mtc_mode == "joint":
            l_s, l_rec = self.segmentation_loss(batch), self.reconstruction_loss(batch)
            loss = SUPERVISED_SHARE * l_s + (1.0 - SUPERVISED_SHARE) * l_rec
        elif step % 2 == 0:
            loss = l_s = self.segmentation_loss(batch)
            l_rec = torch.full_like(loss, torch.nan)
        else:
            loss = l_rec = self.reconstruction_loss(batch)
            l_s = torch.full_like(loss, torch.nan)
        return loss, {"loss_supervised": l_s.detach(), "loss_reconstruction": l_rec.detach()}

    def segmentation_loss(self, batch: Batch) -> Tensor:
        """L_S of the labelled half."""
        assert batch.labelled is not None
        logits, _ = self.forward_network(self.student, batch.labelled.student_images)
        return supervised_loss(logits, batch.labelled.labels)

    def reconstruction_loss(self, batch: Batch) -> Tensor:
        """L_rec of the unlabelled half. The weights w_c are no way to a lower loss: they carry no gradient."""
        assert batch.unlabelled is not None
        assert batch.value_range is not None
        images, (low, high) = batch.unlabelled.student_images, batch.value_range
        with self.autocast(images.device.type), frozen(self.student.decoder, self.student.output):
            features = self.student.encode(images)
            logits, _ = self.student.decode(features)
            rebuilt = self.reconstruction(features)
        probabilities = logits.float().softmax(1)
        attention = probabilities.detach() if self.config.mtc_detach_targets else probabilities
        unit_images = ((images - low) / (high - low)).clamp(0.0, 1.0)
        errors = (rebuilt.float().sigmoid() - attention * unit_images).square().mean((0, 2, 3, 4))
        return (probabilities.detach().mean((0, 2, 3, 4)) * errors).sum()


@contextmanager
def frozen(*modules: nn.Module) -> Iterator[None]:
    """A forward within it passes gradients through the modules, but their parameters get none."""
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
