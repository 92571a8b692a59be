"""Draws the pictures of the documentation from real results: `python Utilities/draw_pictures.py demo`.

The folder is what `python3 run.py demo` left behind. The pictures are the thumbnail of the sample data, the picture at
the top of the README, and the figure that shows how the method works. Nothing in them is drawn by hand but the arrows.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.patches
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from SemiSegEmbedLib.evaluation.figures import (
    BONE_WINDOW,
    PROVENANCE_COLORS,
    PROVENANCE_MAP,
    REFERENCE_COLOR,
)
from SemiSegEmbedLib.imaging.grid import label_to_training_grid, to_training_grid
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.inference.model_file import load_model
from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.render import render
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_image

ROOT = Path(__file__).resolve().parents[1]
THUMBNAIL = ROOT / "SemiSegEmbed" / "Resources" / "Icons" / "PhantomStudy.png"
FIGURES = ROOT / "docs" / "figures"
BONE_COLOR = "#f5b041"
UNCERTAINTY_RANGE = (0.0, 0.693)
"""Nats: from certain to ln 2, the most for two classes."""
JOINT_MM = 66.0
"""Half the side of the square around a hip joint that the figure shows."""


@dataclass(frozen=True, eq=False)
class Slice:
    """One coronal slice of a segmented scan, head up, with what the model says about it."""

    image: np.ndarray
    reference: np.ndarray
    label: np.ndarray
    uncertainty: np.ndarray
    matched: np.ndarray
    provenance: np.ndarray

    def around(self, row: int, column: int, half: int) -> Slice:
        """A square part."""
        part = np.s_[max(0, row - half) : row + half, max(0, column - half) : column + half]
        return Slice(*(getattr(self, name)[part] for name in self.__dataclass_fields__))


def main(arguments: list[str] | None = None) -> None:
    """Draws all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("demo", type=Path, help="folder of a finished demo")
    options = parser.parse_args(arguments)
    study = Study.open(options.demo / "study")
    path = resolve_model(study, next(run.run_id for run in study.runs))
    FIGURES.mkdir(exist_ok=True)
    save(thumbnail(), THUMBNAIL)
    held_out = next(case.key for case in reversed(study.cases) if case.role is Role.HELD_OUT)
    unannotated = next(case.key for case in study.cases if case.role is Role.UNANNOTATED)
    save(result_figure(segmented(study, held_out, path)), FIGURES / "result.png")
    save(
        method_figure(annotated(study), segmented(study, unannotated, path), study.spacing_mm),
        FIGURES / "how_it_works.png",
    )


def save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure).print_png(str(path))


