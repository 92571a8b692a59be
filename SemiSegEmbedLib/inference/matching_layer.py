"""Matching as a layer of the network, so that an engine need not hand out embeddings: 32 numbers a voxel."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from SemiSegEmbedLib.inference.reference_bank import ReferenceBank
from SemiSegEmbedLib.learning.similarity import NORM_FLOOR, best_of_groups, reference_centre


class MatchingLayer(nn.Module):
    """The cosine similarity to each class, mean over its references, less what all groups have in common.

    mean_l mean_k cos(p, f) is f / |f| times the mean unit reference (paper, section 2.3.1). The mean of the groups'
    mean unit references is taken from each: which class leads, and by how much, stays, and in bf16 these small numbers
    keep the digits that the nearly equal similarities would lose.

    Args:
        bank: The references.
        classes: C.
        centre: As in `class_similarities`.
    """

    weight: Tensor
    middle: Tensor

    def __init__(self, bank: ReferenceBank, classes: int, *, centre: bool) -> None:
        super().__init__()
        references = bank.embeddings.double()
        middle = reference_centre(references[None])[0] if centre else references.new_zeros(references.shape[-1])
        unit = functional.normalize(references - middle, dim=-1, eps=NORM_FLOOR).mean((1, 2))
        weight = (unit - unit.mean(0)).float()
        self.register_buffer("weight", weight[:, :, None, None, None])
        self.register_buffer("middle", middle.float().view(1, -1, 1, 1, 1))
        self.centre = centre
        self.group_classes, self.classes = bank.group_classes, classes

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, E, d, h, w) -> (B, C, d, h, w); a voxel without direction is equally near to all."""
        f = embeddings - self.middle if self.centre else embeddings
        squared = (f * f).sum(1, keepdim=True)
        length = squared.clamp_min(NORM_FLOOR**2).sqrt()
        groups = functional.conv3d(f, self.weight) / length
        return best_of_groups(groups, self.group_classes, self.classes)
