"""The strong outsider nnU-Net v2: the scans of the benchmark as its raw dataset, and what it predicts read back.

Its commands do the rest (docs/benchmark.md, "nnU-Net"). NIfTI files are written and read here in a few lines, so that
a machine without SimpleITK can prepare and score too; nothing of nnU-Net is in this project.
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData
from SemiSegEmbedLib.workflows.benchmark.sampling import labelled_counts

HEADER = 348
FIRST_VOXEL = 352
DATATYPES = {2: np.uint8, 4: np.int16, 8: np.int32, 16: np.float32, 64: np.float64, 256: np.int8, 512: np.uint16}
"""NIfTI-1's codes of the types that masks and images have."""
DATASET_ID = 730


def export_raw(data: BenchmarkData, folder: Path, *, draw: int = 0) -> Path:
    """Writes the annotated scans of the first column, whole, and the test scans as nnU-Net's raw dataset.

    Our rows learn from patches of the annotated scans that hold nearly all of their labels; nnU-Net draws its own
    patches, so it gets these scans whole. Unannotated scans are of no use to it.

    Args:
        data: A scale's cohort.
        folder: nnU-Net's `nnUNet_raw`.
        draw: Of the annotated scans.

    Returns:
        The dataset's folder, `Dataset730_SemiSegEmbed<scale>`.
    """
    place = folder / f"Dataset{DATASET_ID}_SemiSegEmbed{data.scale.name}"
    annotated = list(labelled_counts(data.scale, data.train, 0, draw))
    for name in ("imagesTr", "labelsTr", "imagesTs"):
        (place / name).mkdir(parents=True, exist_ok=True)
    for key in annotated:
        scan = data.store.load(key)
        write_nifti(place / "imagesTr" / f"{key}_0000.nii.gz", np.asarray(scan.image, np.float32), scan.spacing)
        write_nifti(place / "labelsTr" / f"{key}.nii.gz", np.asarray(scan.label, np.uint8), scan.spacing)
    for key in data.test:
        scan = data.store.load(key)
        write_nifti(place / "imagesTs" / f"{key}_0000.nii.gz", np.asarray(scan.image, np.float32), scan.spacing)
    description: dict[str, Any] = {
        "channel_names": {"0": "CT"}, "labels": {"background": 0, "bone": 1}, "numTraining": len(annotated),
        "file_ending": ".nii.gz", "overwrite_image_reader_writer": "NibabelIO",
    }  # fmt: skip
    atomic_write(place / "dataset.json", json.dumps(description, indent=1).encode("ascii"))
    return place


def write_nifti(path: Path, array: np.ndarray, spacing: tuple[float, float, float]) -> None:
    """One volume (D, H, W) of uint8 or float32 as a compressed NIfTI-1 file, axes parallel to LPS.

    Args:
        path: Ending in `.nii.gz`.
        array: z to the head, y to the back, x to the left.
        spacing: mm, (z, y, x).
    """
    code = next(code for code, kind in DATATYPES.items() if array.dtype == kind)
    header = bytearray(FIRST_VOXEL)
    struct.pack_into("<i", header, 0, HEADER)
    struct.pack_into("<8h", header, 40, 3, *array.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, 8 * array.dtype.itemsize)
    struct.pack_into("<8f", header, 76, 1.0, *spacing[::-1], 1.0, 1.0, 1.0, 1.0)
    struct.pack_into("<3f", header, 108, FIRST_VOXEL, 1.0, 0.0)
    header[123] = 2  # mm
    struct.pack_into("<h", header, 254, 1)
    # NIfTI's axes point to the right and to the front, ours to the left and to the back.
    rows = ((-spacing[2], 0, 0, 0), (0, -spacing[1], 0, 0), (0, 0, spacing[0], 0))
    for number, row in enumerate(rows):
        struct.pack_into("<4f", header, 280 + 16 * number, *row)
    header[344:348] = b"n+1\0"
    atomic_write(path, gzip.compress(bytes(header) + np.ascontiguousarray(array).tobytes(), compresslevel=1))


def read_nifti(path: Path) -> np.ndarray:
    """The voxels (D, H, W) of a compressed little-endian NIfTI-1 file that lies on a known grid.

    Raises:
        BadInputError: It is no such file.
    """
    try:
        content = gzip.decompress(path.read_bytes())
        size, first = struct.unpack_from("<i", content, 0)[0], round(struct.unpack_from("<f", content, 108)[0])
        dimensions, *shape = struct.unpack_from("<4h", content, 40)
        kind = np.dtype(DATATYPES[struct.unpack_from("<h", content, 70)[0]])
        if size != HEADER or dimensions != 3 or content[344:347] != b"n+1":
            raise ValueError
        voxels = np.frombuffer(content, kind, int(np.prod(shape)), first)
    except (OSError, EOFError, KeyError, ValueError, struct.error, zlib.error) as error:
        raise BadInputError(f"The file {path.name} is no volume in NIfTI: write it again.") from error
    return voxels.reshape(shape[::-1])
