"""From the training grid back onto the CT's own grid, in its own orientation, to the voxel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.grid import covered_part, resample

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
    values = np.flatnonzero(np.bincount(_checked(array, geometry).ravel(), minlength=1))
    pictures = {int(v): (array == v) if v else None for v in values}
    return _strongest({v: p for v, p in pictures.items() if p is not None}, geometry, reference, background=True)


def probabilities_to_native(
    probabilities: np.ndarray, geometry: Geometry, reference: sitk.Image | Geometry
) -> sitk.Image:
    """The strongest class at each voxel of a CT, from class probabilities on the training grid.

    Args:
        probabilities: (C, D, H, W), any float type.
        geometry: Where the arrays lie.
        reference: The CT or its grid.

    Returns:
        Classes 0 to C-1, uint8, on the grid of `reference`.
    """
    for one in probabilities:
        _checked(one, geometry)
    return _strongest(dict(enumerate(probabilities)), geometry, reference, background=False)


def categories_to_native(array: np.ndarray, geometry: Geometry, reference: sitk.Image | Geometry) -> sitk.Image:
    """Put a map of categories without an order (provenance) onto the grid of a CT: the nearest voxel's value."""
    return _native(_checked(array, geometry), geometry, reference, sitk.sitkNearestNeighbor, np.uint8)


def map_to_native(
    array: np.ndarray, geometry: Geometry, reference: sitk.Image | Geometry, outside: float = 0.0
) -> sitk.Image:
    """Put a continuous map (probability, uncertainty) onto the grid of a CT, linearly; float32."""
    return _native(_checked(array, geometry), geometry, reference, sitk.sitkLinear, np.float32, outside)


def _strongest(
    pictures: dict[int, np.ndarray], geometry: Geometry, reference: sitk.Image | Geometry, background: bool
) -> sitk.Image:
    """The value whose picture is strongest; with `background`, 0 has what the others leave of one."""
    native = Geometry.of(reference)
    result = np.zeros(native.shape, np.uint8)
    for where, slab in _slabs(native):
        label = np.zeros(slab.shape, np.uint8)
        strongest = np.zeros(slab.shape, np.float32)
        total = np.zeros(slab.shape, np.float32)
        for value, picture in pictures.items():
            part = _on_slab(picture, geometry, slab, sitk.sitkLinear, np.float32, 0.0)
            wins = part > strongest
            label[wins] = value
            np.copyto(strongest, part, where=wins)
            total += part
        if background:
            label[total < 0.5 - 1e-4] = 0
        result[where] = label
    return native.apply_to(sitk.GetImageFromArray(result))


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
    thickness = max(1, _SLAB_VOXELS // (native.size[0] * native.size[1]))
    for start in range(0, native.size[2], thickness):
        depth = min(thickness, native.size[2] - start)
        size = (native.size[0], native.size[1], depth)
        yield (
            slice(start, start + depth),
            Geometry(size, native.spacing, native.to_world((start, 0, 0)), native.direction),
        )


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
