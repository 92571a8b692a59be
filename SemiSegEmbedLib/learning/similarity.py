"""Similarity of dense embeddings to reference embeddings (paper, section 2.3.1 and Appendix B), in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from SemiSegEmbedLib.errors import BadInputError

KERNELS = ("cosine", "euclidean")
REDUCES = ("mean", "max")
UNUSABLE = -1e4
"""Similarity to a group without references: finite, so that its gradient is 0 and not NaN."""
CHUNK_ELEMENTS = 2**23
"""Numbers held for a chunk of voxels: their embeddings and their similarities to every reference."""
NORM_FLOOR = 1e-8
"""An embedding shorter than this has no direction: cosine 0, gradient 0."""


def class_similarities(
    embeddings: Tensor,
    references: Tensor,
    kernel: str = "cosine",
    reduce: str = "mean",
    *,
    usable: Tensor | None = None,
    centre: bool = False,
    chunk: int | None = None,
) -> Tensor:
    """The similarity map of each class (or other group of references), as `similarity_map` of each.

    Memory grows with voxels times classes, never with voxels times references, in the backward pass as well:
    cosine + mean needs one vector a class, the other forms go through the voxels in chunks, and the backward pass
    computes each chunk anew.

    Args:
        embeddings: (B, E, D, H, W).
        references: (C, l, k, E) for all images, or (B, C, l, k, E).
        kernel: As in `similarity_map`.
        reduce: As in `similarity_map`.
        usable: Which classes have references, bool, (B, C) or (1, C); the others get a similarity far below all.
        centre: Subtract `reference_centre` from embeddings and references first. Embeddings after a ReLU all point
            into one corner, and the cosine to a mean reference is then largest for the class whose references
            are most alike, whatever the query; seen from the centre no class has that advantage.
        chunk: Voxels at once; by default as many as keep a chunk's similarities small.

    Returns:
        (B, C, D, H, W), at least float32.

    Raises:
        BadInputError: As `similarity_map`.
    """
    sets = references if references.ndim == 5 else references[None]
    _check(embeddings, sets, kernel, reduce)
    if centre:
        middle = reference_centre(sets, usable)
        embeddings, sets = embeddings - middle[..., None, None, None], sets - middle[:, None, None, None]
    if chunk is None:
        vectors = sets.shape[1] if (kernel, reduce) == ("cosine", "mean") else sets[0, ..., 0].numel()
        chunk = max(1, CHUNK_ELEMENTS // (len(embeddings) * (embeddings.shape[1] + vectors)))
    similarity = _Similarity.apply(embeddings.flatten(2), sets, kernel, reduce, chunk)
    if usable is not None:
        similarity = similarity.masked_fill(~usable[..., None], UNUSABLE)
    return similarity.unflatten(2, embeddings.shape[2:])


def best_of_groups(groups: Tensor, group_classes: Sequence[int], classes: int) -> Tensor:
    """The similarity to each class: the larger one where several groups of references show it.

    Args:
        groups: What `class_similarities` gives for groups, (B, G, D, H, W).
        group_classes: The class of each group.
        classes: C.

    Returns:
        (B, C, D, H, W).
    """
    if tuple(group_classes) == tuple(range(classes)):
        return groups
    # Not with a list as an index: a GPU would be waited for until it has taken the list over.
    shown = [[groups[:, g] for g, of in enumerate(group_classes) if of == wanted] for wanted in range(classes)]
    return torch.stack([torch.stack(one).amax(0) for one in shown], 1)


class _Similarity(torch.autograd.Function):
    """(B, E, V) and (B or 1, C, l, k, E) -> (B, C, V), chunk by chunk; saves its inputs alone."""

    @staticmethod
    def forward(ctx: Any, embeddings: Tensor, sets: Tensor, kernel: str, reduce: str, chunk: int) -> Tensor:
        ctx.save_for_backward(embeddings, sets)
        ctx.form = (kernel, reduce, chunk)
        parts = embeddings.split(chunk, 2)
        return torch.cat([_similarity(part, sets, kernel, reduce) for part in parts], 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        embeddings, sets = ctx.saved_tensors
        kernel, reduce, chunk = ctx.form
        wanted = ctx.needs_input_grad[:2]
        embedding_gradient = torch.empty_like(embeddings) if wanted[0] else None
        set_gradient = torch.zeros_like(sets, dtype=gradient.dtype) if wanted[1] else None
        for start in range(0, embeddings.shape[2], chunk):
            part = slice(start, start + chunk)
            f = embeddings[..., part].detach().requires_grad_(wanted[0])
            p = sets.detach().requires_grad_(wanted[1])
            with torch.enable_grad():
                output = _similarity(f, p, kernel, reduce)
            leaves = [leaf for leaf, want in zip((f, p), wanted, strict=True) if want]
            found = list(torch.autograd.grad(output, leaves, gradient[..., part]))
            if embedding_gradient is not None:
                embedding_gradient[..., part] = found.pop(0)
            if set_gradient is not None:
                set_gradient += found.pop(0)
        return embedding_gradient, None if set_gradient is None else set_gradient.to(sets.dtype), None, None, None


def _similarity(embeddings: Tensor, sets: Tensor, kernel: str, reduce: str) -> Tensor:
    """One chunk, in at least float32 whatever the precision of the convolutions."""
    with torch.autocast(embeddings.device.type, enabled=False):
        dtype = torch.promote_types(torch.promote_types(embeddings.dtype, sets.dtype), torch.float32)
        f, p = embeddings.to(dtype), sets.to(dtype)
        return _cosine(f, p, reduce) if kernel == "cosine" else _euclidean(f, p, reduce)


def _cosine(f: Tensor, p: Tensor, reduce: str) -> Tensor:
    """For the mean, mean_l mean_k cos(p, f) is one dot product with the mean unit reference.

    The voxel's norm is common to all references, so it divides last.
    """
    unit = p * _inverse_norm(p, -1)
    dots = unit.mean((2, 3)) @ f if reduce == "mean" else _pairwise(unit, f).amax(3).mean(2)
    return dots * _inverse_norm(f, 1)


def _inverse_norm(vectors: Tensor, dim: int) -> Tensor:
    """1 / |v|, and 0 with gradient 0 where |v| is 0 (dropout and ReLU can empty a voxel)."""
    squared = vectors.square().sum(dim, keepdim=True)
    directed = squared > NORM_FLOOR**2
    return torch.where(directed, squared.where(directed, 1.0).rsqrt(), 0.0)


def _euclidean(f: Tensor, p: Tensor, reduce: str) -> Tensor:
    """One class at a time, about the centre of its references, which spares |f - p|^2 most of the cancellation."""
    maps = []
    for c in range(p.shape[1]):
        centre = p[:, c].detach().mean((1, 2))
        local_f, local_p = f - centre[..., None], p[:, c : c + 1] - centre[:, None, None, None]
        squared = _squared_distances(local_f, local_p)
        if reduce == "max":
            # 1 / (1 + d) falls with d: one root of the smallest distance instead of k.
            squared = squared.amin(3, keepdim=True)
        maps.append((1.0 / (1.0 + _safe_sqrt(squared))).mean((2, 3)))
    return torch.cat(maps, 1)


def _squared_distances(f: Tensor, p: Tensor) -> Tensor:
    """|f - p|^2 = |f|^2 - 2 f.p + |p|^2, (B, C, l, k, V); what is below rounding noise is 0 with gradient 0."""
    f_squared = f.square().sum(1)[:, None, None, None]
    total = f_squared + p.square().sum(-1, keepdim=True)
    squared = total - 2.0 * _pairwise(p, f)
    noise = 4.0 * torch.finfo(f.dtype).eps * total.detach()
    return torch.where(squared > noise, squared, 0.0)


def _safe_sqrt(squared: Tensor) -> Tensor:
    positive = squared > 0
    return torch.where(positive, squared.where(positive, 1.0).sqrt(), 0.0)


def _pairwise(p: Tensor, f: Tensor) -> Tensor:
    """Dot products of (B or 1, C, l, k, E) and (B, E, V), (B, C, l, k, V), as one matrix product."""
    return (p.flatten(1, 3) @ f).unflatten(1, p.shape[1:4])


def _check(embeddings: Tensor, sets: Tensor, kernel: str, reduce: str) -> None:
    if kernel not in KERNELS or reduce not in REDUCES:
        raise BadInputError(
            f"The similarity is {' or '.join(KERNELS)} with {' or '.join(REDUCES)}, not {kernel!r} with {reduce!r}."
        )
    if sets.ndim != 5 or sets.shape[-1] != embeddings.shape[1] or len(sets) not in (1, len(embeddings)):
        raise BadInputError(
            f"References of shape {tuple(sets.shape)} do not fit embeddings of shape {tuple(embeddings.shape)}; "
            "both need the same number of channels."
        )


def reference_centre(references: Tensor, usable: Tensor | None = None) -> Tensor:
    """The mean of the groups' mean references, which favours no group.

    Args:
        references: (B, C, l, k, E).
        usable: Which groups have references, (B, C) or (1, C); None: all.

    Returns:
        (B, E).
    """
    means = references.mean((2, 3))
    if usable is None:
        return means.mean(1)
    weight = usable.to(means.dtype)[..., None]
    return (means * weight).sum(1) / weight.sum(1).clamp_min(1)