def thumbnail() -> Figure:
    """A coronal slice of a phantom with its bones in colour, 280 x 260 pixels, as Slicer's thumbnails are."""
    phantom = render(draw_cohort(4)[3], spacing_mm=1.0)
    bone = phantom.label > 0
    index = int(np.argmax(bone.sum(axis=(0, 2))))
    figure = Figure(figsize=(2.8, 2.6), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    show_ct(ax, phantom.image[::-1, index], aspect="auto")
    show_mask(ax, bone[::-1, index], BONE_COLOR, 0.45)
    return figure


def segmented(study: Study, key: str, model_path: Path) -> Slice:
    """A coronal slice of a case of the demo, segmented now."""
    case = study.case(key)
    image = read_image(study.image_path(case))
    result = segment_image(load_model(model_path), image, SegmentationOptions(device="cpu"))
    arrays, grid = result.arrays, result.grid
    label_path = study.label_path(case)
    reference = np.zeros(grid.array.shape, bool)
    if label_path is not None:
        label = read_label(label_path, image, study.labels)
        reference = label_to_training_grid(label, study.classes(), grid) == 1
    index = int(np.argmax((arrays.label > 0).sum(axis=(0, 2))))
    maps = (grid.array, reference, arrays.label, arrays.uncertainty, arrays.matched, arrays.provenance)
    return Slice(*(np.asarray(array)[::-1, index].astype(np.float32) for array in maps))


def annotated(study: Study) -> Slice:
    """A coronal slice of an annotated case."""
    case = next(case for case in study.cases if case.role is Role.ANNOTATED)
    image = read_image(study.image_path(case))
    grid = to_training_grid(image, study.spacing_mm)
    label = read_label(study.label_path(case), image, study.labels)
    bone = label_to_training_grid(label, study.classes(), grid) == 1
    index = int(np.argmax(bone.sum(axis=(0, 2))))
    cut = bone[::-1, index].astype(np.float32)
    return Slice(grid.array[::-1, index].astype(np.float32), cut, *[np.zeros_like(cut)] * 4)


def joint_of(shown: Slice) -> tuple[int, int]:
    """Row and column around which the most uncertain voxels lie."""
    weight = shown.uncertainty * (shown.provenance == 3)
    rows, columns = np.indices(weight.shape)
    left = weight[:, : weight.shape[1] // 2].sum() > weight.sum() / 2
    half = weight * ((columns < weight.shape[1] // 2) == left)
    return int((rows * half).sum() / half.sum()), int((columns * half).sum() / half.sum())


def show_ct(ax: Axes, image: np.ndarray, aspect: Any = "equal") -> None:
    ax.imshow(image, cmap="gray", vmin=BONE_WINDOW[0], vmax=BONE_WINDOW[1], aspect=aspect, interpolation="bilinear")
    ax.set_axis_off()


def show_mask(ax: Axes, mask: np.ndarray, color: str, alpha: float) -> None:
    ax.contourf(mask.astype(float), levels=[0.5, 1.5], colors=[color], alpha=alpha)
    ax.contour(mask.astype(float), levels=[0.5], colors=[color], linewidths=1.2)


def show_uncertainty(ax: Axes, values: np.ndarray) -> Any:
    shown = np.ma.masked_less(values, 0.05)
    low, high = UNCERTAINTY_RANGE
    return ax.imshow(shown, cmap="inferno", vmin=low, vmax=high, alpha=0.9, interpolation="nearest")


def show_provenance(ax: Axes, shown: Slice) -> None:
    background = (shown.provenance == 2) & (shown.label == 0)
    picture = np.ma.masked_where(background, shown.provenance)
    ax.imshow(picture, cmap=PROVENANCE_MAP, vmin=-0.5, vmax=3.5, alpha=0.65, interpolation="nearest")


def result_figure(shown: Slice) -> Figure:
    """A held-out hip: CT, what the model found, where it is unsure, where each label comes from."""
    height, width = shown.image.shape
    figure = Figure(figsize=(12, 2.9 * height / width + 0.65), dpi=100, layout="constrained")
    axes = figure.subplots(1, 4)
    for ax in axes:
        show_ct(ax, shown.image)
    show_mask(axes[1], shown.label > 0, BONE_COLOR, 0.45)
    axes[1].contour(shown.reference, levels=[0.5], colors=[REFERENCE_COLOR], linewidths=1.0)
    drawn = show_uncertainty(axes[2], shown.uncertainty)
    figure.colorbar(drawn, ax=axes[2], shrink=0.6, label="nats")
    show_provenance(axes[3], shown)
    titles = (
        "a hip that training never saw",
        "found (filled), true (green line)",
        "where it is unsure",
        "where each label comes from",
    )
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title, fontsize=10)
    names = (("confident", 2), ("matched", 3), ("neither", 0))
    patches = [matplotlib.patches.Patch(color=PROVENANCE_COLORS[code], label=name) for name, code in names]
    axes[3].legend(handles=patches, loc="upper center", bbox_to_anchor=(0.5, 0), ncol=3, fontsize=8, frameon=False)
    return figure


def method_figure(labelled: Slice, unlabelled: Slice, spacing_mm: float) -> Figure:
    """The two ways that a scan teaches the student; the numbers are those of the README's list."""
    half = round(JOINT_MM / spacing_mm)
    part = unlabelled.around(*joint_of(unlabelled), half)
    figure = Figure(figsize=(13, 5.0), dpi=100)
    axes = {name: figure.add_axes(place) for name, place in PLACES.items()}
    for name, ax in axes.items():
        show_ct(ax, labelled.image if name == "annotated" else unlabelled.image if name == "scan" else part.image)
        ax.set_title(TITLES[name], fontsize=9.5)
    show_mask(axes["annotated"], labelled.reference, REFERENCE_COLOR, 0.45)
    show_mask(axes["label"], part.label > 0, BONE_COLOR, 0.45)
    show_uncertainty(axes["uncertainty"], part.uncertainty)
    confident = np.where(part.provenance == 2, part.label, np.nan)
    axes["confident"].imshow(
        np.where(confident > 0, 2.0, np.nan), cmap=PROVENANCE_MAP, vmin=-0.5, vmax=3.5, alpha=0.65
    )
    matched = np.where((part.provenance == 3) & (part.matched > 0), 3.0, np.nan)
    axes["matched"].imshow(matched, cmap=PROVENANCE_MAP, vmin=-0.5, vmax=3.5, alpha=0.9, interpolation="nearest")
    show_provenance(axes["pseudo"], part)
    for begin, end in ARROWS:
        style = {"arrowstyle": "-|>", "mutation_scale": 18, "color": "#1d5b79", "lw": 2}
        figure.add_artist(matplotlib.patches.FancyArrowPatch(begin, end, transform=figure.transFigure, **style))
    box = {"boxstyle": "round,pad=0.6", "facecolor": "#1d5b79", "edgecolor": "none"}
    text = "student\n\nits moving\naverage is\nthe teacher"
    figure.text(0.94, 0.76, text, color="white", ha="center", va="center", bbox=box)
    return figure


PLACES = {
    "annotated": (0.01, 0.55, 0.2, 0.38),
    "scan": (0.01, 0.06, 0.2, 0.38),
    "label": (0.235, 0.06, 0.15, 0.38),
    "uncertainty": (0.41, 0.06, 0.15, 0.38),
    "confident": (0.595, 0.36, 0.11, 0.26),
    "matched": (0.595, 0.01, 0.11, 0.26),
    "pseudo": (0.74, 0.06, 0.15, 0.38),
}
TITLES = {
    "annotated": "3. a few annotated scans",
    "scan": "4. many scans without annotation",
    "label": "the network's label",
    "uncertainty": "5. where it is unsure",
    "confident": "6. sure: its own label decides",
    "matched": "7. unsure: the nearest\nannotated embeddings decide",
    "pseudo": "8. what the student learns",
}
ARROWS = (
    ((0.215, 0.76), (0.878, 0.76)),
    ((0.209, 0.25), (0.239, 0.25)),
    ((0.383, 0.25), (0.413, 0.25)),
    ((0.558, 0.32), (0.595, 0.42)),
    ((0.558, 0.2), (0.595, 0.12)),
    ((0.706, 0.44), (0.74, 0.36)),
    ((0.706, 0.12), (0.74, 0.2)),
    ((0.887, 0.36), (0.93, 0.62)),
)
"""From and to, as fractions of the figure."""


if __name__ == "__main__":
    main()
