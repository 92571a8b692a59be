"""The paper's figure 2 on this cohort: hard cases by number of labelled scans, and errors at all joints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.evaluation.benchmark_figures import Panel, comparison_figure
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.phantom.anatomy import SIDES, build_skeleton
from SemiSegEmbedLib.phantom.benchmark import Scan, cohort, draw_subject, frozen_difficulty
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.render import field_of_view
from SemiSegEmbedLib.study.files import atomic_write, utc_now
from SemiSegEmbedLib.workflows.benchmark.cells import Cell, Folders, load_weights, read_result, versions
from SemiSegEmbedLib.workflows.benchmark.scales import Scale
from SemiSegEmbedLib.workflows.benchmark.scoring import PatchPlace, Row, cut_patch, predict_patches, score_patches
from SemiSegEmbedLib.workflows.benchmark.store import Store
from SemiSegEmbedLib.workflows.benchmark.tables import make_cell
from SemiSegEmbedLib.workflows.progress import Progress

FORMAT = "SemiSegEmbed benchmark figure 2"
VERSION = 1


@dataclass(frozen=True)
class Hip:
    """One hip of a test scan; `side` is a position in `SIDES`."""

    scan: Scan
    patient: Patient
    side: int

    @property
    def name(self) -> str:
        return f"{self.scan.key} {SIDES[self.side]}"

    @property
    def implant(self) -> bool:
        return self.patient.implant[self.side] != "none"

    @property
    def arthritis(self) -> float:
        return self.patient.arthritis[self.side]

    @property
    def dysplasia(self) -> float:
        return self.patient.dysplasia[self.side]


CASES: dict[str, Callable[[Hip], float]] = {
    "implant": lambda hip: float(hip.implant),
    "narrow joint gap": lambda hip: 0.0 if hip.implant else hip.arthritis,
    "deformed anatomy": lambda hip: hip.scan.deviation_mm or 0.0,
}
"""What makes a hip the case; the worst one is shown."""


def draw(
    scale: Scale, work: Path, folders: Folders, device: torch.device, pictures: Path, progress: Progress
) -> dict[str, Any]:
    """Draws the picture from the weights that are there, and keeps their errors at every joint beside the results.

    Raises:
        BadInputError: No cell of the figure has weights.
    """
    cells = figure_cells(scale)
    there = {title: cell for title, cell in cells.items() if folders.weight(cell.name).exists()}
    if not there:
        raise BadInputError("No cell of the figure has weights here: run `bench table1` at this scale first.")
    store, hips = Store(work, scale.spacing_mm, frozen_difficulty()), find_hips(scale)
    store.fill(cohort(0, 0, scale.test), progress=progress)
    places = {hip.name: joint_patch(hip, scale) for hip in hips}
    cases = find_cases(hips)
    shown = [cut_patch(store, places[hip.name], scale.patch) for hip in cases.values()]
    images, middle = torch.stack([torch.from_numpy(image) for image, *_ in shown]), scale.patch // 2
    panels: list[dict[str, Panel | None]] = [dict.fromkeys(cells) for _ in shown]
    columns = {}
    for number, (title, cell) in enumerate(there.items()):
        progress("Joints", number / len(there), cell.name)
        path = folders.weight(cell.name)
        network, normalisation = load_weights(path, device)
        rows = score_patches(
            network, list(places.values()), store, normalisation,
            patch=scale.patch, device=device, run=map, references=("annotators",),
        )  # fmt: skip
        errors = {name: row["annotators"] for name, row in zip(places, rows.values(), strict=True)}
        columns[title] = {
            "cell": cell.name, "weights_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "hips": errors,
        }  # fmt: skip
        masks = predict_patches(network, images, normalisation, device)
        for own, hip, mask in zip(panels, cases.values(), masks, strict=True):
            error = errors[hip.name]
            own[title] = Panel(mask[middle], f"IoU {error['iou']:.2f}, HD95 {error['hd95']:.1f} mm")
    progress("Joints", 1.0)
    record = {
        "format": FORMAT, "version": VERSION, "scale": scale.name, "made": utc_now(), "versions": versions(device),
        "columns": columns,
    }  # fmt: skip
    path = errors_file(scale, folders)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii"))
    drawn = [
        (f"{name}\n{hip.name}", image[middle].astype(np.float32), label[middle], own)
        for (name, hip), (image, label, _), own in zip(cases.items(), shown, panels, strict=True)
    ]
    picture = pictures / picture_name(scale)
    pictures.mkdir(parents=True, exist_ok=True)
    atomic_write(picture, comparison_figure(drawn))
    return {"figure2": picture.name, "errors": path.name, "without weights": [t for t in cells if t not in there]}


def picture_name(scale: Scale) -> str:
    return f"benchmark_{scale.name}_figure2.png"


def errors_file(scale: Scale, folders: Folders) -> Path:
    """Where the errors at the joints lie, beside the results of the cells."""
    return folders.results / scale.name / "figure2.json"


def read_errors(scale: Scale, folders: Folders) -> dict[str, Mapping[str, Row] | None]:
    """Errors of every hip by its name for each column; None where the column's cell has none.

    Errors belong to a cell when they were made with the very weights whose hash the cell's result keeps.
    """
    path, cells = errors_file(scale, folders), figure_cells(scale)
    record = json.loads(path.read_text(encoding="ascii")) if path.exists() else {}
    known = record["columns"] if (record.get("format"), record.get("version")) == (FORMAT, VERSION) else {}
    found: dict[str, Mapping[str, Row] | None] = dict.fromkeys(cells)
    for title, cell in cells.items():
        result = folders.result(cell)
        if title in known and result.exists():
            same = known[title]["weights_sha256"] == read_result(result)["weights"]["sha256"]
            found[title] = known[title]["hips"] if same else None
    return found


def figure_cells(scale: Scale) -> dict[str, Cell]:
    """Fully supervised first, then embedding matching with more and more labelled patches, as in the paper."""
    rows = {row.name: row for row in table_rows("table1")}
    difficulty, last = frozen_difficulty(), len(scale.columns) - 1
    cells = {"supervised, all": make_cell(rows["supervised"], scale, last, 0, 0, difficulty)}
    for number, column in enumerate(scale.columns[:-1]):
        cells[f"{column.patches} patches"] = make_cell(rows["embedding_matching"], scale, number, 0, 0, difficulty)
    return cells


def find_hips(scale: Scale) -> list[Hip]:
    """Both hips of every test scan."""
    difficulty, hips = frozen_difficulty(), []
    for scan in cohort(0, 0, scale.test):
        patient = draw_subject(scan.split, scan.candidate, difficulty)
        hips += [Hip(scan, patient, side) for side in range(len(SIDES))]
    return hips


def find_cases(hips: Sequence[Hip]) -> dict[str, Hip]:
    """The worst hip for each kind of difficulty that there is; none is taken twice."""
    cases: dict[str, Hip] = {}
    for name, badness in CASES.items():
        worst = max((hip for hip in hips if hip not in cases.values()), key=badness)
        if badness(worst) > 0:
            cases[name] = worst
    return cases


def joint_patch(hip: Hip, scale: Scale) -> PatchPlace:
    """The patch around a hip joint, inside the scan."""
    skeleton = build_skeleton(hip.patient)
    grid = field_of_view(hip.patient, skeleton, (scale.spacing_mm,) * 3, "pelvis")
    head = skeleton.hips[SIDES[hip.side]].head[::-1]
    start = []
    for centre, origin, size in zip(head, grid.origin, grid.shape, strict=True):
        middle = round((centre - origin) / scale.spacing_mm)
        start.append(min(max(middle - scale.patch // 2, 0), max(size - scale.patch, 0)))
    return PatchPlace(hip.scan.key, (start[0], start[1], start[2]), hip.side)
