"""Which files are CT scans, by their names."""

from __future__ import annotations

from pathlib import Path

IMAGE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


def images_in(folder: Path) -> list[Path]:
    """Image files of a folder, in the order of their names."""
    return sorted(path for path in folder.iterdir() if path.name.lower().endswith(IMAGE_SUFFIXES))


def title_of(file: str) -> str:
    """What people call a scan: the name of its file without the ending; another name as it is."""
    endings = (ending for ending in IMAGE_SUFFIXES if file.lower().endswith(ending))
    return file[: len(file) - len(max(endings, key=len, default=""))] or file


def unused_path(folder: Path, name: str, suffix: str = "") -> Path:
    """A path that is not there yet, for what people call `name`: "hip.stl", "hip-2.stl" and so on."""
    base = "".join(letter if letter.isalnum() or letter in "-_ ." else "_" for letter in name).strip(" .") or "scan"
    path, number = folder / f"{base}{suffix}", 2
    while path.exists():
        path, number = folder / f"{base}-{number}{suffix}", number + 1
    return path
