"""What is taken from another patch arrives with its labels, and nothing else changes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from SemiSegEmbedLib.learning.augmentation import Augmentation
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.mixing import (
    OWN,
    draw_boxes,
    mix_boxes,
    paste_labelled,
    paste_objects,
    with_pasted,
)

SIZE = (12, 12, 12)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def labelled_half(n: int = 2) -> LabelledBatch:
    """Image i shows 10 i, its object in another place than the others', and a layer that nobody labelled."""
    labels = torch.zeros(n, *SIZE, dtype=torch.int64)
    for i in range(n):
        labels[i, 1 + 3 * i : 4 + 3 * i, 2:7, 3:8] = 1
    labels[:, :, 11] = 255
    images = 10.0 * torch.arange(n).view(n, 1, 1, 1, 1) + labels[:, None].float()
    return LabelledBatch(images, labels, labels.to(torch.uint8) * 3, images + 0.5)


def unlabelled_half(n: int = 2) -> UnlabelledBatch:
    images = -1.0 - torch.arange(n).view(n, 1, 1, 1, 1).expand(n, 1, *SIZE).float()
    return UnlabelledBatch(images, images + 0.25)


def test_boxes_mix_images_and_maps_alike() -> None:
    boxes = draw_boxes((3, 1, 12, 12, 12), 1.0, torch.Generator().manual_seed(0))
    images = torch.arange(3.0).view(3, 1, 1, 1, 1).expand(3, 1, 12, 12, 12)
    mixed, labels = mix_boxes(images, boxes), mix_boxes(images[:, 0].long(), boxes)
    assert torch.equal(mixed[:, 0].long(), labels)
    for i in range(3):
        assert (mixed[i] == (i + 1) % 3).sum() == 8**3
        assert (mixed[i] == i).sum() == 12**3 - 8**3


def test_a_single_image_is_mixed_with_nothing() -> None:
    assert draw_boxes((1, 1, 12, 12, 12), 1.0, torch.Generator()) == ()


def literal_paste(half: LabelledBatch, name: str, into: set[int]) -> Tensor:
    """Voxel by voxel: where the next image has an object, its value."""
    result = getattr(half, name).clone()
    n = len(half.labels)
    for i in into:
        j = (i + 1) % n
        for z, y, x in (half.labels[j] == 1).nonzero().tolist():
            result[i, ..., z, y, x] = getattr(half, name)[j, ..., z, y, x]
    return result


@pytest.mark.parametrize("n", [2, 3])
def test_objects_are_pasted_with_labels_and_candidates_into_both_views(n: int) -> None:
    half = labelled_half(n)
    pasted = paste_objects(half, 1.0, generator())
    for name in ("images", "labels", "candidates", "student_images"):
        assert torch.equal(getattr(pasted, name), literal_paste(half, name, set(range(n)))), name
    assert (pasted.labels[0] == 1).sum() == 2 * 75


def test_each_patch_gets_objects_with_the_given_probability() -> None:
    half, random = labelled_half(), generator()
    counts = [(paste_objects(half, 0.3, random).labels == 1).sum().item() // 75 - 2 for _ in range(400)]
    assert sum(counts) / 800 == pytest.approx(0.3, abs=0.05)


def test_a_single_patch_or_probability_0_changes_nothing() -> None:
    half = labelled_half()
    alone = LabelledBatch(half.images[:1], half.labels[:1], half.candidates[:1], half.student_images[:1])
    assert paste_objects(alone, 1.0, generator()) is alone
    assert paste_objects(half, 0.0, generator()) is half
    other = unlabelled_half()
    assert paste_labelled(half, other, 0.0, 0.0, generator()) is other


@pytest.mark.parametrize(("boxes", "objects"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_the_students_view_takes_boxes_and_objects_of_the_labelled_patch_and_the_teachers_does_not(
    boxes: float, objects: float
) -> None:
    half, other = labelled_half(), unlabelled_half()
    mixed = paste_labelled(half, other, boxes, objects, generator())
    assert mixed.images is other.images
    taken = mixed.pasted != OWN
    assert torch.equal(mixed.pasted[taken], half.labels[taken])
    assert torch.equal(mixed.student_images[:, 0][taken], half.student_images[:, 0][taken])
    assert torch.equal(mixed.student_images[:, 0][~taken], other.student_images[:, 0][~taken])
    if boxes:
        assert (taken.sum((1, 2, 3)) >= 8**3).all()
    else:
        assert torch.equal(taken, half.labels == 1)
    if objects:
        assert taken[half.labels == 1].all()


def test_a_pasted_label_is_reliable_and_a_pasted_voxel_without_one_counts_nowhere() -> None:
    pasted = torch.tensor([OWN, OWN, 0, 1, 255]).view(1, 1, 1, 5)
    pseudo, reliable = (
        torch.tensor([1, 1, 1, 0, 1]).view(1, 1, 1, 5),
        torch.tensor([1, 0, 0, 0, 1]).view(1, 1, 1, 5) > 0,
    )
    labels, counts, own = with_pasted(pasted, pseudo, reliable)
    assert labels.flatten().tolist() == [1, 1, 0, 1, 1]
    assert counts.flatten().tolist() == [True, False, True, True, False]
    assert own.flatten().tolist() == [True, True, False, False, False]
    untouched = with_pasted(None, pseudo, reliable)
    assert torch.equal(untouched[0], pseudo)
    assert torch.equal(untouched[1], reliable)
    assert untouched[2].all()


def test_the_augmentation_pastes_where_the_configuration_says_so_and_draws_nothing_where_not() -> None:
    batch = Batch(labelled_half(), unlabelled_half())
    mixed = Augmentation(preset("paper", labelled_cutmix=1.0, copy_paste=1.0))(batch, generator())
    assert (mixed.labelled.labels == 1).sum() > (batch.labelled.labels == 1).sum()
    assert (mixed.unlabelled.pasted == 1).any()
    random = generator()
    plain = Augmentation(preset("paper"))(batch, random)
    assert plain.unlabelled.pasted is None
    assert torch.equal(random.get_state(), generator().get_state())
    for half in ("labelled", "unlabelled"):
        alone = Batch(**{"labelled": None, "unlabelled": None, half: getattr(batch, half)})
        Augmentation(preset("paper", labelled_cutmix=1.0, copy_paste=1.0))(alone, generator())
