"""DICOM folders: which series they hold, and which of them is meant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.headers import quiet

MAX_FILES = 20_000
_LOAD_BYTES = 4096
"""Larger elements, the voxels above all, stay on disk while headers are read."""
_PADDING = 8
"""Bytes that a writer may add to make the length even, or a multiple of its word."""
VOLUME_SLICES = 8
"""A series with fewer images is a scout or a report, not a scan."""
_UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
_TAGS = [
    "SOPInstanceUID", "SeriesInstanceUID", "SeriesDescription", "SeriesNumber", "Modality", "ConvolutionKernel",
    "SliceThickness", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns",
    "BitsAllocated", "SamplesPerPixel", "NumberOfFrames", "RescaleSlope", "RescaleIntercept", "PixelRepresentation",
    "PixelData",
]  # fmt: skip


@dataclass(frozen=True)
class Slice:
    """One image of a series; vectors are empty where the file lacks them."""

    path: Path
    instance_uid: str
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    pixel_spacing: tuple[float, ...]
    rows: int
    columns: int
    frames: int
    scaling: tuple[float, float]
    signed: bool
    complete: bool


@dataclass(frozen=True)
class Series:
    """One DICOM series of a folder.

    Attributes:
        uid: SeriesInstanceUID: what `read_image(folder, series_uid=...)` takes.
        description: As the scanner wrote it; free text, so it belongs on the screen and not into a log.
        modality: "CT", "MR", "SEG", ...
        kernel: The reconstruction kernel, or "".
        thickness_mm: The slice thickness, or None.
        slices: Its images, in no particular order.
        unreadable: DICOM files in the folder, of whatever series, that are too damaged to tell.
    """

    uid: str
    description: str
    modality: str
    kernel: str
    thickness_mm: float | None
    slices: tuple[Slice, ...]
    unreadable: int = 0

    @property
    def slice_count(self) -> int:
        """Number of images."""
        return len(self.slices)


def list_series(folder: Path | str) -> list[Series]:
    """The DICOM series in a folder (not in its subfolders), the largest first.

    Raises:
        BadInputError: The folder is absent, holds no DICOM image, or far too many files.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInputError("This folder does not exist (any more): check its path or add it again.")
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    if len(files) > MAX_FILES:
        raise BadInputError("This folder holds too many files: put the DICOM series into a folder of its own.")
    found: dict[str, list[tuple[Any, Slice]]] = {}
    unreadable = 0
    with quiet():
        for path in files:
            header = _read_header(path)
            if header is None:
                unreadable += is_dicom(path)
            else:
                found.setdefault(_text(header, "SeriesInstanceUID"), []).append((header, _slice_of(header, path)))
        series = [_series_of(uid, members, unreadable) for uid, members in found.items()]
    if not found:
        raise BadInputError("This folder holds no DICOM image: choose the folder that directly holds the slices.")
    return sorted(series, key=lambda s: (-s.slice_count, s.uid))


