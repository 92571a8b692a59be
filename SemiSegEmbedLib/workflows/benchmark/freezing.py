"""Choosing the cohort once, calibrating it once, and writing down what came out."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.phantom import benchmark
from SemiSegEmbedLib.phantom.difficulty import TARGETS, Difficulty, EndPoint
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.cells import Folders, read_result
from SemiSegEmbedLib.workflows.benchmark.scales import SCALES, Scale
from SemiSegEmbedLib.workflows.benchmark.store import Map
from SemiSegEmbedLib.workflows.benchmark.tables import make_cell, open_data, run_cells
from SemiSegEmbedLib.workflows.progress import Progress, silent

CHUNK = 48
LARGEST_STEP = 1.6
"""A knob does not move by more than this factor at once."""


def choose(total: int, run: Map = map) -> list[list[Any]]:
    """The first `total` test scans as [candidate, group, score in mm]; fewer ones are the first of more."""
    sizes = [total // 6 + (group < total % 6) for group in range(6)]

    def scores() -> Iterator[tuple[int, float]]:
        for first in count(0, CHUNK):
            yield from run(benchmark.score_candidate, range(first, first + CHUNK))

    chosen = benchmark.choose_test_scans(sizes, scores())
    return [[scan.candidate, scan.group, scan.deviation_mm] for scan in chosen]


def hash_scale(scale: Scale, difficulty: Difficulty, run: Map = map, *, labels: bool = True) -> dict[str, str | None]:
    """The hashes of a scale's patients and, if asked, of their labels, which takes about half a second a scan."""
    scans = benchmark.cohort(scale.train, scale.val, scale.test)
    hashes = run(benchmark.label_hash, scans, [difficulty] * len(scans)) if labels else None
    return {
        "parameters": benchmark.combine_hashes(benchmark.parameter_hash(scan, difficulty) for scan in scans),
        "labels": None if hashes is None else benchmark.combine_hashes(hashes),
    }


def freeze(
    difficulty: Difficulty,
    reached: Mapping[str, Any] | None,
    test: list[list[Any]],
    largest: Scale,
    run: Map = map,
) -> None:
    """Writes the frozen file: knobs, targets, what was reached, the chosen test scans, and hashes.

    Args:
        difficulty: The knobs.
        reached: The calibration's end points, or None before it.
        test: [candidate, group, score] of each test scan.
        largest: The labels of this scale and of smaller ones are hashed. A larger one has the hash of its patients
            alone until `hash_labels`, and none while its test scans are not chosen.
        run: For hashing.
    """
    content: dict[str, Any] = {
        "version": 1,
        "numpy": np.__version__,
        "difficulty": difficulty.to_dict(),
        "targets": {name: vars(end) for name, end in TARGETS.items()},
        "reached": reached,
        "test": test,
        "sha256": {},
    }
    _write_frozen(content)  # the hashes are of the cohort that the file itself describes
    content["sha256"] = {
        scale.name: hash_scale(scale, difficulty, run, labels=scale.train <= largest.train)
        for scale in SCALES.values()
        if scale.test <= len(test)
    }
    _write_frozen(content)


def hash_labels(scale: Scale, run: Map = map) -> None:
    """Writes the hash of a scale's labels into the frozen file where it is missing; else checks it."""
    frozen = benchmark.load_frozen()
    if frozen["sha256"][scale.name]["labels"] is not None:
        check_hash(scale, run)
        return
    found = hash_scale(scale, benchmark.frozen_difficulty(), run)
    _write_frozen({**frozen, "sha256": {**frozen["sha256"], scale.name: found}})


def _write_frozen(content: Mapping[str, Any]) -> None:
    text = json.dumps(content).replace("], [", "],\n [")
    atomic_write(benchmark.FROZEN_FILE, (text + "\n").encode("ascii"))
    benchmark.load_frozen.cache_clear()


def check_hash(scale: Scale, run: Map = map) -> dict[str, str | None]:
    """Recomputes the hashes of a scale; labels that were never hashed cannot be checked.

    Raises:
        SemiSegEmbedError: They are not the frozen ones.
    """
    frozen: Mapping[str, Any] = benchmark.load_frozen()["sha256"][scale.name]
    found = hash_scale(scale, benchmark.frozen_difficulty(), run, labels=frozen["labels"] is not None)
    if found != frozen:
        raise SemiSegEmbedError(
            f"The labels of the {scale.name} cohort are not the frozen ones; compare nothing that is made here."
        )
    return found


