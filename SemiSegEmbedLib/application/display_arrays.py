"""Reading display arrays: what a case shows, uncompressed, as `study display` made it in a child process."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.application.label_file import Grid
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.content import fingerprint
from SemiSegEmbedLib.study.display import (
    RESULT_MAPS,
    RESULT_SUFFIX,
    display_folder,
    image_key,
    label_key,
    map_key,
)
from SemiSegEmbedLib.study.records import Case
from SemiSegEmbedLib.study.study import Study


@dataclass(frozen=True, eq=False)
class Voxels:
    """A volume as an array, possibly a memory map.

    Attributes:
        array: (z, y, x).
        grid: Where its voxels lie.
        annotated_slices: Of a partial label the slices that are annotated; None: all of them.
        ignored: Single voxels of a label that nobody annotated, bool (z, y, x); None: there are none.
    """

    array: np.ndarray
    grid: Grid
    annotated_slices: frozenset[int] | None = None
    ignored: np.ndarray | None = None


def image_voxels(study: Study, case: Case) -> Voxels | None:
    """The CT of a case; None when it is not prepared, or when its file is no longer what was added."""
    with suppress(OSError, BadInputError):
        if fingerprint(study.image_path(case)) == case.image.fingerprint:
            return _read(study, image_key(case.image))
    return None


def label_voxels(study: Study, case: Case) -> Voxels | None:
    """The newest label of a case, without `IGNORE`; None when it is not prepared."""
    return None if case.label is None else _read(study, label_key(case.image, case.label))


def map_voxels(study: Study, case: Case, path: Path) -> Voxels | None:
    """A map of a result; None when it is not prepared."""
    key = map_key(case.image, path)
    return None if key is None else _read(study, key)


def missing_entries(study: Study, case: Case) -> tuple[str, ...]:
    """Keys of what a case shows and nobody has prepared yet: its CT, newest label and maps of the newest result."""
    keys = [image_key(case.image)]
    if case.label is not None:
        keys.append(label_key(case.image, case.label))
    result = next((one for one in reversed(study.results) if one.case_key == case.key), None)
    if result is not None:
        paths = [study.result_path(result) / f"{name}{RESULT_SUFFIX}" for name in RESULT_MAPS]
        keys += [key for key in (map_key(case.image, path) for path in paths) if key is not None]
    folder = display_folder(study.folder)
    return tuple(key for key in keys if not (folder / f"{key}.json").is_file())


def _read(study: Study, key: str) -> Voxels | None:
    # The checksum is left to the process that writes: here it would take longer than reading.
    path = display_folder(study.folder) / f"{key}.json"
    try:
        facts = json.loads(path.read_bytes())["facts"]
        array = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        voxels = _voxels(array, facts)
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    # The entries used longest ago go first.
    with suppress(OSError):
        os.utime(path)
    return voxels


def _voxels(array: np.ndarray, facts: dict[str, Any]) -> Voxels:
    matrix, slices = np.array(facts["ijk_to_lps"], float), facts.get("annotated_slices")
    if matrix.shape != (4, 4) or array.ndim != 3 or array.dtype.name not in ("int16", "uint8", "float32"):
        raise ValueError("not a display array")
    depth, height, width = array.shape
    return Voxels(array, Grid((depth, height, width), matrix), None if slices is None else frozenset(map(int, slices)))
