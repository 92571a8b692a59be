"""Pictures of the benchmark as PNG bytes: ranks, curves over training, and predictions beside their reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from SemiSegEmbedLib.evaluation.figures import BONE_WINDOW, PREDICTION_COLOR, REFERENCE_COLOR, to_png

Curve = Sequence[Mapping[str, Any]]
DASHES = ("-", "--", ":", "-.")
"""Of each ten rows, since there are ten colours."""


def critical_difference_figure(ranks: Mapping[str, float], groups: Sequence[Sequence[str]], title: str) -> bytes:
    """Methods at their mean ranks, one line each, best on top; a bar joins those that do not differ significantly.

    Args:
        ranks: Method name to mean rank, 1 the best.
        groups: Names that a bar joins, neighbours in rank, see `statistics.indistinct_groups`.
        title: What was ranked.

    Source: J. Demsar, Statistical Comparisons of Classifiers over Multiple Data Sets, 2006, figure 1; here its axis
    of methods runs down, so that many of them have room.
    """
    order = sorted(ranks, key=ranks.__getitem__)
    figure = Figure(figsize=(9 + 0.15 * len(groups), 1.3 + 0.24 * len(order)), layout="constrained")
    ax, bars = figure.subplots(1, 2, sharey=True, width_ratios=(30, 1 + len(groups)))
    values = [ranks[name] for name in order]
    ax.hlines(range(len(order)), 0, values, color="#bbb", linewidth=0.8)
    ax.plot(values, range(len(order)), "o", color="black", markersize=5)
    for line, value in enumerate(values):
        ax.annotate(f"{value:.1f}", (value, line), (6, 0), textcoords="offset points", va="center", fontsize=8)
    ax.set_yticks(range(len(order)), order)
    ax.set_xlim(0, 1.1 * len(order) + 1)
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("mean rank")
    ax.grid(axis="x", alpha=0.3)
    for number, group in enumerate(groups):
        ends = [order.index(group[0]) - 0.3, order.index(group[-1]) + 0.3]
        bars.plot([number, number], ends, color="#444", linewidth=4, solid_capstyle="butt")
    bars.set_xlim(-1, max(len(groups), 1))
    bars.set_axis_off()
    ax.set_title(title, fontsize=11)
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
    titles = list({**validation, **steps})
    styles = {title: {"color": f"C{n % 10}", "linestyle": DASHES[n // 10 % 4]} for n, title in enumerate(titles)}
    figure = Figure(figsize=(15, 2 * max(3.3, 0.6 + 0.17 * len(titles))), layout="constrained")
    *axes, beside = figure.subplots(2, 3).flat
    for ax, (rows, name, title) in zip(axes, plots, strict=True):
        for row, curve in rows.items():
            points = [(event["step"], event[name]) for event in curve if event.get(name) is not None]
            if points:
                ax.plot(*zip(*points, strict=True), label=row, linewidth=1.3, **styles[row])
        ax.set_title(title, fontsize=10)
        ax.set_xlabel("step")
        ax.grid(alpha=0.3)
    beside.legend(*axes[0].get_legend_handles_labels(), loc="upper left", fontsize=8, handlelength=4, frameon=False)
    beside.set_axis_off()
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
