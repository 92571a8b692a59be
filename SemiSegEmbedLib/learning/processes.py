"""Several processes that train one network together under torchrun: who this one is, and what all agree on.

Each process computes its share of every batch. Sums that a loss is made of run over all processes, so the loss
and its gradient are those of one process with the whole batch. Without torchrun every function here does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import once_differentiable

from SemiSegEmbedLib.errors import BadInputError

Value = TypeVar("Value")

MEETING = timedelta(minutes=10)
PATIENCE = timedelta(hours=6)
"""The others wait this long while the first one prepares scans or validates; torchrun itself notices a death."""


def launched() -> bool:
    """Whether torchrun started this process as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def rank() -> int:
    """The number of this process, 0 for the one that writes files; known before `joined`."""
    return int(os.environ["RANK"]) if launched() else 0


def world() -> int:
    """How many processes there are, 1 without torchrun."""
    return int(os.environ["WORLD_SIZE"]) if launched() else 1


def own_device(device: torch.device) -> torch.device:
    """The GPU of this process where each has one, else `device`."""
    return torch.device("cuda", int(os.environ["LOCAL_RANK"])) if launched() and device.type == "cuda" else device


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """Within it the processes can talk: plain values through gloo, tensors on GPUs through NCCL.

    Whoever makes a `DistributedDataParallel` lets go of it before the end. What still holds the group then keeps
    gloo's threads, and one that gives back a tensor while the interpreter ends aborts the process.
    """
    if not launched() or dist.is_initialized():
        yield
        return
    # Its functions hold for ever the group that there is when they are first imported, which DDP does on the way.
    import torch.distributed.nn

    if device.type == "cuda":
        torch.cuda.set_device(device)
    # Processes that torchrun has restarted meet in the same store, where those before them have left their addresses.
    store, number, count = next(dist.rendezvous("env://", timeout=MEETING))
    store = dist.PrefixStore(f"attempt-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, store=store, rank=number, world_size=count, timeout=PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def together() -> bool:
    """Whether there is anybody to talk to."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def agreed(value: Value) -> Value:
    """The first process's value; everybody waits for it."""
    if not together():
        return value
    held: list[Any] = [value]
    dist.broadcast_object_list(held, src=0, device=torch.device("cpu"))
    return held[0]


@contextmanager
def first_one_first() -> Iterator[None]:
    """The others enter when the first process has left, and then find in the cache what it has prepared."""
    if together() and rank() > 0:
        agreed(None)
    yield
    if together() and rank() == 0:
        agreed(None)


def smallest(number: int) -> int:
    """The smallest number of all."""
    if not together():
        return number
    held = torch.tensor(number, dtype=torch.int64)
    dist.all_reduce(held, dist.ReduceOp.MIN)
    return int(held)


def total(values: Tensor) -> Tensor:
    """The sum over all processes, with its gradient; nothing waits on the host."""
    return _Total.apply(values) if together() else values


def gathered(values: Tensor) -> Tensor:
    """(n, ...) of each process -> (n * world, ...) in their order, outside the graph; all have the same n."""
    if not together():
        return values
    parts = [torch.empty_like(values) for _ in range(dist.get_world_size())]
    dist.all_gather(parts, values.contiguous())
    return torch.cat(parts)


def own_part(values: Any) -> Any:
    """This process's share of a sequence or of the first axis of a tensor, as even as possible and in order."""
    n, ours, of = len(values), rank(), world()
    return values[ours * n // of : (ours + 1) * n // of]


def check_shares(patches: int) -> None:
    """Raises `BadInputError` when the patches of a step cannot be shared evenly."""
    if patches % world():
        raise BadInputError(
            f"The {patches} labelled patches of a step cannot be shared by {world()} processes: set "
            f"labelled_per_batch and unlabelled_per_batch to a multiple of {world()}."
        )


class _Total(torch.autograd.Function):
    """Every process computes the same loss from the sum, and gradients are averaged over processes afterwards."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # Averaging divides by the number of processes what a sum must not be divided by.
        return gradient * dist.get_world_size()
