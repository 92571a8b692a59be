from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from SemiSegEmbedLib.learning.augmentation import (
    Augmentation,
    blur,
    change_intensity,
    swap_classes,
    warp,
)
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import preset

SIZE = (16, 16, 24)


def batch_of(n: int = 2) -> Batch:
    labels = torch.zeros(n, *SIZE, dtype=torch.int64)
    labels[:, 4:10, 5:11, 2:12] = 1
    labels[:, 4:10, 5:11, 12:22] = 2
    images = labels[:, None].float()
    candidates = labels.to(torch.uint8)
    return Batch(
        LabelledBatch(images, labels, candidates, images), UnlabelledBatch(images, images, hidden_labels=labels)
    )


def augmented(batch: Batch, seed: int = 0, mirror_classes: tuple | None = None, **changes: object) -> Batch:
    torch.manual_seed(seed)
    config = preset("paper", **changes)
    return Augmentation(config, mirror_classes)(batch, torch.Generator().manual_seed(seed))


def test_none_leaves_everything_as_it_is() -> None:
    batch = batch_of()
    result = augmented(batch, augmentation="none")
    assert result.labelled.images is batch.labelled.images
    assert result.labelled.student_images is batch.labelled.images
    assert torch.equal(result.unlabelled.student_images, batch.unlabelled.images)


@pytest.mark.parametrize("kind", ["flip", "intensity", "strong"])
@pytest.mark.parametrize("seed", range(6))
def test_the_maps_move_with_the_image(kind: str, seed: int) -> None:
    result = augmented(batch_of(), seed, augmentation=kind)
    for images, labels in (
        (result.labelled.images, result.labelled.labels),
        (result.unlabelled.images, result.unlabelled.hidden_labels),
    ):
        known = labels != 255
        wrong = (images[:, 0].round() != labels) & known
        assert wrong.float().mean() < 0.06, "only interpolated edges may differ"
        assert known.float().mean() > 0.3
    known = result.labelled.labels != 255
    assert torch.equal(result.labelled.candidates[known].long(), result.labelled.labels[known])
    assert (result.labelled.candidates[~known] == 255).all()


def test_mirroring_left_and_right_swaps_the_classes_of_the_two_sides() -> None:
    batch = batch_of()
    for seed in range(8):
        labels = augmented(batch, seed, (0, 2, 1), augmentation="flip").labelled.labels
        assert torch.equal(labels[0], batch.labelled.labels[0]), "the mirrored body shows each side on its own side"
    axes_z = augmented(batch, 1, (0, 2, 1), augmentation="flip", mirror_axes=(0,)).labelled.labels
    assert set(axes_z[0, :, :, :12].unique().tolist()) == {0, 1}


def test_swapping_leaves_values_outside_the_classes() -> None:
    assert swap_classes(torch.tensor([0, 1, 2, 3, 255]), (0, 2, 1)).tolist() == [0, 2, 1, 3, 255]


def test_the_generator_decides_everything() -> None:
    batch = batch_of()
    one, two, three = (augmented(batch, seed, augmentation="strong", cutmix=0.5) for seed in (3, 3, 4))
    assert torch.equal(one.unlabelled.student_images, two.unlabelled.student_images)
    assert not torch.equal(one.unlabelled.student_images, three.unlabelled.student_images)


def test_intensity_changes_are_the_students_alone() -> None:
    batch = batch_of(8)
    result = augmented(batch, 0, augmentation="strong", mirror_axes=())
    assert not torch.equal(result.labelled.student_images, result.labelled.images)
    untouched = [torch.equal(a, b) for a, b in zip(result.labelled.images, batch.labelled.images, strict=True)]
    assert any(untouched), "the teacher's view is moved or left alone, never recoloured"
    assert result.labelled.images.max() <= 2.0 + 1e-5


def test_intensity_alone_mirrors_and_never_moves_in_between() -> None:
    batch = batch_of(8)
    result = augmented(batch, 0, augmentation="intensity")
    assert not torch.equal(result.labelled.student_images, result.labelled.images)
    for seen, whole in ((result.labelled, batch.labelled), (result.unlabelled, batch.unlabelled)):
        for image, original in zip(seen.images, whole.images, strict=True):
            mirrored = [original.flip(axes) for n in range(4) for axes in itertools.combinations((1, 2, 3), n)]
            assert any(torch.equal(image, one) for one in mirrored)


def test_a_quarter_turn_by_warping_is_a_transposed_flip() -> None:
    image, label = torch.rand(1, 12, 12, 12), torch.randint(0, 3, (12, 12, 12), dtype=torch.uint8)
    quarter = torch.tensor([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    turned, (turned_label,) = warp(image, [label], quarter)
    expected = torch.rot90(image, -1, (2, 3))
    assert torch.allclose(turned, expected, atol=1e-5) or torch.allclose(
        turned, torch.rot90(image, 1, (2, 3)), atol=1e-5
    )
    assert torch.equal(turned_label.float(), _same_turn(image, turned)(label.float()))


def _same_turn(before: Tensor, after: Tensor):
    times = 1 if torch.allclose(after, torch.rot90(before, 1, (2, 3)), atol=1e-5) else -1
    return lambda label: torch.rot90(label, times, (1, 2))


def test_a_rotation_in_a_patch_of_unequal_sides_keeps_distances() -> None:
    """A ball stays a ball: grid_sample counts in half sides, which a rotation must not mix up."""
    z, y, x = torch.meshgrid(*[torch.arange(n) - (n - 1) / 2 for n in SIZE], indexing="ij")
    ball = torch.exp(-(z**2 + y**2 + x**2) / 30)
    angle = math.radians(30)
    turn = torch.tensor([[math.cos(angle), 0, -math.sin(angle)], [0, 1, 0], [math.sin(angle), 0, math.cos(angle)]])
    moved, _ = warp(ball[None], [], turn)
    inside = (z.abs() < 5) & (x.abs() < 5)
    assert (moved[0] - ball)[inside].abs().max() < 0.03


def test_what_comes_from_outside_is_unknown() -> None:
    label = torch.ones(8, 8, 8, dtype=torch.int64)
    _, (smaller,) = warp(torch.ones(1, 8, 8, 8), [label], 2.0 * torch.eye(3))
    assert smaller.dtype == torch.int64
    assert (smaller[2:6, 2:6, 2:6] == 1).all()
    assert (smaller[0] == 255).all()


def test_blur_keeps_a_constant_and_spreads_a_point() -> None:
    assert torch.allclose(blur(torch.full((1, 8, 8, 8), 3.0), 0.8), torch.full((1, 8, 8, 8), 3.0))
    point = torch.zeros(1, 15, 15, 15)
    point[0, 7, 7, 7] = 1.0
    spread = blur(point, 1.0)
    z = torch.arange(15.0) - 7
    variance = (spread.sum((0, 2, 3)) * z**2).sum()
    assert abs(float(variance) - 1.0) < 0.05


def test_intensity_stays_finite_on_a_constant_image() -> None:
    for seed in range(40):
        image = change_intensity(torch.full((1, 8, 8, 8), -7.0), torch.Generator().manual_seed(seed))
        assert torch.isfinite(image).all()
