"""Eq. 2 and its alternative against literal loops."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.uncertainty import EntropyAccumulator, predictive_entropy

FORMS = ("mean_of_entropies", "entropy_of_mean")


def draw(passes: int = 5, batch: int = 2, classes: int = 3, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    logits = 4 * torch.randn(passes, batch, classes, 3, 4, 5, generator=generator, dtype=torch.float64)
    return logits.softmax(2).to(dtype)


def literal_entropy(values: list[float]) -> float:
    return -sum(p * math.log(p) for p in values if p > 0)


@pytest.mark.parametrize("classes", [2, 3])
def test_mean_of_entropies_is_equation_2(classes: int) -> None:
    p = draw(classes=classes)
    entropy = predictive_entropy(p)
    assert entropy.shape == (2, 3, 4, 5)
    for b, z, y, x in [(0, 0, 0, 0), (1, 2, 3, 4), (0, 1, 2, 3)]:
        literal = sum(literal_entropy(p[m, b, :, z, y, x].tolist()) for m in range(5)) / 5
        assert entropy[b, z, y, x].item() == pytest.approx(literal, rel=1e-12)


def test_entropy_of_mean_is_that_of_the_average_prediction() -> None:
    p = draw()
    entropy = predictive_entropy(p, "entropy_of_mean")
    for b, z, y, x in [(0, 0, 0, 0), (1, 2, 3, 4), (0, 1, 2, 3)]:
        literal = literal_entropy(p[:, b, :, z, y, x].mean(0).tolist())
        assert entropy[b, z, y, x].item() == pytest.approx(literal, rel=1e-12)


def test_only_the_entropy_of_the_mean_sees_passes_that_disagree() -> None:
    disagreeing = torch.tensor([[1.0, 0.0], [0.0, 1.0]])[:, None, :, None, None, None]
    assert predictive_entropy(disagreeing, "mean_of_entropies").item() == 0.0
    assert predictive_entropy(disagreeing, "entropy_of_mean").item() == pytest.approx(math.log(2))
    p = draw()
    assert (predictive_entropy(p) <= predictive_entropy(p, "entropy_of_mean") + 1e-12).all()


@pytest.mark.parametrize("form", FORMS)
def test_certain_and_uniform_predictions_have_entropy_zero_and_ln_c(form: str) -> None:
    certain = torch.zeros(2, 1, 4, 1, 1, 1)
    certain[:, :, 2] = 1.0
    assert predictive_entropy(certain, form).item() == 0.0
    uniform = torch.full((2, 1, 4, 1, 1, 1), 0.25)
    assert predictive_entropy(uniform, form).item() == pytest.approx(math.log(4), rel=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_half_precision_probabilities_are_summed_in_single_precision(form: str) -> None:
    p = draw(classes=2, dtype=torch.bfloat16)
    entropy = predictive_entropy(p, form)
    assert entropy.dtype == torch.float32
    torch.testing.assert_close(entropy, predictive_entropy(p.double(), form).float(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_passes_added_one_by_one_or_several_at_once_give_the_same(form: str) -> None:
    p = draw()
    one_by_one, several = EntropyAccumulator(form), EntropyAccumulator(form)
    for single in p:
        one_by_one.add(single)
    several.add(p[:2])
    several.add(p[2:])
    assert one_by_one.passes == several.passes == 5
    torch.testing.assert_close(one_by_one.entropy(), predictive_entropy(p, form), rtol=0, atol=0)
    torch.testing.assert_close(several.entropy(), one_by_one.entropy())
    torch.testing.assert_close(several.mean_probabilities(), p.mean(0))


def test_adding_a_pass_leaves_the_caller_s_tensor_alone() -> None:
    p = draw(dtype=torch.float32)
    before = p.clone()
    predictive_entropy(p)
    assert torch.equal(p, before)


def test_unknown_form_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadInputError, match="mean_of_entropies or entropy_of_mean"):
        predictive_entropy(draw(), "variance")


def test_no_pass_is_an_error() -> None:
    with pytest.raises(ValueError, match="No pass"):
        EntropyAccumulator().entropy()
