"""The loss terms of the paper (sections 2.1 to 2.3); all sums in at least float32, also under autocast.

Sums run over all processes of a run (`processes.total`).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from SemiSegEmbedLib.learning.processes import total
from SemiSegEmbedLib.learning.schedules import ramp_up
from SemiSegEmbedLib.study.records import IGNORE

UA_WEIGHT = 0.25
PS_WEIGHT = 0.125
"""Final weights of eq. 5."""


def supervised_loss(logits: Tensor, labels: Tensor, *, smooth: float = 1e-5) -> Tensor:
    """L_S: half the sum of cross-entropy and Dice loss (paper, section 2.1; the half as in UA-MT).

    Dice is soft, summed over the whole batch, and averaged over the foreground classes.

    Args:
        logits: (B, C, D, H, W).
        labels: Classes 0..C-1, or 255 for voxels left out of both terms, integer, (B, D, H, W).
        smooth: Added to numerator and denominator of Dice.

    Returns:
        A scalar; 0 with gradient 0 when every voxel is ignored.
    """
    labels = labels.long()
    log_probabilities = _log_softmax(logits)
    known = labels != IGNORE
    cross_entropy = F.nll_loss(log_probabilities, labels, ignore_index=IGNORE, reduction="sum")
    cross_entropy = total(cross_entropy) / total(known.sum()).clamp_min(1)
    return 0.5 * (cross_entropy + dice_loss(log_probabilities.exp(), labels, smooth=smooth))


def dice_loss(probabilities: Tensor, labels: Tensor, *, smooth: float = 1e-5) -> Tensor:
    """1 - mean over foreground classes of (2 |P Y| + s) / (|P| + |Y| + s), sums over the whole batch.

    Args:
        probabilities: (B, C, D, H, W), at least float32.
        labels: As in `supervised_loss`.
        smooth: s.

    Returns:
        A scalar; 0 with gradient 0 when every voxel is ignored.
    """
    known, losses = labels != IGNORE, []
    for c in range(1, probabilities.shape[1]):
        probability = probabilities[:, c].masked_fill(~known, 0.0)
        truth = labels == c
        overlap = total(probability.masked_fill(~truth, 0.0).sum())
        losses.append(1.0 - (2.0 * overlap + smooth) / (total(probability.sum() + truth.sum()) + smooth))
    return torch.stack(losses).mean()


def masked_cross_entropy(logits: Tensor, pseudo_labels: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy averaged over the voxels of a mask: L_UA of section 2.2 and L_NN of eq. 3.

    Args:
        logits: (B, C, D, H, W).
        pseudo_labels: Classes, integer or bool, (B, D, H, W); never part of the graph.
        mask: Voxels that count, bool, (B, D, H, W); the mean is over those of the whole batch.

    Returns:
        A scalar; 0 with gradient 0 for an empty mask. The host never waits for the device.
    """
    losses = F.nll_loss(_log_softmax(logits), pseudo_labels.long(), reduction="none")
    return masked_mean(losses, mask)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of `values` where `mask` is true; 0 with gradient 0 where it is nowhere."""
    return total(values.masked_fill(~mask, 0.0).sum()) / total(mask.sum()).clamp_min(1)


def unlabelled_loss(
    l_ua: Tensor,
    l_nn: Tensor,
    l_en: Tensor,
    step: int,
    total_steps: int,
    *,
    ua_weight: float = UA_WEIGHT,
    ps_weight: float = PS_WEIGHT,
) -> Tensor:
    """L_U = w_UA L_UA + w_PS (L_NN + L_EN) with both weights ramped up by eq. 1 (paper, eq. 5).

    Args:
        l_ua: L_UA, scalar.
        l_nn: L_NN, scalar.
        l_en: L_EN, scalar.
        step: T.
        total_steps: T_N.
        ua_weight: Final value of w_UA.
        ps_weight: Final value of w_PS.
    """
    return ramp_up(step, total_steps, ua_weight) * l_ua + ramp_up(step, total_steps, ps_weight) * (l_nn + l_en)


def _log_softmax(logits: Tensor) -> Tensor:
    return F.log_softmax(logits, 1, dtype=torch.promote_types(logits.dtype, torch.float32))
