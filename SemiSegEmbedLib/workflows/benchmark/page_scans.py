"""The parts of the page about whole scans with the fewest annotated scans: means, statistics, outsiders, strata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from SemiSegEmbedLib.evaluation.statistics import bootstrap_interval
from SemiSegEmbedLib.phantom.benchmark import GROUP_MM, cohort, frozen_difficulty
from SemiSegEmbedLib.workflows.benchmark.markdown import NOT_RUN, number, table
from SemiSegEmbedLib.workflows.benchmark.page_verdicts import NNUNET, show
from SemiSegEmbedLib.workflows.benchmark.results import (
    Entry,
    Results,
    compare_with,
    share_of_gap,
    stratum_keys,
)
from SemiSegEmbedLib.workflows.benchmark.scales import Scale
from SemiSegEmbedLib.workflows.benchmark.scoring import WITHOUT_ISLANDS
from SemiSegEmbedLib.workflows.benchmark.store import strata
from SemiSegEmbedLib.workflows.benchmark.tables import TABLES

NNUNET_REASON = "it needs a GPU for the same wall-clock, and none was at hand; the commands stand above under nnU-Net"
NNUNET_SMOKE = "a few steps of it would say nothing"
FURTHER = {"hd95_pooled": "HD95, both directions pooled (mm)", "assd": "ASSD (mm)", "nsd_1mm": "NSD at 1 mm",
           "nsd_2mm": "NSD at 2 mm"}  # fmt: skip


def first_column_table(results: Results) -> str:
    """Whole scans, both checkpoints, teacher, exact truth, misses and time of the first column."""
    header = ["row", "repeats", "IoU", "HD95 (mm), 95 % interval", "last: IoU / HD95", "teacher: IoU / HD95",
              "exact truth: IoU / HD95", "without islands: IoU / HD95", "misses", "ms a step"]  # fmt: skip
    rows = []
    for table_name, row in results.distinct_rows(TABLES):
        entry = results.entry(table_name, row.name)
        rows.append([row.title, f"{len(entry.records)} of {entry.wanted}", *scan_cells(entry)])
    rows += [[title, "external", *scan_cells(entry)] for title, entry in results.external().items()]
    return (
        f"### Whole scans, {results.scale.first.title}\n\nMeans over the test scans, student at the selected "
        "checkpoint, against the annotators' labels, unless the column says otherwise.\n\n" + table(header, rows)
    )


def further_table(results: Results) -> str:
    """The other metrics of whole scans in the first column, of the rows that were run."""
    rows = []
    for table_name, row in results.distinct_rows(TABLES):
        entry = results.entry(table_name, row.name)
        if entry:
            rows.append([row.title, *(number(entry.mean(name), 3) for name in FURTHER)])
    rows += [
        [title, *(number(entry.mean(name), 3) for name in FURTHER)] for title, entry in results.external().items()
    ]
    return "### Further metrics of the same\n\n" + table(["row", *FURTHER.values()], rows) if rows else ""


def scan_cells(entry: Entry) -> list[str]:
    if not entry:
        return [NOT_RUN] * 8
    interval = bootstrap_interval(list(entry.per_scan("hd95").values()))
    pair = [
        f"{number(entry.mean('iou', **which), 3)} / {number(entry.mean('hd95', **which), 2)}"
        for which in (
            {"checkpoint": "last"},
            {"checkpoint": "teacher"},
            {"reference": "exact"},
            {"reference": WITHOUT_ISLANDS},
        )
    ]
    seconds = [r["seconds"]["per_step"] for r in entry.records if r.get("seconds", {}).get("per_step")]
    speed = f"{1000 * float(np.median(seconds)):.0f}" if seconds else "–"
    return [number(entry.mean("iou"), 3), show(interval, 2), *pair, f"{entry.misses():g}", speed]


def statistics_table(entries: Mapping[str, Entry], reference: str) -> str:
    """Each row against the reference row, over scans; nothing when that was not run."""
    if reference not in entries:
        return ""
    rows = []
    pairs = zip(compare_with(reference, entries, "iou"), compare_with(reference, entries, "hd95"), strict=True)
    for iou, hd95 in pairs:
        shown = [show(iou.interval, 4), f"{iou.p_holm:.2g}", show(hd95.interval, 2), f"{hd95.p_holm:.2g}"]
        rows.append([iou.title, str(iou.repeats), *shown])
    return (
        f"### Against {reference.lower()}\n\nRow minus {reference.lower()}, mean over the test scans with "
        "95 % bootstrap interval over scans; p of the Wilcoxon signed-rank test over scans after Holm. Both are taken "
        "over the repeats (draw and seed) that both have.\n\n"
        + table(["row", "repeats", "IoU difference", "p", "HD95 difference (mm)", "p"], rows)
    )


def robust_table(results: Results, entries: Mapping[str, Entry]) -> str:
    """What the `robust` preset and the outsiders make of the same scans."""
    few = entries.get("Supervised baseline")
    everything = results.entry("table1", "supervised", len(results.scale.columns) - 1)
    rows = []
    for table_name, row in results.distinct_rows(("robust", "levers")):
        rows.append([row.title, *robust_cells(results.entry(table_name, row.name), few, everything)])
    for title, entry in ({NNUNET: Entry(NNUNET)} | results.external()).items():
        rows.append([title, *robust_cells(entry, few, everything)])
    text = (
        "### Robust preset and outsiders\n\nSame annotated scans, whole test scans. The gap is that in HD95 between "
        "the supervised baseline with the fewest and with all annotated scans, over the repeats that the baseline and "
        "the row have.\n\n"
    )
    text += table(["row", "IoU", "HD95 (mm)", "share of the gap closed", "training (minutes)"], rows)
    reason = NNUNET_SMOKE if results.scale.name == "smoke" else NNUNET_REASON
    return text if NNUNET in results.external() else f"{text}\n{NNUNET} is not run: {reason}.\n"


def robust_cells(entry: Entry, few: Entry | None, everything: Entry) -> list[str]:
    if not entry:
        return [NOT_RUN] * 4
    closed = share_of_gap(entry, few, everything)
    share = NOT_RUN if closed is None else f"{100 * closed:.0f} %"
    seconds = [training_seconds(record) for record in entry.records]
    known = [one / 60 for one in seconds if one is not None]
    minutes = f"{np.median(known):.1f}" if known else "–"
    return [number(entry.mean("iou"), 3), number(entry.mean("hd95"), 2), share, minutes]


def training_seconds(record: Mapping[str, Any]) -> float | None:
    """Wall-clock of a cell's training, or what another program says of its own."""
    seconds = record["facts"].get("training_s") if "facts" in record else record["seconds"]["training"]
    return None if seconds is None else float(seconds)


def strata_table(heading: str, scale: Scale, entries: Mapping[str, Entry]) -> str:
    """HD95 of entries in each group of test scans (a scan may be in several groups)."""
    difficulty = frozen_difficulty()
    groups = stratum_keys({scan.key: strata(scan, difficulty) for scan in cohort(0, 0, scale.test)})
    rows = []
    for name, keys in groups.items():
        label = f"{name} ({GROUP_MM[int(name[-1])]:g} mm)" if name.startswith("deviation") else name
        values = [list(entry.per_scan("hd95", keep=keys).values()) for entry in entries.values()]
        rows.append([label, str(len(keys)), *(number(float(np.mean(v)) if v else None, 2) for v in values)])
    return f"### {heading}\n\nWhole scans.\n\n" + table(["test scans", "n", *entries], rows)
