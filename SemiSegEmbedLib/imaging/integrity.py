"""What ITK does not notice: files cut short, broken compression, and NIfTI headers that contradict themselves.

ITK reads a truncated NIfTI file, and a MetaImage file with a damaged compressed block, without an error and
fills the rest with arbitrary values. A wrong CT must not reach training, so the files are verified here first.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.geometry import LATTICE_TOLERANCE

_CHUNK = 1 << 22
_SURPLUS = 1 << 20
_CUT_SHORT = "This file is cut short or damaged: copy or export it again."


def verify_voxels(reader: sitk.ImageFileReader, path: Path) -> None:
    """Raise `BadInputError` when the voxels in a file are fewer than its header says, or damaged.

    Args:
        reader: A reader of the file whose header has been read.
        path: The file.
    """
    name = path.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        _verify_nifti(reader, path, compressed=name.endswith(".gz"))
    elif name.endswith(".mha"):
        _verify_metaimage(path)


def verify_nifti_position(reader: sitk.ImageFileReader, affine: np.ndarray) -> None:
    """Raise `BadInputError` when a NIfTI header is sheared or gives two different positions.

    ITK falls back from the sform to the qform in silence; other programs do the opposite.

    Args:
        reader: A reader whose header has been read.
        affine: What ITK made of the header: index (x, y, z) to LPS mm, 4x4.
    """
    if not reader.HasMetaDataKey("pixdim[1]"):
        return
    spacing = [float(reader.GetMetaData(f"pixdim[{axis}]")) for axis in (1, 2, 3)]
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


def _verify_nifti(reader: sitk.ImageFileReader, path: Path, compressed: bool) -> None:
    voxel_bytes = int(reader.GetMetaData("bitpix")) // 8
    needed = int(float(reader.GetMetaData("vox_offset"))) + math.prod(reader.GetSize()) * voxel_bytes
    if not compressed:
        if path.stat().st_size < needed:
            raise BadInputError(_CUT_SHORT)
        return
    found = 0
    try:
        with gzip.open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                found += len(chunk)
                if found > needed + _SURPLUS:
                    raise BadInputError("This file holds more than its header says: export it again.")
    except (OSError, EOFError, zlib.error):
        raise BadInputError(_CUT_SHORT) from None
    if found < needed:
        raise BadInputError(_CUT_SHORT)


def _verify_metaimage(path: Path) -> None:
    with path.open("rb") as file:
        compressed = False
        while line := file.readline(1 << 12):
            key, _, value = (part.strip().lower() for part in line.partition(b"="))
            if key == b"compresseddata":
                compressed = value == b"true"
            if key == b"elementdatafile":
                break
        if not compressed:
            return
        inflate = zlib.decompressobj()
        try:
            while not inflate.eof and (chunk := file.read(1 << 16)):
                inflate.decompress(chunk)
        except zlib.error:
            raise BadInputError(_CUT_SHORT) from None
        if not inflate.eof:
            raise BadInputError(_CUT_SHORT)
