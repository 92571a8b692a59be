"""Augmentation on the device, batch by batch.

Geometry is shared by student and teacher, so that their maps stay comparable voxel by voxel; intensity
changes are the student's alone (weak-strong consistency, section 2.2 of the paper). Probabilities and ranges
are those of nnU-Net v2.8.1. Which change happens is decided on the host from a generator, so
nothing waits for the device; noise maps come from torch's own generator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.mixing import chance, draw_boxes, mix_boxes, paste_labelled, paste_objects
from SemiSegEmbedLib.study.records import IGNORE


class Augmentation:
    """Turns patches as drawn into the views of teacher and student.

    Args:
        config: `augmentation`, `mirror_axes`, `cutmix`, `labelled_cutmix` and `copy_paste`.
        mirror_classes: For each class the class that it becomes when left and right are swapped (axis 2);
            None when no class has a side.
    """

    def __init__(self, config: TrainingConfig, mirror_classes: Sequence[int] | None = None) -> None:
        self.config = config
        self.mirror_classes = mirror_classes

    def __call__(self, batch: Batch, generator: Generator) -> Batch:
        """Both halves with their two views; see `batches`."""
        labelled = self._labelled(batch.labelled, generator) if batch.labelled else None
        unlabelled = self._unlabelled(batch.unlabelled, generator) if batch.unlabelled else None
        if labelled:
            labelled = paste_objects(labelled, self.config.copy_paste, generator)
        if labelled and unlabelled:
            boxes, objects = self.config.labelled_cutmix, self.config.copy_paste
            unlabelled = paste_labelled(labelled, unlabelled, boxes, objects, generator)
        return replace(batch, labelled=labelled, unlabelled=unlabelled)

    def _labelled(self, half: LabelledBatch, generator: Generator) -> LabelledBatch:
        images, (labels, candidates) = self._geometry(half.images, [half.labels, half.candidates], generator)
        return LabelledBatch(images, labels, candidates, self._intensity(images, generator))

    def _unlabelled(self, half: UnlabelledBatch, generator: Generator) -> UnlabelledBatch:
        maps = [] if half.hidden_labels is None else [half.hidden_labels]
        images, maps = self._geometry(half.images, maps, generator)
        student = self._intensity(images, generator)
        boxes = draw_boxes(images.shape, self.config.cutmix, generator)
        return replace(
            half,
            images=images,
            student_images=mix_boxes(student, boxes),
            hidden_labels=maps[0] if maps else None,
            boxes=boxes,
        )

    def _geometry(self, images: Tensor, maps: list[Tensor], generator: Generator) -> tuple[Tensor, list[Tensor]]:
        if self.config.augmentation == "none":
            return images, maps
        rows = [self._geometry_of_one(images[i], [m[i] for m in maps], generator) for i in range(len(images))]
        columns = zip(*[moved for _, moved in rows], strict=True)
        return torch.stack([image for image, _ in rows]), [torch.stack(column) for column in columns]

    def _geometry_of_one(self, image: Tensor, maps: list[Tensor], generator: Generator) -> tuple[Tensor, list[Tensor]]:
        axes = [axis for axis in self.config.mirror_axes if chance(0.5, generator)]
        image, maps = image.flip([axis + 1 for axis in axes]), [m.flip(axes) for m in maps]
        if 2 in axes and self.mirror_classes is not None:
            maps = [swap_classes(m, self.mirror_classes) for m in maps]
        if self.config.augmentation == "strong":
            matrix = _draw_matrix(generator)
            if matrix is not None:
                image, maps = warp(image, maps, matrix)
        return image, maps

    def _intensity(self, images: Tensor, generator: Generator) -> Tensor:
        if self.config.augmentation not in ("intensity", "strong"):
            return images
        return torch.stack([change_intensity(image, generator) for image in images])


def swap_classes(labels: Tensor, mirror_classes: Sequence[int]) -> Tensor:
    """Each class c becomes `mirror_classes[c]`; other values (ignore, other groups) stay."""
    swapped = labels.clone()
    for old, new in enumerate(mirror_classes):
        if old != new:
            swapped[labels == old] = new
    return swapped


def warp(image: Tensor, maps: list[Tensor], matrix: Tensor) -> tuple[Tensor, list[Tensor]]:
    """An affine change about the centre of a patch.

    The image (1, D, H, W) is continued by reflection; in the maps (D, H, W), whose 255 means "nothing known",
    what comes from outside is 255. `matrix` (3, 3) maps output offsets (z, y, x) in voxels to input offsets.
    """
    half = torch.tensor(image.shape[1:], dtype=torch.float32) / 2
    scaled = (matrix * half[None, :] / half[:, None]).flip(0, 1)  # affine_grid counts (x, y, z) in half sizes
    theta = F.pad(scaled, (0, 1))[None].to(image.device, image.dtype, non_blocking=True)
    grid = F.affine_grid(theta, [1, 1, *image.shape[1:]], align_corners=False)
    warped = F.grid_sample(image[None], grid, "bilinear", "reflection", align_corners=False)[0]
    moved = [F.grid_sample((m.float() - IGNORE)[None, None], grid, "nearest", align_corners=False)[0, 0] for m in maps]
    return warped, [(new + IGNORE).to(old.dtype) for new, old in zip(moved, maps, strict=True)]


def change_intensity(image: Tensor, generator: Generator) -> Tensor:
    """nnU-Net's intensity transforms in its order, on one normalised image (1, D, H, W)."""
    if chance(0.1, generator):
        image = image + torch.randn_like(image) * math.sqrt(_between(0.0, 0.1, generator))
    if chance(0.2, generator):
        image = blur(image, _between(0.5, 1.0, generator))
    if chance(0.15, generator):
        image = image * _between(0.75, 1.25, generator)
    if chance(0.15, generator):
        image = _contrast(image, _between(0.75, 1.25, generator))
    if chance(0.25, generator):
        image = _lower_resolution(image, _between(0.5, 1.0, generator))
    if chance(0.1, generator):
        image = -_gamma(-image, _between(0.7, 1.5, generator))
    if chance(0.3, generator):
        image = _gamma(image, _between(0.7, 1.5, generator))
    return image


def blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (1, D, H, W), sigma in voxels, faces repeated."""
    radius = max(1, math.ceil(3 * sigma))
    x = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (x / sigma) ** 2)
    kernel = kernel / kernel.sum()
    for axis in range(3):
        shape, padding = [1, 1, 1, 1, 1], [0] * 6
        shape[2 + axis] = -1
        padding[2 * (2 - axis)] = padding[2 * (2 - axis) + 1] = radius
        image = F.conv3d(F.pad(image[None], padding, mode="replicate"), kernel.view(shape))[0]
    return image


def _draw_matrix(generator: Generator) -> Tensor | None:
    """Rotation up to 30 degrees about each axis (p 0.2), one scale of 0.7 to 1.4 (p 0.2); None for neither."""
    turn, resize = chance(0.2, generator), chance(0.2, generator)
    matrix = torch.eye(3)
    if turn:
        for axis in range(3):
            angle = math.radians(_between(-30.0, 30.0, generator))
            a, b = [i for i in range(3) if i != axis]
            rotation = torch.eye(3)
            rotation[a, a] = rotation[b, b] = math.cos(angle)
            rotation[a, b], rotation[b, a] = -math.sin(angle), math.sin(angle)
            matrix = matrix @ rotation
    if resize:
        matrix = matrix / _between(0.7, 1.4, generator)
    return matrix if turn or resize else None


def _contrast(image: Tensor, factor: float) -> Tensor:
    mean = image.mean()
    return ((image - mean) * factor + mean).clamp(image.amin(), image.amax())


def _lower_resolution(image: Tensor, factor: float) -> Tensor:
    size = [max(1, round(n * factor)) for n in image.shape[1:]]
    small = F.interpolate(image[None], size=size, mode="nearest")
    return F.interpolate(small, size=image.shape[1:], mode="trilinear", align_corners=False)[0]


def _gamma(image: Tensor, gamma: float) -> Tensor:
    """Gamma on [0, 1] of the image's range, then back to its mean and standard deviation."""
    low, mean, std = image.amin(), image.mean(), image.std()
    changed = ((image - low) / (image.amax() - low + 1e-7)).clamp_min(0) ** gamma
    return (changed - changed.mean()) / (changed.std() + 1e-7) * std + mean


def _between(low: float, high: float, generator: Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))
