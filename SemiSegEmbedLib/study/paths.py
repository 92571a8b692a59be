"""Paths in a manifest: relative where that lets a study move, and never out of the study where they must not."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from SemiSegEmbedLib.errors import BadInputError

_NEAR_LEVELS = 2


def stored_path(path: Path, folder: Path) -> str:
    """How to write down an image: relative with forward slashes inside or near the study, absolute elsewhere.

    Near means below the study's parent or grandparent, so that folders moved together still find each other.
    """
    path, folder = path.resolve(), folder.resolve()
    anchors = [folder, *list(folder.parents)[:_NEAR_LEVELS]]
    root = Path(folder.anchor)
    if any(anchor != root and path.is_relative_to(anchor) for anchor in anchors):
        return Path(os.path.relpath(path, folder)).as_posix()
    return str(path)


def is_safe_relative(text: str) -> bool:
    """Whether a stored path stays below the study as far as its text tells (links are checked when it is used)."""
    if not text or "\\" in text or ":" in text or "\0" in text:
        return False
    path = PurePosixPath(text)
    return not path.is_absolute() and ".." not in path.parts and path.parts != ()


def inside(folder: Path, text: str, what: str) -> Path:
    """Resolve a stored path that must lie in the study.

    Args:
        folder: The study folder.
        text: The stored, relative path.
        what: How to name it in the error ("The label of case-0001").

    Raises:
        BadInputError: It leads out of the study, by its text or through a link.
    """
    path = folder / text if is_safe_relative(text) else None
    try:
        if path is not None and path.resolve().is_relative_to(folder.resolve()):
            return path
    except (OSError, RuntimeError):
        pass
    raise BadInputError(
        f"{what} points out of the study folder, so it is not opened: restore the study from a backup."
    )


def file_suffix(path: Path) -> str:
    """The suffix that tells the format, in lower case (".nii.gz", ".seg.nrrd"); empty where there is none."""
    name = path.name.lower()
    for compound in (".nii.gz", ".seg.nrrd"):
        if name.endswith(compound):
            return compound
    suffix = path.suffix.lower()
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 10 else ""
