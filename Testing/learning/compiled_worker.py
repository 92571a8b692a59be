"""Compares a compiled network with the plain one, and lets many runs compile theirs.

A process of its own, since modules that torch's compiler makes up stand in `sys.modules` afterwards, where PySide6
stumbles over them.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable

import torch
from torch import nn

from SemiSegEmbedLib.learning.compiling import Compiler
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.network import ConvBlock, UNet3D

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


def main() -> int:
    assert compiled_forms() == 9
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
