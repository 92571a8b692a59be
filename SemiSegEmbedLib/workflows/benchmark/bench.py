"""What the command `bench` does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom import benchmark
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.workflows.benchmark import freezing, nnunet
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.external import score_predictions
from SemiSegEmbedLib.workflows.benchmark.scales import Scale, get_scale
from SemiSegEmbedLib.workflows.benchmark.store import Map, parallel_map
from SemiSegEmbedLib.workflows.benchmark.tables import (
    TABLES,
    Report,
    open_data,
    run_cells,
    summary,
    table_cells,
)
from SemiSegEmbedLib.workflows.devices import choose_device
from SemiSegEmbedLib.workflows.progress import Progress, silent


@dataclass(frozen=True)
class Request:
    """What a person asks for; see the command's help."""

    what: str
    scale: str = "smoke"
    device: str = "auto"
    columns: int | None = None
    repeats: int | None = None
    minutes: float | None = None
    workers: int | None = None
    results: Path = Path("results")
    work: Path = Path("work")
    page: Path | None = None
    calibrate: bool = False
    iterations: int = 3
    freeze: bool = False
    again: bool = False
    hash: bool = False
    choose: bool = False
    title: str | None = None
    predictions: Path | None = None
    folder: Path | None = None
    draw: int = 0

    @property
    def folders(self) -> Folders:
        return Folders(self.results, self.work / "weights")


def run(request: Request, progress: Progress = silent) -> dict[str, Any]:
    """Does it and returns plain values: of a table which cells are done, there already, left and failed.

    Raises:
        BadInputError: Something asked for does not exist.
    """
    scale = get_scale(request.scale)
    workers = 1 if scale.name == "smoke" and request.workers is None else request.workers
    with parallel_map(workers) as many:
        if request.what in TABLES:
            result = run_table(request, scale, many, progress)
        elif request.what == "cohort":
            result = run_cohort(request, scale, many, progress)
        elif request.what == "score":
            result = run_score(request, scale, many, progress)
        elif request.what == "nnunet":
            result = run_nnunet(request, scale, many, progress)
        else:
            result = {}
    if request.page is not None and request.what not in ("cohort", "nnunet"):
        result |= render(request, scale, progress)
    return result


def run_table(request: Request, scale: Scale, many: Map, progress: Progress) -> dict[str, Any]:
    """The cells of a table that are not there yet."""
    if scale.name != "smoke" and benchmark.load_frozen()["reached"] is None:
        raise BadInputError(
            "The cohort is not calibrated, and no method may be run on it before: run "
            f"`bench cohort --calibrate --scale {scale.name}`, then `bench cohort --freeze --scale {scale.name}`."
        )
    device, difficulty, began = choose_device(request.device), benchmark.frozen_difficulty(), time.monotonic()
    cells = table_cells(request.what, scale, difficulty, columns=request.columns, most_repeats=request.repeats)
    report = Report()
    for sacrum in (False, True):
        some = [cell for cell in cells if cell.sacrum == sacrum]
        if some:
            data = open_data(scale, request.work, difficulty, many, progress, sacrum=sacrum)
            left = None if request.minutes is None else request.minutes - (time.monotonic() - began) / 60
            report += run_cells(some, data, request.folders, device, many, minutes=left, progress=progress)
    return summary(report)


def run_cohort(request: Request, scale: Scale, many: Map, progress: Progress) -> dict[str, Any]:
    """Calibrates, chooses, freezes or hashes when asked; else renders the cohort and checks its hash. Describes it.

    Raises:
        BadInputError: The cohort is calibrated already, and it was not asked to begin again.
    """
    if (request.calibrate or request.freeze) and benchmark.load_frozen()["reached"] and not request.again:
        raise BadInputError(
            "The cohort was calibrated once, and results hang on it; add --again to leave all of them behind."
        )
    if request.calibrate:
        return freezing.calibrate(
            scale, request.work, request.folders, choose_device(request.device), many,
            iterations=request.iterations, minutes=request.minutes, progress=progress,
        )  # fmt: skip
    if request.freeze or request.choose:
        frozen: Mapping[str, Any] = benchmark.load_frozen()
        test = freezing.choose(scale.test, many) if request.choose else frozen["test"]
        difficulty, reached = benchmark.frozen_difficulty(), frozen["reached"]
        if request.freeze:
            difficulty, reached = calibrated(request, scale)
        freezing.freeze(difficulty, reached, test, scale, many)
    elif request.hash:
        freezing.hash_labels(scale, many)
    else:
        freezing.check_hash(scale, many)
        open_data(scale, request.work, benchmark.frozen_difficulty(), many, progress)
    frozen = benchmark.load_frozen()
    scans = benchmark.cohort(0, 0, scale.test)
    return {"scale": scale.name, "sha256": frozen["sha256"][scale.name], "reached": frozen["reached"],
            "difficulty": frozen["difficulty"], "test": describe_test(scans)}  # fmt: skip


