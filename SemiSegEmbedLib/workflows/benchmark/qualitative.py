"""The paper's figure 2 on this cohort: three hard cases, one column for each number of labelled scans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.cells import Cell, Folders, load_weights
from SemiSegEmbedLib.workflows.benchmark.scales import Scale
from SemiSegEmbedLib.workflows.benchmark.scoring import (
    PATCH_METRICS,
    Comparison,
    PatchPlace,
    compare,
    cut_patch,
    predict_patches,
)
from SemiSegEmbedLib.workflows.benchmark.store import Store
from SemiSegEmbedLib.workflows.benchmark.tables import make_cell
from SemiSegEmbedLib.workflows.progress import Progress

Badness = Callable[[Scan, Patient, int], float]
CASES: dict[str, Badness] = {
    "implant": lambda scan, patient, side: float(patient.implant[side] != "none"),
    "narrow joint gap": lambda scan, patient, side: patient.arthritis[side] * (patient.implant[side] == "none"),
    "deformed anatomy": lambda scan, patient, side: scan.deviation_mm or 0.0,
}
"""What makes a hip of a test scan the case; the worst one is shown."""


@dataclass(frozen=True)
class Case:
    """The patch around one hip joint."""

    name: str
    place: PatchPlace


def draw(
    scale: Scale, work: Path, folders: Folders, device: torch.device, pictures: Path, progress: Progress
) -> dict[str, Any]:
    """Draws the picture from the weights that are there.

    Raises:
        BadInputError: No cell of the figure has weights.
    """
    columns = figure_cells(scale)
    if not any(folders.weight(cell.name).exists() for cell in columns.values()):
        raise BadInputError("No cell of the figure has weights here: run `bench table1` at this scale first.")
    store, scans = Store(work, scale.spacing_mm, frozen_difficulty()), cohort(0, 0, scale.test)
    store.fill(scans, progress=progress)
    rows = []
    for case in find_cases(scale, scans):
        image, label, _ = cut_patch(store, case.place, scale.patch)
        middle = scale.patch // 2
        panels = {title: panel(cell, folders, image, label, scale, device) for title, cell in columns.items()}
        shown = {title: None if one is None else Panel(one.mask[middle], one.caption) for title, one in panels.items()}
        rows.append((case.name, image[middle].astype(np.float32), label[middle], shown))
    path = pictures / picture_name(scale)
    pictures.mkdir(parents=True, exist_ok=True)
    atomic_write(path, comparison_figure(rows))
    missing = [title for title, cell in columns.items() if not folders.weight(cell.name).exists()]
    return {"figure2": path.name, "without weights": missing}


def picture_name(scale: Scale) -> str:
    return f"benchmark_{scale.name}_figure2.png"


def figure_cells(scale: Scale) -> dict[str, Cell]:
    """Fully supervised first, then embedding matching with more and more labelled patches, as in the paper."""
    rows = {row.name: row for row in table_rows("table1")}
    difficulty, last = frozen_difficulty(), len(scale.columns) - 1
    cells = {"supervised, all": make_cell(rows["supervised"], scale, last, 0, 0, difficulty)}
    for number, column in enumerate(scale.columns[:-1]):
        cells[f"{column.patches} patches"] = make_cell(rows["embedding_matching"], scale, number, 0, 0, difficulty)
    return cells


def find_cases(scale: Scale, scans: list[Scan]) -> list[Case]:
    """The worst hip of the test scans for each kind of difficulty that they show, with the patch around its joint."""
    difficulty, cases = frozen_difficulty(), []
    patients = {scan.key: draw_subject(scan.split, scan.candidate, difficulty) for scan in scans}
    hips = [(scan, side) for scan in scans for side in range(2)]
    for name, badness in CASES.items():
        found = [(badness(scan, patients[scan.key], side), scan, side) for scan, side in hips]
        worst, scan, side = max(found, key=lambda one: one[0])
        if worst > 0:
            cases.append(Case(f"{name}\n{scan.key}", joint_patch(scan.key, patients[scan.key], side, scale)))
    return cases


def joint_patch(key: str, patient: Patient, side: int, scale: Scale) -> PatchPlace:
    """The patch around a hip joint, inside the scan."""
    skeleton = build_skeleton(patient)
    grid = field_of_view(patient, skeleton, (scale.spacing_mm,) * 3, "pelvis")
    head = skeleton.hips[SIDES[side]].head[::-1]
    start = []
    for centre, origin, size in zip(head, grid.origin, grid.shape, strict=True):
        middle = round((centre - origin) / scale.spacing_mm)
        start.append(min(max(middle - scale.patch // 2, 0), max(size - scale.patch, 0)))
    return PatchPlace(key, (start[0], start[1], start[2]), 0)


def panel(
    cell: Cell, folders: Folders, image: np.ndarray, label: np.ndarray, scale: Scale, device: torch.device
) -> Panel | None:
    """What a cell's network makes of a patch, (D, H, W), with its errors; None where there are no weights."""
    path = folders.weight(cell.name)
    if not path.exists():
        return None
    network, normalisation = load_weights(path, device)
    mask = predict_patches(network, torch.from_numpy(image)[None], normalisation, device)[0]
    found: Mapping[str, Any] = compare(Comparison(label, mask, (scale.spacing_mm,) * 3, "open", PATCH_METRICS))
    return Panel(mask, f"IoU {found['iou']:.2f}, HD95 {found['hd95']:.1f} mm")
