"""Phantoms as files (the one file of this room that uses SimpleITK)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.phantom.render import Phantom


def _image(array: np.ndarray, phantom: Phantom) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(phantom.spacing[::-1])
    image.SetOrigin(phantom.origin[::-1])
    return image


def _write(image: sitk.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = "".join(path.suffixes[-2:]) if path.name.endswith(".gz") else path.suffix
    handle, name = tempfile.mkstemp(suffix=suffix, prefix=".phantom-", dir=path.parent)
    os.close(handle)
    try:
        sitk.WriteImage(image, name, True)
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_phantom(phantom: Phantom, image_path: str | Path, label_path: str | Path) -> None:
    """Write image and label (NIfTI or any format SimpleITK chooses by suffix), each one whole or not at all."""
    _write(_image(phantom.image, phantom), Path(image_path))
    _write(_image(phantom.label, phantom), Path(label_path))
