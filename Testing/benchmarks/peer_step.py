"""The step of embedding matching written as the public peers of this field write theirs; for comparison only.

As in the loops of UA-MT and SSL4MIS: fp32, plain memory layout, one stochastic pass after the other into a buffer of
all of them, loss terms taken to the host in every step, an optimiser and a teacher moved tensor by tensor in a Python
loop. Section 2.3 is not in any peer; here every similarity of every voxel to every reference is computed
and kept for the backward pass. Nothing is copied from them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.candidates import draw_positions, gather_embeddings, without_margin
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.ema import make_teacher
from SemiSegEmbedLib.learning.network import UNet3D, mc_dropout
from SemiSegEmbedLib.learning.schedules import ema_decay_at, ramp_up, reliability_threshold


class PeerStep:
    """Two classes, cosine + mean, references of the paired image, eq. 2 as printed.

    Attributes:
        logged: The loss terms of the last step as plain numbers.
    """

    def __init__(self, config: TrainingConfig, device: torch.device) -> None:
        self.config = config
        self.student = UNet3D(1, 2, config.base_filters, config.dropout, config.norm).to(device)
        self.teacher = make_teacher(self.student)
        self.adam = torch.optim.Adam(
            self.student.parameters(), config.learning_rate, betas=config.betas, foreach=False, fused=False
        )
        self.logged: dict[str, float] = {}

    def step(self, batch: Batch, step: int) -> None:
        """One training step."""
        c, labelled, unlabelled = self.config, batch.labelled, batch.unlabelled
        assert labelled is not None
        assert unlabelled is not None
        n = len(labelled.images)
        volumes = torch.cat((labelled.images, unlabelled.images))
        logits, embeddings = self.student(volumes + c.noise_student * torch.randn_like(volumes))
        pseudo_label, uncertainty = self._passes(unlabelled.images)
        certain = uncertainty < reliability_threshold(step, c.steps)
        outside, inside = self._similarities(embeddings[n:], labelled.images, labelled.candidates)

        probability = F.softmax(logits[:n], 1)[:, 1]
        target = (labelled.labels == 1).float()
        dice = 1 - (2 * (probability * target).sum() + 1e-5) / (probability.sum() + target.sum() + 1e-5)
        l_s = 0.5 * (F.cross_entropy(logits[:n], labelled.labels) + dice)
        l_ua = _masked(F.cross_entropy(logits[n:], pseudo_label, reduction="none"), certain)
        matched = (inside > outside).long()
        l_nn = _masked(F.cross_entropy(logits[n:], matched, reduction="none"), ~certain)
        both = F.softmax(torch.stack((outside, inside), 1), 1)
        l_en = -(both * torch.log(both)).sum(1).mean()
        w_ua, w_ps = ramp_up(step, c.steps, c.ua_weight), ramp_up(step, c.steps, c.ps_weight)
        loss = l_s + w_ua * l_ua + w_ps * (l_nn + l_en)
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        self._move_teacher(step)
        terms = {"loss": loss, "loss_supervised": l_s, "loss_ua": l_ua, "loss_nn": l_nn, "loss_en": l_en}
        self.logged = {name: term.item() for name, term in terms.items()}

    @torch.no_grad()
    def _passes(self, images: Tensor) -> tuple[Tensor, Tensor]:
        passes = torch.zeros(self.config.passes, len(images), 2, *images.shape[2:], device=images.device)
        with mc_dropout(self.teacher):
            for i in range(self.config.passes):
                noisy = images + self.config.noise_teacher * torch.randn_like(images)
                passes[i] = F.softmax(self.teacher(noisy)[0], 1)
        entropy = -(passes * torch.log(passes.clamp_min(1e-12))).sum(2).mean(0)
        return passes.mean(0).argmax(1), entropy

    def _similarities(self, queries: Tensor, images: Tensor, candidates: Tensor) -> list[Tensor]:
        c = self.config
        with torch.no_grad():
            _, features = self.teacher(images + c.noise_teacher * torch.randn_like(images))
            positions, _ = draw_positions(without_margin(candidates, c.reference_margin).flatten(1), 2, c.k, c.l)
            references = F.normalize(gather_embeddings(features.flatten(2), positions), dim=-1)
        voxels = F.normalize(queries.flatten(2).transpose(1, 2), dim=-1)
        maps = []
        for group in range(2):
            runs = [voxels @ references[:, group, run].transpose(1, 2) for run in range(c.l)]
            maps.append(torch.stack([run.mean(2) for run in runs]).mean(0).unflatten(1, queries.shape[2:]))
        return maps

    @torch.no_grad()
    def _move_teacher(self, step: int) -> None:
        decay = ema_decay_at(step, self.config.ema_decay)
        for mine, other in zip(self.teacher.parameters(), self.student.parameters(), strict=True):
            mine.mul_(decay).add_(other, alpha=1 - decay)
        for mine, other in zip(self.teacher.buffers(), self.student.buffers(), strict=True):
            mine.copy_(other)


def _masked(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum() / (mask.sum() + 1e-16)
