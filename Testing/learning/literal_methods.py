"""Small cases for the tests of methods, and their losses in a slow literal version."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.candidates import draw_positions, without_margin
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.methods import create_method
from SemiSegEmbedLib.learning.methods.base import Method

SIZE = (16, 16, 16)
QUIET = {"base_filters": 4, "patch_size": SIZE, "steps": 100, "dropout": 0.0, "noise_teacher": 0.0,
         "noise_student": 0.0, "consistency_noise": 0.0, "precision": "fp32", "norm": "instance"}  # fmt: skip
STEP = 60


def make_batch(seed: int = 0, n: int = 2, classes: int = 2, dtype: torch.dtype = torch.float64) -> Batch:
    random = torch.Generator().manual_seed(seed)
    labels = torch.zeros(n, *SIZE, dtype=torch.int64)
    for c in range(1, classes):
        labels[:, 4:12, 4:12, 3 * c : 3 * c + 4] = c
    labels[:, 0] = 255
    images = torch.randn(n, 1, *SIZE, generator=random, dtype=dtype) + labels[:, None].clamp_max(3)
    other = torch.randn(n, 1, *SIZE, generator=random, dtype=dtype)
    candidates = labels.to(torch.uint8)
    labelled, unlabelled = LabelledBatch(images, labels, candidates, images + 0.1), UnlabelledBatch(other, other + 0.1)
    return Batch(labelled, unlabelled, (-4.0, 5.0))


def make_method(name: str, classes: int = 2, seed: int = 1, **changes: object) -> Method:
    torch.manual_seed(seed)
    method = create_method(preset("paper", method=name, **{**QUIET, **changes}), classes).double()
    torch.manual_seed(seed + 1)
    for parameter in method.teacher.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return method


def literal_supervised(logits: Tensor, labels: Tensor) -> Tensor:
    """0.5 (CE + foreground Dice over the batch), voxels of 255 left out."""
    p = logits.softmax(1)
    known = labels != 255
    ce = -sum(p[b, labels[b, z, y, x], z, y, x].log() for b, z, y, x in known.nonzero().tolist()) / known.sum()
    dice = []
    for c in range(1, p.shape[1]):
        truth = ((labels == c) & known).double()
        guess = p[:, c] * known
        dice.append(1 - (2 * (guess * truth).sum() + 1e-5) / (guess.sum() + truth.sum() + 1e-5))
    return 0.5 * (ce + torch.stack(dice).mean())


def literal_ramp(scale: float, config: TrainingConfig) -> float:
    return scale * math.exp(-5 * (1 - STEP / config.steps) ** 2)


def literal_masked_ce(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    voxels = mask.nonzero().tolist()
    log_p = logits.log_softmax(1)
    return -sum(log_p[b, target[b, z, y, x], z, y, x] for b, z, y, x in voxels) / max(len(voxels), 1)


def student_logits(method: Method, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    logits, embeddings = method.student(torch.cat((batch.labelled.student_images, batch.unlabelled.student_images)))
    return logits[:2], logits[2:], embeddings[2:]


def literal_similarity(f: Tensor, references: Tensor, kernel: str, reduce: str) -> Tensor:
    """K of one voxel (E,) to references (l, k, E): reduce over k, mean over l."""
    if kernel == "cosine":
        pairs = (references @ f) / (references.norm(dim=-1) * f.norm()).clamp_min(1e-300)
    else:
        pairs = 1 / (1 + (references - f).norm(dim=-1))
    return (pairs.mean(1) if reduce == "mean" else pairs.amax(1)).mean()


def literal_matching_loss(method: Method, batch: Batch, en_mask: str) -> Tensor:
    """Eqs. 2 to 5 voxel by voxel, references drawn with the random state that the step starts with."""
    c = method.config
    with torch.no_grad():
        target = method.teacher(batch.unlabelled.images)[0].softmax(1)
        features = method.teacher(batch.labelled.images)[1].flatten(2)
    entropy = -(target * target.log()).sum(1)
    reliable = entropy < (0.75 + literal_ramp(0.25, c)) * math.log(2)
    positions, _ = draw_positions(without_margin(batch.labelled.candidates, 4).flatten(1), 2, c.k, c.l)
    logits_l, logits_u, f_u = student_logits(method, batch)
    y_nn, entropies = torch.zeros_like(reliable, dtype=torch.int64), torch.zeros_like(entropy)
    for b in range(2):
        outside, inside = (features[b][:, positions[b, g]].permute(1, 2, 0) for g in (0, 1))
        for z, y, x in torch.ones(SIZE).nonzero().tolist():
            f = f_u[b, :, z, y, x]
            k_plus = literal_similarity(f, inside, c.kernel, c.reduce)
            k_minus = literal_similarity(f, outside, c.kernel, c.reduce)
            y_nn[b, z, y, x] = int(k_plus > k_minus)
            p = k_plus.exp() / (k_plus.exp() + k_minus.exp())
            entropies[b, z, y, x] = -(p * p.log() + (1 - p) * (1 - p).log())
    l_ua = literal_masked_ce(logits_u, target.argmax(1), reliable)
    l_nn = literal_masked_ce(logits_u, y_nn, ~reliable)
    l_en = entropies.mean() if en_mask == "dense" else entropies[~reliable].mean()
    unlabelled = literal_ramp(0.25, c) * l_ua + literal_ramp(0.125, c) * (l_nn + l_en)
    return literal_supervised(logits_l, batch.labelled.labels) + unlabelled
