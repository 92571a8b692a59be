"""The layer says what the bank's similarities say: which class leads, and by how much."""

from __future__ import annotations

import pytest
import torch

from SemiSegEmbedLib.inference.engine import OpenVinoEngine, TorchEngine, has_openvino
from SemiSegEmbedLib.inference.matching_layer import MatchingLayer
from SemiSegEmbedLib.inference.reference_bank import ReferenceBank

CPU = torch.device("cpu")


def leads(similarities: torch.Tensor) -> torch.Tensor:
    """Differences to the first class, which is all that maps are made of."""
    return similarities[:, 1:] - similarities[:, :1]


def bank_of(groups: tuple[int, ...]) -> ReferenceBank:
    size = (len(groups), 3, 4)
    generator = torch.Generator().manual_seed(0)
    return ReferenceBank(
        torch.rand(*size, 8, generator=generator), ("case-0001",), torch.zeros(size, dtype=torch.int16),
        torch.zeros((*size, 3), dtype=torch.int32), torch.zeros((*size, 3)), groups,
    )  # fmt: skip


@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize("groups", [(0, 1), (0, 1, 2), (0, 1, 0), (0, 1, 2, 0)])
def test_leads_are_those_of_the_bank(groups: tuple[int, ...], centre: bool) -> None:
    bank, classes = bank_of(groups), max(groups) + 1
    embeddings = torch.rand(1, 8, 4, 5, 6, generator=torch.Generator().manual_seed(1))
    embeddings[0, :, 0, 0, 0] = 0.0
    expected = bank.similarities(embeddings, classes, centre=centre)
    found = MatchingLayer(bank, classes, centre=centre)(embeddings)
    assert found.shape == expected.shape
    torch.testing.assert_close(leads(found), leads(expected), atol=1e-6, rtol=1e-5)


@pytest.mark.skipif(not has_openvino(), reason="the optional package openvino is not installed")
@pytest.mark.parametrize(("dtype", "off"), [(None, 1e-4), (torch.bfloat16, 0.02)])
def test_openvino_computes_it_inside(model, dtype: torch.dtype | None, off: float) -> None:
    layer = MatchingLayer(model.bank, 2, centre=False)
    images = torch.randn(1, 1, 24, 24, 24, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        expected = TorchEngine(model.student, CPU, None, layer)(images)[1]
        found = OpenVinoEngine(model.student, dtype, (24, 24, 24), embeddings=True, layer=layer)(images)[1]
    assert found is not None
    assert found.shape == expected.shape
    difference = (leads(found) - leads(expected)).abs()
    assert difference.mean() < off
    assert leads(expected).std() > 0.05