def calibrated(request: Request, scale: Scale) -> tuple[Difficulty, dict[str, Any]]:
    """The best try of the calibration; raises `BadInputError` when there was none."""
    path = request.results / scale.name / "calibration.json"
    if not path.is_file():
        raise BadInputError(
            f"The {scale.name} scale was not calibrated; run `bench cohort --calibrate --scale {scale.name}` first."
        )
    best = json.loads(path.read_text(encoding="ascii"))["best"]
    return Difficulty.from_dict(best["difficulty"]), {"scale": scale.name, **best["reached"]}


def describe_test(scans: Sequence[benchmark.Scan]) -> list[dict[str, Any]]:
    """Number, mean and standard deviation of the scores of each group, as in Table 4."""
    rows = []
    for group, wanted in enumerate(benchmark.GROUP_MM):
        scores = [scan.deviation_mm for scan in scans if scan.group == group and scan.deviation_mm is not None]
        spread = {"mean_mm": round(float(np.mean(scores)), 2), "std_mm": round(float(np.std(scores)), 2)}
        rows.append({"group": group, "paper_mm": wanted, "scans": len(scores), **spread})
    return rows


def run_score(request: Request, scale: Scale, many: Map, progress: Progress) -> dict[str, Any]:
    """An external result from the predictions of another program."""
    if request.title is None or request.predictions is None:
        raise BadInputError(
            "Say what the row is called with --title, and where the predictions lie with --predictions."
        )
    data = open_data(scale, request.work, benchmark.frozen_difficulty(), many, progress)
    path = score_predictions(request.title, request.predictions, data, request.folders, many)
    return {"result": path.name}


def run_nnunet(request: Request, scale: Scale, many: Map, progress: Progress) -> dict[str, Any]:
    """The annotated and the test scans as nnU-Net's raw dataset."""
    if request.folder is None:
        raise BadInputError("Say with --folder where nnU-Net's raw datasets lie.")
    data = open_data(scale, request.work, benchmark.frozen_difficulty(), many, progress)
    return {"dataset": nnunet.export_raw(data, request.folder, draw=request.draw).name}


def render(request: Request, scale: Scale, progress: Progress) -> dict[str, Any]:
    """The page, and for "figure2" its picture; a machine without matplotlib says so and goes on."""
    try:
        from SemiSegEmbedLib.workflows.benchmark import page, qualitative
    except ImportError as error:
        return {"page": None, "note": f"The page was not rendered, since {error.name} is missing here."}
    assert request.page is not None
    pictures = request.page.parent / "figures"
    made: dict[str, Any] = {}
    if request.what == "figure2":
        made = qualitative.draw(
            scale, request.work, request.folders, choose_device(request.device), pictures, progress
        )
    page.write(request.page, request.folders)
    return {**made, "page": request.page.name}


def lines(result: dict[str, Any]) -> list[str]:
    """A result for a person."""
    if "done" in result:
        text = [f"{len(result['done'])} cells done, {len(result['there'])} were there, {len(result['left'])} left."]
        text += [f"Failed: {name}: {reason}" for name, reason in result["failed"].items()]
        return text
    if "tried" in result:
        return [f"{one['difficulty']} -> {one['reached']} (distance {one['distance']})" for one in result["tried"]]
    return [f"{name}: {value}" for name, value in result.items()]
