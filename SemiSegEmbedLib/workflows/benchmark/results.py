"""Finished cells read back: values per scan, averaged over repeats, compared between rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from SemiSegEmbedLib.evaluation.statistics import Interval, bootstrap_interval, holm, wilcoxon_holm
from SemiSegEmbedLib.learning.rows import Row, table_rows
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.workflows.benchmark.cells import Folders, read_result
from SemiSegEmbedLib.workflows.benchmark.scales import Scale
from SemiSegEmbedLib.workflows.benchmark.tables import columns_of, make_cell, repeats

Values = dict[str, float]
Repeat = tuple[int, int, bool]


@dataclass(frozen=True, eq=False)
class Entry:
    """All finished repeats of one row in one column.

    Attributes:
        title: Of the row.
        records: Cells as read from their files, in the order of the repeats.
        wanted: Repeats that the column should have.
    """

    title: str
    records: tuple[Mapping[str, Any], ...] = field(default=())
    wanted: int = 1

    def __bool__(self) -> bool:
        return bool(self.records)

    def per_scan(self, metric: str, *, checkpoint: str = "selected", reference: str = "annotators",
                 level: str = "scans", keep: Iterable[str] | None = None) -> Values:  # fmt: skip
        """A metric of each test scan (of its patches, averaged), averaged over the repeats.

        Args:
            metric: "iou", "hd95", "missed" ...
            checkpoint: "selected", "last" or "teacher"; where a result has no such checkpoint, its last one.
            reference: "annotators", "exact" or `scoring.WITHOUT_ISLANDS`.
            level: "scans" or "patches".
            keep: Keys of the scans wanted; None is all.
        """
        found: dict[str, list[float]] = {}
        chosen = None if keep is None else set(keep)
        for record in self.records:
            checkpoints = record["checkpoints"]
            for name, row in checkpoints.get(checkpoint, checkpoints["last"]).get(level, {}).items():
                key = name.partition("/")[0]
                if chosen is None or key in chosen:
                    found.setdefault(key, []).append(float(row[reference][metric]))
        return {key: float(np.mean(values)) for key, values in sorted(found.items())}

    def mean(self, metric: str, **which: Any) -> float | None:
        """Mean over rows: over patches for the level of patches (as the paper), over scans for that of scans."""
        level, checkpoint = which.get("level", "scans"), which.get("checkpoint", "selected")
        rows = [
            float(row[which.get("reference", "annotators")][metric])
            for record in self.records
            for row in record["checkpoints"].get(checkpoint, record["checkpoints"]["last"]).get(level, {}).values()
        ]
        return float(np.mean(rows)) if rows else None

    def repeats(self) -> list[Repeat]:
        """Draw of the annotated scans and seed of each record, and whether the sacrum belongs to the object."""
        return [(record["draw"], record["seed"], record.get("sacrum", False)) for record in self.records]

    def only(self, wanted: Iterable[Repeat]) -> Entry:
        """The entry with some of its repeats."""
        kept = set(wanted)
        pairs = zip(self.repeats(), self.records, strict=True)
        return replace(self, records=tuple(record for own, record in pairs if own in kept))

    def misses(self) -> float:
        """Test scans a repeat in which nothing was found though something is there, at the selected checkpoint."""
        missed = self.per_scan("missed")
        return sum(missed.values())


class Results:
    """The finished cells of one scale.

    Args:
        scale: Which.
        difficulty: Of the cohort; cells made with other knobs are not read.
        folders: Where cells lie.
    """

    def __init__(self, scale: Scale, difficulty: Difficulty, folders: Folders) -> None:
        self.scale, self.difficulty, self.folders = scale, difficulty, folders

    def entry(self, table: str, name: str, column: int = 0) -> Entry:
        """A row of a table in a column; false when no repeat is there."""
        row = next(row for row in table_rows(table) if row.name == name)
        again = repeats(self.scale) if column == 0 else [(0, 0)]
        cells = [make_cell(row, self.scale, column, draw, seed, self.difficulty) for draw, seed in again]
        paths = [self.folders.result(cell) for cell in cells]
        return Entry(row.title, tuple(read_result(path) for path in paths if path.exists()), len(cells))

    def table_1(self) -> list[tuple[Row, list[Entry | None]]]:
        """Each row with its entries by column; None where the table has no such cell."""
        return [
            (
                row,
                [
                    self.entry("table1", row.name, column) if column in columns_of("table1", row, self.scale) else None
                    for column in range(len(self.scale.columns))
                ],
            )
            for row in table_rows("table1")
        ]

    def distinct_rows(self, tables: Sequence[str]) -> list[tuple[str, Row]]:
        """Table and row of every experiment with the fewest annotated scans; equal ones of several tables once."""
        found: dict[str, tuple[str, Row]] = {}
        for table in tables:
            for row in table_rows(table):
                found.setdefault(make_cell(row, self.scale, 0, 0, 0, self.difficulty).name, (table, row))
        return list(found.values())

    def first_column(self, tables: Sequence[str]) -> dict[str, Entry]:
        """Title to entry of every finished row with the fewest annotated scans."""
        entries = {row.title: self.entry(table, row.name) for table, row in self.distinct_rows(tables)}
        return {title: entry for title, entry in entries.items() if entry}

    def external(self) -> dict[str, Entry]:
        """Results that other programs' predictions of this cohort were scored to, by title."""
        folder, knobs = self.folders.results / self.scale.name, self.difficulty.to_dict()
        records = [read_result(path) for path in sorted(folder.glob("external-*.json"))]
        return {r["title"]: Entry(r["title"], (r,)) for r in records if r["difficulty"] == knobs}


