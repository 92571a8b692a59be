"""Writing volumes as NRRD with numpy and zlib alone: works in a thread and needs nothing that Slicer lacks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SemiSegEmbedLib.study.files import atomic_writer

_TYPES = {"uint8": "uchar", "int16": "short", "int32": "int", "float32": "float", "uint16": "ushort"}
_CHUNK = 16 << 20


@dataclass(frozen=True)
class Grid:
    """Where the voxels of a volume lie.

    Attributes:
        shape: (z, y, x).
        ijk_to_lps: 4x4, from voxel indices (x, y, z) to LPS in mm.
    """

    shape: tuple[int, int, int]
    ijk_to_lps: np.ndarray


def write_nrrd(path: Path, voxels: np.ndarray, grid: Grid) -> None:
    """Write a compressed NRRD atomically.

    Args:
        path: Ends in `.nrrd`.
        voxels: (z, y, x).
        grid: Its geometry.

    Raises:
        SemiSegEmbedError: The disk is full, and the like.
    """
    little = np.ascontiguousarray(voxels).astype(voxels.dtype.newbyteorder("<"), copy=False)
    with atomic_writer(path) as temporary, open(temporary, "wb") as stream:
        stream.write(_header(little, grid).encode("ascii"))
        # 31: a gzip wrapper, which is what NRRD means by "gzip".
        packer = zlib.compressobj(level=1, wbits=31)
        data = little.reshape(-1).view(np.uint8)
        for begin in range(0, len(data), _CHUNK):
            stream.write(packer.compress(data[begin : begin + _CHUNK].tobytes()))
        stream.write(packer.flush())


def _header(voxels: np.ndarray, grid: Grid) -> str:
    matrix = grid.ijk_to_lps
    directions = " ".join(_vector(matrix[:3, axis]) for axis in range(3))
    return "\n".join(
        [
            "NRRD0004",
            f"type: {_TYPES[voxels.dtype.name]}",
            "dimension: 3",
            "space: left-posterior-superior",
            f"sizes: {voxels.shape[2]} {voxels.shape[1]} {voxels.shape[0]}",
            f"space directions: {directions}",
            "kinds: domain domain domain",
            "endian: little",
            "encoding: gzip",
            f"space origin: {_vector(matrix[:3, 3])}",
            "\n",
        ]
    )


def _vector(values: np.ndarray) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"
