"""From the training grid back onto the CT's own grid, in its own orientation, to the voxel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.grid import bounding_box, covered_part, present_values, resample

_SLAB_VOXELS = 8 << 20
"""Voxels of the CT that are worked on at a time: 32 MB a class in float32."""


def labels_to_native(array: np.ndarray, geometry: Geometry, reference: sitk.Image | Geometry) -> sitk.Image:
    """Put class labels onto the grid of a CT with smooth surfaces.

    Each class is interpolated linearly and the strongest one wins; on equal grids this is the label itself.

    Args:
        array: Labels, uint8, (D, H, W).
        geometry: Where the array lies.
        reference: The CT or its grid.

    Returns:
        uint8 image on the grid of `reference`.
    """
    pictures = {value: array == value for value in present_values(_checked(array, geometry)) if value}
    return _strongest(pictures, geometry, reference)


def categories_to_native(array: np.ndarray, geometry: Geometry, reference: sitk.Image | Geometry) -> sitk.Image:
    """Put a map of categories without an order (provenance) onto the grid of a CT: the nearest voxel's value."""
    return _native(_checked(array, geometry), geometry, reference, sitk.sitkNearestNeighbor, np.uint8)


def map_to_native(
    array: np.ndarray, geometry: Geometry, reference: sitk.Image | Geometry, outside: float = 0.0
) -> sitk.Image:
    """Put a continuous map (probability, uncertainty) onto the grid of a CT, linearly; float32."""
    return _native(_checked(array, geometry), geometry, reference, sitk.sitkLinear, np.float32, outside)


def _strongest(pictures: dict[int, np.ndarray], geometry: Geometry, reference: sitk.Image | Geometry) -> sitk.Image:
    """The value whose picture is strongest; background, 0, has what the others leave of one."""
    native = Geometry.of(reference)
    result = np.zeros(native.shape, np.uint8)
    boxes = {value: _reach(picture, geometry, native) for value, picture in pictures.items()}
    for where, slab in _slabs(native):
        label = result[where]
        strongest = np.zeros(slab.shape, np.float32)
        total = np.zeros(slab.shape, np.float32)
        for value, picture in pictures.items():
            place = _within(boxes[value], where)
            if place is None:
                continue
            part = _on_slab(picture, geometry, slab.part(place), sitk.sitkLinear, np.float32, 0.0)
            wins = part > strongest[place]
            label[place][wins] = value
            np.copyto(strongest[place], part, where=wins)
            total[place] += part
        label[total < 0.5 - 1e-4] = 0
    return native.apply_to(sitk.GetImageFromArray(result))


def _reach(picture: np.ndarray, geometry: Geometry, native: Geometry) -> tuple[slice, ...] | None:
    """The box of the CT that a picture can reach, or None for an empty one: most labels fill a small part of a CT."""
    if not picture.any():
        return None
    spans = bounding_box(picture)
    # Between the last voxel of a picture and the next one it fades to 0, so its margin is one of its own voxels.
    wider = tuple(slice(max(s.start - 1, 0), min(s.stop + 1, n)) for s, n in zip(spans, picture.shape, strict=True))
    return covered_part(geometry.part(wider), native, margin=1)[0]


def _within(box: tuple[slice, ...] | None, slab: slice) -> tuple[slice, ...] | None:
    """The part of a box that lies in a slab, counted from the slab's first slice."""
    if box is None or box[0].stop <= slab.start or box[0].start >= slab.stop:
        return None
    first, end = max(box[0].start, slab.start), min(box[0].stop, slab.stop)
    return slice(first - slab.start, end - slab.start), box[1], box[2]


def _native(
    array: np.ndarray,
    geometry: Geometry,
    reference: sitk.Image | Geometry,
    interpolator: int,
    dtype: type,
    outside: float = 0.0,
) -> sitk.Image:
    native = Geometry.of(reference)
    result: np.ndarray = np.empty(native.shape, dtype)
    for where, slab in _slabs(native):
        result[where] = _on_slab(array, geometry, slab, interpolator, dtype, outside)
    return native.apply_to(sitk.GetImageFromArray(result))


def _slabs(native: Geometry) -> Iterator[tuple[slice, Geometry]]:
    """Groups of neighbouring slices of a grid, each as a slice of the array and as a grid of its own."""
    slices, height, width = native.shape
    thickness = max(1, _SLAB_VOXELS // (height * width))
    for start in range(0, slices, thickness):
        where = slice(start, min(start + thickness, slices))
        yield where, native.part((where, slice(0, height), slice(0, width)))


def _on_slab(
    array: np.ndarray, geometry: Geometry, slab: Geometry, interpolator: int, dtype: type, outside: float
) -> np.ndarray:
    """`array` at the voxels of a slab; only the part of the array that the slab needs is converted."""
    box, part = covered_part(slab, geometry, margin=2)
    values = array[box]
    if not values.any() and outside == 0:
        return np.zeros(slab.shape, dtype)
    image = part.apply_to(sitk.GetImageFromArray(np.ascontiguousarray(values, dtype)))
    return sitk.GetArrayFromImage(resample(image, slab, interpolator, outside))


def _checked(array: np.ndarray, geometry: Geometry) -> np.ndarray:
    if array.shape != geometry.shape:
        raise BadInputError("The map does not fit the grid of this case: segment the case again.")
    return array