def in_common(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """The entries with those repeats alone that all of them have.

    Other annotated scans are another task, and so is another object.
    """
    shared = set.intersection(*(set(entry.repeats()) for entry in entries.values()))
    return {title: entry.only(shared) for title, entry in entries.items()}


@dataclass(frozen=True)
class Difference:
    """A row against the reference row over scans.

    Attributes:
        title: Of the row.
        interval: Of the mean difference (row - reference).
        p, p_holm: Before and after Holm's correction.
        repeats: How many both have, over which each scan's values are averaged.
    """

    title: str
    interval: Interval
    p: float
    p_holm: float
    repeats: int


def compare_with(
    reference: str, entries: Mapping[str, Entry], metric: str, *, level: str = "scans"
) -> list[Difference]:
    """Each row against the reference row at the selected checkpoint, over the repeats that both have.

    Wilcoxon over scans (of whose patches the mean is taken), Holm over the rows, bootstrap interval over scans. Rows
    without a common repeat, or of other scans, are left out.
    """
    found = []
    for title in entries:
        if title == reference:
            continue
        pair = in_common({reference: entries[reference], title: entries[title]})
        base, row = (pair[name].per_scan(metric, level=level) for name in (reference, title))
        if row and row.keys() == base.keys():
            values = {reference: list(base.values()), title: list(row.values())}
            interval = bootstrap_interval(values[title], values[reference])
            p = wilcoxon_holm(values)[0].p
            found.append(Difference(title, interval, p, p, len(pair[title].records)))
    corrected = holm([one.p for one in found])
    return [replace(one, p_holm=p) for one, p in zip(found, corrected, strict=True)]


def gap_closed(row: float, few: float, everything: float) -> float | None:
    """The share of the gap in HD95 between supervised with few and with all scans that a row closes."""
    return (few - row) / (few - everything) if few != everything else None


def share_of_gap(row: Entry, few: Entry | None, everything: Entry | None) -> float | None:
    """`gap_closed` on whole scans, over the repeats that a row and supervised with few scans have; None where one is
    missing."""
    if not (row and few and everything):
        return None
    pair = in_common({"row": row, "few": few})
    ends = [end.mean("hd95") for end in (pair["row"], pair["few"], everything)]
    return None if None in ends else gap_closed(*ends)  # type: ignore[arg-type]


STRATA: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "implant": lambda facts: bool(facts["implant"]),
    "no implant": lambda facts: not facts["implant"],
    "arthritis from 0.5": lambda facts: facts["arthritis"] >= 0.5,
    "dysplasia from 0.5": lambda facts: facts["dysplasia"] >= 0.5,
}
"""Groups of test scans by their facts (see `store.strata`); a scan may be in several."""


def stratum_keys(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Keys of the test scans of each stratum, and of each group of deviation scores, that has any."""
    groups = {name: [key for key, own in facts.items() if belongs(own)] for name, belongs in STRATA.items()}
    for group in range(6):
        groups[f"deviation group {group}"] = [key for key, own in facts.items() if own["group"] == group]
    return {name: keys for name, keys in groups.items() if keys}
