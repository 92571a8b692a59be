"""The 3D U-Net: its size, its layers' order and statistics, where it accepts input, and Monte Carlo dropout."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.network import NORMS, InstanceNorm, MaxPool, UNet3D, mc_dropout

all_norms = pytest.mark.parametrize("norm", list(NORMS))


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def image(*size: int, batch: int = 1, seed: int = 0) -> Tensor:
    return torch.randn(batch, 1, *size, generator=torch.Generator().manual_seed(seed))


def small(norm: str = "instance", **more: object) -> UNet3D:
    torch.manual_seed(0)
    return UNet3D(1, 2, 4, norm=norm, **more)


def literal_parameter_count(base: int, classes: int, affine: bool) -> int:
    """Cicek et al. (2016), figure 2, with every filter count scaled by base / 32."""
    convolutions = [(1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8), (8, 8), (8, 16)]
    convolutions += [(16 + 8, 8), (8, 8), (8 + 4, 4), (4, 4), (4 + 2, 2), (2, 2)]
    weights = sum(27 * (base * a if i else 1) * base * b for i, (a, b) in enumerate(convolutions))
    per_channel = (2 if affine else 1) * sum(base * b for _, b in convolutions)
    up = sum(8 * (n * base) ** 2 + n * base for n in (16, 8, 4))
    return weights + per_channel + up + 2 * base * classes + classes


@pytest.mark.parametrize(("norm", "parameters"), [("instance", 4_769_490), ("batch", 4_769_490), ("none", 4_768_322)])
def test_half_the_filters_make_4_77_million_parameters(norm: str, parameters: int) -> None:
    network = UNet3D(1, 2, norm=norm)
    assert count(network) == parameters == literal_parameter_count(16, 2, norm != "none")
    assert network.embed_dim == 32


def test_all_filters_make_the_19_07_million_of_the_original() -> None:
    assert round(count(UNet3D(1, 3, 32, norm="batch")) / 1e6, 2) == 19.07


@all_norms
@pytest.mark.parametrize("size", [(16, 16, 16), (8, 24, 16)])
def test_logits_and_embeddings_have_the_size_of_the_image(norm: str, size: tuple[int, int, int]) -> None:
    network = UNet3D(1, 3, 4, norm=norm)
    logits, embeddings = network(image(*size, batch=2))
    assert logits.shape == (2, 3, *size)
    assert embeddings.shape == (2, network.embed_dim, *size)


def test_logits_are_the_output_layer_on_the_embeddings() -> None:
    network = small().eval()
    logits, embeddings = network(image(16, 16, 16))
    assert (embeddings >= 0).all()
    weight, bias = network.output.weight[:, :, 0, 0, 0], network.output.bias
    literal = torch.einsum("ce,bezyx->bczyx", weight, embeddings) + bias[:, None, None, None]
    torch.testing.assert_close(logits, literal)


def test_forward_is_encode_then_decode_and_a_further_decoder_fits_the_same_skips() -> None:
    network = small().eval()
    x = image(16, 16, 16)
    skips = network.encode(x)
    assert [tuple(skip.shape[1:]) for skip in skips] == [
        (8, *[16] * 3),
        (16, *[8] * 3),
        (32, *[4] * 3),
        (64, *[2] * 3),
    ]
    for found, expected in zip(network.decode(skips), network(x), strict=True):
        assert torch.equal(found, expected)
    other = network.new_decoder(5).eval()
    assert other(skips).shape == (1, 5, 16, 16, 16)
    assert other[0](skips).shape == network.decoder(skips).shape
    assert not torch.equal(other[0](skips), network.decoder(skips))
    assert network.new_head(3)(network(x)[1]).shape == (1, 3, 16, 16, 16)


def test_a_decoder_without_skips_sees_the_coarsest_features_alone() -> None:
    network = small().eval()
    skips = network.encode(image(16, 16, 16))
    blind = network.new_decoder(2, skips=False).eval()
    others = [torch.zeros_like(skip) for skip in skips[:-1]]
    assert torch.equal(blind(skips), blind([*others, skips[-1]]))
    assert not torch.equal(blind(skips), blind([*skips[:-1], torch.zeros_like(skips[-1])]))


@pytest.mark.parametrize("size", [(20, 16, 16), (16, 16, 4), (16, 16, 0)])
def test_sizes_that_are_no_multiples_of_8_are_refused_with_a_sentence(size: tuple[int, int, int]) -> None:
    with pytest.raises(BadInputError, match="multiples of 8"):
        small()(image(*size))


def test_a_patch_too_small_for_its_normalisation_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadInputError, match="too small for instance"):
        small()(image(8, 8, 8))
    with pytest.raises(BadInputError, match="too small for batch"):
        small("batch")(image(8, 8, 8))
    assert small("batch")(image(8, 8, 8, batch=2))[0].isfinite().all()
    assert small("batch").eval()(image(8, 8, 8))[0].isfinite().all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"norm": "layer"}, "norm of the network must be one of instance, batch, group, none"),
        ({"dropout_kind": "block"}, "dropout kind of the network must be one of element, channel"),
        ({"dropout": 1.0}, "dropout from 0 up to but not 1"),
        ({"classes": 1}, "2 classes"),
        ({"base_filters": 0}, "1 base filter"),
        ({"in_channels": 0}, "1 input channel"),
    ],
)
def test_impossible_networks_are_refused_with_a_sentence(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        UNet3D(**{"in_channels": 1, "classes": 2, "base_filters": 4, **arguments})


@all_norms
def test_each_convolution_but_the_last_is_followed_by_norm_relu_and_dropout(norm: str) -> None:
    network = small(norm)
    blocks = [module for module in network.modules() if type(module).__name__ == "ConvBlock"]
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv3d)]
    assert len(blocks) == 14
    assert len(convolutions) == 15
    for block in blocks:
        convolution, normalisation, activation, dropout = block
        assert convolution.kernel_size == (3, 3, 3)
        assert isinstance(normalisation, type(NORMS[norm](8)))
        assert isinstance(activation, nn.ReLU)
        assert isinstance(dropout, nn.Dropout)
        assert dropout.p == 0.15
    assert network.output.kernel_size == (1, 1, 1)


def test_channel_dropout_empties_whole_maps_and_element_dropout_single_voxels() -> None:
    share_of_empty_maps = {}
    for kind in ("element", "channel"):
        network = small("none", dropout=0.5, dropout_kind=kind)
        _, embeddings = network(image(16, 16, 16, batch=4))
        share_of_empty_maps[kind] = (embeddings == 0).flatten(2).all(2).float().mean().item()
    assert share_of_empty_maps["element"] == 0
    assert 0.2 < share_of_empty_maps["channel"] < 0.8


def test_weights_start_as_he_initialisation() -> None:
    torch.manual_seed(0)
    network = UNet3D(1, 2)
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
            fan_in = module.in_channels * (27 if module.kernel_size == (3, 3, 3) else 1)
            n = module.weight.numel()
            assert module.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=4 / math.sqrt(2 * n))
            assert module.bias is None or (module.bias == 0).all()


def test_signal_keeps_its_scale_through_the_untrained_network_without_normalisation() -> None:
    torch.manual_seed(0)
    _, embeddings = UNet3D(1, 2, dropout=0.0, norm="none")(image(16, 16, 16))
    assert 0.1 < embeddings.square().mean().sqrt().item() < 10


def test_the_network_learns_a_simple_task() -> None:
    network = small(dropout=0.0)
    x = image(16, 16, 16)
    target = (nn.functional.avg_pool3d(x, 3, 1, 1) > 0)[:, 0].long()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        loss = nn.functional.cross_entropy(network(x)[0], target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_a_gradient_reaches_every_parameter() -> None:
    network = small()
    logits, embeddings = network(image(16, 16, 16))
    (logits.square().mean() + embeddings.mean()).backward()
    assert all(parameter.grad is not None and (parameter.grad != 0).any() for parameter in network.parameters())


# --- Monte Carlo dropout ----------------------------------------------------------------------------------------


@all_norms
def test_monte_carlo_passes_differ_and_evaluation_does_not(norm: str) -> None:
    network, x = small(norm).eval(), image(16, 16, 16)
    assert torch.equal(network(x)[0], network(x)[0])
    with mc_dropout(network):
        assert not torch.equal(network(x)[0], network(x)[0])


def test_monte_carlo_dropout_leaves_normalisation_deterministic_and_untouched() -> None:
    network = small("batch", dropout=0.0)
    network(image(16, 16, 16, batch=2))
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    a, b = image(16, 16, 16, seed=1), image(16, 16, 16, seed=2)
    with mc_dropout(network), torch.no_grad():
        together, alone = network(torch.cat((a, b)))[0][:1], network(a)[0]
    torch.testing.assert_close(together, alone)
    assert all(torch.equal(before[name], buffer) for name, buffer in network.named_buffers())


@pytest.mark.parametrize("training", [True, False])
def test_within_monte_carlo_only_dropout_trains_and_all_modes_are_restored(training: bool) -> None:
    network = small("batch").train(training)
    network.output.eval()
    modes = [module.training for module in network.modules()]
    with mc_dropout(network) as active:
        assert active is network
        assert all(module.training == isinstance(module, nn.Dropout) for module in network.modules())
    assert [module.training for module in network.modules()] == modes


def test_modes_are_restored_after_an_error() -> None:
    network = small()

    def fail_halfway() -> None:
        with mc_dropout(network):
            network(image(4, 4, 4))

    with pytest.raises(BadInputError):
        fail_halfway()
    assert all(module.training for module in network.modules())


def test_dropout_zeroes_its_share_of_the_embeddings_and_keeps_their_mean() -> None:
    network = small("none", dropout=0.15).eval()
    last = network.decoder.levels[-1][1][3]
    x = torch.ones(1, 8, 32, 32, 32)
    with mc_dropout(network):
        dropped = last(x)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("channels_last", [True, False])
def test_instance_normalisation_keeps_the_layout_and_equals_its_definition(batch: int, channels_last: bool) -> None:
    torch.manual_seed(0)
    norm = InstanceNorm(4, affine=True)
    torch.nn.init.uniform_(norm.weight, 0.5, 2.0)
    torch.nn.init.normal_(norm.bias)
    layout = torch.channels_last_3d if channels_last else torch.contiguous_format
    x, gradient = (torch.randn(batch, 4, 6, 5, 7).to(memory_format=layout) for _ in range(2))
    leaf = (5 * x + 2).clone(memory_format=torch.preserve_format).requires_grad_()
    found = norm(leaf)
    found.backward(gradient)

    literal, weight, bias = (v.detach().double().requires_grad_() for v in (leaf, norm.weight, norm.bias))
    variance, mean = torch.var_mean(literal, (2, 3, 4), correction=0, keepdim=True)
    expected = (literal - mean) / (variance + norm.eps).sqrt() * weight.view(-1, 1, 1, 1) + bias.view(-1, 1, 1, 1)
    expected.backward(gradient.double())
    pairs = [(found, expected), (leaf.grad, literal.grad)]
    pairs += [(norm.weight.grad, weight.grad), (norm.bias.grad, bias.grad)]
    for ours, theirs in pairs:
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=1e-4)
    if channels_last:
        assert found.is_contiguous(memory_format=layout)


def test_pooling_keeps_16_bit_maps_under_autocast_and_equals_torch_s_own() -> None:
    maps = torch.randn(2, 4, 8, 8, 8).bfloat16().contiguous(memory_format=torch.channels_last_3d)
    results = []
    for pool in (MaxPool(2), nn.MaxPool3d(2)):
        x = maps.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            pooled = pool(x)
        pooled.square().sum().backward()
        results.append((pooled, x.grad))
    (ours, our_gradient), (theirs, their_gradient) = results
    assert ours.dtype == maps.dtype
    assert ours.is_contiguous(memory_format=torch.channels_last_3d)
    assert torch.equal(ours.float(), theirs.float())
    assert torch.allclose(our_gradient.float(), their_gradient.float(), rtol=0.01)
