"""Merged up-convolutions are the same function as the decoder as it is written."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from SemiSegEmbedLib.inference.engine import fold_batch_norm
from SemiSegEmbedLib.inference.merged import MergedUp, merge_up_convolutions
from SemiSegEmbedLib.learning.network import UNet3D, mc_dropout


def network(norm: str) -> UNet3D:
    """Float64, with biases that are not zero."""
    torch.manual_seed(0)
    made = UNet3D(1, 3, 2, 0.3, norm).double().eval()
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.endswith("bias"):
                value.normal_()
    return made


@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
@pytest.mark.parametrize("size", [(16, 24, 16), (8, 16, 40)])
def test_logits_and_embeddings_are_the_same_to_rounding(norm: str, size: tuple[int, ...]) -> None:
    made = network(norm)
    merged = merge_up_convolutions(fold_batch_norm(made))
    images = torch.randn(2, 1, *size, dtype=torch.float64)
    with torch.no_grad():
        for ours, theirs in zip(merged(images), made(images), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
            assert theirs.std() > 0.1


def test_one_join_equals_up_convolution_concatenation_and_convolution_at_every_face() -> None:
    torch.manual_seed(1)
    up, convolution = nn.ConvTranspose3d(3, 4, 2, stride=2).double(), nn.Conv3d(7, 5, 3, padding=1).double()
    skip, x = torch.randn(1, 3, 4, 6, 8, dtype=torch.float64), torch.randn(1, 3, 2, 3, 4, dtype=torch.float64)
    with torch.no_grad():
        expected = convolution(torch.cat((skip, up(x)), 1))
        join = MergedUp(up, convolution)
        torch.testing.assert_close(join(skip, x), expected, rtol=1e-12, atol=1e-12)
        longer = torch.randn(1, 3, 8, 6, 8, dtype=torch.float64), torch.randn(1, 3, 4, 3, 4, dtype=torch.float64)
        expected = convolution(torch.cat((longer[0], up(longer[1])), 1))
        torch.testing.assert_close(join(*longer), expected, rtol=1e-12, atol=1e-12)


def test_dropout_meets_the_same_values() -> None:
    made = network("batch")
    found = []
    for one in (made, merge_up_convolutions(made)):
        torch.manual_seed(3)
        with mc_dropout(one), torch.no_grad():
            found.append(one(torch.ones(1, 1, 16, 16, 16, dtype=torch.float64))[0])
    torch.testing.assert_close(*found, rtol=1e-10, atol=1e-10)


def test_the_network_and_the_random_numbers_of_the_caller_stay_as_they_are() -> None:
    made = network("batch")
    before = {name: value.clone() for name, value in made.state_dict().items()}
    state = torch.random.get_rng_state()
    merge_up_convolutions(made)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())


def test_the_paper_s_network_loses_a_third_of_its_multiplications() -> None:
    def count(one: UNet3D) -> float:
        total = 0.0

        def add(module: nn.Module, _: object, out: torch.Tensor) -> None:
            nonlocal total
            weights = module.weight[:1] if isinstance(module, nn.ConvTranspose3d) else module.weight[0]
            # A transposed convolution of stride 2 meets an eighth of its weights at each voxel.
            share = 1 / 8 if isinstance(module, nn.ConvTranspose3d) else 1
            inputs = module.in_channels if isinstance(module, nn.ConvTranspose3d) else 1
            per_voxel = weights.numel() * inputs * share
            total += out[0, 0].numel() * (per_voxel if share < 1 else per_voxel * module.out_channels)

        hooks = [m.register_forward_hook(add) for m in one.modules() if isinstance(m, nn.Conv3d | nn.ConvTranspose3d)]
        with torch.no_grad():
            one(torch.zeros(1, 1, 16, 16, 16))
        for hook in hooks:
            hook.remove()
        return total / 16**3

    plain = UNet3D(1, 2, 16, 0.15, "none")
    assert count(plain) == pytest.approx(412.6e9 / 2 / 96**3, rel=1e-3)
    assert count(merge_up_convolutions(plain)) < 0.69 * count(plain)
