"""The pictures of the page, and the table of pseudo labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.evaluation.benchmark_figures import critical_difference_figure, training_figure
from SemiSegEmbedLib.evaluation.statistics import indistinct_groups, mean_ranks, wilcoxon_holm
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.markdown import table
from SemiSegEmbedLib.workflows.benchmark.results import Entry
from SemiSegEmbedLib.workflows.benchmark.scales import Scale


def figures(scale: Scale, entries: Mapping[str, Entry], pictures: Path) -> str:
    """Ranks and curves of the first column."""
    pictures.mkdir(parents=True, exist_ok=True)
    text = "### Ranks and curves\n\n"
    values = {title: entry.per_scan("hd95") for title, entry in entries.items()}
    common = sorted(set.intersection(*(set(row) for row in values.values())))
    if len(values) > 1 and len(common) > 1:
        columns = {title: [row[key] for key in common] for title, row in values.items()}
        ranks = mean_ranks(columns, lower_is_better=True)
        groups = indistinct_groups(ranks, wilcoxon_holm(columns))
        name = f"benchmark_{scale.name}_ranks.png"
        title = f"Mean rank by HD95 over {len(common)} test scans; bars join rows without p < 0.05 (Holm)"
        atomic_write(pictures / name, critical_difference_figure(ranks, groups, title))
        text += f"![Mean ranks of the rows](figures/{name})\n\n"
    first = {title: entry.records[0] for title, entry in entries.items()}
    name = f"benchmark_{scale.name}_curves.png"
    atomic_write(
        pictures / name,
        training_figure(
            {title: record["validation"] for title, record in first.items()},
            {title: record["curves"] for title, record in first.items()},
        ),
    )
    return text + f"![Validation and pseudo labels over the steps](figures/{name})\n\n" + pseudo_labels(first)


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
