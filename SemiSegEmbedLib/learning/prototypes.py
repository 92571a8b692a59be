"""Several prototypes a class: the bank's references summed up as cluster centres (k-means; Lloyd, 1982)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.learning.bank import ReferenceQueue


class Prototypes(nn.Module):
    """P cluster centres of each group of references, moved by one step of k-means in each training step.

    Centres go on from where they were, so they follow the teacher's embeddings as these change. One that no
    reference is nearest to starts anew at a random reference. Nothing waits for the device.

    Args:
        groups: G.
        count: P.
        channels: E.
    """

    def __init__(self, groups: int, count: int, channels: int) -> None:
        super().__init__()
        self.centres: Tensor
        self.started: Tensor
        self.register_buffer("centres", torch.zeros(groups, count, channels))
        self.register_buffer("started", torch.zeros(groups, dtype=torch.bool))

    @torch.no_grad()
    def update(self, bank: ReferenceQueue) -> None:
        """Assigns each reference of the bank to its nearest centre and moves the centres to the means."""
        references, filled, device = bank.embeddings, bank.filled, bank.embeddings.device
        random = bank.sample(self.centres.shape[1])
        centres = torch.where(self.started[:, None, None], self.centres, random)

        nearest = torch.cdist(references, centres).argmin(2)
        there = torch.arange(references.shape[1], device=device) < filled[:, None]
        member = (nearest[..., None] == torch.arange(centres.shape[1], device=device)) & there[..., None]
        members = member.sum(1)
        means = member.to(references.dtype).transpose(1, 2) @ references / members.clamp_min(1)[..., None]
        self.centres.copy_(torch.where(members[..., None] > 0, means, random))
        self.started |= filled > 0
