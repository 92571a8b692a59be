"""The cohort's scans as arrays on disk, rendered once; needs torch, numpy and scipy alone."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.benchmark import RenderedScan, Scan, combine_hashes, draw_subject, render_scan
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.study.files import allow_many_files, atomic_write, replace, temporary_beside
from SemiSegEmbedLib.workflows.progress import Progress, silent

ARRAYS = ("image", "label", "exact")
Map = Callable[..., Iterator[Any]]
"""`map`, or its like over processes."""
MOST_WORKERS = 16
"""A container shows all processors of its host, however few it may use, and each process holds a torch of its own."""


@contextmanager
def parallel_map(workers: int | None = None) -> Iterator[Map]:
    """`map` over processes; with one worker it is `map` itself.

    Args:
        workers: Processes; None is one for each processor, but at most `MOST_WORKERS`.
    """
    count = workers or min(os.cpu_count() or 1, MOST_WORKERS)
    if count == 1:
        yield map
        return
    with ProcessPoolExecutor(count, get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        yield pool.map


@dataclass(frozen=True)
class Store:
    """A folder of rendered scans.

    Attributes:
        folder: Of all scales and difficulties.
        spacing_mm: Of the grid.
        difficulty: Of the cohort; other knobs make other files.
        sacrum: Whether the sacrum belongs to the object.
    """

    folder: Path
    spacing_mm: float
    difficulty: Difficulty
    sacrum: bool = False

    @property
    def place(self) -> Path:
        knobs = json.dumps(self.difficulty.to_dict(), sort_keys=True).encode("ascii")
        kind = "scans-sacrum" if self.sacrum else "scans"
        return self.folder / f"{kind}-{self.spacing_mm:g}mm-{hashlib.sha256(knobs).hexdigest()[:8]}"

    def fill(self, scans: Sequence[Scan], run: Map = map, progress: Progress = silent) -> None:
        """Renders what is not there yet."""
        self.place.mkdir(parents=True, exist_ok=True)
        missing = [scan for scan in scans if not self._facts_path(scan.key).exists()]
        for number, _ in enumerate(run(self.render, missing), 1):
            progress("Rendering the cohort", number / len(missing))

    def render(self, scan: Scan) -> None:
        """Renders one scan; its facts are written last and say that it is whole."""
        rendered = render_scan(scan, self.spacing_mm, self.difficulty, sacrum=self.sacrum)
        digest = hashlib.sha256()
        for name in ARRAYS:
            array = np.ascontiguousarray(getattr(rendered, name))
            if name != "image":
                digest.update(array.tobytes())
            self._save(self._array_path(scan.key, name), array)
        facts = {"spacing": rendered.spacing, "labels_sha256": digest.hexdigest(), **strata(scan, self.difficulty)}
        atomic_write(self._facts_path(scan.key), json.dumps(facts).encode("ascii"))

    def load(self, key: str) -> RenderedScan:
        """A scan as memory maps; raises `BadInputError` when it was not rendered."""
        return _load(self, key)

    def facts(self, key: str) -> dict[str, Any]:
        """Spacing, hash of the labels, and what results are grouped by."""
        return json.loads(self._facts_path(key).read_text(encoding="ascii"))

    def labels_hash(self, keys: Iterable[str]) -> str:
        """One hash of the labels that were really used, at this spacing."""
        return combine_hashes(self.facts(key)["labels_sha256"] for key in keys)

    def _array_path(self, key: str, name: str) -> Path:
        return self.place / f"{key}.{name}.npy"

    def _facts_path(self, key: str) -> Path:
        return self.place / f"{key}.json"

    @staticmethod
    def _save(path: Path, array: np.ndarray) -> None:
        temporary = temporary_beside(path)
        with open(temporary, "wb") as stream:
            np.save(stream, array)
        replace(temporary, path)


@functools.cache
def _load(store: Store, key: str) -> RenderedScan:
    """A map keeps its file open, and hundreds of patches are cut from one scan: all of them share its maps."""
    allow_many_files()
    if not store._facts_path(key).exists():
        raise BadInputError(f"The scan {key} of the cohort was not rendered; run `bench cohort` first.")
    arrays = {name: np.load(store._array_path(key, name), mmap_mode="r") for name in ARRAYS}
    return RenderedScan(**arrays, spacing=tuple(store.facts(key)["spacing"]))


def strata(scan: Scan, difficulty: Difficulty) -> dict[str, Any]:
    """What results are grouped by: deviation group, metal, and the worse grade of both hips."""
    patient = asdict(draw_subject(scan.split, scan.candidate, difficulty))
    return {
        "group": scan.group,
        "deviation_mm": scan.deviation_mm,
        "implant": any(kind != "none" for kind in patient["implant"]),
        "arthritis": round(max(patient["arthritis"]), 3),
        "dysplasia": round(max(patient["dysplasia"]), 3),
    }


def keys_of(scans: Iterable[Scan], split: str) -> list[str]:
    """Keys of a split in the cohort's order."""
    return [scan.key for scan in scans if scan.split == split]
