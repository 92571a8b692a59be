"""Folding changes nothing, and every engine says what the network says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference import engine as engine_module
from SemiSegEmbedLib.inference.engine import (
    OpenVinoEngine,
    TorchEngine,
    fold_batch_norm,
    has_openvino,
    make_engine,
)
from SemiSegEmbedLib.inference.maps import predict_maps
from SemiSegEmbedLib.learning.network import UNet3D, mc_dropout

CPU = torch.device("cpu")
PATCH = (16, 24, 16)

needs_openvino = pytest.mark.skipif(not has_openvino(), reason="the optional package openvino is not installed")


def network(norm: str, seed: int = 0) -> UNet3D:
    """Random weights, with statistics and affine parameters that are not those of the beginning."""
    torch.manual_seed(seed)
    made = UNet3D(1, 3, 4, 0.3, norm)
    with torch.no_grad():
        for module in made.modules():
            if getattr(module, "weight", None) is not None and module.weight.ndim == 1:
                module.weight.uniform_(0.5, 2.0)
                module.bias.normal_()
        made.train()
        for _ in range(3):
            made(3 * torch.randn(2, 1, *PATCH) + 1)
    return made.eval()


def images(n: int = 2) -> torch.Tensor:
    return torch.randn(n, 1, *PATCH, generator=torch.Generator().manual_seed(1))


def test_folding_is_exact_and_leaves_the_network_alone() -> None:
    made = network("batch").double()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    folded = fold_batch_norm(made)
    with torch.no_grad():
        for ours, theirs in zip(folded(images().double()), made(images().double()), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    assert not any(isinstance(module, torch.nn.BatchNorm3d) for module in folded.modules())
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())


def test_dropout_stays_active_in_a_folded_network() -> None:
    made = network("batch").double()
    folded = fold_batch_norm(made)
    found = []
    for one in (made, folded):
        torch.manual_seed(5)
        with mc_dropout(one), torch.no_grad():
            found.append(one(images().double())[0])
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        assert not torch.allclose(found[0], made(images().double())[0])


@pytest.mark.parametrize("norm", ["batch", "instance", "group", "none"])
def test_the_prepared_network_says_what_the_network_says(norm: str) -> None:
    made = network(norm)
    with torch.no_grad():
        for ours, theirs in zip(TorchEngine(made, CPU, None)(images()), made(images()), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_weights_kept_in_bf16_equal_weights_converted_in_every_call(norm: str) -> None:
    made = fold_batch_norm(network(norm))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        expected = made(images())[0].float()
    with torch.no_grad():
        found = TorchEngine(made, CPU, torch.bfloat16)(images())[0].float()
    assert (found - expected).abs().mean() < 0.02 * expected.std()
    assert (found.argmax(1) == expected.argmax(1)).float().mean() > 0.98


@needs_openvino
@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
def test_openvino_in_fp32_equals_torch_to_a_thousandth(norm: str) -> None:
    made = network(norm)
    with torch.no_grad():
        logits, embeddings = made(images())
    found = OpenVinoEngine(made, None, PATCH, embeddings=True)(images())
    torch.testing.assert_close(found[0], logits, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found[1], embeddings, rtol=1e-3, atol=1e-3)
    alone = OpenVinoEngine(made, None, PATCH, embeddings=False)(images())
    assert alone[1] is None
    torch.testing.assert_close(alone[0], found[0], rtol=1e-4, atol=1e-4)


@needs_openvino
def test_openvino_and_torch_give_the_same_maps_of_a_trained_network(model, toy) -> None:
    image = toy(12, (24, 32, 40), doubtful=True).image
    want = ("label", "probability", "matched")
    for precision, agree, off in (("fp32", 0.9999, 1e-3), ("bf16", 0.995, 0.02)):
        found = [predict_maps(model, image, want=want, precision=precision, engine=e) for e in ("torch", "openvino")]
        assert np.mean(found[0].label == found[1].label) >= agree
        assert np.mean(found[0].matched == found[1].matched) >= agree - 0.01
        difference = np.abs(found[0].probability.astype(np.float32) - found[1].probability)
        assert difference.mean() <= off


def test_openvino_serves_many_windows_on_a_processor_and_torch_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    made = network("batch")

    class Stand:
        def __init__(self, *_args: object, **_more: object) -> None: ...

    monkeypatch.setattr(engine_module, "OpenVinoEngine", Stand)
    for installed, windows, kind, expected in (
        (True, 100, "auto", Stand),
        (True, 2, "auto", TorchEngine),
        (True, 2, "openvino", Stand),
        (True, 100, "torch", TorchEngine),
        (False, 100, "auto", TorchEngine),
    ):
        monkeypatch.setattr(engine_module, "has_openvino", lambda installed=installed: installed)
        found = make_engine(made, CPU, None, PATCH, embeddings=False, windows=windows, kind=kind)
        assert isinstance(found, expected), (installed, windows, kind)
    with pytest.raises(BadInputError, match=r"needs a processor and the package openvino.*\.$"):
        make_engine(made, CPU, None, PATCH, embeddings=False, windows=1, kind="openvino")
