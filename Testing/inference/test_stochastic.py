"""Masks from a pool are dropout: exactly, with the same masks, and in distribution, beside torch's own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from SemiSegEmbedLib.inference import stochastic
from SemiSegEmbedLib.inference.engine import has_openvino
from SemiSegEmbedLib.inference.map_settings import MapSettings
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.stochastic import MaskPool, Passes, maskable
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise

CPU = torch.device("cpu")
SIZE = (16, 24, 16)

needs_openvino = pytest.mark.skipif(not has_openvino(), reason="the optional package openvino is not installed")


def pool(network: UNet3D, size: tuple[int, ...] = SIZE, probability: float = 0.3) -> MaskPool:
    return MaskPool(probability, network.embed_dim * math.prod(size), torch.Generator().manual_seed(0))


def network(norm: str) -> UNet3D:
    torch.manual_seed(0)
    made = UNet3D(1, 2, 4, 0.3, norm).eval()
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.endswith("bias"):
                value.normal_(std=0.3)
    return made


@pytest.mark.parametrize("engine", ["torch", pytest.param("openvino", marks=needs_openvino)])
@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
def test_with_the_same_masks_it_is_dropout_written_down(norm: str, engine: str) -> None:
    made = network(norm)
    masks = pool(made)
    image = torch.randn(1, 1, *SIZE)
    kind = stochastic._PooledForward if engine == "torch" else stochastic._OpenVinoForward
    forward = kind(made, None, masks)

    def drop(_module: nn.Module, _inputs: object, x: torch.Tensor) -> torch.Tensor:
        return x * masks.mask((1, *x.shape[2:], x.shape[1])).permute(0, 4, 1, 2, 3) / masks.share

    for module in made.modules():
        if isinstance(module, nn.Dropout):
            module.register_forward_hook(drop)
    found, expected = [], []
    with torch.inference_mode():
        torch.manual_seed(1)
        found = [forward(image) for _ in range(2)]
        torch.manual_seed(1)
        expected = [made(image)[0] for _ in range(2)]
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(found[0], found[1])


def test_openvino_follows_a_window_of_another_size() -> None:
    if not has_openvino():
        pytest.skip("the optional package openvino is not installed")
    made = network("batch")
    masks = pool(made)
    ours, theirs = stochastic._OpenVinoForward(made, None, masks), stochastic._PooledForward(made, None, masks)
    with torch.inference_mode():
        for size in (SIZE, (8, 16, 16), SIZE):
            image = torch.randn(1, 1, *size)
            results = []
            for forward in (ours, theirs):
                torch.manual_seed(4)
                results.append(forward(image))
            torch.testing.assert_close(*results, rtol=1e-3, atol=1e-3)


def test_the_pool_is_dropped_as_often_as_asked_and_without_memory() -> None:
    masks = MaskPool(0.15, 1 << 20, torch.Generator().manual_seed(3))
    kept = masks.values.float()
    assert masks.share == pytest.approx(0.85, abs=1e-5)
    assert kept.mean() == pytest.approx(masks.share, abs=5 * math.sqrt(0.85 * 0.15 / len(kept)))
    centred = kept - kept.mean()
    for lag in (1, 2, 4, 16, 32):
        correlation = (centred[lag:] * centred[:-lag]).mean() / centred.square().mean()
        assert abs(correlation) < 5 / math.sqrt(len(kept)), lag


def test_uncertainty_from_the_pool_is_that_of_torch_s_own_dropout(model, toy) -> None:
    """Mean over a doubtful image: the difference is within what other random numbers make."""
    image = normalise(torch.from_numpy(toy(11, (24, 24, 24), doubtful=True).image.copy()), model.normalisation)

    def uncertainty(seed: int, **changes) -> np.ndarray:
        settings = MapSettings(passes=30, precision="fp32", engine="torch", seed=seed, **changes).resolved(model.facts)
        passes = Passes(model, settings, CPU, (24, 24, 24), 1)
        if plain:
            passes._forward = stochastic._PlainForward(model.teacher, CPU, None)
        with torch.inference_mode():
            return passes(image[None, None], 0)[0].numpy()

    for form in ("mean_of_entropies", "entropy_of_mean"):
        plain = True
        expected, again = uncertainty(1, uncertainty_form=form), uncertainty(2, uncertainty_form=form)
        plain = False
        found = uncertainty(3, uncertainty_form=form)
        assert abs(found.mean() - expected.mean()) < 0.01
        assert np.abs(found - expected).mean() < 1.2 * np.abs(again - expected).mean()


def test_the_number_of_a_window_decides_and_not_what_came_before(model) -> None:
    settings = MapSettings(passes=2, engine="torch").resolved(model.facts)
    passes = Passes(model, settings, CPU, (24, 24, 24), 1)
    image = torch.randn(1, 1, 24, 24, 24)
    with torch.inference_mode():
        first, other, again = (passes(image, number) for number in (5, 6, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def on_a_gpu(made: Model, **changes: Any) -> Passes:
    """Passes as they are made beside the processor, where their number at once is free."""
    settings = MapSettings(**{"passes": 5, "precision": "fp32", **changes}).resolved(made.facts)
    passes = Passes(made, settings, CPU, (24, 24, 24), 1)
    passes._forward = stochastic._PlainForward(made.teacher, CPU, None)
    return passes


@pytest.mark.parametrize("kind", ["element", "channel"])
def test_how_many_passes_are_made_at_once_changes_no_mask_and_no_noise(model: Model, kind: str) -> None:
    teacher = UNet3D(1, 2, 4, 0.3, "batch", dropout_kind=kind).eval()
    teacher.load_state_dict(model.teacher.state_dict())
    passes = on_a_gpu(replace(model, teacher=teacher))
    image = torch.randn(1, 1, 24, 24, 24)
    found = []
    with torch.inference_mode():
        for at_once in (5, 3, 2, 1):
            passes._at_once = at_once
            found.append(passes(image, 7))
        other = passes(image, 8)
    for less in found[1:]:
        torch.testing.assert_close(less, found[0], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(other, found[0], atol=1e-3)


def test_each_pass_and_each_layer_draws_masks_of_its_own() -> None:
    """Also the layers whose maps have the same size."""
    forward = stochastic._PlainForward(UNet3D(1, 2, 4, 0.5, "none"), CPU, None)
    kept: list[torch.Tensor] = []
    for dropout in forward._dropouts:
        dropout.register_forward_pre_hook(lambda _, inputs: (inputs[0].fill_(1.0),))
        dropout.register_forward_hook(lambda _, inputs, x: kept.extend((x != 0).flatten(1)))
    with torch.inference_mode():
        forward(torch.ones(2, 1, *SIZE), [0, stochastic.MOST_DRAWS])
    assert len(kept) == 2 * 14
    for i, mask in enumerate(kept):
        assert mask.float().mean() == pytest.approx(0.5, abs=0.1)
        assert all(len(mask) != len(other) or not torch.equal(mask, other) for other in kept[:i])


def test_passes_that_find_no_memory_are_halved_down_to_one(model: Model) -> None:
    passes, image = on_a_gpu(model), torch.randn(1, 1, 24, 24, 24)
    engine, sizes = passes._forward.engine, []

    def full(noisy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(len(noisy))
        if len(noisy) > fits:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return engine(noisy)

    with torch.inference_mode():
        passes._at_once = 1
        expected = passes(image, 7)
        passes._at_once, passes._forward.engine = 5, full
        full.network = engine.network
        fits = 2
        torch.testing.assert_close(passes(image, 7), expected, rtol=1e-4, atol=1e-5)
        assert sizes == [5, 2, 2, 1]
        sizes.clear()
        passes(image, 8)
        assert sizes == [2, 2, 1], "the next window does not try again"
        fits = 0
        with pytest.raises(torch.cuda.OutOfMemoryError):
            passes(image, 9)


@pytest.mark.parametrize(("gib", "at_once"), [(64, 5), (3, 4), (2, 3), (1, 1), (0.1, 1)])
def test_as_many_passes_are_made_at_once_as_fit_into_the_memory_of_a_gpu(
    model: Model, monkeypatch: pytest.MonkeyPatch, gib: float, at_once: int
) -> None:
    """Of the paper's network and patch in bf16: 0.53 GiB a pass, within 0.8 of what is free."""
    monkeypatch.setattr(stochastic, "available_bytes", lambda device: int(gib * 2**30))
    passes = on_a_gpu(model, precision="bf16")
    assert passes._fitting() == 1, "on a processor"
    passes.device, passes.patch, passes.base_filters = torch.device("cuda"), (96, 96, 96), 16
    assert passes._fitting() == at_once


def test_a_network_without_dropout_still_has_its_noise(model) -> None:
    made = UNet3D(1, 2, 4, 0.0, "batch").eval()
    settings = MapSettings(passes=2).resolved(model.facts)
    forward = stochastic._make_forward(made, settings, CPU, (16, 16, 16), 1)
    assert isinstance(forward, stochastic._PlainForward)


def test_the_network_that_is_given_stays_as_it_is() -> None:
    made = network("batch")
    before = {name: value.clone() for name, value in made.state_dict().items()}
    maskable(made, 0.5)
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())
