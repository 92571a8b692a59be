"""A copy of a drawn segmentation, taken on the main thread in moments, made into a label volume in a thread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from SemiSegEmbedLib.application.label_file import Grid
from SemiSegEmbedLib.study.records import IGNORE


@dataclass(frozen=True)
class Layer:
    """One labelmap of a segmentation, cut to its extent.

    Attributes:
        voxels: (z, y, x), a copy.
        offset: Index (z, y, x) of its first voxel in the CT's grid; may be negative.
        values: Value in `voxels` to value in the study's label files.
    """

    voxels: np.ndarray
    offset: tuple[int, int, int]
    values: dict[int, int]


@dataclass(frozen=True)
class Snapshot:
    """All layers of a segmentation on the grid of its CT."""

    grid: Grid
    layers: tuple[Layer, ...] = field(default=())

    def label_volume(self) -> np.ndarray:
        """The study's label values, (z, y, x) uint8; where layers overlap the later one wins."""
        label = np.zeros(self.grid.shape, np.uint8)
        for layer in self.layers:
            target, source = _overlap(label, layer)
            lookup = np.zeros(int(source.max(initial=0)) + 1, np.uint8)
            for value, label_value in layer.values.items():
                if value < len(lookup):
                    lookup[value] = label_value
            drawn = lookup[source]
            np.copyto(target, drawn, where=drawn > 0)
        return label


def finished_last(layers: Sequence[Layer], finished: Collection[int]) -> list[Layer]:
    """The same segments in an order in which finished ones win where they overlap with others.

    Args:
        layers: All of a segmentation.
        finished: Values of finished segments in the study's label files.
    """
    parts = []
    for wanted in (False, True):
        for layer in layers:
            values = {value: label for value, label in layer.values.items() if (label in finished) is wanted}
            if values:
                parts.append(replace(layer, values=values))
    return parts


def drawn_box(voxels: np.ndarray) -> tuple[slice, slice, slice] | None:
    """The smallest box that holds everything drawn; None when nothing is.

    Finding and copying it takes a third of the time of copying a whole layer.
    """
    plane = voxels.max(axis=0)
    rows, columns = _range(plane.max(axis=1)), _range(plane.max(axis=0))
    if rows is None or columns is None:
        return None
    return _range(voxels[:, rows, columns].max(axis=(1, 2))) or slice(0), rows, columns


def _range(drawn: np.ndarray) -> slice | None:
    indices = np.flatnonzero(drawn)
    return slice(int(indices[0]), int(indices[-1]) + 1) if indices.size else None


def ignore_other_slices(label: np.ndarray, annotated: set[int]) -> np.ndarray:
    """Partial annotation: slices that are neither drawn in nor marked become `IGNORE`.

    Args:
        label: (z, y, x) uint8; changed in place.
        annotated: Indices of slices that are finished although nothing is drawn in them.
    """
    label[~annotated_slices(label, annotated)] = IGNORE
    return label


def annotated_slices(label: np.ndarray, finished: Collection[int]) -> np.ndarray:
    """Which slices of a label (z, y, x) count as annotated, bool (z,): those drawn in and those marked as finished."""
    annotated = np.asarray(label.any(axis=(1, 2)))
    annotated[[index for index in finished if 0 <= index < len(annotated)]] = True
    return annotated


def _overlap(label: np.ndarray, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    begin = [max(0, offset) for offset in layer.offset]
    end = [
        max(low, min(size, offset + extent))
        for low, size, offset, extent in zip(begin, label.shape, layer.offset, layer.voxels.shape, strict=True)
    ]
    target = tuple(slice(low, high) for low, high in zip(begin, end, strict=True))
    source = tuple(
        slice(low - offset, high - offset) for low, high, offset in zip(begin, end, layer.offset, strict=True)
    )
    return label[target], layer.voxels[source]
