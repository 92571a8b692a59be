"""Self-training rounds: a trained network labels the unlabelled patches, and a new one learns from both.

Noisy student training (Xie et al., 2020, arXiv 1911.04252, section 3): the network that labels sees clean images, the
new student is trained from scratch with all of its noise and augmentation. Here a label is kept where it is confident;
other voxels stay unlabelled, so the semi-supervised losses go on acting there. What was predicted is marked as such in
the result, never counts as an annotation, and nothing of it is written into the cohort.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from SemiSegEmbedLib.inference.engine import TorchEngine
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.study.records import IGNORE
from SemiSegEmbedLib.workflows.benchmark.data import TrainingPatches

CONFIDENT = 0.9
"""A voxel is labelled where the larger probability is at least this."""


def with_predicted_labels(
    patches: TrainingPatches, network: UNet3D, normalisation: Normalisation, device: torch.device
) -> tuple[TrainingPatches, dict[str, Any]]:
    """The same patches, those without labels now labelled by a network where it is confident.

    Args:
        patches: Of a cell.
        network: Labels.
        normalisation: Of its training.
        device: Where to predict.

    Returns:
        Patches, and what can be said of the predicted labels: how many patches, the share of confident voxels, and
        how often these are right by the hidden labels (for the log alone).
    """
    annotated = [volume for volume in patches.volumes if volume.label is not None]
    free = [volume for volume in patches.volumes if volume.label is None]
    engine = TorchEngine(network, device, autocast_dtype("auto", device))
    predicted, confident, right, voxels = [], 0, 0, 0
    for volume in free:
        label = confident_label(engine, volume, normalisation, device)
        sure, hidden = label != IGNORE, patches.hidden[volume.key]
        confident, right, voxels = confident + sure.sum(), right + (sure & (label == hidden)).sum(), voxels + sure.size
        predicted.append(replace(volume, label=label))
    facts = {
        "patches": len(free), "confident": round(float(confident / max(1, voxels)), 5),
        "accuracy": round(float(right / max(1, confident)), 5), "threshold": CONFIDENT,
    }  # fmt: skip
    return replace(patches, volumes=half_annotated(annotated, predicted)), facts


def half_annotated(annotated: list[Volume], predicted: list[Volume]) -> tuple[Volume, ...]:
    """All of them; what annotators labelled is repeated until it is as many as the others, so that half of what a
    student learns from remains theirs."""
    repeats = -(-len(predicted) // max(1, len(annotated)))
    return (*(annotated * max(1, repeats)), *predicted)


def confident_label(
    engine: TorchEngine, volume: Volume, normalisation: Normalisation, device: torch.device
) -> np.ndarray:
    """Classes of a patch, uint8 (D, H, W), and `IGNORE` where no class has a probability of at least `CONFIDENT`."""
    image = torch.from_numpy(np.array(volume.image))[None, None].to(device)
    with torch.inference_mode():
        probabilities, classes = engine(normalise(image, normalisation))[0].float().softmax(1).max(1)
    return torch.where(probabilities >= CONFIDENT, classes, IGNORE)[0].to(torch.uint8).cpu().numpy()
