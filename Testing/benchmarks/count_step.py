"""What a training step of the paper's size keeps, moves and launches: counted and not timed, without a GPU.

    python Testing/benchmarks/count_step.py

The step runs uncompiled on tensors without values (torch's `FakeTensorMode`), each operator of it is seen, forward and
backward, and dropout and chunks of voxels are those of a GPU. A GPU's own workspace is not seen, and a compiler keeps
and moves less. Bytes moved are those of all tensors that an operator reads and writes, each once: a GPU cannot be
faster than these divided by its bandwidth, and often is much slower. Prints JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measuring import fitted

from SemiSegEmbedLib.learning import similarity
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.dropout import Dropout
from SemiSegEmbedLib.learning.memory import estimate_bytes
from SemiSegEmbedLib.learning.optimiser import Optimiser
from SemiSegEmbedLib.learning.stepper import Stepper

CPU = torch.device("cpu")
CONVOLUTIONS = ("convolution", "convolution_backward")
ALLOCATING = ("empty", "empty_like", "empty_strided", "new_empty", "new_empty_strided")
"""Operators that neither read nor write."""
ROWS: dict[str, dict[str, Any]] = {
    "ours": {},
    "ours, instance norm": {"norm": "instance"},
    "ours, fp32": {"precision": "fp32"},
    "ours, 4 GiB": {"memory_gib": 4.0},
    **{name: {"method": name} for name in ("supervised", "mean_teacher", "uamt", "cct", "mtc", "dtc")},
}


class Counter(TorchDispatchMode):
    """Counts every operator below it.

    Attributes:
        peak: Most bytes of tensors alive at once.
        moved: Bytes read and written.
        convolutions: Of these, by convolutions.
        launches: Operators that read or write.
        flops: Floating-point operations of convolutions and matrix products.
    """

    def __init__(self, alive: Sequence[torch.Tensor] = ()) -> None:
        super().__init__()
        self.peak = self.moved = self.convolutions = self.launches = self.flops = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._note(alive)

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        made = [x for x in tree_leaves(result) if isinstance(x, torch.Tensor)]
        self._note(made)
        known = {x.untyped_storage()._cdata for x in given}
        new = any(x.untyped_storage()._cdata not in known for x in made)
        name = func.overloadpacket.__name__
        if (new or func._schema.is_mutable) and name not in ALLOCATING:
            self.launches += 1
            # An operator that works in place reads and writes the one tensor that is among both.
            moved = sum(x.numel() * x.element_size() for x in (*given, *made))
            self.moved += moved
            self.convolutions += moved * (name in CONVOLUTIONS)
            if func.overloadpacket in flop_registry:
                self.flops += flop_registry[func.overloadpacket](*args, **kwargs, out_val=result)
        return result

    def _note(self, made: Sequence[torch.Tensor]) -> None:
        self._alive = {key: held for key, held in self._alive.items() if not held[0].expired()}
        for x in made:
            storage = x.untyped_storage()
            self._alive[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))


def count(config: TrainingConfig, classes: int = 2) -> dict[str, Any]:
    """Two steps (one method learns two tasks in turn) after two in which the optimiser makes its tensors.

    Returns:
        The larger peak in GiB, beside what `learning.memory` expects; the rest as a mean of both steps.
    """
    half = config.precision != "fp32"
    stepper = Stepper(config.replace(compile="off", supervised_start=0.0), classes, CPU)
    stepper.method.autocast_dtype = torch.bfloat16 if half else None
    fake = FakeTensorMode()
    held = _without_values(stepper.method, fake)
    with _as_on_a_gpu(stepper.method), fake:
        stepper.optimiser = Optimiser(stepper.method.trainable_parameters(), config, stepper.method.autocast_dtype)
        for step in (0, 1):
            _take(stepper, step)
        states = [x for state in stepper.optimiser.adam.state.values() for x in state.values()]
        with Counter([*held, *(x for x in states if isinstance(x, torch.Tensor))]) as counter:
            for step in (2, 3):
                _take(stepper, step)
    return {
        "peak_gib": round(counter.peak / 2**30, 2),
        "expected_gib": round(estimate_bytes(config, half=half) / 2**30, 2),
        "gb": round(counter.moved / 2e9, 1),
        "gb_of_convolutions": round(counter.convolutions / 2e9, 1),
        "launches": counter.launches // 2,
        "tflop": round(counter.flops / 2e12, 2),
    }


def _take(stepper: Stepper, step: int) -> None:
    batch = _batch(stepper.config, *stepper.method.patches_per_step(step))
    stepper.take(lambda: batch, step)


def _batch(config: TrainingConfig, labelled: int, unlabelled: int) -> Batch:
    """Patches of any values, of one of the parts that a step has."""

    def patches(n: int, kind: torch.dtype, *channels: int) -> torch.Tensor:
        return torch.zeros(n // config.accumulation, *channels, *config.patch_size, dtype=kind)

    def images(n: int) -> torch.Tensor:
        return patches(n, torch.float32, 1)

    labels, groups = patches(labelled, torch.int64), patches(labelled, torch.uint8)
    return Batch(
        LabelledBatch(images(labelled), labels, groups, images(labelled)) if labelled else None,
        UnlabelledBatch(images(unlabelled), images(unlabelled)) if unlabelled else None,
        (-4.0, 5.0),
    )


def _without_values(network: nn.Module, fake: FakeTensorMode) -> list[torch.Tensor]:
    """Puts tensors without values in the place of all parameters and buffers; returns them."""
    for module in network.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                made = fake.from_tensor(parameter.detach())
                module._parameters[name] = nn.Parameter(made, parameter.requires_grad)
        for name, value in module._buffers.items():
            if value is not None:
                module._buffers[name] = fake.from_tensor(value)
    return [*network.parameters(), *network.buffers()]


@contextlib.contextmanager
def _as_on_a_gpu(network: nn.Module) -> Iterator[None]:
    """Dropout in one operator that keeps a mask of one byte a value, and chunks of the size that a GPU is given."""
    for module in network.modules():
        if isinstance(module, Dropout):
            module.forward = functools.partial(_dropout, module)  # type: ignore[method-assign]
    usual, similarity.CPU_CHUNK_ELEMENTS = similarity.CPU_CHUNK_ELEMENTS, similarity.CHUNK_ELEMENTS
    try:
        yield
    finally:
        similarity.CPU_CHUNK_ELEMENTS = usual


def _dropout(module: Dropout, x: torch.Tensor) -> torch.Tensor:
    return torch.native_dropout(x, module.p, module.training)[0] if module.training and module.p else x


def row_config(changes: dict[str, Any]) -> TrainingConfig:
    """The paper's run with these changes."""
    return fitted(preset("paper", **{"precision": "bf16", **changes}))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = {name: count(row_config(changes)) for name, changes in ROWS.items()}
    print(json.dumps({"rows": rows, "versions": {"torch": torch.__version__}}, indent=1))
