"""Parts of one patch in another: CutMix in 3D, boxes of labelled patches, and copy-paste of labelled objects.

CutMix (Yun et al., 2019) between unlabelled patches takes the pseudo labels along. Boxes of labelled patches in
unlabelled ones (Bai et al., 2023, "BCP") and pasted objects (Ghiasi et al., 2021) bring their true labels. CT values
are calibrated, so nothing is blended. What happens is decided on the host; nothing waits for the device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Generator, Tensor

from SemiSegEmbedLib.learning.batches import Box, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.study.records import IGNORE

OWN = -1
"""In `UnlabelledBatch.pasted`: a voxel that the image had before."""


def chance(probability: float, generator: Generator) -> bool:
    """True with a probability."""
    return bool(torch.rand((), generator=generator) < probability)


def draw_boxes(shape: Sequence[int], probability: float, generator: Generator) -> tuple[Box | None, ...]:
    """For each image of (n, 1, D, H, W) a box of two thirds of each side, or None; none for a single image."""
    if probability == 0 or shape[0] < 2:
        return ()
    return tuple(_draw_box(shape[2:], generator) if chance(probability, generator) else None for _ in range(shape[0]))


def mix_boxes(values: Tensor, boxes: Sequence[Box | None]) -> Tensor:
    """In image i of (n, ..., D, H, W) the box i shows the next image; used on images and pseudo labels alike."""
    if not any(boxes):
        return values
    mixed = values.clone()
    for i, box in enumerate(boxes):
        if box is not None:
            z, y, x = _slices(box)
            mixed[i, ..., z, y, x] = values[(i + 1) % len(values), ..., z, y, x]
    return mixed


def paste_objects(half: LabelledBatch, probability: float, generator: Generator) -> LabelledBatch:
    """Some labelled patches get the objects of the next one, with their labels and reference candidates.

    Args:
        half: A single patch is left alone.
        probability: For each patch to get objects.
        generator: On the CPU.
    """
    if probability == 0 or len(half.images) < 2:
        return half
    following = {name: part.roll(-1, 0) for name, part in vars(half).items()}
    mask = torch.zeros_like(half.labels, dtype=torch.bool)
    for i in range(len(mask)):
        if chance(probability, generator):
            mask[i] = _objects(following["labels"][i])
    masks = {"images": mask[:, None], "student_images": mask[:, None]}
    return LabelledBatch(
        **{name: torch.where(masks.get(name, mask), following[name], part) for name, part in vars(half).items()}
    )


def paste_labelled(
    labelled: LabelledBatch, unlabelled: UnlabelledBatch, boxes: float, objects: float, generator: Generator
) -> UnlabelledBatch:
    """Some unlabelled patches get, in the student's view, a box or the objects of the labelled patch of their number.

    Args:
        labelled: As many patches as `unlabelled`.
        unlabelled: What its own boxes mix comes first.
        boxes: Probability of a box of two thirds of each side.
        objects: Probability of the objects.
        generator: On the CPU.
    """
    if boxes == 0 and objects == 0:
        return unlabelled
    mask = torch.zeros_like(labelled.labels, dtype=torch.bool)
    for i, labels in enumerate(labelled.labels):
        if chance(boxes, generator):
            mask[i][_slices(_draw_box(labels.shape, generator))] = True
        if chance(objects, generator):
            mask[i] |= _objects(labels)
    return replace(
        unlabelled,
        student_images=torch.where(mask[:, None], labelled.student_images, unlabelled.student_images),
        pasted=torch.where(mask, labelled.labels, OWN),
    )


def with_pasted(pasted: Tensor | None, pseudo_labels: Tensor, reliable: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Pseudo labels after pasting: a pasted label is reliable, a pasted voxel without one is not used at all.

    Args:
        pasted: `UnlabelledBatch.pasted`.
        pseudo_labels: Classes, int64, (n, D, H, W).
        reliable: Where they count, bool, (n, D, H, W).

    Returns:
        Labels, where they count, and which voxels are the image's own, (n, D, H, W) each.
    """
    if pasted is None:
        return pseudo_labels, reliable, torch.ones_like(reliable)
    own, known = pasted == OWN, (pasted != OWN) & (pasted != IGNORE)
    return torch.where(known, pasted, pseudo_labels), torch.where(own, reliable, known), own


def _objects(labels: Tensor) -> Tensor:
    return (labels > 0) & (labels != IGNORE)


def _slices(box: Box) -> tuple[slice, ...]:
    return tuple(slice(low, high) for low, high in zip(*box, strict=True))


def _draw_box(size: Sequence[int], generator: Generator) -> Box:
    sides = [max(1, round(2 * n / 3)) for n in size]
    low = [int(torch.randint(n - s + 1, (), generator=generator)) for n, s in zip(size, sides, strict=True)]
    return tuple(low), tuple(a + s for a, s in zip(low, sides, strict=True))  # type: ignore[return-value]
