"""Look at the header of an image file before its voxels are read, and refuse what cannot be a scan.

A header can ask for a terabyte, or for another file; both are refused here, so that no later step
allocates memory or follows a path on the word of a file.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import Geometry

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")
MAX_VOXELS = 1_500_000_000
"""Four times a whole-body CT of 512 x 512 x 1400."""
MAX_SLICE_SIDE = 8192
_COMPRESSED_MAX = 1100
"""Deflate cannot shrink anything further than 1032 to 1."""
_CT_COMPRESSED_MAX = 200
_CT_COMPRESSED_BYTES = 256 << 20
"""A CT above this size that shrank more than this is made of one value: a gzip bomb."""
_SHEAR = 1e-3
"""Largest scalar product of two axes still called a right angle: 0.06 degrees, 0.4 mm over 400 mm."""

_PLACES = (b"spacedirections", b"spacings", b"spaceorigin", b"elementspacing", b"transformmatrix", b"offset")
"""Fields of NRRD and MetaImage headers that say where voxels lie."""


@contextmanager
def quiet() -> Iterator[None]:
    """Warnings of ITK, pydicom and highdicom quote paths and values of tags; keep them out of logs and terminals."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    logs = [logging.getLogger(name) for name in ("pydicom", "highdicom")]
    before = [log.disabled for log in logs]
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    for log in logs:
        log.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)
        for log, disabled in zip(logs, before, strict=True):
            log.disabled = disabled


def suffix_of(path: Path) -> str:
    """The suffix that names the format: ".nii.gz", ".seg.nrrd", ".nrrd", ... in lower case."""
    name = path.name.lower()
    for double in (".nii.gz", ".seg.nrrd"):
        if name.endswith(double):
            return double
    return path.suffix.lower()


def require_file(path: Path) -> None:
    """Raise `BadInputError` unless the path is a readable, non-empty file."""
    try:
        if not path.is_file():
            raise BadInputError("This file does not exist (any more): check its path or add it again.")
        if path.stat().st_size == 0:
            raise BadInputError("This file is empty: export it again.")
        with path.open("rb"):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInputError(f"This file cannot be opened ({reason}): check that you may read it.") from None


def open_header(path: Path, *, is_label: bool = False) -> sitk.ImageFileReader:
    """A reader whose header has been read and found plausible; `Execute()` then reads the voxels.

    Args:
        path: A NIfTI, NRRD or MetaImage file.
        is_label: Labels may be compressed as far as they go.

    Raises:
        BadInputError: The file is absent, of an unknown format, damaged, asks for other files, or its header
            asks for more voxels than the file can hold.
    """
    require_file(path)
    if suffix_of(path) not in (*SUFFIXES, ".seg.nrrd"):
        raise BadInputError("This file has an unknown format: give .nii, .nii.gz, .nrrd or .mha, or a DICOM folder.")
    _check_text(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with quiet():
            reader.ReadImageInformation()
    except RuntimeError as error:
        raise BadInputError(_why_header_failed(str(error))) from None
    _check_size(reader, path.stat().st_size, is_label)
    header_geometry(reader)
    return reader


def header_geometry(reader: sitk.ImageFileReader) -> Geometry:
    """The grid of the first three axes of a header that has been read.

    Raises:
        BadInputError: The spacing is not positive, or the axes are not at right angles.
    """
    dimension = reader.GetDimension()
    direction = np.reshape(reader.GetDirection(), (dimension, dimension))[:3, :3]
    size, spacing, origin = reader.GetSize()[:3], reader.GetSpacing()[:3], reader.GetOrigin()[:3]
    if not all(math.isfinite(v) and 0.01 <= v <= 100 for v in spacing):
        raise BadInputError("The spacing in this file is not a plausible number of millimetres: export it again.")
    if not all(math.isfinite(v) and abs(v) < 1e6 for v in origin):
        raise BadInputError("The position in this file is not a plausible number of millimetres: export it again.")
    require_right_angles(direction)
    return Geometry(size, spacing, origin, tuple(float(v) for v in direction.ravel()))


def require_right_angles(direction: np.ndarray) -> None:
    """Raise `BadInputError` unless the columns of a 3x3 matrix are unit vectors at right angles."""
    product = direction.T @ direction
    if not np.isfinite(product).all() or np.abs(product - np.eye(3)).max() > _SHEAR:
        raise BadInputError(
            "The axes of this scan are not at right angles (a tilted gantry or a sheared grid): "
            "resample it to a rectangular grid first."
        )


def _why_header_failed(message: str) -> str:
    if "orthonormal" in message or "orthogonal" in message:
        return (
            "The axes of this scan are not at right angles (a tilted gantry or a sheared grid): "
            "resample it to a rectangular grid first."
        )
    if "direction" in message.lower() or "spacing" in message.lower():
        return "The spacing or the directions in this file make no sense: export it again."
    return "This file cannot be read as an image, it is damaged or not what its name says: export it again."


def _check_text(path: Path) -> None:
    """Refuse NRRD and MetaImage headers that name another file as the place of the voxels, or that make ITK fail.

    ITK takes a direction that is not a number for one of 1 mm, and crashes over too many axes in MetaImage.
    """
    if suffix_of(path) not in (".nrrd", ".seg.nrrd", ".mha"):
        return
    with path.open("rb") as file:
        start = file.read(1 << 16)
    for line in start.splitlines():
        line = line.strip().lower()
        if line == b"" and path.suffix.lower() == ".nrrd":
            return
        key, _, value = line.replace(b"=", b":", 1).partition(b":")
        key, value = key.replace(b" ", b""), value.strip()
        if key == b"datafile" or (key == b"elementdatafile" and value != b"local"):
            raise BadInputError("This header keeps its voxels in another file: save it as one file and add that.")
        if key == b"ndims" and value not in (b"1", b"2", b"3", b"4"):
            raise BadInputError("This file is not one three-dimensional image: export a single volume.")
        if key in _PLACES and (b"nan" in value or b"inf" in value):
            raise BadInputError("The spacing or the directions in this file make no sense: export it again.")
        if key == b"elementdatafile":
            return


def _check_size(reader: sitk.ImageFileReader, file_bytes: int, is_label: bool) -> None:
    size = reader.GetSize()
    if len(size) < 3 or any(n != 1 for n in size[3:]) or min(size) < 1:
        raise BadInputError("This file is not one three-dimensional image: export a single volume.")
    if min(size[:3]) < 2:
        raise BadInputError("This file holds a single slice: add the whole scan.")
    voxels = math.prod(size) * max(reader.GetNumberOfComponents(), 1)
    if voxels > MAX_VOXELS or max(size) > MAX_SLICE_SIDE:
        raise BadInputError("The header of this file asks for more voxels than any CT has: export it again.")
    expected = voxels * bytes_of(reader.GetPixelID())
    if expected > file_bytes * _COMPRESSED_MAX:
        raise BadInputError("This file is far too short for the size in its header: copy or export it again.")
    if not is_label and expected > _CT_COMPRESSED_BYTES and expected > file_bytes * _CT_COMPRESSED_MAX:
        raise BadInputError("This file unpacks to far more than a CT of its size would: export it again.")


def bytes_of(pixel_id: int) -> int:
    """Bytes of one component of a voxel of a SimpleITK pixel type, scalar or vector."""
    if "64-bit" in (name := sitk.GetPixelIDValueAsString(pixel_id)):
        return 8
    return 4 if "32-bit" in name else 2 if "16-bit" in name else 1
