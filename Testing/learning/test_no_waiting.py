"""No function of the training step makes the host wait for the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.ema import make_teacher, update_teacher
from SemiSegEmbedLib.learning.losses import masked_cross_entropy, supervised_loss, unlabelled_loss
from SemiSegEmbedLib.learning.matching import class_similarities, similarity_entropy
from SemiSegEmbedLib.learning.methods import METHODS, create_method
from SemiSegEmbedLib.learning.network import UNet3D, mc_dropout
from SemiSegEmbedLib.learning.uncertainty import EntropyAccumulator

WAITING = {"_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "unique_dim", "_unique2"}


class NoWaiting(TorchDispatchMode):
    """Raises for every operator whose result the host must fetch, or whose output size depends on values."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        masks = isinstance(args[1], list | tuple) if name in ("index", "index_put", "index_put_") else False
        if name in WAITING or (masks and any(i is not None and i.dtype == torch.bool for i in args[1])):
            raise AssertionError(f"{name} waits for the device")
        return func(*args, **(kwargs or {}))


def inputs() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    shape = (2, 4, 4, 4)
    return {
        "logits": torch.randn(2, 2, 4, 4, 4, requires_grad=True),
        "labels": torch.randint(2, shape),
        "mask": torch.rand(shape) < 0.5,
        "embeddings": torch.randn(2, 6, 4, 4, 4, requires_grad=True),
        "references": torch.randn(2, 2, 3, 4, 6),
        "usable": torch.tensor([[True, True], [True, False]]),
    }


@pytest.mark.parametrize(
    "waiting",
    [
        lambda x: x["mask"].sum().item(),
        lambda x: x["logits"][:, 0][x["mask"]],
        lambda x: torch.nonzero(x["mask"]),
        lambda x: bool(x["mask"].any()),
    ],
)
def test_waiting_is_noticed(waiting: Callable[[dict[str, torch.Tensor]], object]) -> None:
    x = inputs()
    with pytest.raises(AssertionError, match="waits for the device"), NoWaiting():
        waiting(x)


@pytest.mark.parametrize("kernel", ["cosine", "euclidean"])
@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_matching_and_its_gradient_do_not_wait(kernel: str, reduce: str) -> None:
    x = inputs()
    with NoWaiting():
        similarities = class_similarities(x["embeddings"], x["references"], kernel, reduce, usable=x["usable"])
        similarities.detach().argmax(1)
        similarity_entropy(similarities).mean().backward()
    assert x["embeddings"].grad is not None


def test_losses_and_their_gradients_do_not_wait() -> None:
    x = inputs()
    with NoWaiting():
        l_s = supervised_loss(x["logits"], x["labels"])
        l_ua = masked_cross_entropy(x["logits"], x["labels"], x["mask"])
        (l_s + unlabelled_loss(l_ua, l_ua, l_ua, 3, 10)).backward()
    assert x["logits"].grad is not None


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("preset_name", ["paper", "robust"])
def test_a_whole_step_of_every_method_and_its_gradient_do_not_wait(name: str, preset_name: str) -> None:
    config = preset(preset_name, method=name, base_filters=2, patch_size=(16, 16, 16), passes=2, mtc_mode="joint")
    method = create_method(config, 2)
    labels = torch.zeros(2, 16, 16, 16, dtype=torch.int64)
    labels[:, 4:12, 4:12, 4:12] = 1
    images, other = torch.randn(2, 2, 1, 16, 16, 16)
    labelled = LabelledBatch(images, labels, labels.to(torch.uint8), images)
    with NoWaiting():
        loss, _ = method.training_step(Batch(labelled, UnlabelledBatch(other, other), (-4.0, 5.0)), 50)
        loss.backward()
        method.after_step(50)
    assert any(p.grad is not None for p in method.trainable_parameters())


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_passes_uncertainty_and_the_teacher_s_update_do_not_wait(norm: str) -> None:
    student = UNet3D(1, 2, 2, norm=norm)
    teacher = make_teacher(student)
    images, entropies = torch.randn(2, 1, 16, 16, 16), EntropyAccumulator()
    with NoWaiting(), torch.no_grad(), mc_dropout(teacher):
        entropies.add(teacher(images)[0].softmax(1))
        entropies.entropy()
        update_teacher(teacher, student, 0.9)
    assert entropies.passes == 1
