"""Embedding matching (paper, section 2.3): references, the labels they give, and their entropy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from SemiSegEmbedLib.learning.candidates import within, without_margin
from SemiSegEmbedLib.learning.similarity import class_similarities
from SemiSegEmbedLib.study.records import IGNORE


def similarity_map(embeddings: Tensor, references: Tensor, kernel: str = "cosine", reduce: str = "mean") -> Tensor:
    """Similarity of each voxel to l sets of k references: reduced over k, averaged over l (section 2.3.1).

    Args:
        embeddings: (B, E, D, H, W).
        references: (l, k, E) for all images, or (B, l, k, E).
        kernel: "cosine", p.q / (|p| |q|), 0 for a vector of norm 0; or "euclidean", 1 / (1 + |p - q|).
        reduce: "mean" or "max" over the k references (Appendix B).

    Returns:
        (B, D, H, W), at least float32, differentiable in both inputs.

    Raises:
        BadInputError: `kernel` or `reduce` is unknown, or the shapes do not fit.
    """
    return class_similarities(embeddings, references.unsqueeze(-4), kernel, reduce)[:, 0]


@torch.no_grad()
def match_classes(embeddings: Tensor, references: Tensor, kernel: str = "cosine", reduce: str = "mean") -> Tensor:
    """The class whose references are most similar (section 2.3.1); on a tie the lowest, so the background.

    Args:
        embeddings: (B, E, D, H, W).
        references: (C, l, k, E) or (B, C, l, k, E).
        kernel: As in `similarity_map`.
        reduce: As in `similarity_map`.

    Returns:
        Class index, int64, (B, D, H, W), outside the graph.
    """
    return largest_channel(class_similarities(embeddings, references, kernel, reduce))


@torch.no_grad()
def largest_channel(values: Tensor) -> Tensor:
    """Index of the largest of C channels, the lowest on a tie, (B, C, D, H, W) -> int64, (B, D, H, W).

    Channel by channel, since argmax over that axis is many times slower on a CPU.
    """
    first, *others = values.unbind(1)
    index = torch.zeros_like(first, dtype=torch.int64)
    for channel, other in enumerate(others, 1):
        index = torch.where(other > first, channel, index)
        first = torch.maximum(first, other)
    return index


@torch.no_grad()
def match_labels(
    embeddings: Tensor,
    object_references: Tensor,
    background_references: Tensor,
    kernel: str = "cosine",
    reduce: str = "mean",
) -> Tensor:
    """`y_nn = 1[K(f_L+, f_U) > K(f_L-, f_U)]` (paper, eq. 3), bool, (B, D, H, W), outside the graph.

    References are (l, k, E) or (B, l, k, E); other arguments as in `similarity_map`.
    """
    inside = similarity_map(embeddings, object_references, kernel, reduce)
    return inside > similarity_map(embeddings, background_references, kernel, reduce)


def matching_entropy(object_similarity: Tensor, background_similarity: Tensor) -> Tensor:
    """Entropy of the softmax of both similarity maps, in nats (paper, eq. 4); (B, D, H, W) like its inputs."""
    return similarity_entropy(torch.stack((background_similarity, object_similarity), 1))


def similarity_entropy(similarities: Tensor, temperature: float = 1.0) -> Tensor:
    """Eq. 4 for C classes: entropy of the softmax over (B, C, D, H, W) -> (B, D, H, W), in nats.

    Args:
        similarities: What `class_similarities` returns.
        temperature: Divides the similarities; the paper has none.
    """
    dtype = torch.promote_types(similarities.dtype, torch.float32)
    log_probabilities = F.log_softmax(similarities / temperature, 1, dtype=dtype)
    return -(log_probabilities.exp() * log_probabilities).sum(1)


@torch.no_grad()
def sample_references(
    features: Tensor,
    labels: Tensor,
    k: int = 16,
    l: int = 5,  # noqa: E741  (the paper's letter)
    band_mm: float = 3.0,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    generator: torch.Generator | None = None,
    *,
    classes: int | None = None,
    margin: int = 0,
) -> tuple[Tensor, Tensor]:
    """Embeddings of l random sets of k voxels of each class near the surface in the labels (section 2.3.1).

    Written for clarity, it waits for the device; training finds the candidates once a volume and draws on the
    device (`candidates`).

    Args:
        features: Teacher's embeddings, (B, E, D, H, W).
        labels: Classes and 255 for ignore, integer, (B, D, H, W).
        k: Voxels of a set, without replacement unless a class has fewer.
        l: Sets of the ensemble, drawn independently.
        band_mm: Largest distance from the surface, in mm, on either side.
        spacing: Voxel size (z, y, x) in mm.
        generator: Source of the randomness, on any device.
        classes: C; found in the labels (at least 2) when None.
        margin: Voxels at the faces of the patch that are never references.

    Returns:
        References (B, C, l, k, E), at least float32, and whether an image has candidates of a class, bool, (B, C);
        where it has none (no surface in its labels) the references are zeros and must not be used.
    """
    arrays = labels.cpu().numpy()
    if classes is None:
        classes = max(2, 1 + int(arrays[arrays != IGNORE].max(initial=0)))
    near = np.stack([_near_surface(array, classes, band_mm, spacing) for array in arrays])
    groups = without_margin(torch.from_numpy(near), margin).flatten(1)
    references = features.new_zeros(len(features), classes, l, k, features.shape[1])
    usable = torch.zeros(len(features), classes, dtype=torch.bool)
    for b, c in np.ndindex(*usable.shape):
        voxels = torch.nonzero(groups[b] == c)[:, 0]
        usable[b, c] = len(voxels) > 0
        if len(voxels):
            drawn = torch.stack([voxels[_draw(len(voxels), k, generator)] for _ in range(l)])
            references[b, c] = features[b].flatten(1).T[drawn.to(features.device)]
    return references.to(torch.promote_types(references.dtype, torch.float32)), usable.to(features.device)


def _near_surface(labels: np.ndarray, classes: int, band_mm: float, spacing: Sequence[float]) -> np.ndarray:
    """The labels of voxels that have a known voxel of another class within the band, 255 elsewhere, (D, H, W)."""
    candidates = np.full(labels.shape, IGNORE, np.uint8)
    for c in range(classes):
        others = (labels != c) & (labels != IGNORE)
        candidates[(labels == c) & within(others, band_mm, spacing)] = c
    return candidates


def _draw(available: int, k: int, generator: torch.Generator | None) -> Tensor:
    """k of `available` indices, without replacement where that is possible."""
    device = "cpu" if generator is None else generator.device
    if available >= k:
        return torch.randperm(available, generator=generator, device=device)[:k].cpu()
    return torch.randint(available, (k,), generator=generator, device=device).cpu()
