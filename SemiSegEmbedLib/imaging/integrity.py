"""What ITK does not notice: files cut short, broken compression, and NIfTI headers that contradict themselves.

ITK reads a truncated NIfTI file, and a MetaImage file with a damaged compressed block, without an error and
fills the rest with arbitrary values. A wrong CT must not reach training, so the files are verified here first.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import LATTICE_TOLERANCE
from SemiSegEmbedLib.imaging.headers import bytes_of

_CHUNK = 1 << 22
NOT_FINITE = "This file has values that are not numbers: export it again."
_CUT_SHORT = "This file is cut short or damaged: copy or export it again."


def verify_voxels(reader: sitk.ImageFileReader, path: Path) -> None:
    """Raise `BadInputError` when a file holds other voxels than its header says: fewer, more, or damaged ones.

    Args:
        reader: A reader of the file whose header has been read.
        path: The file.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        _verify_nifti(reader, path)
        return
    needed = math.prod(reader.GetSize()) * reader.GetNumberOfComponents() * bytes_of(reader.GetPixelID())
    with path.open("rb") as file:
        encoding = _skip_header(file, ends_with_blank_line=name.endswith(".nrrd"))
        if encoding == "raw":
            _compare(path.stat().st_size - file.tell(), needed)
        elif encoding == "zlib":
            _compare(_inflated_bytes(file, needed), needed)
        elif encoding == "gzip":
            _compare(_unzipped_bytes(file, needed), needed)


def verify_nifti_header(reader: sitk.ImageFileReader, path: Path, affine: np.ndarray) -> None:
    """Raise `BadInputError` when a NIfTI header lacks its spacing, is sheared or contradicts itself.

    ITK replaces an impossible spacing by 1 mm, and falls back from the sform to the qform, both in silence;
    other programs do something else.

    Args:
        reader: A reader whose header has been read.
        path: The file; other formats than NIfTI pass.
        affine: What ITK made of the header: index (x, y, z) to LPS mm, 4x4.
    """
    if not path.name.lower().endswith((".nii", ".nii.gz")):
        return
    spacing = _nifti_facts(path)[1]
    if not all(math.isfinite(v) and v > 0 for v in spacing):
        raise BadInputError("The spacing in this file is not a plausible number of millimetres: export it again.")
    if reader.GetMetaData("sform_code") == "0":
        return
    rows = [np.array(reader.GetMetaData(f"srow_{axis}").split(), dtype=float) for axis in "xyz"]
    stated = np.diag((-1.0, -1.0, 1.0)) @ np.stack(rows)
    reach = np.abs(stated[:, :3] - affine[:3, :3]) @ (np.array(reader.GetSize()[:3]) - 1)
    off = reach + np.abs(stated[:, 3] - affine[:3, 3])
    if not (off < max(LATTICE_TOLERANCE * min(spacing), 0.01)).all():
        raise BadInputError(
            "The header of this file gives two different positions or a sheared grid (sform and qform): "
            "resample it to a rectangular grid or export it again."
        )


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def _nifti_facts(path: Path) -> tuple[str, tuple[float, ...]]:
    """Byte order ("<" or ">") and pixdim[1..3] as they stand in the file, NIfTI-1 or 2."""
    try:
        with _open(path) as file:
            header = file.read(540)
        for order in "<>":
            if struct.unpack_from(order + "i", header)[0] == 348:
                return order, struct.unpack_from(order + "3f", header, 80)
            if struct.unpack_from(order + "i", header)[0] == 540:
                return order, struct.unpack_from(order + "3d", header, 112)
    except (OSError, EOFError, zlib.error, struct.error):
        pass
    raise BadInputError(_CUT_SHORT)


def _verify_nifti(reader: sitk.ImageFileReader, path: Path) -> None:
    """Count the bytes, let gzip verify its checksum, and find what is not a number (ITK would make it 0)."""
    voxel_bytes = int(reader.GetMetaData("bitpix")) // 8
    offset = int(float(reader.GetMetaData("vox_offset")))
    needed = math.prod(reader.GetSize()) * voxel_bytes
    is_float = reader.GetMetaData("datatype") in ("16", "64")
    if not path.name.lower().endswith(".gz"):
        _compare(path.stat().st_size - offset, needed)
    kind = np.dtype(f"{_nifti_facts(path)[0]}f{voxel_bytes}") if is_float else None
    found = 0
    try:
        with _open(path) as file:
            if len(file.read(offset)) < offset:
                raise BadInputError(_CUT_SHORT)
            while chunk := file.read(_CHUNK):
                found += len(chunk)
                if found > needed:
                    break
                whole = len(chunk) // voxel_bytes
                if kind is not None and not np.isfinite(np.frombuffer(chunk, kind, whole)).all():
                    raise BadInputError(NOT_FINITE)
    except (OSError, EOFError, zlib.error):
        raise BadInputError(_CUT_SHORT) from None
    _compare(found, needed)


def _skip_header(file: BinaryIO, ends_with_blank_line: bool) -> str:
    """Read the text of an NRRD or MetaImage header up to the voxels: are they "raw", "zlib", "gzip" or "other"?"""
    encoding, displaced = "other" if ends_with_blank_line else "raw", False
    while line := file.readline(1 << 16).lower():
        key, _, value = (part.strip() for part in line.replace(b":", b"=", 1).partition(b"="))
        if key == b"encoding":
            encoding = {b"raw": "raw", b"gzip": "gzip", b"gz": "gzip"}.get(value, "other")
        if key == b"compresseddata" and value == b"true":
            encoding = "zlib"
        displaced |= key.replace(b" ", b"") in (b"byteskip", b"lineskip")
        if key == b"elementdatafile" or (ends_with_blank_line and not line.strip()):
            break
    return "other" if displaced else encoding


def _inflated_bytes(file: BinaryIO, limit: int) -> int:
    """Bytes up to somewhat more than `limit`; the end of the stream verifies its checksum."""
    inflate = zlib.decompressobj()
    found = 0
    try:
        # 64 KB unpack to 66 MB at most.
        while found <= limit and not inflate.eof and (chunk := file.read(1 << 16)):
            found += len(inflate.decompress(chunk))
    except zlib.error:
        raise BadInputError(_CUT_SHORT) from None
    return found if inflate.eof or found > limit else 0


def _unzipped_bytes(file: BinaryIO, limit: int) -> int:
    """Bytes up to a little more than `limit`; reading to the end verifies the checksum, which ITK does not."""
    found = 0
    try:
        with gzip.GzipFile(fileobj=file) as stream:
            while found <= limit and (chunk := stream.read(_CHUNK)):
                found += len(chunk)
    except (OSError, EOFError, zlib.error):
        raise BadInputError(_CUT_SHORT) from None
    return found


def _compare(found: int, needed: int) -> None:
    if found < needed:
        raise BadInputError(_CUT_SHORT)
    if found > needed:
        raise BadInputError("This file holds more than its header says: export it again.")
