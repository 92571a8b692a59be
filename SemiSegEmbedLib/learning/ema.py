"""The teacher: a moving average of the student (paper, section 2.1)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import chain
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def make_teacher(student: Network) -> Network:
    """A copy of the student in evaluation mode that never gets gradients."""
    return copy.deepcopy(student).requires_grad_(False).eval()


@torch.no_grad()
def update_teacher(teacher: nn.Module, student: nn.Module, decay: float) -> None:
    """teacher = decay * teacher + (1 - decay) * student, for parameters and floating-point buffers alike.

    Running statistics of batch normalisation take part, so that the teacher can be used in evaluation mode;
    counters are copied. Statistics of the student that a batch has made infinite or NaN are taken back from the
    teacher first: that batch moved no parameter either (see `Optimiser`).
    """
    _heal(list(_statistics(student)), list(_statistics(teacher)))
    ours, theirs = _state(teacher), _state(student)
    averaged = [i for i, tensor in enumerate(ours) if tensor.is_floating_point()]
    torch._foreach_lerp_([ours[i] for i in averaged], [theirs[i] for i in averaged], 1.0 - decay)
    counters = [i for i, tensor in enumerate(ours) if not tensor.is_floating_point()]
    if counters:
        torch._foreach_copy_([ours[i] for i in counters], [theirs[i] for i in counters])


def _heal(statistics: list[Tensor], sound: list[Tensor]) -> None:
    """Replaces what is not finite, on the device and in few launches."""
    if statistics:
        found, kept = (torch.cat([one.flatten() for one in tensors]) for tensors in (statistics, sound))
        healed = torch.where(torch.isfinite(found), found, kept).split([one.numel() for one in statistics])
        torch._foreach_copy_(statistics, [new.view_as(old) for new, old in zip(healed, statistics, strict=True)])


def _statistics(network: nn.Module) -> Iterator[Tensor]:
    return (buffer for buffer in network.buffers() if buffer.is_floating_point())


def _state(network: nn.Module) -> list[Tensor]:
    return list(chain(network.parameters(), network.buffers()))
