"""Exact Euclidean distances on the device, and the signed distance maps of DTC (Luo et al., 2021)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.learning.losses import masked_mean
from SemiSegEmbedLib.study.records import IGNORE

CHUNK_ELEMENTS = 2**24
"""Numbers compared at once; bounds the memory of a distance map."""


@torch.no_grad()
def distance_to(mask: Tensor) -> Tensor:
    """Distance of each voxel to the nearest true voxel of its patch, between voxel centres.

    One exact pass along each axis: the squared distance is min over z' of (z - z')^2 plus the same in y and x.
    Nothing waits for the device, so distances are of the patch as the network sees it, after augmentation.

    Args:
        mask: bool, (n, D, H, W).

    Returns:
        float32, (n, D, H, W), in voxels; infinite where the patch has no true voxel.
    """
    squared = torch.where(mask, 0.0, torch.inf)
    for axis in (1, 2, 3):
        lines = squared.movedim(axis, -1)
        squared = _nearest_on_line(lines.flatten(0, -2)).view(lines.shape).movedim(-1, axis)
    return squared.sqrt()


def _nearest_on_line(squared: Tensor) -> Tensor:
    """min over j of squared[:, j] + (i - j)^2, (lines, n) -> the same."""
    n = squared.shape[1]
    place = torch.arange(n, device=squared.device, dtype=squared.dtype)
    steps = (place[:, None] - place).square()
    parts = squared.split(max(1, CHUNK_ELEMENTS // n**2))
    return torch.cat([(part[:, None] + steps).amin(2) for part in parts])


@torch.no_grad()
def signed_distance_maps(labels: Tensor, classes: int) -> Tensor:
    """The target of DTC's second task: for each foreground class d_out / max d_out - d_in / max d_in.

    d_out is the distance to the object outside it, d_in that to everything else inside; each is divided by its
    largest value in the patch, and the innermost layer of the boundary (object voxels with a neighbour outside)
    is 0, as in the authors' code. A patch without the object is 1 everywhere and one that it fills is -1, where
    that code gives "boundary everywhere" and NaN.

    Args:
        labels: Classes 0..C-1, or 255 for voxels that are neither inside nor outside, integer, (n, D, H, W).
        classes: C, background included.

    Returns:
        float32 in [-1, 1], negative inside, (n, C - 1, D, H, W).
    """
    known = labels != IGNORE
    return torch.stack([_signed_distance(labels == c, known & (labels != c)) for c in range(1, classes)], 1)


def _signed_distance(inside: Tensor, outside: Tensor) -> Tensor:
    to_inside, to_outside = distance_to(inside), distance_to(outside)
    signed = _scaled(to_inside, outside) - _scaled(to_outside, inside)
    signed = signed.masked_fill(inside & (to_outside <= 1), 0.0)
    shown = [part.any((1, 2, 3), keepdim=True).expand_as(part) for part in (inside, outside)]
    return signed.masked_fill(~shown[1], -1.0).masked_fill(~shown[0], 1.0)


def _scaled(distances: Tensor, where: Tensor) -> Tensor:
    """The distances of some voxels divided by the largest of their patch, 0 for the others."""
    kept = distances.masked_fill(~where, 0.0)
    return kept / kept.amax((1, 2, 3), keepdim=True).clamp_min(1.0)


class DistanceHead(nn.Module):
    """Signed distances from embeddings: a further 1x1x1 convolution and tanh, one channel for each foreground class.

    Args:
        head: With C - 1 outputs (`UNet3D.new_head`).
    """

    def __init__(self, head: nn.Conv3d) -> None:
        super().__init__()
        self.head = head

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, E, D, H, W) of any precision -> (B, C - 1, D, H, W) in [-1, 1], in that of the weights."""
        return self.head(embeddings.to(self.head.weight.dtype)).tanh()


def distance_error(distances: Tensor, labels: Tensor) -> Tensor:
    """Mean squared error to the signed distance maps of the labels over all labelled voxels; 0 without any.

    Args:
        distances: (n, C - 1, D, H, W).
        labels: As in `signed_distance_maps`.
    """
    errors = (distances - signed_distance_maps(labels, distances.shape[1] + 1)).square()
    return masked_mean(errors, (labels != IGNORE)[:, None].expand_as(errors))
