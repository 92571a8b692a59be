"""One network over a whole volume in bounded memory: overlapping windows, blended with Gaussian weights.

Windows are walked layer by layer along z. Only one layer (patch depth x H x W) of the blended channels is held; a
slab that no later window touches is divided by its weights, handed over and forgotten. So memory does
not grow with the length of the scan, and the result does not depend on the batch or on where slabs end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError, StoppedError
from SemiSegEmbedLib.learning.memory import unless_out_of_memory
from SemiSegEmbedLib.study.records import IGNORE

SIGMA_SHARE = 0.125
"""Standard deviation of the blending weights as a share of the patch size."""
SMALLEST_WEIGHT = 1e-3
"""Weights are at least this, so that a corner seen by one window alone keeps its value."""

Predict = Callable[[Tensor, Sequence[int]], Tensor]
"""(windows (n, 1, d, h, w) float32 in HU, their running numbers) -> channels to blend (n, K, d, h, w)."""
Finish = Callable[[int, int, Tensor], None]
"""(first slice, end slice, blended channels (K, end - first, H, W) float32 on the device)."""


@dataclass(frozen=True)
class Skip:
    """Windows in which nothing exceeds a threshold are not computed.

    Attributes:
        threshold: HU; a window without a voxel above it is skipped. Bone lies above about 150 HU, osteoporotic
            cancellous bone lower, its cortex not.
        values: What the K channels are there instead.
    """

    threshold: float
    values: tuple[float, ...]


def sliding_window(
    predict: Predict,
    image: np.ndarray,
    patch: Sequence[int],
    overlap: float = 0.25,
    batch: int = 1,
    *,
    channels: int,
    device: torch.device | str = "cpu",
    pad_value: float = -1000.0,
    skip: Skip | None = None,
    finish: Finish | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> np.ndarray | None:
    """Walks over a volume and blends what `predict` returns.

    With the same settings it equals MONAI's `sliding_window_inference(mode="gaussian")`.

    Args:
        predict: Called without gradient on up to `batch` windows of one layer.
        image: HU, any float or integer type, (D, H, W); may be a memory map.
        patch: Window size in voxels, (d, h, w).
        overlap: Share of the patch that neighbouring windows share, 0 up to but not 1.
        batch: Most windows in one call of `predict`; halved where memory runs out.
        channels: K.
        device: Where windows are cut, computed and blended.
        pad_value: HU around volumes smaller than a patch.
        skip: Windows to leave out, or None to compute all.
        finish: Takes finished slabs in order along z; None collects them.
        progress: Called with (windows done, windows in all).
        should_stop: Asked before every call of `predict`.

    Returns:
        (K, D, H, W) float32 when `finish` is None, else None.

    Raises:
        BadInputError: If volume, patch, overlap or batch do not fit.
        StoppedError: If `should_stop` says so.
    """
    _check(image, patch, batch)
    walk = _Walk.plan(image.shape, patch, overlap)
    collected = np.empty((channels, *image.shape), np.float32) if finish is None else None
    blend = _Blend(walk, channels, torch.device(device), finish or _collector(collected))
    layer = walk.layer
    unseen = blend.weights.new_tensor(skip.values if skip else ()).view(-1, 1, 1, 1)
    done, total = 0, len(walk.starts[0]) * len(layer)
    with torch.inference_mode():
        for number, z in enumerate(walk.starts[0]):
            slab = walk.padded_slab(image, z, pad_value, blend.device)
            occupied = list(range(len(layer))) if skip is None else _occupied(slab, layer, walk.patch, skip.threshold)
            for i in sorted(set(range(len(layer))) - set(occupied)):
                blend.add(layer[i], unseen)
                done += 1
            first = 0
            while first < len(occupied):
                if should_stop is not None and should_stop():
                    raise StoppedError("Segmentation was stopped; nothing was written.")
                chosen = occupied[first : first + batch]
                compute = partial(_computed, predict, walk, slab, number, chosen)
                predictions = compute() if len(chosen) == 1 else unless_out_of_memory(compute, blend.device)
                if predictions is None:
                    batch = len(chosen) // 2
                    continue
                if tuple(predictions.shape) != (len(chosen), channels, *walk.patch):
                    raise ValueError(f"predict returned shape {tuple(predictions.shape)}, not {channels} channels")
                for i, prediction in zip(chosen, predictions, strict=True):
                    blend.add(layer[i], prediction.float())
                first += len(chosen)
                done += len(chosen)
                if progress is not None:
                    progress(done, total)
            blend.advance(z, walk.starts[0][number + 1] if number + 1 < len(walk.starts[0]) else None)
    if progress is not None:
        progress(total, total)
    return collected


def _computed(predict: Predict, walk: _Walk, slab: Tensor, number: int, chosen: Sequence[int]) -> Tensor:
    """What `predict` makes of windows of a layer, which is given by its number."""
    windows = torch.stack([_cut(slab, walk.layer[i], walk.patch) for i in chosen]).float()[:, None]
    return predict(windows, [number * len(walk.layer) + i for i in chosen])


def count_windows(shape: Sequence[int], patch: Sequence[int], overlap: float) -> int:
    """How many windows `sliding_window` walks over."""
    return math.prod(len(starts) for starts in _Walk.plan(shape, patch, overlap).starts)


def skipping_is_harmless(
    image: np.ndarray, label: np.ndarray, patch: Sequence[int], overlap: float, threshold: float
) -> bool:
    """Whether leaving out windows without a voxel above a threshold (`Skip`) loses no annotated object of this scan.

    An object may reach into such a window, as long as the windows that are computed have more weight there.

    Args:
        image: HU, (D, H, W).
        label: Classes and 255, (D, H, W).
        patch: As in `sliding_window`.
        overlap: As in `sliding_window`.
        threshold: HU, see `Skip`.
    """
    weights = gaussian_weights(patch).numpy()
    balance = np.zeros(image.shape, np.float32)
    for corner in product(*_Walk.plan(image.shape, patch, overlap).starts):
        window = tuple(slice(start, start + size) for start, size in zip(corner, patch, strict=True))
        part = balance[window]
        inside = weights[tuple(slice(0, n) for n in part.shape)]
        part += inside if (np.asarray(image[window]) > threshold).any() else -inside
    return bool((balance[(label > 0) & (label != IGNORE)] > 0).all())


def gaussian_weights(patch: Sequence[int]) -> Tensor:
    """Blending weights, (d, h, w) float32, 1 in the middle and at least `SMALLEST_WEIGHT`."""
    weights = torch.ones(())
    for size in patch:
        offset = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
        profile = torch.exp(-0.5 * (offset / (SIGMA_SHARE * size)) ** 2)
        weights = weights.unsqueeze(-1) * profile
    return weights.clamp_min(SMALLEST_WEIGHT)


def window_starts(size: int, patch: int, overlap: float) -> list[int]:
    """First voxels of the windows along one axis; the last window ends at the end of the axis."""
    last = max(size - patch, 0)
    stride = max(int(patch * (1.0 - overlap)), 1)
    return [*range(0, last, stride), last]


def fit_batch(
    patch: Sequence[int], base_filters: int, free_bytes: int, *, bytes_per_value: int = 4, most: int = 16
) -> tuple[tuple[int, int, int], int]:
    """Window size and batch whose activations fit into `free_bytes`.

    At its widest the network holds about 20 x `base_filters` values a voxel (both inputs of the last
    concatenation, the concatenation and a convolution's result and workspace). The batch shrinks first; then
    the longest side of the window, in steps of 8, down to 32.
    """
    size = [int(n) for n in patch]

    def room() -> int:
        return int(0.8 * free_bytes / (20 * base_filters * bytes_per_value * size[0] * size[1] * size[2]))

    while room() < 1 and max(size) > 32:
        longest = size.index(max(size))
        size[longest] -= 8
    return (size[0], size[1], size[2]), min(max(room(), 1), most)


@dataclass(frozen=True)
class _Walk:
    """Where windows lie, in voxels of the volume padded to at least one patch."""

    shape: tuple[int, ...]
    patch: tuple[int, ...]
    before: tuple[int, ...]
    starts: tuple[list[int], ...]
    layer: tuple[tuple[int, int], ...]

    @classmethod
    def plan(cls, shape: Sequence[int], patch: Sequence[int], overlap: float) -> _Walk:
        if not 0.0 <= overlap < 1.0:
            raise BadInputError(f"The overlap of windows must be at least 0 and below 1, not {overlap}.")
        missing = [max(p - n, 0) for n, p in zip(shape, patch, strict=True)]
        starts = tuple(window_starts(n, p, overlap) for n, p in zip(shape, patch, strict=True))
        before = tuple(m // 2 for m in missing)
        return cls(tuple(shape), tuple(patch), before, starts, tuple(product(starts[1], starts[2])))

    @property
    def plane(self) -> tuple[int, int]:
        return max(self.shape[1], self.patch[1]), max(self.shape[2], self.patch[2])

    def padded_slab(self, image: np.ndarray, z: int, pad_value: float, device: torch.device) -> Tensor:
        """(d, H, W) of the padded volume from slice z on, in half precision if the image is."""
        z0 = z - self.before[0]
        part = np.ascontiguousarray(image[max(z0, 0) : z0 + self.patch[0]])
        if part.dtype not in (np.float16, np.float32):
            part = part.astype(np.float32)
        # A copy, since a memory map may be read-only and torch would warn.
        slab = torch.tensor(part, device=device)
        if slab.shape == (self.patch[0], *self.plane):
            return slab
        padded = slab.new_full((self.patch[0], *self.plane), pad_value)
        d, h, w = slab.shape
        padded[max(-z0, 0) : max(-z0, 0) + d, self.before[1] : self.before[1] + h, self.before[2] :][:, :, :w] = slab
        return padded


class _Blend:
    """Sums of weighted predictions over the layer in work, and of the weights."""

    def __init__(self, walk: _Walk, channels: int, device: torch.device, finish: Finish) -> None:
        self.walk, self.device, self.finish = walk, device, finish
        self.weights = gaussian_weights(walk.patch).to(device)
        self.sums = torch.zeros((channels, walk.patch[0], *walk.plane), device=device)
        self.weight_sums = torch.zeros((walk.patch[0], *walk.plane), device=device)

    def add(self, place: tuple[int, int], values: Tensor) -> None:
        y, x = place
        _, h, w = self.walk.patch
        self.sums[:, :, y : y + h, x : x + w].addcmul_(values, self.weights)
        self.weight_sums[:, y : y + h, x : x + w] += self.weights

    def advance(self, z: int, following: int | None) -> None:
        """Hands over the slices before the `following` layer and moves the rest to the front."""
        depth = self.walk.patch[0] if following is None else following - z
        _, top, left = self.walk.before
        height, width = self.walk.shape[1:]
        # Padding lies outside of the volume, at both ends of an axis shorter than the patch.
        first = z - self.walk.before[0]
        inside = slice(max(-first, 0), min(depth, self.walk.shape[0] - first))
        area = (inside, slice(top, top + height), slice(left, left + width))
        blended = self.sums[(slice(None), *area)] / self.weight_sums[area]
        self.finish(first + inside.start, first + inside.stop, blended)
        for sums in (self.sums, self.weight_sums[None]):
            rest = sums.shape[1] - depth
            sums[:, :rest] = sums[:, depth:].clone()
            sums[:, rest:] = 0


def _cut(slab: Tensor, place: tuple[int, int], patch: Sequence[int]) -> Tensor:
    y, x = place
    return slab[:, y : y + patch[1], x : x + patch[2]]


def _occupied(slab: Tensor, layer: Sequence[tuple[int, int]], patch: Sequence[int], threshold: float) -> list[int]:
    """Which windows of the layer hold a voxel above the threshold; one synchronisation for the whole layer."""
    brightest = slab.amax(0)
    above = [(brightest[y : y + patch[1], x : x + patch[2]].amax() > threshold) for y, x in layer]
    return torch.nonzero(torch.stack(above)).flatten().tolist()


def _collector(volume: np.ndarray | None) -> Finish:
    def collect(first: int, end: int, blended: Tensor) -> None:
        assert volume is not None
        volume[:, first:end] = blended.cpu().numpy()

    return collect


def _check(image: np.ndarray, patch: Sequence[int], batch: int) -> None:
    if image.ndim != 3 or min(image.shape) < 1:
        raise BadInputError(f"A volume has three axes and at least one voxel, not the shape {tuple(image.shape)}.")
    if len(patch) != 3 or min(patch) < 1 or batch < 1:
        raise BadInputError(f"The window size {tuple(patch)} and the batch {batch} must be positive.")
