"""L_S, L_UA and L_NN, and eq. 5 against literal loops, with every voxel that must not count."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from SemiSegEmbedLib.learning.losses import masked_cross_entropy, masked_mean, supervised_loss, unlabelled_loss

SHAPE = (2, 3, 2, 3)
"""(B, D, H, W)"""


def draw(classes: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(SHAPE[0], classes, *SHAPE[1:], generator=generator, dtype=torch.float64)
    return logits, torch.randint(classes, SHAPE, generator=generator)


def literal_voxels(logits: Tensor, labels: Tensor) -> list[tuple[list[float], int]]:
    """Softmax and label of every voxel that is not ignored."""
    columns = logits.movedim(1, -1).reshape(-1, logits.shape[1]).tolist()
    voxels = []
    for column, label in zip(columns, labels.flatten().tolist(), strict=True):
        total = sum(math.exp(v) for v in column)
        if label != 255:
            voxels.append(([math.exp(v) / total for v in column], label))
    return voxels


def literal_supervised_loss(logits: Tensor, labels: Tensor) -> float:
    voxels = literal_voxels(logits, labels)
    cross_entropy = -sum(math.log(p[y]) for p, y in voxels) / len(voxels)
    dice = []
    for c in range(1, logits.shape[1]):
        overlap = sum(p[c] for p, y in voxels if y == c)
        sizes = sum(p[c] for p, _ in voxels) + sum(y == c for _, y in voxels)
        dice.append((2 * overlap + 1e-5) / (sizes + 1e-5))
    return 0.5 * (cross_entropy + 1 - sum(dice) / len(dice))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("ignored", [0, 11])
def test_supervised_loss_is_half_of_cross_entropy_and_dice(classes: int, ignored: int) -> None:
    logits, labels = draw(classes)
    labels.view(-1)[:ignored] = 255
    loss = supervised_loss(logits, labels)
    assert loss.item() == pytest.approx(literal_supervised_loss(logits, labels), rel=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_gradients_are_correct(classes: int) -> None:
    logits, labels = draw(classes)
    mask = labels > 0
    labels.view(-1)[3:9] = 255
    logits.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: supervised_loss(x, labels), logits)
    assert torch.autograd.gradcheck(lambda x: masked_cross_entropy(x, labels.clamp_max(1), mask), logits)


def test_ignored_voxels_change_neither_loss_nor_gradient() -> None:
    logits, labels = draw(3)
    ignored = torch.zeros(SHAPE, dtype=torch.bool)
    ignored[:, 0] = True
    labels[ignored] = 255
    other = torch.where(ignored[:, None], 1e4 * torch.randn_like(logits), logits)
    for x in (logits, other):
        x.requires_grad_(True)
    assert supervised_loss(logits, labels).item() == supervised_loss(other, labels).item()
    supervised_loss(other, labels).backward()
    assert other.grad is not None
    assert (other.grad.movedim(1, -1)[ignored] == 0).all()
    assert (other.grad.movedim(1, -1)[~ignored] != 0).any()


def test_a_batch_of_ignored_voxels_alone_gives_zero_with_gradient_zero() -> None:
    logits, labels = draw(2)
    logits.requires_grad_(True)
    loss = supervised_loss(logits, torch.full_like(labels, 255))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_perfect_prediction_costs_next_to_nothing_even_without_foreground() -> None:
    labels = torch.zeros(SHAPE, dtype=torch.long)
    logits = torch.stack((torch.full(SHAPE, 40.0), torch.full(SHAPE, -40.0)), 1)
    assert supervised_loss(logits, labels).item() == pytest.approx(0, abs=1e-6)
    assert supervised_loss(-logits, labels).item() > 1


def test_labels_may_be_bytes() -> None:
    logits, labels = draw(2)
    labels.view(-1)[:4] = 255
    assert supervised_loss(logits, labels.to(torch.uint8)).item() == supervised_loss(logits, labels).item()


@pytest.mark.parametrize("classes", [2, 3])
def test_masked_cross_entropy_is_the_mean_over_the_mask_of_the_whole_batch(classes: int) -> None:
    logits, labels = draw(classes)
    mask = torch.rand(SHAPE, generator=torch.Generator().manual_seed(5)) < 0.4
    mask[1] = False
    counted = [e for e, m in zip(literal_voxels(logits, labels), mask.flatten().tolist(), strict=True) if m]
    literal = -sum(math.log(p[y]) for p, y in counted) / len(counted)
    assert masked_cross_entropy(logits, labels, mask).item() == pytest.approx(literal, rel=1e-12)


def test_binary_pseudo_labels_may_be_bool_and_give_binary_cross_entropy() -> None:
    logits, labels = draw(2)
    everywhere = torch.ones(SHAPE, dtype=torch.bool)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 1] - logits[:, 0], labels.double())
    torch.testing.assert_close(masked_cross_entropy(logits, labels.bool(), everywhere), expected)


def test_an_empty_mask_gives_zero_with_gradient_zero() -> None:
    logits, labels = draw(2)
    logits.requires_grad_(True)
    loss = masked_cross_entropy(logits, labels, torch.zeros(SHAPE, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_masked_mean_leaves_out_values_that_are_not_finite() -> None:
    values = torch.tensor([1.0, float("nan"), 4.0])
    assert masked_mean(values, torch.tensor([True, False, True])).item() == 2.5


@pytest.mark.parametrize(("step", "ua", "ps"), [(0, 0.25, 0.125), (60, 0.25, 0.125), (100, 0.4, 0.3)])
def test_unlabelled_loss_is_equation_5(step: int, ua: float, ps: float) -> None:
    l_ua, l_nn, l_en = (torch.tensor(v, dtype=torch.float64) for v in (0.7, 1.1, 0.6))
    weights = {} if (ua, ps) == (0.25, 0.125) else {"ua_weight": ua, "ps_weight": ps}
    ramp = math.exp(-5 * (1 - step / 100) ** 2)
    loss = unlabelled_loss(l_ua, l_nn, l_en, step, 100, **weights)
    assert loss.item() == pytest.approx(ua * ramp * 0.7 + ps * ramp * (1.1 + 0.6), rel=1e-12)


def test_half_precision_logits_are_summed_in_single_precision_also_under_autocast() -> None:
    logits = torch.randn(1, 2, 24, 24, 24, generator=torch.Generator().manual_seed(2)).bfloat16()
    labels = (torch.rand(1, 24, 24, 24, generator=torch.Generator().manual_seed(3)) < 0.3).long()
    exact = supervised_loss(logits.double(), labels).item()
    with torch.autocast("cpu", torch.bfloat16):
        loss = supervised_loss(logits, labels)
        masked = masked_cross_entropy(logits, labels, labels == 1)
    assert loss.dtype == masked.dtype == torch.float32
    assert loss.item() == pytest.approx(exact, rel=1e-5)
    assert masked.item() == pytest.approx(masked_cross_entropy(logits.double(), labels, labels == 1).item(), rel=1e-5)


def test_the_mean_over_one_voxel_is_that_voxel() -> None:
    values = torch.tensor([1.0, 3.0, 4.0])
    assert masked_mean(values, torch.tensor([False, True, False])).item() == 3.0
    logits, labels = draw(2)
    labels.view(-1)[1:] = 255
    assert supervised_loss(logits, labels).item() == pytest.approx(literal_supervised_loss(logits, labels), rel=1e-12)
