"""Finds the CT scans of a study again after they were moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from SemiSegEmbedLib.application.image_files import images_in
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.paths import file_suffix
from SemiSegEmbedLib.study.records import Case
from SemiSegEmbedLib.study.study import Study


def find_images(study: Study, keys: Sequence[str], folder: Path) -> list[str]:
    """Look for the CT scans of cases in a folder, by name first and then by content, and note where they lie.

    Returns:
        Keys of the cases whose CT is not there.

    Raises:
        SemiSegEmbedError: The study cannot be changed now.
    """
    return [key for key in keys if not _found(study, study.case(key), folder)]


def _found(study: Study, case: Case, folder: Path) -> bool:
    for candidate in _candidates(Path(case.image.path), folder):
        try:
            study.relocate_case(case.key, candidate)
        except BadInputError:
            continue
        return True
    return False


def _candidates(old: Path, folder: Path) -> Iterator[Path]:
    """Files and folders that may be the old one: of its name, then the folder itself, then others of its kind."""
    named = folder / old.name
    if named.exists():
        yield named
    if file_suffix(old):
        yield from (path for path in images_in(folder) if path != named and file_suffix(path) == file_suffix(old))
    else:
        yield folder
        yield from (path for path in sorted(folder.iterdir()) if path.is_dir() and path != named)
