"""Pictures of volumes and runs as PNG bytes (matplotlib, without a display)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

BONE_WINDOW = (-350.0, 1150.0)
"""HU shown from black to white."""

REFERENCE_COLOR = "#1b9e77"
PREDICTION_COLOR = "#d95f02"
PROVENANCE_NAMES = ("neither", "annotated", "confident", "matched")
PROVENANCE_COLORS = ("#d7191c", "#4dac26", "#2c7bb6", "#fdae61")
PROVENANCE_MAP = ListedColormap(PROVENANCE_COLORS)


def volume_figure(
    image: np.ndarray,
    reference: np.ndarray | None,
    prediction: np.ndarray,
    uncertainty: np.ndarray,
    provenance: np.ndarray,
    spacing: Sequence[float],
) -> bytes:
    """One axial and one coronal slice as a grid: CT, reference, prediction, uncertainty, provenance.

    Args:
        image: HU, (D, H, W), z to the head, y to the back, x to the patient's left.
        reference: Label or None, (D, H, W).
        prediction: Label, (D, H, W).
        uncertainty: Nats, (D, H, W).
        provenance: 0 neither, 1 annotated, 2 confident, 3 matched, (D, H, W).
        spacing: Voxel size in mm, (z, y, x).

    Returns:
        A PNG. The slices are those that cut through most of the object.
    """
    shown = prediction if reference is None else reference
    figure = Figure(figsize=(15, 6.2), layout="constrained")
    axes = figure.subplots(2, 5)
    for row, axis in enumerate((0, 1)):
        index = fullest_slice(shown > 0, axis)
        cut = [None if a is None else plane(a, axis, index) for a in (image, reference, prediction, uncertainty)]
        aspect = 1.0 if axis == 0 else spacing[0] / spacing[2]
        draw_row(axes[row], cut, plane(provenance, axis, index), aspect)
    for column, title in enumerate(("CT", "reference", "prediction", "uncertainty (nats)", "provenance of the label")):
        axes[0, column].set_title(title, fontsize=11)
    entries = [
        Patch(color=c, label=n)
        for c, n in zip(
            PROVENANCE_COLORS[1:] + PROVENANCE_COLORS[:1], PROVENANCE_NAMES[1:] + PROVENANCE_NAMES[:1], strict=True
        )
    ]
    axes[1, 4].legend(
        handles=entries, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncol=2, fontsize=8, frameon=False
    )
    return to_png(figure)


def draw_row(axes: Any, cut: Sequence[Any], provenance: np.ndarray, aspect: float) -> None:
    image, reference, prediction, uncertainty = cut
    for ax in axes:
        ax.imshow(image, cmap="gray", vmin=BONE_WINDOW[0], vmax=BONE_WINDOW[1], aspect=aspect)
        ax.set_axis_off()
    for ax, mask, color in ((axes[1], reference, REFERENCE_COLOR), (axes[2], prediction, PREDICTION_COLOR)):
        if mask is not None and (mask > 0).any():
            ax.contour(mask > 0, levels=[0.5], colors=[color], linewidths=1.2)
    drawn = axes[3].imshow(
        np.ma.masked_less(uncertainty, 0.02), cmap="inferno", vmin=0, vmax=0.7, alpha=0.85, aspect=aspect
    )
    axes[3].figure.colorbar(drawn, ax=axes[3], shrink=0.7)
    interesting = np.ma.masked_where((provenance == 2) & (prediction == 0), provenance)
    axes[4].imshow(
        interesting, cmap=PROVENANCE_MAP, vmin=-0.5, vmax=3.5, alpha=0.6, aspect=aspect, interpolation="nearest"
    )


def fullest_slice(mask: np.ndarray, axis: int) -> int:
    """The index along `axis` of the slice with most of the mask."""
    others = tuple(a for a in range(3) if a != axis)
    return int(np.argmax(mask.sum(axis=others)))


def plane(array: np.ndarray, axis: int, index: int) -> np.ndarray:
    """A slice as radiologists look at it: patient's right on the left; coronal with the head up."""
    cut = np.take(array, index, axis=axis).astype(np.float32)
    return cut if axis == 0 else cut[::-1]


def curves_figure(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Learning curves of several runs: loss, validation IoU and HD95, unreliable fraction.

    Args:
        runs: For each method's name the events of its run (`events.jsonl`).

    Returns:
        A PNG.
    """
    figure = Figure(figsize=(15, 3.4), layout="constrained")
    axes = figure.subplots(1, 4)
    plots = (
        ("step", "loss", "training loss"),
        ("validation", "iou", "validation IoU"),
        ("validation", "hd95", "validation HD95 (mm)"),
        ("step", "unreliable_fraction", "unreliable fraction"),
    )
    for ax, (kind, name, title) in zip(axes, plots, strict=True):
        for run, events in runs.items():
            points = [(e["step"], e[name]) for e in events if e.get("event") == kind and e.get(name) is not None]
            if points:
                ax.plot(*zip(*points, strict=True), marker="." if kind == "validation" else None, label=run)
        ax.set_title(title, fontsize=11)
        ax.set_xlabel("step")
        ax.grid(alpha=0.3)
    axes[0].legend(fontsize=9)
    return to_png(figure)


def to_png(figure: Figure) -> bytes:
    """The figure as PNG bytes."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()
