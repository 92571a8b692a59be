"""The validation that a trainer is handed: sliding windows and surface distances, which it knows nothing about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.volumes import Volume
from SemiSegEmbedLib.workflows.preparation import TrainingData


class Validator:
    """Compares the student with the validation cases on the training grid.

    Called with the student, the teacher and the step; returns {"iou", "hd95" (mean over cases and classes),
    "per_class", "optimistic", "cases"}. The student is what the paper evaluates.

    Args:
        data: Of the run.
        patch_size: Asked for the size of the windows: that of patches, which shrink when memory is short.
        device: Where to compute.
        should_stop: Asked before every window; `StoppedError` is raised when it says so.
    """

    def __init__(
        self,
        data: TrainingData,
        patch_size: Callable[[], tuple[int, int, int]],
        device: torch.device,
        should_stop: Callable[[], bool],
    ) -> None:
        self.data = data
        self.patch_size = patch_size
        self.device = device
        self.should_stop = should_stop

    def __call__(self, student: UNet3D, teacher: UNet3D | None, step: int) -> dict[str, Any]:
        rows = [self._evaluate(student, volume) for volume in self.data.validation]
        per_class = {}
        for value in range(1, self.data.classes):
            measured = [row[value] for row in rows if value in row]
            per_class[str(value)] = {
                "iou": float(np.mean([row["iou"] for row in measured])),
                "hd95": float(np.mean([row["hd95"] for row in measured])),
                "missed": sum(row["missed"] for row in measured),
            }
        return {
            "iou": float(np.mean([one["iou"] for one in per_class.values()])),
            "hd95": float(np.mean([one["hd95"] for one in per_class.values()])),
            "per_class": per_class,
            "optimistic": self.data.split.optimistic,
            "cases": len(rows),
        }

    def _evaluate(self, student: UNet3D, volume: Volume) -> dict[int, Any]:
        assert volume.label is not None  # only annotated cases validate
        predicted = predict_classes(
            student,
            volume.image,
            self.data.normalisation,
            patch_size=self.patch_size(),
            device=self.device,
            should_stop=self.should_stop,
        )
        return evaluate_labels(volume.label, predicted, volume.spacing, range(1, self.data.classes))
