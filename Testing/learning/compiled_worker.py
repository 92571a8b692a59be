"""Compares a compiled network and a compiled similarity with the plain ones, and lets many runs compile theirs.

A process of its own, since modules that torch's compiler makes up stand in `sys.modules` afterwards, where PySide6
stumbles over them.
"""

from __future__ import annotations

import copy
import functools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from SemiSegEmbedLib.learning.compiling import NOT_COMPILED, Compiler
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.network import ConvBlock, UNet3D
from SemiSegEmbedLib.learning.similarity import class_similarities
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

NO_COMPILER = 77


class Small(nn.Module):
    """Two blocks of the network, so that compiling takes seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            ConvBlock(1, 4, 0.0, "instance", "element"), ConvBlock(4, 4, 0.0, "batch", "element")
        )
        self.output = nn.Conv3d(4, 2, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.blocks(x)
        return self.output(features), features


def compiled_forms() -> int:
    """How many of 9 forms (3 networks, 3 batch sizes) are compiled; dynamo is real, and nothing is generated."""
    forms = []

    def keep(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Callable[..., object]:
        forms.append(graph)
        return graph.forward

    real, torch.compile = torch.compile, functools.partial(torch.compile, backend=keep)
    try:
        with torch.device("meta"):
            for norm in ("batch", "instance", "group"):
                network = UNet3D(1, 2, 1, norm=norm)
                compiler = Compiler(preset("paper", compile="on"), torch.device("meta"))
                for batch in (1, 2, 3):
                    compiler(network, torch.empty(batch, 1, 16, 16, 16))
    finally:
        torch.compile = real
    return len(forms)


def goes_on_where_the_real_size_cannot_be_compiled() -> bool:
    """A run whose compiler refuses what is larger than the probe; dynamo and its exception are real."""

    def refuse(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> Callable[..., object]:
        if any(x.ndim == 5 and x.shape[-1] == 24 for x in inputs):
            raise RuntimeError("no valid triton configs")
        return graph.forward

    events: list[dict[str, Any]] = []
    label = np.zeros((24, 24, 24), np.uint8)
    label[8:16, 8:16, 8:16] = 1
    volume = Volume("case-0001", (400.0 * label).astype(np.float16), label, (1.0, 1.0, 1.0))
    config = preset(
        "paper", method="supervised", steps=2, patch_size=label.shape, base_filters=2, precision="fp32", compile="on",
    )  # fmt: skip
    real, torch.compile = torch.compile, functools.partial(torch.compile, backend=refuse)
    try:
        with tempfile.TemporaryDirectory() as folder:
            outcome = Trainer(
                config, [volume], Normalisation(60.0, 120.0), 2, device="cpu", checkpoints=Path(folder),
                report=events.append,
            ).run()  # fmt: skip
    finally:
        torch.compile = real
    warnings = [event["message"] for event in events if event["event"] == "warning"]
    return outcome.state == "finished" and warnings == [NOT_COMPILED]


def similarity_and_gradients(
    reduce: str, fused: Callable[[Callable[..., torch.Tensor]], Callable[..., torch.Tensor]] | None
) -> tuple[torch.Tensor, ...]:
    """Of Euclidean matching, in chunks of which the last is shorter."""
    generator = torch.Generator().manual_seed(0)
    f = torch.rand(2, 4, 6, 6, 6, generator=generator).requires_grad_()
    p = torch.rand(2, 3, 5, 4, generator=generator).requires_grad_()
    similarity = class_similarities(f, p, "euclidean", reduce, chunk=100, fused=fused)
    return similarity.detach(), *torch.autograd.grad(similarity.square().sum(), (f, p))


def main() -> int:
    assert compiled_forms() == 9
    assert goes_on_where_the_real_size_cannot_be_compiled()
    torch.manual_seed(0)
    plain = Small()
    compiled = copy.deepcopy(plain)
    compiler = Compiler(preset("paper", compile="on"), torch.device("cpu"))
    if compiler.probe(compiled, None):
        return NO_COMPILER
    assert all(
        torch.equal(a, b) for a, b in zip(plain.state_dict().values(), compiled.state_dict().values(), strict=True)
    )
    images = torch.randn(2, 1, 16, 16, 16)
    pairs = list(zip(compiler(compiled, images), plain(images), strict=True))
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    torch.stack([ours.square().mean() + theirs.square().mean() for ours, theirs in pairs]).sum().backward()
    for (name, ours), theirs in zip(compiled.named_parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-3, atol=1e-4, msg=name)
    assert compiled.state_dict().keys() == plain.state_dict().keys()
    for reduce in ("mean", "max"):
        found = [similarity_and_gradients(reduce, fused) for fused in (compiler.fused, None)]
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert compiler.active
    return 0


if __name__ == "__main__":
    sys.exit(main())
