from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import nn

from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.optimiser import Optimiser, learning_rate_at


def weights() -> list[nn.Parameter]:
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(5)), nn.Parameter(torch.randn(2, 3))]


def test_a_step_is_adam_with_the_papers_decay_rates() -> None:
    ours, theirs = weights(), weights()
    config = preset("paper", learning_rate=1e-2)
    optimiser = Optimiser(ours, config, None)
    m, v = [torch.zeros_like(w) for w in theirs], [torch.zeros_like(w) for w in theirs]
    for t in range(1, 6):
        optimiser.backward(sum((w**3).sum() for w in ours))
        optimiser.step(1e-2)
        for i, w in enumerate(theirs):
            g = 3 * w.data**2
            m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.99 * v[i] + 0.01 * g**2
            w.data -= 1e-2 * (m[i] / (1 - 0.9**t)) / ((v[i] / (1 - 0.99**t)).sqrt() + 1e-8)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_moves_nothing_and_the_next_step_does(bad: float) -> None:
    ours = weights()
    optimiser = Optimiser(ours, preset("paper"), None)
    before = [w.detach().clone() for w in ours]
    for _ in range(3):
        optimiser.backward(ours[0].sum() * bad)
        optimiser.step(1e-2)
    assert all(torch.equal(a, b) for a, b in zip(ours, before, strict=True))
    assert optimiser.skipped() == (3, 3)
    optimiser.backward(ours[0].sum() + ours[1].sum())
    optimiser.step(1e-2)
    assert not torch.equal(ours[0], before[0])
    assert optimiser.skipped() == (3, 0)


def test_the_gradient_is_clipped_only_when_asked() -> None:
    for clip, expected in ((0.0, 1000.0), (2.0, 2.0)):
        parameter = nn.Parameter(torch.zeros(1))
        optimiser = Optimiser([parameter], preset("paper", gradient_clip=clip), None)
        optimiser.backward(1000.0 * parameter.sum())
        optimiser.step(1e-3)
        assert optimiser.adam.state[parameter]["exp_avg"].item() == pytest.approx(0.1 * expected, rel=1e-4)


def test_the_state_goes_on_exactly() -> None:
    ours, theirs = weights(), weights()
    a, b = (Optimiser(w, preset("paper"), None) for w in (ours, theirs))
    for _ in range(2):
        a.backward(sum((w**2).sum() for w in ours))
        a.step(1e-2)
    for mine, other in zip(theirs, ours, strict=True):
        mine.data.copy_(other.data)
    b.load_state_dict(copy.deepcopy(a.state_dict()))
    for optimiser, ws in ((a, ours), (b, theirs)):
        optimiser.backward(sum((w**2).sum() for w in ws))
        optimiser.step(1e-2)
    assert all(torch.equal(x, y) for x, y in zip(ours, theirs, strict=True))


def out_of_memory(*_: object, **__: object) -> None:
    raise torch.cuda.OutOfMemoryError("CUDA out of memory.")


@pytest.mark.parametrize("dtype", [None, torch.float16])
@pytest.mark.parametrize("where", ["Adam's first moment", "Adam's second moment", "a later step"])
def test_a_step_that_failed_after_its_gradients_were_unscaled_is_made_again_as_if_nothing_had_been(
    where: str, dtype: torch.dtype | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = weights(), weights()
    a, b = (Optimiser(w, preset("paper"), dtype) for w in (ours, theirs))

    def step(optimiser: Optimiser, ws: list[nn.Parameter]) -> None:
        optimiser.backward(sum((w**2).sum() for w in ws))
        optimiser.step(1e-2)

    if where == "a later step":
        step(a, ours)
        step(b, theirs)
    before = a.scaler.state_dict()
    with monkeypatch.context() as patched:
        if where == "a later step":
            patched.setattr(a.adam, "step", out_of_memory)
        else:
            zeros, made = torch.zeros_like, []

            def few(*args: Any, **options: Any) -> torch.Tensor:
                if len(made) == (2 if where == "Adam's first moment" else 1):
                    out_of_memory()
                made.append(1)
                return zeros(*args, **options)

            patched.setattr(torch, "zeros_like", few)
        with pytest.raises(torch.cuda.OutOfMemoryError):
            step(a, ours)
    a.give_up_step()
    assert a.scaler.state_dict() == before
    assert all(w.grad is None for w in ours)
    for _ in range(2):
        step(a, ours)
        step(b, theirs)
    assert all(torch.equal(x, y) for x, y in zip(ours, theirs, strict=True))
    assert a.scaler.state_dict() == b.scaler.state_dict()
    assert a.skipped() == (0, 0)


def test_a_step_can_be_given_up_before_its_first_gradient() -> None:
    optimiser = Optimiser(weights(), preset("paper"), torch.float16)
    optimiser.give_up_step()
    assert optimiser.scaler.get_scale() == 65536.0


def test_schedules_start_rise_and_end_where_they_say() -> None:
    base = {"learning_rate": 1e-3, "steps": 1000}
    assert {learning_rate_at(t, preset("paper", **base)) for t in (0, 500, 999)} == {1e-3}
    cosine = preset("paper", schedule="cosine", **base)
    assert learning_rate_at(500, cosine) == pytest.approx(5e-4)
    assert learning_rate_at(999, cosine) < 1e-8
    assert learning_rate_at(500, preset("paper", schedule="poly", **base)) == pytest.approx(1e-3 * 0.5**0.9)
    warm = preset("paper", warmup_steps=10, **base)
    assert [learning_rate_at(t, warm) for t in (0, 4, 9, 10)] == pytest.approx([1e-4, 5e-4, 1e-3, 1e-3])
    assert math.isfinite(learning_rate_at(0, preset("paper", steps=1, schedule="poly")))
