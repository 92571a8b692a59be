"""Names of display arrays: uncompressed copies of what a case shows, so that it opens at once in 3D Slicer.

The entries lie in `cache/display`, in the form of `imaging/cache.py`: `<key>.npy` and `<key>.json`. A child process
makes them (`study display`), and Slicer's own process reads them; both take the names from here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.study.records import ImageReference, LabelVersion

DISPLAY_VERSION = 1
"""Part of every key: raise it whenever the same files would give other arrays."""
RESULT_MAPS = ("label", "uncertainty", "matched", "provenance")
"""Volumes of a result, without their ending."""
RESULT_SUFFIX = ".nii.gz"
SLOW_BYTES = 16 << 20
"""A compressed file of this size takes more than half a second to read: its case is worth an entry."""


def display_folder(study_folder: Path) -> Path:
    """Where the display arrays of a study lie."""
    return study_folder / "cache" / "display"


def image_key(image: ImageReference) -> str:
    """The entry of a CT: its voxels in HU, stored right-handed."""
    return _key("image", image.sha256, image.series_uid)


def label_key(image: ImageReference, label: LabelVersion) -> str:
    """The entry of a label version, on the voxels of the CT's entry."""
    return _key("label", image.sha256, image.series_uid, label.sha256)


def map_key(image: ImageReference, path: Path) -> str | None:
    """The entry of a map of a result, on the voxels of the CT's entry; None when there is no such file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _key("map", image.sha256, image.series_uid, path.name, state.st_size, state.st_mtime_ns)


def is_slow_to_read(path: Path) -> bool:
    """Whether a CT should be opened through its display array: large files, and DICOM folders always."""
    try:
        return path.is_dir() or path.stat().st_size > SLOW_BYTES
    except OSError:
        return False


def _key(*parts: Any) -> str:
    return hashlib.sha256(json.dumps([DISPLAY_VERSION, *parts]).encode()).hexdigest()[:40]