def calibrate(
    scale: Scale,
    folder: Path,
    folders: Folders,
    device: torch.device,
    run: Map,
    *,
    iterations: int = 3,
    minutes: float | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Turns the knobs until the supervised baseline ends where the paper's does; no other method is run.

    Each try trains the baseline with the fewest and with all annotated scans. The calibration's record names every
    try, and the cells of the chosen one are Table 1's.

    Args:
        scale: Its first and last column.
        folder: Of rendered scans.
        folders: Of cells.
        device: Where to train.
        run: For rendering and metrics.
        iterations: Tries; the knobs change between them.
        minutes: As in `run_cells`; a try whose cells are not both there yet does not count, and the next call goes on
            with it.
        progress: Told how far it is.

    Returns:
        The record, also kept as `calibration.json` beside the scale's cells.

    Raises:
        SemiSegEmbedError: Time did not suffice for one try, or a cell failed.
    """
    difficulty, began = benchmark.frozen_difficulty(), time.monotonic()
    tried: list[dict[str, Any]] = []
    for number in range(iterations):
        progress("Calibrating", number / iterations)
        data = open_data(scale, folder, difficulty, run, progress)
        ends = {"few": 0, "all": len(scale.columns) - 1}
        cells = {n: make_cell(table_rows("table1")[0], scale, c, 0, 0, difficulty) for n, c in ends.items()}
        left = None if minutes is None else minutes - (time.monotonic() - began) / 60
        report = run_cells(list(cells.values()), data, folders, device, run, minutes=left)
        if report.failed:
            raise SemiSegEmbedError(f"A cell of the calibration failed ({next(iter(report.failed.values()))}).")
        if report.left:
            break
        reached = {n: end_point(read_result(folders.result(cell))) for n, cell in cells.items()}
        tried.append({"difficulty": difficulty.to_dict(), "reached": {n: vars(e) for n, e in reached.items()},
                      "distance": distance(reached)})  # fmt: skip
        difficulty = turn(difficulty, reached)
    if not tried:
        raise SemiSegEmbedError("The time did not suffice for one try of the calibration: give the command again.")
    best = min(tried, key=lambda one: one["distance"])
    record = {"scale": scale.name, "targets": {n: vars(e) for n, e in TARGETS.items()}, "tried": tried, "best": best}
    atomic_write(folders.results / scale.name / "calibration.json", json.dumps(record, indent=1).encode("ascii"))
    return record


def end_point(record: Mapping[str, Any]) -> EndPoint:
    """Mean over the test patches against the annotators' labels at the selected checkpoint, as in the paper."""
    rows = [row["annotators"] for row in record["checkpoints"]["selected"]["patches"].values()]
    return EndPoint(*(round(float(np.mean([row[name] for row in rows])), 5) for name in ("iou", "hd95")))


def distance(reached: Mapping[str, EndPoint]) -> float:
    """How far the four numbers are from the targets: absolute logarithms of ratios of HD95 and of 1 - IoU."""
    terms = []
    for name, target in TARGETS.items():
        terms += [(target.hd95, reached[name].hd95), (1 - target.iou, 1 - reached[name].iou)]
    return round(sum(abs(math.log(wanted / max(found, 1e-6))) for wanted, found in terms), 5)


def turn(knobs: Difficulty, reached: Mapping[str, EndPoint]) -> Difficulty:
    """The next knobs: annotators' error follows the IoU with all scans, the images the HD95 with few."""
    drawn = _step(1 - TARGETS["all"].iou, 1 - reached["all"].iou)
    hard = _step(TARGETS["few"].hd95, reached["few"].hd95)
    return Difficulty(
        appearance=_limited(knobs.appearance * hard**0.5),
        noise=_limited(knobs.noise * hard**0.25),
        contrast=_limited(knobs.contrast / hard**0.25),
        annotator_mm=_limited(knobs.annotator_mm * drawn),
        review_mm=knobs.review_mm,
    )


def _step(target: float, reached: float) -> float:
    return min(max(target / max(reached, 1e-6), 1 / LARGEST_STEP), LARGEST_STEP)


def _limited(value: float) -> float:
    return round(min(max(value, 0.05), 5.0), 4)
