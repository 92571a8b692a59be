"""Similarity of dense embeddings to reference embeddings (paper, section 2.3.1 and Appendix B), in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from SemiSegEmbedLib.errors import BadInputError

Chunk = Callable[[Tensor, Tensor], Tensor]
"""What is computed of references and a chunk of embeddings."""
KERNELS = ("cosine", "euclidean")
REDUCES = ("mean", "max")
UNUSABLE = -1e4
"""Similarity to a group without references: finite, so that its gradient is 0 and not NaN."""
CHUNK_ELEMENTS = 2**23
"""Numbers in the largest tensor of a chunk of voxels: the larger, the fewer launches, and the more memory."""
CPU_CHUNK_ELEMENTS = 2**19
"""The same where launches cost little: a chunk that stays in a processor's cache was computed fastest."""
NORM_FLOOR = 1e-8
"""An embedding shorter than this has no direction: cosine 0, gradient 0."""
NOISE = 8.0
"""Rounding noise of a squared distance |f - p|^2, in units of the precision of |f|^2."""


def class_similarities(
    embeddings: Tensor,
    references: Tensor,
    kernel: str = "cosine",
    reduce: str = "mean",
    *,
    usable: Tensor | None = None,
    centre: bool = False,
    chunk: int | None = None,
    fused: Callable[[Chunk], Chunk] | None = None,
) -> Tensor:
    """The similarity map of each class (or other group of references), as `similarity_map` of each.

    Memory grows with voxels times classes, never with voxels times references, in the backward pass as well:
    cosine + mean needs one vector a class, the other forms go through the voxels in chunks. Gradients have closed
    forms. With `max` only the reference that counts enters them; which it was is kept, one byte a voxel and run.

    Args:
        embeddings: (B, E, D, H, W).
        references: (C, l, k, E) for all images, or (B, C, l, k, E).
        kernel: As in `similarity_map`.
        reduce: As in `similarity_map`.
        usable: Which classes have references, bool, (B, C) or (1, C); the others get a similarity far below all.
        centre: Subtract `reference_centre` from embeddings and references first. Embeddings after a ReLU all point
            into one corner, and the cosine to a mean reference is then largest for the class whose references
            are most alike, whatever the query; seen from the centre no class has that advantage.
        chunk: Voxels at once; by default as many as keep the largest tensor below `CHUNK_ELEMENTS`.
        fused: `Compiler.fused`: the Euclidean mean reads and writes its distances a dozen times for one root each,
            which is most of its cost on a GPU. The other forms have no such part.

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
    with torch.autocast(embeddings.device.type, enabled=False):  # never below single precision
        sets = sets.to(torch.promote_types(torch.promote_types(embeddings.dtype, sets.dtype), torch.float32))
        f = embeddings.flatten(2)
        if kernel == "cosine":
            unit = sets * _inverse_norm(sets, -1)
            # The mean over l and k of the cosines is one dot product with the mean unit reference.
            unit = unit.mean((2, 3), keepdim=True) if reduce == "mean" else unit
            similarity = _Cosine.apply(f, unit, chunk or _voxels_at_once(f, unit[0, ..., 0].numel()))
        else:
            similarity = _Euclidean.apply(
                f, *_lifted(sets), reduce == "max", chunk or _voxels_at_once(f, sets[0, 0, ..., 0].numel()),
                fused or _as_it_is,
            )  # fmt: skip
    if usable is not None:
        similarity = similarity.masked_fill(~usable[..., None], UNUSABLE)
    return similarity.unflatten(2, embeddings.shape[2:])


def _voxels_at_once(f: Tensor, references: int) -> int:
    """Voxels of a chunk of (B, E, V), with so many references in one matrix product."""
    elements = CPU_CHUNK_ELEMENTS if f.device.type == "cpu" else CHUNK_ELEMENTS
    return max(1, elements // (len(f) * max(f.shape[1] + 2, references)))


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


class _Cosine(torch.autograd.Function):
    """The largest cosine to k references, mean over l sets (section 2.3.1).

    (B, E, V) and references of length 1, (B or 1, C, l, k, E) -> (B, C, V). The voxel's norm is common to all
    references, so it divides last.
    """

    @staticmethod
    def forward(ctx: Any, embeddings: Tensor, references: Tensor, chunk: int) -> Tensor:
        similarities, inverse_norms, indices = [], [], []
        for part in embeddings.split(chunk, 2):
            f = part.to(references.dtype)
            dots, index = _extreme(torch.max, _products(references, f), keep=any(ctx.needs_input_grad))
            inverse = _inverse_norm(f, 1)
            similarities.append(dots.mean(2) * inverse)
            inverse_norms.append(inverse)
            indices.append(index)
        similarity = torch.cat(similarities, 2)
        ctx.chunk = chunk
        ctx.save_for_backward(embeddings, references, similarity, torch.cat(inverse_norms, 2), *indices)
        return similarity

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        embeddings, references, similarity, inverse_norms, *indices = ctx.saved_tensors
        _, _, sets, k, _ = references.shape
        embedding_gradient, reference_gradient = torch.empty_like(embeddings), torch.zeros_like(references)
        at_extreme = _AtExtreme(k)
        with torch.autocast(embeddings.device.type, enabled=False):
            for number, index in enumerate(indices):
                part = slice(number * ctx.chunk, (number + 1) * ctx.chunk)
                f = embeddings[..., part].to(references.dtype)
                g, inverse = gradient[..., part], inverse_norms[..., part]
                weights = at_extreme(index, (g * inverse / sets)[:, :, None].expand(-1, -1, sets, -1))
                # d(r.f / |f|) / df = r / |f| - (r.f / |f|) f / |f|^2, and the mean of r.f / |f| is the similarity.
                along = (g * similarity[..., part]).sum(1, keepdim=True) * inverse.square()
                embedding_gradient[..., part] = torch.addcmul(_weighted_sum(weights, references), f, along, value=-1)
                if ctx.needs_input_grad[1]:
                    reference_gradient += _weighted_voxels(weights, f).sum_to_size(references.shape)
        return embedding_gradient, reference_gradient, None


class _Euclidean(torch.autograd.Function):
    """The mean of 1 / (1 + d) over all references, or over the nearest of k in each of l sets (section 2.3.1).

    (B, E, V) and what `_lifted` gives, (B or 1, C, l, k, E + 2) and (B or 1, C, E) -> (B, C, V). Distances to all
    are computed anew for the gradient; those to the nearest, l a voxel, are kept.
    """

    @staticmethod
    def forward(
        ctx: Any, embeddings: Tensor, references: Tensor, centres: Tensor, nearest: bool, chunk: int,
        fused: Callable[[Chunk], Chunk],
    ) -> Tensor:  # fmt: skip
        similarities, kept, closeness_to_all = [], [], fused(_closeness_to_all)
        for part in embeddings.split(chunk, 2):
            of_classes = []
            for c in range(references.shape[1]):
                f = _lifted_embeddings(part, centres[:, c], -NOISE)
                r = references[:, c : c + 1]
                if nearest:
                    # 1 / (1 + d) falls with d: one root of the smallest distance instead of k.
                    smallest, index = _extreme(torch.min, _products(r, f), keep=any(ctx.needs_input_grad))
                    kept.append((smallest, index))
                    of_classes.append(_closeness(smallest.clone()).mean(2))
                else:
                    of_classes.append(closeness_to_all(r, f))
            similarities.append(torch.cat(of_classes, 1))
        ctx.form = (nearest, chunk, fused)
        ctx.save_for_backward(embeddings, references, centres, *(tensor for pair in kept for tensor in pair))
        return torch.cat(similarities, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        embeddings, references, centres, *kept = ctx.saved_tensors
        smallest, indices = iter(kept[::2]), iter(kept[1::2])
        nearest, chunk, fused = ctx.form
        slopes_to_all = fused(_slopes_to_all)
        _, classes, sets, k, _ = references.shape
        at_nearest = _AtExtreme(k)
        embedding_gradient, reference_gradient = torch.empty_like(embeddings), torch.zeros_like(references)
        with torch.autocast(embeddings.device.type, enabled=False):
            for start in range(0, embeddings.shape[2], chunk):
                part = slice(start, start + chunk)
                total = torch.zeros_like(embeddings[..., part], dtype=references.dtype)
                for c in range(classes):
                    # With the noise added, the gradient (f - r) / d of d stays bounded and vanishes where f meets r.
                    f = _lifted_embeddings(embeddings[..., part], centres[:, c], NOISE)
                    r = references[:, c : c + 1]
                    if nearest:
                        more_noise = 2.0 * NOISE * torch.finfo(f.dtype).eps * f[:, -2]
                        slope = at_nearest(next(indices), _slopes(next(smallest) + more_noise[:, None, None]))
                    else:
                        slope = slopes_to_all(r, f)
                    g = gradient[:, c : c + 1, part] * (-0.5 / (sets if nearest else sets * k))
                    lifted = _weighted_sum(slope, r)
                    # d(d^2) / df by the lifted f = (f, |f|^2, 1).
                    moved = torch.addcmul(lifted[:, :-2], f[:, :-2], lifted[:, -2:-1], value=2.0)
                    total.addcmul_(moved, g)
                    if ctx.needs_input_grad[1]:
                        reference_gradient[:, c : c + 1] += _weighted_voxels(slope, f * g).sum_to_size(r.shape)
                embedding_gradient[..., part] = total
        return embedding_gradient, reference_gradient, None, None, None, None


def _closeness(squared: Tensor) -> Tensor:
    """1 / (1 + d) of squared distances, in their place."""
    return squared.clamp_min_(0.0).sqrt_().add_(1.0).reciprocal_()


def _slopes(squared: Tensor) -> Tensor:
    """Of 1 / (1 + d) over d^2: -1 / (2 d (1 + d)^2), here without the -1/2; 0 where rounding left no distance."""
    distance = F.threshold(squared, 0.0, torch.inf, inplace=True).sqrt_()
    return (distance + 1.0).pow_(-2).div_(distance)


def _closeness_to_all(references: Tensor, embeddings: Tensor) -> Tensor:
    """Mean over l and k, (B, 1, v), of what `_lifted` and `_lifted_embeddings` give."""
    return _closeness(_products(references, embeddings)).mean((2, 3))


def _slopes_to_all(references: Tensor, embeddings: Tensor) -> Tensor:
    """(B, 1, l, k, v)."""
    return _slopes(_products(references, embeddings))


def _as_it_is(function: Chunk) -> Chunk:
    return function


def _lifted(p: Tensor) -> tuple[Tensor, Tensor]:
    """References about the centre of their class, as (-2 p, 1, |p|^2): times (f, |f|^2, 1) that is |f - p|^2.

    One matrix product gives all distances. Seen from the centre they are spared most of the cancellation.

    Returns:
        (B or 1, C, l, k, E + 2), and the centres, (B or 1, C, E).
    """
    centres = p.detach().mean((2, 3))
    local = p - centres[:, :, None, None]
    squared = local.square().sum(-1, keepdim=True)
    return torch.cat((-2.0 * local, torch.ones_like(squared), squared), -1), centres


def _lifted_embeddings(f: Tensor, centre: Tensor, noise: float) -> Tensor:
    """A chunk as `_lifted` wants it, (B, E + 2, v), with so much times |f|^2 added to all its squared distances.

    Rounding noise matters where f and p almost meet, and is in proportion to |f|^2 there.
    """
    batch, channels, voxels = f.shape
    lifted = centre.new_empty(batch, channels + 2, voxels)
    local = torch.sub(f, centre[..., None], out=lifted[:, :-2])
    lifted[:, -1] = 1.0
    lifted[:, -2] = local.square().sum(1) * (1.0 + noise * torch.finfo(local.dtype).eps)
    return lifted


def _inverse_norm(vectors: Tensor, dim: int) -> Tensor:
    """1 / |v|, and 0 with gradient 0 where |v| is 0 (dropout and ReLU can empty a voxel)."""
    squared = vectors.square().sum(dim, keepdim=True)
    directed = squared > NORM_FLOOR**2
    return torch.where(directed, squared.where(directed, 1.0).rsqrt(), 0.0)


def _products(p: Tensor, f: Tensor) -> Tensor:
    """Dot products of (B or 1, C, l, k, E) and (B, E, v), (B, C, l, k, v), as one matrix product."""
    return (p.flatten(1, 3) @ f).unflatten(1, p.shape[1:4])


def _weighted_sum(weights: Tensor, p: Tensor) -> Tensor:
    """Sum of references (B or 1, C, l, k, E) with each voxel's weights (B, C, l, k, v), (B, E, v)."""
    return p.flatten(1, 3).transpose(1, 2) @ weights.flatten(1, 3)


