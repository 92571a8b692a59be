"""What one training step is fed with."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

Box = tuple[tuple[int, int, int], tuple[int, int, int]]
"""((z0, y0, x0), (z1, y1, x1)) in voxels, the end not included."""


@dataclass(frozen=True, eq=False)
class LabelledBatch:
    """Patches of annotated scans.

    Attributes:
        images: Normalised, float32, (n, 1, D, H, W); what the teacher sees before its noise.
        labels: Classes and 255 for ignore, int64, (n, D, H, W).
        candidates: Reference group of each voxel that may serve as a reference (`patches.reference_groups`),
            255 elsewhere, uint8, (n, D, H, W).
        student_images: What the student sees before its noise; same grid as `images`.
    """

    images: Tensor
    labels: Tensor
    candidates: Tensor
    student_images: Tensor


@dataclass(frozen=True, eq=False)
class UnlabelledBatch:
    """Patches of which no label is used.

    Attributes:
        images: As in `LabelledBatch`.
        student_images: What the student sees before its noise, boxes already mixed.
        hidden_labels: In a benchmark, the labels that training must not use, int64, (n, D, H, W); they are only
            compared with the pseudo labels for the log.
        boxes: For each image the box that the student's view took from the next image (CutMix), or None.
        pasted: Labels of voxels that the student's view took from labelled patches (255 where they have none), -1
            for all other voxels, int64, (n, D, H, W); None where nothing was pasted (see `mixing`).
    """

    images: Tensor
    student_images: Tensor
    hidden_labels: Tensor | None = None
    boxes: tuple[Box | None, ...] = ()
    pasted: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """The labelled and the unlabelled half; a half that a method does not ask for is None.

    Attributes:
        value_range: The normalised values of the two ends of the HU window, where the batch comes from CTs.
    """

    labelled: LabelledBatch | None
    unlabelled: UnlabelledBatch | None
    value_range: tuple[float, float] | None = None