def is_dicom(path: Path) -> bool:
    """True when a file has DICOM's magic number."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def choose_series(folder: Path | str, series_uid: str | None = None) -> Series:
    """The series with this UID, or the only one that can be a CT.

    Raises:
        BadInputError: It is not there, or several could be meant; the sentence lists the choices.
    """
    every = list_series(folder)
    if series_uid is not None:
        for series in every:
            if series.uid == series_uid:
                return series
        raise BadInputError(f"This folder has no such series: choose {_choices(every)}.")
    volumes = [s for s in every if s.modality == "CT" and s.slice_count >= VOLUME_SLICES] or every
    if len(volumes) > 1:
        raise BadInputError(
            f"This folder holds {len(volumes)} series that could be meant: choose {_choices(volumes)}."
        )
    return volumes[0]


def _choices(series: Sequence[Series]) -> str:
    more = [f"or one of {len(series) - 8} more"] if len(series) > 8 else []
    return "; ".join([*(_choice(one) for one in series[:8]), *more])


def _choice(series: Series) -> str:
    details = "" if series.thickness_mm is None else f", {series.thickness_mm:g} mm"
    details += f", {series.kernel}" if series.kernel else ""
    return f"{series.uid} ({series.modality or '?'}, {series.slice_count} slices{details})"


def _read_header(path: Path) -> Any | None:
    """The header of a DICOM file, or None when it is none; voxels are not loaded, only where they lie."""
    import pydicom

    try:
        header = pydicom.dcmread(path, specific_tags=list(_TAGS), defer_size=_LOAD_BYTES)
    except Exception:  # pydicom raises many kinds for a damaged file; all mean that it is no readable image
        return None
    return header if _text(header, "SeriesInstanceUID") else None


def _slice_of(header: Any, path: Path) -> Slice:
    rows, columns = _number(header, "Rows"), _number(header, "Columns")
    frames = int(_number(header, "NumberOfFrames", 1))
    return Slice(
        path=path,
        instance_uid=_text(header, "SOPInstanceUID"),
        position=_vector(header, "ImagePositionPatient", 3),
        orientation=_orientation(header),
        pixel_spacing=_vector(header, "PixelSpacing", 2),
        rows=int(rows),
        columns=int(columns),
        frames=frames,
        scaling=(_number(header, "RescaleSlope", 1), _number(header, "RescaleIntercept", 0)),
        signed=_number(header, "PixelRepresentation") == 1,
        complete=_is_complete(header, path, rows * columns * max(frames, 1)),
    )


def _is_complete(header: Any, path: Path, pixels: float) -> bool:
    """False when the voxels are fewer or more than the header says, or reach beyond the end of the file."""
    element = header.get_item("PixelData") if "PixelData" in header else None
    if element is None:
        return False
    syntax = str(getattr(getattr(header, "file_meta", None), "TransferSyntaxUID", ""))
    if syntax not in _UNCOMPRESSED:
        return True
    length = getattr(element, "length", None)
    start = getattr(element, "value_tell", 0)
    if length is None:
        length, start = len(element.value or b""), 0
    needed = pixels * _number(header, "SamplesPerPixel", 1) * _number(header, "BitsAllocated", 16) / 8
    return needed <= length <= needed + _PADDING and start + length <= path.stat().st_size


def _series_of(uid: str, members: list[tuple[Any, Slice]], unreadable: int) -> Series:
    header = members[0][0]
    thickness = _number(header, "SliceThickness", 0)
    return Series(
        uid=uid,
        description=_text(header, "SeriesDescription")[:80],
        modality=_text(header, "Modality")[:16],
        kernel=_text(header, "ConvolutionKernel")[:20],
        thickness_mm=thickness if thickness > 0 else None,
        slices=tuple(member for _, member in members),
        unreadable=unreadable,
    )


def _orientation(header: Any) -> tuple[float, ...]:
    """Row and column direction, or nothing unless they are unit vectors at a right angle."""
    values = np.array(_vector(header, "ImageOrientationPatient", 6))
    if len(values) != 6:
        return ()
    row, column = values[:3], values[3:]
    lengths = np.array([np.linalg.norm(row), np.linalg.norm(column)])
    if np.abs(lengths - 1).max() > 0.01 or abs(float(row @ column)) > 0.01:
        return ()
    column = column / lengths[1]
    row = row - (row @ column) * column
    return (*(row / np.linalg.norm(row)).tolist(), *column.tolist())


def _text(header: Any, name: str) -> str:
    try:
        value = getattr(header, name, "")
        return "" if value is None else str(value).strip()
    except Exception:  # pydicom decodes lazily: a damaged value raises here
        return ""


def _number(header: Any, name: str, default: float = 0.0) -> float:
    try:
        value = float(getattr(header, name))
        return value if math.isfinite(value) else default
    except Exception:  # absent, empty or damaged
        return default


def _vector(header: Any, name: str, length: int) -> tuple[float, ...]:
    try:
        values = tuple(float(v) for v in getattr(header, name))
    except Exception:  # absent, empty or damaged
        return ()
    return values if len(values) == length and all(map(math.isfinite, values)) else ()
