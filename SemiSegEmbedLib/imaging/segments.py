"""Segmentations that name their segments: Slicer's .seg.nrrd and DICOM SEG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.dicom import is_dicom
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.headers import MAX_VOXELS, header_geometry, open_header, quiet, require_file, suffix_of
from SemiSegEmbedLib.imaging.integrity import verify_voxels
from SemiSegEmbedLib.study.records import Label

_DAMAGED = "This segmentation cannot be read, it is damaged or of an unknown kind: export it again."
_MAX_SEGMENTS = 254


@dataclass(frozen=True)
class Segment:
    """One segment of a file.

    Attributes:
        name: What the file calls it.
        value: Its value in the layer (.seg.nrrd) or its segment number (DICOM SEG).
        layer: Which layer of the file it is in; segments of different layers may overlap.
        code: (scheme, value) of its type in a terminology, or None.
    """

    name: str
    value: int
    layer: int = 0
    code: tuple[str, str] | None = None


def is_segmentation(path: Path) -> bool:
    """True for .seg.nrrd by its name and for DICOM by its magic number."""
    if suffix_of(path) == ".seg.nrrd":
        return True
    require_file(path)
    return is_dicom(path)


def read_segmentation(path: Path, labels: Sequence[Label] | None = None) -> sitk.Image:
    """All segments of a file in one image; where segments overlap, the later one wins.

    Args:
        path: A .seg.nrrd or DICOM SEG file.
        labels: As in `read_label`.

    Returns:
        A 3D uint8 image on the grid of the file.

    Raises:
        BadInputError: It cannot be read, or two segments would get the same value.
    """
    if suffix_of(path) == ".seg.nrrd":
        return _read_nrrd(path, labels)
    with quiet():
        return _read_dicom(path, labels)


def target_values(segments: Sequence[Segment], labels: Sequence[Label] | None) -> list[int]:
    """The label value that each segment gets: by name, then by code, then its own.

    Raises:
        BadInputError: Two segments would get the same value, or a value is not from 1 to 255.
    """
    by_name = {label.name.strip().casefold(): label.value for label in labels or ()}
    by_code: dict[tuple[str, str], int] = {}
    for label in labels or ():
        if label.code is not None:
            # A code that two labels share (both sides of one bone) identifies neither of them.
            key = (label.code.scheme, label.code.value)
            by_code[key] = -1 if key in by_code else label.value
    values = []
    for segment in segments:
        coded = by_code.get(segment.code, -1) if segment.code else -1
        values.append(by_name.get(segment.name.strip().casefold(), coded if coded > 0 else segment.value))
    if len(set(values)) < len(values):
        raise BadInputError("Two segments of this file would get the same label value: name them as in the study.")
    if any(not 1 <= value <= 255 for value in values):
        raise BadInputError("A segment of this file has a value that is not from 1 to 255: name them as in the study.")
    return values


def _nrrd_segments(reader: sitk.ImageFileReader) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    while len(segments) <= _MAX_SEGMENTS and reader.HasMetaDataKey(f"Segment{len(segments)}_ID"):
        prefix = f"Segment{len(segments)}_"
        try:
            value = int(_entry(reader, prefix + "LabelValue", str(len(segments) + 1)))
            layer = int(_entry(reader, prefix + "Layer", "0"))
        except ValueError:
            raise BadInputError(_DAMAGED) from None
        name = _entry(reader, prefix + "Name", f"segment {len(segments) + 1}")
        segments.append(Segment(name[:200], value, layer, _code_in_tags(_entry(reader, prefix + "Tags", ""))))
    return tuple(segments)


def _read_nrrd(path: Path, labels: Sequence[Label] | None) -> sitk.Image:
    reader = open_header(path, is_label=True)
    geometry = header_geometry(reader)
    segments = _nrrd_segments(reader)
    if not segments:
        raise BadInputError("This file names no segments: save it as .nrrd if it is a plain label map.")
    values = target_values(segments, labels)
    verify_voxels(reader, path)
    try:
        with quiet():
            layers = sitk.GetArrayFromImage(reader.Execute())
    except (RuntimeError, MemoryError):
        raise BadInputError(_DAMAGED) from None
    if layers.ndim == 3:
        layers = layers[..., np.newaxis]
    label = np.zeros(geometry.shape, np.uint8)
    for segment, value in zip(segments, values, strict=True):
        if not 0 <= segment.layer < layers.shape[-1]:
            raise BadInputError(_DAMAGED)
        label[layers[..., segment.layer] == segment.value] = value
    return geometry.apply_to(sitk.GetImageFromArray(label))


def _entry(reader: sitk.ImageFileReader, key: str, default: str) -> str:
    return reader.GetMetaData(key) if reader.HasMetaDataKey(key) else default


def _code_in_tags(tags: str) -> tuple[str, str] | None:
    """The type in Slicer's terminology entry: context~category~TYPE~modifier~..., each scheme^value^meaning."""
    for tag in tags.split("|"):
        name, _, entry = tag.partition(":")
        parts = entry.split("~")
        if name.strip() == "TerminologyEntry" and len(parts) > 2:
            scheme, _, rest = parts[2].partition("^")
            value = rest.partition("^")[0]
            return (scheme, value) if scheme and value else None
    return None


