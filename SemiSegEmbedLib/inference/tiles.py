"""Where stochastic passes are worth their time: boxes around what may be an object.

What holds an object is cut into boxes that do not overlap; a box and some context around it is a tile. So each voxel
near an object gets exactly M passes, while overlapping windows give it several times M.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.learning.network import DIVISOR

BLOCK = DIVISOR
"""Objects are looked for in blocks of so many voxels a side."""
SMALLER = 0.75
"""Along an axis a tile has the patch's size or this share of it: few shapes, since a network is compiled for each."""


@dataclass(frozen=True)
class Tile:
    """Voxels to compute, and those of them to keep.

    Attributes:
        start: First voxel to compute; the tile may reach beyond the volume.
        size: Voxels to compute along each axis, multiples of 8.
        box: What to keep, slices of the volume.
    """

    start: tuple[int, ...]
    size: tuple[int, ...]
    box: tuple[slice, ...]

    @property
    def inner(self) -> tuple[slice, ...]:
        """`box` within the tile."""
        return tuple(slice(b.start - s, b.stop - s) for b, s in zip(self.box, self.start, strict=True))

    def cut(self, image: np.ndarray, pad_value: float) -> Tensor:
        """The tile's voxels, float32, with `pad_value` outside of the volume."""
        inside = tuple(
            slice(max(s, 0), min(s + n, whole)) for s, n, whole in zip(self.start, self.size, image.shape, strict=True)
        )
        part = torch.from_numpy(np.ascontiguousarray(image[inside], np.float32))
        if tuple(part.shape) == self.size:
            return part
        padded = torch.full(self.size, pad_value)
        padded[tuple(slice(i.start - s, i.stop - s) for i, s in zip(inside, self.start, strict=True))] = part
        return padded


def object_tiles(blocks: np.ndarray, shape: Sequence[int], patch: Sequence[int], *, whole: bool) -> list[Tile]:
    """Tiles around the blocks that hold an object.

    Args:
        blocks: Whether each block of 8 x 8 x 8 voxels holds an object, bool, from the volume's first voxel on.
        shape: Of the volume.
        patch: The largest tile, multiples of 8.
        whole: Every tile has the size of the patch, as instance normalisation needs it.
    """
    tiles = []
    for spans in _boxes(blocks, [cell_blocks(p) for p in patch]):
        axes = [_axis(*span, n, p, whole) for span, n, p in zip(spans, shape, patch, strict=True)]
        start, size, box = (tuple(part) for part in zip(*axes, strict=True))
        tiles.append(Tile(start, size, box))
    return tiles


def cell_blocks(patch: int) -> int:
    """Blocks in a box along an axis at most: what a window has left without an eighth of it at both ends."""
    return max(1, (patch - 2 * (patch // 8)) // BLOCK)


def _boxes(blocks: np.ndarray, most: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """First voxel and end, along each axis, of boxes around all occupied blocks, of so many blocks at most.

    Slabs along z, rows of a slab along y, boxes of a row along x; each begins at the first block that is left.
    """
    for z in _pieces(blocks, 0, most[0]):
        slab = blocks[z]
        for y in _pieces(slab, 1, most[1]):
            row = slab[:, y]
            for x in _pieces(row, 2, most[2]):
                firsts = (z.start, y.start, x.start)
                yield [_span(row[:, :, x], axis, first) for axis, first in enumerate(firsts)]


def _pieces(blocks: np.ndarray, axis: int, most: int) -> Iterator[slice]:
    occupied = np.flatnonzero(blocks.any(axis=tuple(a for a in range(3) if a != axis)))
    while occupied.size:
        first = int(occupied[0])
        yield slice(first, first + most)
        occupied = occupied[occupied >= first + most]


def _span(found: np.ndarray, axis: int, first: int) -> tuple[int, int]:
    """First voxel and end of the occupied blocks along an axis."""
    places = np.flatnonzero(found.any(axis=tuple(a for a in range(3) if a != axis)))
    return BLOCK * (first + int(places[0])), BLOCK * (first + int(places[-1]) + 1)


def _axis(low: int, high: int, volume: int, patch: int, whole: bool) -> tuple[int, int, slice]:
    """Start, size and what is kept along one axis."""
    context = patch - BLOCK * cell_blocks(patch)
    smaller = int(SMALLER * patch) // BLOCK * BLOCK
    fits = not whole and high - low + context <= smaller
    size = smaller if fits else patch
    # In the middle of the tile where the volume allows it, so that as much of the volume as possible is seen.
    start = min(max(low - (size - (high - low)) // 2, 0), max(volume - size, 0))
    return start, size, slice(low, min(high, volume))
