"""A segmentation that 3D Slicer hands over, as files of other programs; runs in a child process of Slicer.

A hand-over is a folder: `export.json` says what `Handover` holds, `layer0.npy`, `layer1.npy` ... hold the voxels.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.grid import bounding_box
from SemiSegEmbedLib.imaging.write import SegmentEntry, write_image, write_segments
from SemiSegEmbedLib.study.files import explain
from SemiSegEmbedLib.workflows.progress import Progress, silent

VOLUME_FORMATS = ("nii.gz", "seg.nrrd")


@dataclass(frozen=True, eq=False)
class Layer:
    """One label map, cut to what is drawn in it.

    Attributes:
        voxels: (z, y, x).
        offset: Index (z, y, x) of its first voxel in the grid of the CT; may be negative.
        values: From values in `voxels` to those of the segments.
    """

    voxels: np.ndarray
    offset: tuple[int, int, int]
    values: dict[int, int]


@dataclass(frozen=True, eq=False)
class Handover:
    """What is to be written.

    Attributes:
        shape: Of the grid of the CT, (z, y, x).
        ijk_to_lps: 4x4, from its indices (x, y, z) to LPS in mm.
        layers: Those in which something is drawn.
        segments: All segments of the scene, each with a value of its own.
        known: For each segment whether the study knows it: its value is then that of the study's label files.
    """

    shape: tuple[int, int, int]
    ijk_to_lps: np.ndarray
    layers: tuple[Layer, ...]
    segments: tuple[SegmentEntry, ...]
    known: tuple[bool, ...]

    def image(self, array: np.ndarray) -> sitk.Image:
        """An array (z, y, x) as an image on the grid of the CT."""
        spacing = np.linalg.norm(self.ijk_to_lps[:3, :3], axis=0)
        direction = (self.ijk_to_lps[:3, :3] / spacing).ravel().tolist()
        depth, height, width = self.shape
        origin = self.ijk_to_lps[:3, 3].tolist()
        geometry = Geometry((width, height, depth), tuple(spacing.tolist()), tuple(origin), tuple(direction))
        return geometry.apply_to(sitk.GetImageFromArray(array))

    def put_on_grid(self, layer: Layer, wanted: Collection[int], into: np.ndarray) -> None:
        """Put a layer onto the grid of the CT, over what is there.

        Args:
            layer: One of `layers`.
            wanted: Values of the segments to put there.
            into: (z, y, x), changed in place.
        """
        begin = [max(0, offset) for offset in layer.offset]
        end = [min(n, o + s) for n, o, s in zip(self.shape, layer.offset, layer.voxels.shape, strict=True)]
        if any(low >= high for low, high in zip(begin, end, strict=True)):
            return
        target = into[tuple(slice(low, high) for low, high in zip(begin, end, strict=True))]
        parts = zip(begin, end, layer.offset, strict=True)
        source = layer.voxels[tuple(slice(low - offset, high - offset) for low, high, offset in parts)]
        lookup = np.zeros(int(source.max(initial=0)) + 1, into.dtype)
        for value, written in layer.values.items():
            if value < len(lookup) and written in wanted:
                lookup[value] = written
        drawn = lookup[source]
        np.copyto(target, drawn, where=drawn > 0)


def read_handover(folder: Path) -> Handover:
    """Read a hand-over.

    Raises:
        BadInputError: It is not there or not whole.
    """
    try:
        about = json.loads((folder / "export.json").read_text(encoding="utf-8"))
        layers = tuple(
            Layer(
                np.load(folder / f"layer{number}.npy", mmap_mode="r", allow_pickle=False),
                tuple(layer["offset"]),
                {int(value): int(written) for value, written in layer["values"]},
            )
            for number, layer in enumerate(about["layers"])
        )
        segments = tuple(SegmentEntry(**entry) for entry in about["segments"])
        depth, height, width = about["shape"]
        affine = np.array(about["ijk_to_lps"], float).reshape(4, 4)
        return Handover((depth, height, width), affine, layers, segments, tuple(map(bool, about["known"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError("What 3D Slicer handed over is not whole: export again.") from error


def export(
    folder: Path, file_format: str, smoothing: float = 0.5, progress: Progress = silent
) -> list[dict[str, Any]]:
    """Write what lies in a hand-over.

    Args:
        folder: The hand-over; the files go into its folder `files`.
        file_format: "nii.gz" (label values of the study), "seg.nrrd" (all segments), or one of
            `surfaces.SURFACE_FORMATS` (a surface in LPS mm for each segment that is not empty).
        smoothing: Of surfaces, see `segment_surface`.
        progress: Told how far it is.

    Returns:
        For each file its path as "file", and as "segment" the name of its segment, empty for a volume.

    Raises:
        SemiSegEmbedError: There is no surface to write, or nothing could be written.
    """
    handed, output = read_handover(folder), folder / "files"
    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise explain(error, "The exported files could not be written") from error
    if file_format not in VOLUME_FORMATS:
        return _write_surfaces(handed, output, file_format, smoothing, progress)
    progress("Writing the volume", 0.1)
    path = output / f"0.{file_format}"
    (_write_label if file_format == "nii.gz" else _write_segmentation)(handed, path)
    return [{"file": str(path), "segment": ""}]


def _write_label(handed: Handover, path: Path) -> None:
    label = np.zeros(handed.shape, np.uint8)
    wanted = {segment.value for segment, known in zip(handed.segments, handed.known, strict=True) if known}
    for layer in handed.layers:
        handed.put_on_grid(layer, wanted, label)
    write_image(handed.image(label), path)


def _write_segmentation(handed: Handover, path: Path) -> None:
    kind = np.uint8 if all(segment.value < 256 for segment in handed.segments) else np.uint16
    images = []
    for layer in handed.layers or (None,):
        array = np.zeros(handed.shape, kind)
        if layer is not None:
            handed.put_on_grid(layer, set(layer.values.values()), array)
        images.append(handed.image(array))
    write_segments(images, handed.segments, path)


def _write_surfaces(
    handed: Handover, output: Path, file_format: str, smoothing: float, progress: Progress
) -> list[dict[str, Any]]:
    from SemiSegEmbedLib.workflows.surfaces import segment_surface, write_surface

    written = []
    for number, segment in enumerate(handed.segments):
        progress(f"Writing surface {number + 1}", number / len(handed.segments))
        found = _mask(handed, segment)
        if found is None:
            continue
        surface = segment_surface(*found, smoothing)
        path = output / f"{number}.{file_format}"
        write_surface(surface, path)
        written.append({"file": str(path), "segment": segment.name})
    if not written:
        raise SemiSegEmbedError("This result is empty: there is no surface to write.")
    return written


def _mask(handed: Handover, segment: SegmentEntry) -> tuple[np.ndarray, np.ndarray] | None:
    """Where a segment is, cut to its box, and 4x4 from indices (x, y, z) of the box to LPS; None where it is empty."""
    if segment.layer >= len(handed.layers):
        return None
    layer = handed.layers[segment.layer]
    value = next((value for value, written in layer.values.items() if written == segment.value), None)
    mask = np.zeros(layer.voxels.shape, bool) if value is None else layer.voxels == value
    if not mask.any():
        return None
    box = bounding_box(mask)
    shift = np.eye(4)
    shift[:3, 3] = [offset + part.start for offset, part in zip(layer.offset, box, strict=True)][::-1]
    return mask[box], handed.ijk_to_lps @ shift
