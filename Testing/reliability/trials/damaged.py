"""The record of a damaged input, and the undamaged ones that they are made from."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from trials.scenes import body, image_of

FORMS = ("nii", "nii.gz", "raw.nrrd", "nrrd", "raw.mha", "mha")
"""Each format as it is and compressed; what stands before the last points is no part of the ending."""


@dataclass(frozen=True)
class Damaged:
    """One input.

    Attributes:
        kind: What was done to it, as a row of the table says it.
        name: Name of the file or folder.
        content: Its bytes, or for a DICOM folder the bytes of each file.
        role: "ct" or "label".
    """

    kind: str
    name: str
    content: bytes | dict[str, bytes]
    role: str = "ct"

    def write(self, folder: Path) -> Path:
        """Puts it into a folder and returns its path."""
        path = folder / self.name
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
            return path
        path.mkdir()
        for name, data in self.content.items():
            (path / name).write_bytes(data)
        return path


def written(array: np.ndarray, form: str, vector: bool = False) -> bytes:
    """An array as a file of one of `FORMS`."""
    image = sitk.GetImageFromArray(array, isVector=True) if vector else image_of(array)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{form}"
        sitk.WriteImage(image, str(path), useCompression="raw" not in form)
        return path.read_bytes()


@cache
def good_file(form: str, role: str = "ct", kind: str = "int16") -> bytes:
    """An undamaged CT or label; `kind` is the type of its voxels."""
    image, label = body()
    return written((image if role == "ct" else label).astype(kind), form)
