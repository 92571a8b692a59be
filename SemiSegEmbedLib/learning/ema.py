"""The teacher: a moving average of the student (paper, section 2.1)."""

from __future__ import annotations

import copy
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
    counters are copied.
    """
    ours, theirs = _state(teacher), _state(student)
    averaged = [i for i, tensor in enumerate(ours) if tensor.is_floating_point()]
    torch._foreach_lerp_([ours[i] for i in averaged], [theirs[i] for i in averaged], 1.0 - decay)
    counters = [i for i, tensor in enumerate(ours) if not tensor.is_floating_point()]
    if counters:
        torch._foreach_copy_([ours[i] for i in counters], [theirs[i] for i in counters])


def _state(network: nn.Module) -> list[Tensor]:
    return list(chain(network.parameters(), network.buffers()))
