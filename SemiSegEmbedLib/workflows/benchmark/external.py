"""The door for other programs: their predictions of the test scans, scored like everybody else's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import atomic_write, utc_now
from SemiSegEmbedLib.workflows.benchmark.cells import EXTERNAL_FORMAT, Folders
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData
from SemiSegEmbedLib.workflows.benchmark.nnunet import read_nifti
from SemiSegEmbedLib.workflows.benchmark.scoring import score_scans
from SemiSegEmbedLib.workflows.benchmark.store import Map


def score_predictions(title: str, predictions: Path, data: BenchmarkData, folders: Folders, run: Map) -> Path:
    """Scores `KEY.npy` or `KEY.nii.gz` of every test scan and keeps an external result.

    Args:
        title: What the row is called in the tables.
        predictions: Folder with one volume (D, H, W) a test scan, on the grid of the scan's image; 0 is background,
            everything else the object. What `facts.json` there holds (versions, minutes) is kept with the result; its
            `draw` says which draw of the annotated scans taught the program, 0 unless it says so.
        data: The scale's cohort.
        folders: Where the result goes.
        run: For metrics.

    Returns:
        The result's file.

    Raises:
        BadInputError: A scan's prediction is missing, or has another shape than the scan.
    """

    def load(key: str) -> np.ndarray:
        path, packed = predictions / f"{key}.npy", predictions / f"{key}.nii.gz"
        if not path.is_file() and not packed.is_file():
            raise BadInputError(f"The prediction {path.name} is missing; give one for each of the test scans.")
        array = np.load(path, allow_pickle=False) if path.is_file() else read_nifti(packed)
        if array.shape != data.store.load(key).label.shape:
            raise BadInputError(
                f"The prediction {path.name} has another shape than its scan; predict on its own grid."
            )
        return (array > 0).astype(np.uint8)

    scans = score_scans(((key, load(key)) for key in data.test), data.store, run)
    path = predictions / "facts.json"
    facts = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    record: dict[str, Any] = {
        "format": EXTERNAL_FORMAT, "version": 1, "title": title, "made": utc_now(), "scale": data.scale.name,
        "draw": facts.get("draw", 0), "seed": 0, "difficulty": data.store.difficulty.to_dict(),
        "labels_sha256": data.store.labels_hash([*data.train, *data.val, *data.test]),
        "facts": facts, "checkpoints": {"last": {"scans": scans}},
    }  # fmt: skip
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    path = folders.results / data.scale.name / f"external-{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(record, separators=(",", ":")).encode("ascii"))
    return path
