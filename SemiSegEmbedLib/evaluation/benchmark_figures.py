"""Pictures of the benchmark as PNG bytes: ranks, curves over training, and predictions beside their reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from SemiSegEmbedLib.evaluation.figures import BONE_WINDOW, PREDICTION_COLOR, REFERENCE_COLOR, to_png

Curve = Sequence[Mapping[str, Any]]


def critical_difference_figure(ranks: Mapping[str, float], groups: Sequence[Sequence[str]], title: str) -> bytes:
    """Methods on an axis of mean ranks, best on the left; a bar joins those that do not differ significantly.

    Args:
        ranks: Method name to mean rank, 1 the best.
        groups: Names that a bar joins, see `statistics.indistinct_groups`.
        title: What was ranked.

    Source: J. Demsar, Statistical Comparisons of Classifiers over Multiple Data Sets, 2006, figure 1.
    """
    order = sorted(ranks, key=ranks.__getitem__)
    half = (len(order) + 1) // 2
    figure = Figure(figsize=(9, 1.5 + 0.28 * half + 0.12 * len(groups)), layout="constrained")
    ax = figure.subplots()
    top = 0.35 + 0.2 * len(groups)
    for number, name in enumerate(order):
        left = number < half
        level = -0.35 - 0.45 * (number if left else len(order) - 1 - number) - 0.2 * len(groups)
        edge = 0.6 if left else len(order) + 0.4
        ax.plot([ranks[name], ranks[name], edge], [0, level, level], color="black", linewidth=0.9)
        ax.text(edge, level, f" {name} " if not left else f"{name}  ", ha="right" if left else "left", va="center")
    for number, group in enumerate(groups):
        ends = [ranks[group[0]] - 0.04, ranks[group[-1]] + 0.04]
        ax.plot(ends, [-0.15 - 0.2 * number] * 2, color="#444", linewidth=4, solid_capstyle="butt")
    ax.axhline(0, 0.18, 0.82, color="black", linewidth=1)
    for rank in range(1, len(order) + 1):
        ax.plot([rank, rank], [0, 0.1], color="black", linewidth=1)
        ax.text(rank, 0.15, str(rank), ha="center", va="bottom", fontsize=9)
    ax.set_title(title, fontsize=11)
    ax.set_xlim(-1.6, len(order) + 2.6)
    ax.set_ylim(-0.6 - 0.45 * half - 0.2 * len(groups), top)
    ax.set_axis_off()
    return to_png(figure)


def training_figure(validation: Mapping[str, Curve], steps: Mapping[str, Curve]) -> bytes:
    """Curves over the steps: validation IoU and HD95 of every row, and what becomes of the pseudo labels.

    Args:
        validation: Title to events with "step", "iou" and "hd95".
        steps: Title to events with "step" and any of "unreliable_fraction", "accuracy_teacher_unreliable" and
            "accuracy_matched_unreliable".
    """
    plots = (
        (validation, "iou", "validation IoU"),
        (validation, "hd95", "validation HD95 (mm)"),
        (steps, "unreliable_fraction", "unreliable fraction of the voxels"),
        (steps, "accuracy_teacher_unreliable", "teacher right on unreliable voxels"),
        (steps, "accuracy_matched_unreliable", "matching right on unreliable voxels"),
    )
    figure = Figure(figsize=(17, 3.6), layout="constrained")
    axes = figure.subplots(1, len(plots))
    colors = {title: f"C{number % 10}" for number, title in enumerate({**validation, **steps})}
    for ax, (rows, name, title) in zip(axes, plots, strict=True):
        for row, curve in rows.items():
            points = [(event["step"], event[name]) for event in curve if event.get(name) is not None]
            if points:
                ax.plot(*zip(*points, strict=True), label=row, color=colors[row], linewidth=1.3)
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("step")
        ax.grid(alpha=0.3)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=8, fontsize=8)
    return to_png(figure)


@dataclass(frozen=True, eq=False)
class Panel:
    """A prediction to be drawn, (H, W), and a line of text under it."""

    mask: np.ndarray
    caption: str


def comparison_figure(rows: Sequence[tuple[str, np.ndarray, np.ndarray, Mapping[str, Panel | None]]]) -> bytes:
    """One row a case: the CT with the reference, then one column a model; a model that was not run says so.

    Args:
        rows: Name of the case, axial slice in HU (H, W), reference (H, W), and title to panel or None.

    Source of the layout: the paper's figure 2.
    """
    titles = ["reference", *rows[0][3]]
    figure = Figure(figsize=(2.5 * len(titles), 2.8 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(titles), squeeze=False)
    for line, (name, image, reference, panels) in zip(axes, rows, strict=True):
        for ax, title in zip(line, titles, strict=True):
            ax.imshow(image, cmap="gray", vmin=BONE_WINDOW[0], vmax=BONE_WINDOW[1])
            _outline(ax, reference, REFERENCE_COLOR)
            ax.set_xticks([])
            ax.set_yticks([])
            shown = panels.get(title)
            if shown is not None:
                _outline(ax, shown.mask, PREDICTION_COLOR)
                ax.set_xlabel(shown.caption, fontsize=8)
            elif title != "reference":
                ax.text(0.5, 0.5, "not run", transform=ax.transAxes, ha="center", color="white", fontsize=12)
        line[0].set_ylabel(name, fontsize=10)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=10)
    return to_png(figure)


def _outline(ax: Any, mask: np.ndarray, color: str) -> None:
    if (mask > 0).any() and (mask == 0).any():
        ax.contour(mask > 0, levels=[0.5], colors=[color], linewidths=1.0)
