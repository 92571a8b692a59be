"""Dropout on the CPU: as many zeros, the same mean and the same gradient rule as torch's own."""

from __future__ import annotations

import pytest
import torch

from SemiSegEmbedLib.learning.dropout import Dropout


@pytest.mark.parametrize("p", [0.15, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_it_drops_the_right_share_and_keeps_the_mean(p: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    out = Dropout(p)(torch.ones(101, 103, 97, dtype=dtype)).double()
    assert (out == 0).double().mean().item() == pytest.approx(p, abs=0.002)
    assert out.mean().item() == pytest.approx(1.0, abs=0.01)
    assert out.unique().numel() == 2


def test_neighbours_are_dropped_independently() -> None:
    torch.manual_seed(1)
    kept = (Dropout(0.5)(torch.ones(400_000)) > 0).double() - 0.5
    for shift in (1, 2, 3, 4):
        assert (kept[shift:] * kept[:-shift]).mean().abs().item() < 0.002


def test_the_gradient_is_the_mask() -> None:
    torch.manual_seed(2)
    x = torch.randn(50, 7, requires_grad=True)
    out = Dropout(0.3)(x)
    out.sum().backward()
    assert torch.allclose(x.grad * x, out)


def test_the_same_seed_gives_the_same_mask_and_evaluation_none() -> None:
    layer, x = Dropout(0.15), torch.rand(33, 5)
    torch.manual_seed(3)
    first = layer(x)
    torch.manual_seed(3)
    assert torch.equal(layer(x), first)
    assert torch.equal(layer.eval()(x), x)


@pytest.mark.parametrize(("p", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_the_extremes_drop_nothing_and_everything(p: float, expected: float) -> None:
    assert (Dropout(p)(torch.ones(10)) == expected).all()