def _weighted_voxels(weights: Tensor, f: Tensor) -> Tensor:
    """Sum of voxels (B, E, v) with each reference's weights (B, C, l, k, v), (B, C, l, k, E)."""
    return (weights.flatten(1, 3) @ f.transpose(1, 2)).unflatten(1, weights.shape[1:4])


def _extreme(extreme: Callable[..., Any], products: Tensor, *, keep: bool) -> tuple[Tensor, Tensor | None]:
    """torch.max or torch.min over k of (B, C, l, k, v), and which of k it is if the gradient will need it."""
    k = products.shape[3]
    if k == 1:
        return products[:, :, :, 0], None
    if keep and (products.device.type != "cpu" or k > 256):
        values, index = extreme(products, 3)
        return values, index.to(torch.uint8 if k <= 256 else torch.int64)
    values = products.amax(3) if extreme is torch.max else products.amin(3)
    if not keep:
        return values, None
    # On a CPU the values, and then the one of k that has each, are several times faster than both at once.
    numbers = torch.arange(k, dtype=torch.uint8)[:, None]
    return values, (products == values[:, :, :, None]).to(torch.uint8).mul_(numbers).amax(3)


class _AtExtreme:
    """Weights (B, C, l, v) at the one of k references that counts, 0 at the others, (B, C, l, k, v).

    All chunks share one tensor, whose new memory would cost a processor more than the sums made with it.
    """

    def __init__(self, k: int) -> None:
        self.k = k
        self.dense = self.filled = torch.empty(0)

    def __call__(self, index: Tensor | None, weights: Tensor) -> Tensor:
        if index is None:
            return weights[:, :, :, None]
        shape = (*weights.shape[:3], self.k, weights.shape[3])
        if self.dense.shape != shape:
            self.dense = weights.new_zeros(shape)
        else:
            self.dense.scatter_(3, self.filled, 0.0)
        self.filled = index.long()[:, :, :, None]
        return self.dense.scatter_(3, self.filled, weights[:, :, :, None])


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