def _open_dicom(path: Path) -> Any:
    import pydicom

    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        modality = str(header.get("Modality", ""))
        voxels = int(header.Rows) * int(header.Columns) * int(header.get("NumberOfFrames", 1))
    except Exception:  # pydicom raises many kinds for a damaged file
        raise BadInputError(_DAMAGED) from None
    if modality != "SEG":
        raise BadInputError("This DICOM file is not a segmentation: choose a DICOM SEG file or a label map.")
    if voxels > MAX_VOXELS:
        raise BadInputError("The header of this file asks for more voxels than any CT has: export it again.")
    return header


def _dicom_segments(header: Any) -> tuple[Segment, ...]:
    segments = []
    try:
        for item in header.SegmentSequence:
            kind = item.SegmentedPropertyTypeCodeSequence[0] if "SegmentedPropertyTypeCodeSequence" in item else None
            code = (str(kind.CodingSchemeDesignator), str(kind.CodeValue)) if kind is not None else None
            segments.append(Segment(str(item.SegmentLabel)[:200], int(item.SegmentNumber), 0, code))
    except Exception:  # a damaged sequence raises many kinds
        raise BadInputError(_DAMAGED) from None
    return tuple(segments)


def _read_dicom(path: Path, labels: Sequence[Label] | None) -> sitk.Image:
    import highdicom

    segments = [s for s in _dicom_segments(_open_dicom(path)) if s.value > 0]
    values = target_values(segments, labels)
    try:
        file = highdicom.seg.segread(path)
        volume = None
        for segment, value in zip(segments, values, strict=True):
            # One segment at a time: all at once would need a volume for each.
            part = file.get_volume(segment_numbers=[segment.value], combine_segments=False)
            if volume is None:
                volume, label = part, np.zeros(part.array.shape[:3], np.uint8)
            label[part.array[..., 0] >= 0.5] = value
    except Exception:  # highdicom raises many kinds for what it cannot read
        raise BadInputError(_DAMAGED) from None
    if volume is None:
        raise BadInputError("This segmentation holds no segment: export it again.")
    return _image_of(label, volume.affine)


def _image_of(array: np.ndarray, affine: np.ndarray) -> sitk.Image:
    """highdicom's array is indexed in the order of the columns of its affine: reverse it for SimpleITK."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    direction = affine[:3, :3] / spacing
    geometry = Geometry(
        (array.shape[0], array.shape[1], array.shape[2]),
        (float(spacing[0]), float(spacing[1]), float(spacing[2])),
        (float(affine[0, 3]), float(affine[1, 3]), float(affine[2, 3])),
        tuple(float(v) for v in direction.ravel()),
    )
    return geometry.apply_to(sitk.GetImageFromArray(np.ascontiguousarray(array.transpose(2, 1, 0))))
