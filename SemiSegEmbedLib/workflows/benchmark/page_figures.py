"""The pictures of the page, and the tables of pseudo labels and of the joints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.evaluation.benchmark_figures import critical_difference_figure, training_figure
from SemiSegEmbedLib.evaluation.statistics import indistinct_groups, mean_ranks, wilcoxon_holm
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.phantom.benchmark import GROUP_MM
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.markdown import NOT_RUN, table
from SemiSegEmbedLib.workflows.benchmark.page_verdicts import ROBUST, TITLES
from SemiSegEmbedLib.workflows.benchmark.qualitative import Hip, find_hips, read_errors
from SemiSegEmbedLib.workflows.benchmark.results import Entry, Results, in_common
from SemiSegEmbedLib.workflows.benchmark.scales import Scale

MAIN = {
    *(row.title for row in table_rows("table1")),
    ROBUST,
    TITLES["robust_supervised"],
    TITLES["robust_supervised_long"],
}
"""Rows of the main pictures, beside the results of other programs."""
LEVERS = {row.title for name in ("robust", "levers") for row in table_rows(name)} - MAIN | {ROBUST}
"""Rows of the second picture of ranks: `robust` and what was changed in it."""
HIPS: dict[str, Callable[[Hip], bool]] = {
    "implant artefact": lambda hip: hip.implant,
    "joint gap": lambda hip: not hip.implant,
    "joint gap, arthritis from 0.5": lambda hip: not hip.implant and hip.arthritis >= 0.5,
    "joint gap, dysplasia from 0.5": lambda hip: not hip.implant and hip.dysplasia >= 0.5,
}
"""Groups of hips by what figure 2 is about; the deviation groups come after them."""


def figures(scale: Scale, entries: Mapping[str, Entry], outsiders: Mapping[str, Entry], pictures: Path) -> str:
    """Ranks and curves of the first column.

    Args:
        scale: Whose results these are.
        entries: Title to entry of every finished row.
        outsiders: The same of other programs, which have ranks and no curves.
        pictures: Where the pictures go.
    """
    pictures.mkdir(parents=True, exist_ok=True)
    main = {title: entry for title, entry in entries.items() if title in MAIN}
    levers = {title: entry for title, entry in entries.items() if title in LEVERS}
    text = "### Ranks and curves\n\n"
    text += rank_picture(
        {**main, **outsiders}, "Mean ranks of the rows", pictures / f"benchmark_{scale.name}_ranks.png"
    )
    name = f"benchmark_{scale.name}_ranks_levers.png"
    text += rank_picture(levers, "Mean ranks of the robust preset and of changes to it", pictures / name)
    if main:
        first = {title: entry.records[0] for title, entry in main.items()}
        name = f"benchmark_{scale.name}_curves.png"
        atomic_write(
            pictures / name,
            training_figure(
                {title: record["validation"] for title, record in first.items()},
                {title: record["curves"] for title, record in first.items()},
            ),
        )
        text += f"![Validation and pseudo labels over the steps](figures/{name})\n\n"
    return text + pseudo_labels({title: entry.records[0] for title, entry in entries.items()})


def rank_picture(entries: Mapping[str, Entry], caption: str, path: Path) -> str:
    """The picture of ranks of some rows, and its line on the page; nothing where nothing can be ranked."""
    if len(entries) < 2:
        return ""
    values = {title: entry.per_scan("hd95") for title, entry in in_common(entries).items()}
    common = sorted(set.intersection(*map(set, values.values())))
    if len(common) < 2:
        return ""
    columns = {title: [row[key] for key in common] for title, row in values.items()}
    ranks = mean_ranks(columns, lower_is_better=True)
    groups = indistinct_groups(ranks, wilcoxon_holm(columns))
    title = f"Mean rank by HD95 over {len(common)} test scans\nbars join rows without p < 0.05 (Holm)"
    atomic_write(path, critical_difference_figure(ranks, groups, title))
    return f"![{caption}](figures/{path.name})\n\n"


def pseudo_labels(records: Mapping[str, Mapping[str, Any]]) -> str:
    """Means over the last quarter of the log."""
    names = ("unreliable_fraction", "accuracy_teacher_unreliable", "accuracy_matched_unreliable")
    rows = []
    for title, record in records.items():
        late = record["curves"][-max(1, len(record["curves"]) // 4) :]
        means = [[event[name] for event in late if name in event] for name in names]
        if any(means):
            rows.append([title, *(f"{np.mean(values):.3g}" if values else "–" for values in means)])
    if not rows:
        return ""
    return "Means over the last quarter of training, first repeat:\n\n" + table(
        ["row", "unreliable fraction", "teacher right there", "matching right there"], rows
    )


def joint_table(results: Results) -> str:
    """Errors of the patch around each hip joint of the test scans, by what figure 2 is about."""
    scale, hips = results.scale, find_hips(results.scale)
    columns = read_errors(scale, results.folders)
    groups = {name: [hip.name for hip in hips if belongs(hip)] for name, belongs in HIPS.items()}
    for group, mm in enumerate(GROUP_MM):
        groups[f"deformed anatomy, group {group} ({mm:g} mm)"] = [h.name for h in hips if h.scan.group == group]
    rows = []
    for name, members in groups.items():
        if not members:
            continue
        shown = [NOT_RUN] * len(columns)
        for position, errors in enumerate(columns.values()):
            if errors is not None:
                iou, hd95 = (np.mean([errors[hip][metric] for hip in members]) for metric in ("iou", "hd95"))
                shown[position] = f"{iou:.3f} / {hd95:.2f}"
        rows.append([name, str(len(members)), *shown])
    return (
        "### IoU / HD95 (mm) at the joints\n\nPatches of "
        f"{scale.patch * scale.spacing_mm:g} mm around the femoral heads of both hips of every test scan, judged like "
        'the test patches. "Joint gap" holds all hips without an implant. A hip may be in several groups.\n\n'
        + table(["hips", "n", *columns], rows)
    )
