"""Which cells a table has, and working through them: what is there already is left alone."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib.learning.rows import Row, table_rows
from SemiSegEmbedLib.phantom.benchmark import cohort
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.workflows.benchmark.cells import Cell, Folders, read_result, run_cell
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData
from SemiSegEmbedLib.workflows.benchmark.scales import Scale
from SemiSegEmbedLib.workflows.benchmark.store import Map, Store
from SemiSegEmbedLib.workflows.progress import Progress, silent

TABLES = ("table1", "table2", "table3", "robust", "levers", "diagnosis")
PARTS = ("training", "testing")
"""Of a cell's seconds."""
FIRST_ROWS = ("supervised", "embedding_matching")
"""What a table is about, so that they are there when time is short."""


@dataclass
class Report:
    """What became of the cells of a table: their names; `failed` with the reason."""

    done: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __add__(self, other: Report) -> Report:
        return Report(
            self.done + other.done, self.there + other.there, self.left + other.left, self.failed | other.failed
        )


def repeats(scale: Scale) -> list[tuple[int, int]]:
    """Draws and seeds of the first column: every draw once, then every draw with the next seed."""
    return [(draw, seed) for seed in range(scale.seeds) for draw in range(scale.draws)]


def make_cell(row: Row, scale: Scale, column: int, draw: int, seed: int, difficulty: Difficulty) -> Cell:
    """The cell of a row in a column; equal experiments of several tables are one cell."""
    config = row.config(**scale.budget(row.preset), seed=seed)
    return Cell(scale, column, draw, seed, config, difficulty, row.rounds, row.sacrum)


def columns_of(table: str, row: Row, scale: Scale) -> range:
    """Positions of the columns that a row has: Tables 2 and 3 the first; all annotated for supervised alone."""
    if table != "table1":
        return range(1)
    return range(len(scale.columns) - (0 if row.overrides["method"] == "supervised" else 1))


def table_cells(
    table: str, scale: Scale, difficulty: Difficulty, *, columns: int | None = None, most_repeats: int | None = None
) -> list[Cell]:
    """The cells of a table in the order in which they are worth running: first column, other columns, repeats.

    Supervised and embedding matching come before the other rows.

    Args:
        table: One of `TABLES`.
        scale: Columns and repeats.
        difficulty: Of the cohort.
        columns: Only the first so many columns.
        most_repeats: Only the first so many repeats of the first column.
    """
    rows = sorted(table_rows(table), key=lambda row: (*FIRST_ROWS, row.name).index(row.name))
    cells: list[Cell] = []
    again = repeats(scale)[:most_repeats]
    for number, (draw, seed) in enumerate(again):
        for column in range(len(scale.columns) if number == 0 else 1):
            if columns is not None and column >= columns:
                continue
            cells += [
                make_cell(row, scale, column, draw, seed, difficulty)
                for row in rows
                if column in columns_of(table, row, scale)
            ]
    return cells


def open_data(
    scale: Scale,
    folder: Path,
    difficulty: Difficulty,
    run: Map,
    progress: Progress = silent,
    *,
    sacrum: bool = False,
) -> BenchmarkData:
    """The scale's cohort, rendered where it is not yet; on request with the sacrum as part of the object."""
    scans = cohort(scale.train, scale.val, scale.test)
    store = Store(folder, scale.spacing_mm, difficulty, sacrum)
    store.fill(scans, run, progress)
    return BenchmarkData(scale, store, scans)


def run_cells(
    cells: Sequence[Cell],
    data: BenchmarkData,
    folders: Folders,
    device: torch.device,
    run: Map,
    *,
    minutes: float | None = None,
    progress: Progress = silent,
) -> Report:
    """Works through cells; one that fails is reported and the others go on.

    Args:
        cells: In the order of work.
        data: Of their scale.
        folders: Results that are there are not made again.
        device: Where to train.
        run: For metrics.
        minutes: No cell is begun that would not end in this time, as far as the longest one tells, of those so far and
            of those that were there.
        progress: Told how far it is.
    """
    report, began, longest = Report(), time.monotonic(), 0.0
    for number, cell in enumerate(cells):
        progress("Cells", number / len(cells), cell.name)
        if folders.result(cell).exists():
            report.there.append(cell.name)
            longest = max(longest, sum(read_result(folders.result(cell))["seconds"][part] for part in PARTS))
            continue
        start = time.monotonic()
        if minutes is not None and start - began + longest > 60 * minutes:
            report.left.append(cell.name)
            continue
        try:
            run_cell(cell, data, folders, device, run)
            report.done.append(cell.name)
        except Exception as error:
            traceback.print_exc()
            report.failed[cell.name] = f"{type(error).__name__}: {error}"
        longest = max(longest, time.monotonic() - start)
    progress("Cells", 1.0)
    return report


def summary(report: Report) -> dict[str, Any]:
    """Plain values for a terminal."""
    return {"done": report.done, "there": report.there, "left": report.left, "failed": report.failed}
