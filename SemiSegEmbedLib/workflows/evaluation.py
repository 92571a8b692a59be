"""A model against annotations, on the grid of each CT, in millimetres."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.inference.model_file import load_model
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.study.records import IGNORE, Case, Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.labelling import relabel
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.progress import Progress, silent
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_case


def evaluate_study(
    study: Study,
    model: str | Path | None,
    keys: Sequence[str] | None,
    options: SegmentationOptions,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Segments cases and compares them with their newest label.

    Args:
        study: The study.
        model: Id or file; None is the newest.
        keys: Cases; None is every held-out case with a label.
        options: See `SegmentationOptions`.
        progress: Told how far it is.

    Returns:
        One row a case and training class: IoU, Dice, HD95 (maximum of the directed percentiles), pooled HD95,
        ASSD, NSD. They are also kept as `evaluation.json` beside each result.

    Raises:
        BadInputError: No case can be evaluated.
    """
    path = resolve_model(study, model)
    chosen = keys or [case.key for case in study.cases if case.role is Role.HELD_OUT and _is_drawn(case)]
    if not chosen:
        raise BadInputError("No held-out case has a label: label one, or name cases with --cases.")
    loaded = load_model(path)
    rows: list[dict[str, Any]] = []
    for number, key in enumerate(chosen):
        progress("Evaluating", number / len(chosen), key)
        folder, result = segment_case(study, key, path, options, model=loaded)
        own = compare(study, key, result.label)
        atomic_write(folder / "evaluation.json", json.dumps(own, indent=1).encode("ascii"))
        rows += own
    progress("Evaluating", 1.0)
    return rows


def compare(study: Study, key: str, predicted: sitk.Image) -> list[dict[str, Any]]:
    """The metrics of one case's segmentation on the CT's grid, one row a training class.

    Raises:
        BadInputError: The case has no label.
    """
    case = study.case(key)
    label_path = study.label_path(case)
    if label_path is None:
        raise BadInputError(f"{key} has no label to compare with: annotate it, or leave it out.")
    reference = read_label(label_path, read_image(study.image_path(case), case.image.series_uid), study.labels)
    classes = study.classes() | {IGNORE: IGNORE}
    spacing = predicted.GetSpacing()[::-1]
    measured = evaluate_labels(
        relabel(sitk.GetArrayViewFromImage(reference), classes),
        relabel(sitk.GetArrayViewFromImage(predicted), classes),
        spacing,
        range(1, study.class_count),
    )
    return [{"case": key, "label": class_name(study, value), "class": value, **row} for value, row in measured.items()]


def class_name(study: Study, training_class: int) -> str:
    """The names of the labels of a class, without their sides."""
    values = [value for value, own in study.classes().items() if own == training_class]
    names = [label.name for label in study.labels if label.value in values]
    common = {name.removesuffix(" left").removesuffix(" right") for name in names}
    return " and ".join(sorted(common))


def _is_drawn(case: Case) -> bool:
    """Whether a person drew the label: measuring a model on accepted results would praise it for its own work."""
    return case.label is not None and not case.label.accepted_from
