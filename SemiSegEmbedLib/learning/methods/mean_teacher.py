"""Mean teacher (Tarvainen and Valpola, 2017) as UA-MT's and SSL4MIS's authors run it in 3D."""

from __future__ import annotations

import torch
from torch import Tensor

from SemiSegEmbedLib.learning.batches import Batch, UnlabelledBatch
from SemiSegEmbedLib.learning.losses import masked_mean, supervised_loss
from SemiSegEmbedLib.learning.methods.base import Method, add_noise
from SemiSegEmbedLib.learning.mixing import mix_boxes, with_pasted
from SemiSegEmbedLib.learning.network import mc_dropout
from SemiSegEmbedLib.learning.schedules import ramp_up

CLIP = 2.0
"""The teacher's noise is cut at this many standard deviations."""


class MeanTeacher(Method):
    """L_S + lambda(T) times the squared difference of the two softmax maps on unlabelled images.

    lambda(T) = ramp_up(T, 0.1). The student's input is clean; the teacher's carries clipped noise and its
    dropout is active. Optimiser, network and budget are the paper's, so that Table 1 compares methods alone.
    """

    def training_step(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """See `Method.training_step`."""
        labelled, unlabelled = batch.labelled, batch.unlabelled
        assert labelled is not None
        assert unlabelled is not None
        target, mask, scalars = self.target(unlabelled, step)
        target, mask = self.mixed(target, mask, unlabelled)
        (logits_l, _), (logits_u, _) = self.forward_halves(labelled.student_images, unlabelled.student_images)

        l_s = supervised_loss(logits_l, labelled.labels)
        l_c = masked_mean((logits_u.float().softmax(1) - target).square().mean(1), mask)
        loss = l_s + ramp_up(step, self.config.steps, self.config.consistency_weight) * l_c
        return loss, {"loss_supervised": l_s.detach(), "loss_consistency": l_c.detach(), **scalars}

    def mixed(self, target: Tensor, mask: Tensor, unlabelled: UnlabelledBatch) -> tuple[Tensor, Tensor]:
        """Target and mask as the student's view was mixed; a pasted label is a target of probability 1."""
        target, mask = mix_boxes(target, unlabelled.boxes), mix_boxes(mask, unlabelled.boxes)
        if unlabelled.pasted is None:
            return target, mask
        labels, mask, own = with_pasted(unlabelled.pasted, target.argmax(1), mask)
        certain = torch.stack([labels == c for c in range(self.classes)], 1).to(target.dtype)
        return torch.where(own[:, None], target, certain), mask

    @torch.no_grad()
    def target(self, unlabelled: UnlabelledBatch, step: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """The teacher's probabilities (B, C, D, H, W) and where they count (B, D, H, W)."""
        noisy = add_noise(unlabelled.images, self.config.consistency_noise, CLIP)
        with mc_dropout(self.teacher):
            logits, _ = self.forward_network(self.teacher, noisy)
        target = logits.float().softmax(1)
        return target, torch.ones_like(target[:, 0], dtype=torch.bool), {}
