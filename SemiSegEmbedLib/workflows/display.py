"""Makes display arrays: what a case shows in 3D Slicer, uncompressed, so that it opens at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.imaging.cache import DEFAULT_BYTES, ArrayCache
from SemiSegEmbedLib.imaging.geometry import Geometry, axis_order
from SemiSegEmbedLib.imaging.read import read_geometry, read_image, read_label
from SemiSegEmbedLib.study.display import (
    RESULT_MAPS,
    RESULT_SUFFIX,
    display_folder,
    image_key,
    label_key,
    map_key,
)
from SemiSegEmbedLib.study.records import IGNORE, Case
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.progress import Progress, silent

DISPLAY_BYTES = 8 << 30


def display_cache(study: Study) -> ArrayCache:
    """The display arrays of a study: at most 8 GB, and no more than any cache may take of this disk."""
    folder = display_folder(study.folder)
    # Not its parents: the study may have disappeared.
    with suppress(OSError):
        folder.parent.mkdir(exist_ok=True)
    return ArrayCache(folder, max_bytes=min(DISPLAY_BYTES, DEFAULT_BYTES, ArrayCache(folder).max_bytes))


def prepare_display(study: Study, keys: Sequence[str], progress: Progress = silent) -> list[dict[str, str]]:
    """Makes the display arrays of cases: the CT, the newest label, and the maps of the newest result.

    Args:
        study: The study.
        keys: Cases, the most urgent first.
        progress: Told how far it is.

    Returns:
        For each case its key as "case" and "error": one sentence, or "".
    """
    cache = display_cache(study)
    outcomes = []
    for number, key in enumerate(keys):
        progress("Preparing cases for display", number / len(keys), key)
        problem = study.verify_case(key)
        if problem is None:
            try:
                _prepare(study, study.case(key), cache)
            except SemiSegEmbedError as error:
                problem = str(error)
        outcomes.append({"case": key, "error": problem or ""})
    progress("Preparing cases for display", 1.0)
    return outcomes


def _prepare(study: Study, case: Case, cache: ArrayCache) -> None:
    image_path, series = study.image_path(case), case.image.series_uid
    image = None
    if cache.get(image_key(case.image)) is None:
        image = read_image(image_path, series)
        if not _put(cache, image_key(case.image), image):
            raise SemiSegEmbedError("There is too little disk space to open this CT quickly: free some space.")
    geometry = read_geometry(image_path, series) if image is None else Geometry.of(image)
    label_path, label = study.label_path(case), case.label
    if label is not None and label_path is not None and cache.get(label_key(case.image, label)) is None:
        _put_label(cache, label_key(case.image, label), read_label(label_path, geometry, study.labels))
    result = next((one for one in reversed(study.results) if one.case_key == case.key), None)
    if result is not None:
        for name in RESULT_MAPS:
            _prepare_map(cache, case, study.result_path(result) / f"{name}{RESULT_SUFFIX}", geometry)


def _prepare_map(cache: ArrayCache, case: Case, path: Path, geometry: Geometry) -> None:
    key = map_key(case.image, path)
    if key is None or cache.get(key) is not None:
        return
    # A damaged map is not worth a message here: the panel that shows it has one.
    with suppress(BadInputError):
        if path.name.startswith("uncertainty"):
            image = read_image(path)
            if axis_order(image, geometry) is not None:
                _put(cache, key, image)
        else:
            _put(cache, key, read_label(path, geometry))


def _put(cache: ArrayCache, key: str, image: sitk.Image, **facts: Any) -> bool:
    array, affine = right_handed(sitk.GetArrayViewFromImage(image), Geometry.of(image).affine)
    return cache.put(key, array, {"ijk_to_lps": affine.tolist(), **facts})


def _put_label(cache: ArrayCache, key: str, label: sitk.Image) -> None:
    """A label without `IGNORE`; which slices of a partial one are annotated stands in the facts.

    Where single voxels are ignored there is no entry: 3D Slicer reads the file and keeps them in mind.
    """
    array, affine = right_handed(sitk.GetArrayViewFromImage(label), Geometry.of(label).affine)
    ignored = array == IGNORE
    facts: dict[str, Any] = {"ijk_to_lps": affine.tolist(), "annotated_slices": None}
    if ignored.any():
        whole = ignored.all(axis=(1, 2))
        if ignored[~whole].any():
            return
        facts["annotated_slices"] = np.flatnonzero(~whole).tolist()
        array = np.where(ignored, 0, array).astype(array.dtype)
    cache.put(key, array, facts)


def right_handed(array: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same voxels with slices in reverse order where their axes are left-handed, as 3D Slicer stores them.

    Args:
        array: (z, y, x).
        affine: 4x4, from indices (x, y, z) to mm.

    Returns:
        The array, contiguous, and its affine, whose determinant is positive.
    """
    if np.linalg.det(affine[:3, :3]) > 0:
        return np.ascontiguousarray(array), affine
    turn = np.diag([1.0, 1.0, -1.0, 1.0])
    turn[2, 3] = array.shape[0] - 1
    return np.ascontiguousarray(array[::-1]), affine @ turn
