"""A queue of reference embeddings over the last steps, for references beyond the current batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ReferenceQueue(nn.Module):
    """The newest `size` reference embeddings of each group; part of a run's state, never of the graph.

    Everything happens on the device: what is not there is not waited for.

    Args:
        groups: G.
        size: Embeddings kept of each group.
        channels: E.
    """

    def __init__(self, groups: int, size: int, channels: int) -> None:
        super().__init__()
        self.size = size
        self.embeddings: Tensor
        self.pushed: Tensor
        self.register_buffer("embeddings", torch.zeros(groups, size, channels))
        self.register_buffer("pushed", torch.zeros(groups, dtype=torch.int64))

    @torch.no_grad()
    def push(self, references: Tensor, found: Tensor) -> None:
        """Adds (n, G, l, k, E) where found (n, G) is true and all is finite; the oldest make room."""
        for image, there in zip(references, found, strict=True):
            new = image.flatten(1, 2)[:, : self.size]
            count, there = new.shape[1], there & torch.isfinite(new).flatten(1).all(1)
            place = (self.pushed[:, None] + torch.arange(count, device=new.device)) % self.size
            index = place[..., None].expand_as(new)
            kept = torch.where(there[:, None, None], new, self.embeddings.gather(1, index))
            self.embeddings.scatter_(1, index, kept)
            self.pushed += there * count

    @property
    def filled(self) -> Tensor:
        """How many references each group holds, (G,)."""
        return self.pushed.clamp_max(self.size)

    @torch.no_grad()
    def sample(self, count: int) -> Tensor:
        """Random references of each group, each entry equally likely, (G, count, E); zeros where a group has none."""
        chance = torch.rand(len(self.filled), count, device=self.pushed.device)
        place = (chance * self.filled[:, None]).long().clamp_max((self.filled - 1).clamp_min(0)[:, None])
        return self.embeddings.gather(1, place[..., None].expand(-1, -1, self.embeddings.shape[2]))

    def draw(self, l: int, k: int) -> tuple[Tensor, Tensor]:  # noqa: E741
        """l draws of k: (1, G, l, k, E), and which groups have any, (1, G)."""
        return self.sample(l * k).unflatten(1, (l, k))[None], (self.filled > 0)[None]
