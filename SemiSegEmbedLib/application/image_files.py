"""Which files are CT scans, by their names."""

from __future__ import annotations

from pathlib import Path

IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


def images_in(folder: Path) -> list[Path]:
    """Image files of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.name.lower().endswith(IMAGE_SUFFIXES))
