"""From a case of a study to arrays on the training grid, through the cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.cache import ArrayCache, cache_key
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.grid import TrainingGrid, label_to_training_grid, to_training_grid
from SemiSegEmbedLib.imaging.headers import suffix_of
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.study.content import content_hash
from SemiSegEmbedLib.study.files import explain
from SemiSegEmbedLib.study.records import Case
from SemiSegEmbedLib.study.study import Study

PREPROCESSING_VERSION = 1
"""Part of every cache key: raise it whenever the same files would give other arrays."""


@dataclass(frozen=True, eq=False)
class PreparedCase:
    """One case on the training grid; arrays may be memory maps.

    Attributes:
        key: The case key.
        image: Clipped HU, float16, (D, H, W).
        label: Classes and 255 for ignore, uint8, (D, H, W); None without a label.
        spacing: Voxel size in mm, (z, y, x).
        geometry: Where the arrays lie.
        source: The grid of the CT itself, for the way back.
    """

    key: str
    image: np.ndarray
    label: np.ndarray | None
    spacing: tuple[float, float, float]
    geometry: Geometry
    source: Geometry


def prepare_case(
    study: Study, case: Case | str, with_label: bool = True, cache: ArrayCache | None = None
) -> PreparedCase:
    """A case of a study on its training grid.

    Args:
        study: The study; its spacing, labels and cache folder are used.
        case: The case or its key.
        with_label: Also prepare the newest label, if the case has one.
        cache: Another cache than the study's own.

    Raises:
        BadInputError: Files are missing, have changed since they were added, or cannot be used; the sentence
            names the case.
    """
    case = study.case(case) if isinstance(case, str) else case
    _verify(study, case)
    cache = cache or ArrayCache(study.cache_folder)
    try:
        grid = _cached_image(cache, study.image_path(case), case.image.sha256, case.image.series_uid, study.spacing_mm)
        label = _cached_label(cache, study, case, grid) if with_label and case.label is not None else None
    except BadInputError as error:
        raise BadInputError(f"{case.key}: {error}") from None
    return PreparedCase(case.key, grid.array, label, grid.geometry.array_spacing, grid.geometry, grid.source)


def read_case_image(study: Study, case: Case) -> sitk.Image:
    """The CT of a case on its own grid, after the same checks as in `prepare_case`.

    Raises:
        BadInputError: As `prepare_case`.
    """
    _verify(study, case)
    path = study.image_path(case)
    try:
        image = read_image(path, case.image.series_uid)
        _require_unchanged(path, case.image.sha256)
    except BadInputError as error:
        raise BadInputError(f"{case.key}: {error}") from None
    return image


def _verify(study: Study, case: Case) -> None:
    problem = study.verify_case(case.key)
    if problem is not None:
        raise BadInputError(problem)


def prepare_image(path: Path | str, spacing_mm: float, series_uid: str | None = None) -> TrainingGrid:
    """A CT that belongs to no study on the training grid.

    Raises:
        BadInputError: As `read_image` and `to_training_grid`.
    """
    return to_training_grid(read_image(path, series_uid), spacing_mm)


def _cached_image(
    cache: ArrayCache, path: Path, sha256: str, series_uid: str | None, spacing_mm: float
) -> TrainingGrid:
    def make() -> tuple[np.ndarray, dict]:
        grid = prepare_image(path, spacing_mm, series_uid)
        _require_unchanged(path, sha256)
        return grid.array, {"geometry": grid.geometry.to_dict(), "source": grid.source.to_dict()}

    key = cache_key("image", PREPROCESSING_VERSION, sha256, series_uid, spacing_mm)
    array, facts = cache.get_or_make(key, make)
    return TrainingGrid(array, Geometry.from_dict(facts["geometry"]), Geometry.from_dict(facts["source"]))


def _require_unchanged(path: Path, sha256: str) -> None:
    """What was just read is what was added, also when a change left size and time of the file as they were."""
    try:
        unchanged = content_hash(path) == sha256
    except OSError as error:
        raise BadInputError(str(explain(error, "The file could not be read"))) from None
    if not unchanged:
        raise BadInputError("The file changed on disk after it was added: restore it, or remove the case and add it.")


def _cached_label(cache: ArrayCache, study: Study, case: Case, grid: TrainingGrid) -> np.ndarray:
    path, version = study.label_path(case), case.label
    if path is None or version is None:
        raise BadInputError("The label is not there: add it again.")
    classes = study.classes()

    def make() -> tuple[np.ndarray, dict]:
        label = read_label(path, grid.source, study.labels)
        _require_unchanged(path, version.sha256)
        return label_to_training_grid(label, classes, grid), {}

    # Names and codes decide which value a segment gets, so they belong to the key.
    named = [(label.name, label.value, label.code and label.code.value) for label in study.labels]
    parts = (
        version.sha256,
        suffix_of(path),
        named,
        sorted(classes.items()),
        grid.source.to_dict(),
        grid.geometry.to_dict(),
    )
    return cache.get_or_make(cache_key("label", PREPROCESSING_VERSION, *parts), make)[0]
