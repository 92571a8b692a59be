"""From classes that a network knows to label values that a study knows: sides, islands, records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from SemiSegEmbedLib.inference.postprocess import Side, largest_components, remove_small, smooth_labels, split_sides
from SemiSegEmbedLib.study.classes import result_label, training_classes
from SemiSegEmbedLib.study.manifest import labels_from
from SemiSegEmbedLib.study.records import Label

SIDE_NAMES = {Side.LEFT: "left", Side.RIGHT: "right", Side.NONE: None}


def labels_of(entries: Sequence[Mapping[str, Any]]) -> tuple[Label, ...]:
    """The label records of a model file."""
    return labels_from([(f"label {number}", dict(entry)) for number, entry in enumerate(entries, start=1)])


def without_sides(labels: Sequence[Label]) -> tuple[Label, ...]:
    """One label a bone where there was one a side: the first one's value and colour, and no side in its name."""
    classes = training_classes(labels)
    merged: dict[tuple[int, str], Label] = {}
    for label in labels:
        words = [word for word in label.name.split() if word.lower() != label.side]
        name = " ".join(words) or label.name
        merged.setdefault((classes[label.value], name), replace(label, name=name, side=None, mirror=None))
    return tuple(merged.values())


def label_values(
    classes: np.ndarray,
    labels: Sequence[Label],
    spacing: Sequence[float],
    *,
    island_mm3: float = 0.0,
    largest_only: bool = False,
    smooth_mm: float = 0.0,
) -> np.ndarray:
    """Label values of a volume of classes on the training grid.

    Classes whose labels differ in side are told apart by component and anatomy (`split_sides`).

    Args:
        classes: uint8, (D, H, W), x to the patient's left.
        labels: Of the study or model.
        spacing: mm, (z, y, x).
        island_mm3: Parts below this volume become background.
        largest_only: Keep the largest part of each label.
        smooth_mm: See `smooth_labels`; 0 leaves surfaces as they are.

    Returns:
        Label values, uint8, (D, H, W).
    """
    if island_mm3 > 0:
        classes = remove_small(classes, spacing, island_mm3)
    known = training_classes(labels)
    sided = {known[label.value] for label in labels if label.side is not None} - {0}
    sides = split_sides(classes, spacing, sided) if sided else np.zeros(classes.shape, np.uint8)
    table = np.zeros((256, len(Side)), np.uint8)
    for training_class in set(known.values()) - {0}:
        for side in Side if training_class in sided else (Side.NONE,):
            table[training_class, side] = result_label(labels, training_class, SIDE_NAMES[side]).value
    values = table[classes, sides]
    values = largest_components(values) if largest_only else values
    return smooth_labels(values, spacing, smooth_mm) if smooth_mm > 0 else values


def relabel(label: np.ndarray, values: Mapping[int, int]) -> np.ndarray:
    """The label volume with its values replaced; values that are not named become background."""
    table = np.zeros(256, np.uint8)
    table[list(values)] = list(values.values())
    return table[label]
