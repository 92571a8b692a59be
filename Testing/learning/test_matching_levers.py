"""What goes beyond the paper: mixing, references, and the terms' masks; each against a literal version."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from literal_methods import (
    SIZE,
    STEP,
    literal_masked_ce,
    literal_ramp,
    literal_supervised,
    make_batch,
    make_method,
    student_logits,
)

from SemiSegEmbedLib.learning.distance import signed_distance_maps


def test_a_hard_negative_decides_where_no_band_reference_looks_like_the_voxel() -> None:
    """Other bone resembles the object more than the soft tissue of the band: the third group tells them apart."""
    method = make_method("embedding_matching", hard_negatives=True)
    e = method.student.embed_dim
    soft, bone, other_bone = torch.zeros(3, e, dtype=torch.float64)
    soft[0], bone[1], other_bone[1], other_bone[2] = 1.0, 1.0, 1.0, 0.7
    references = torch.stack((soft, bone, other_bone)).view(1, 3, 1, 1, e)
    voxel = other_bone.view(1, e, 1, 1, 1)
    with_all, _ = method.similarities(voxel, references, torch.tensor([[True, True, True]]))
    without, matchable = method.similarities(voxel, references, torch.tensor([[True, True, False]]))
    assert (with_all.argmax(1).item(), without.argmax(1).item()) == (0, 1)
    assert matchable.all()


def test_mixed_boxes_mix_the_pseudo_labels_too() -> None:
    method, batch = make_method("embedding_matching", norm="none"), make_batch()
    box = ((0, 0, 0), (16, 16, 16))
    mixed = replace(batch.unlabelled, student_images=batch.unlabelled.student_images.flip(0), boxes=(box, box))
    swapped = replace(batch.unlabelled, images=batch.unlabelled.images.flip(0), student_images=mixed.student_images)
    losses = []
    for half in (mixed, swapped):
        torch.manual_seed(0)
        losses.append(method.training_step(replace(batch, unlabelled=half), STEP)[0].item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


@pytest.mark.parametrize("name", ["mean_teacher", "embedding_matching"])
def test_pasted_voxels_teach_their_label_and_voxels_pasted_without_one_nothing(name: str) -> None:
    """With everything pasted, the unlabelled half is one more labelled half."""
    method, batch = make_method(name, use_en=False), make_batch()
    labels = torch.randint(2, (2, *SIZE), generator=torch.Generator().manual_seed(0))
    labels[:, :, 3] = 255
    batch = replace(batch, unlabelled=replace(batch.unlabelled, pasted=labels))
    loss, scalars = method.training_step(batch, STEP)
    logits_l, logits_u, _ = student_logits(method, batch)
    known = labels != 255
    if name == "mean_teacher":
        truth = torch.stack([labels == 0, labels == 1], 1).double()
        error = ((logits_u.softmax(1) - truth) ** 2).mean(1)[known].mean()
        expected = literal_ramp(0.1, method.config) * error
    else:
        expected = literal_ramp(0.25, method.config) * literal_masked_ce(logits_u, labels, known)
        assert scalars["loss_nn"] == 0
        assert scalars["unreliable_fraction"].isnan()
    expected = expected + literal_supervised(logits_l, batch.labelled.labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)


def test_prototypes_are_the_references_and_the_nearest_one_decides() -> None:
    method, batch = make_method("embedding_matching", reference_scope="bank", prototypes=4, k=8, l=2), make_batch()
    references, usable = method.references(batch.labelled)
    assert references.shape == (1, 2, 1, 4, method.student.embed_dim)
    assert usable.all()
    torch.manual_seed(2)
    f_u = torch.rand(2, method.student.embed_dim, *SIZE, dtype=torch.float64)
    found, _ = method.similarities(f_u, references, usable)
    unit = references[0, :, 0] / references[0, :, 0].norm(dim=-1, keepdim=True)
    for b, z, y, x in ((0, 1, 2, 3), (1, 15, 0, 7)):
        voxel = f_u[b, :, z, y, x]
        for c in range(2):
            expected = max(float(unit[c, p] @ voxel / voxel.norm()) for p in range(4))
            assert found[b, c, z, y, x].item() == pytest.approx(expected, rel=1e-5)
    method.training_step(batch, STEP)[0].backward()


def test_a_margin_leaves_voxels_between_two_classes_out_of_l_nn() -> None:
    method = make_method("embedding_matching", nn_margin=0.2)
    similarities = torch.tensor([[0.5, 0.75], [0.5, 0.6], [0.9, 0.1]]).view(3, 2, 1, 1, 1)
    assert method.decided(similarities).flatten().tolist() == [True, False, True]
    batch = make_batch()
    losses = []
    for margin in (0.0, 2.0):
        method = make_method("embedding_matching", nn_margin=margin)
        torch.manual_seed(0)
        losses.append(method.training_step(batch, STEP)[1]["loss_nn"].item())
    assert losses[0] > 0 == losses[1]


def test_the_teachers_embeddings_of_its_own_view_may_be_what_is_matched() -> None:
    method, batch = make_method("embedding_matching", query="teacher", norm="none"), make_batch()
    box = ((0, 0, 0), (16, 16, 16))
    half = replace(batch.unlabelled, student_images=batch.unlabelled.student_images + 3, boxes=(box, None))
    torch.manual_seed(3)
    references, usable = method.references(batch.labelled)
    student, _ = method.similarities(method.student(half.student_images)[1], references, usable)
    found = method.matching_opinion(half, student, references, usable)
    embeddings = method.teacher(half.images)[1][[1, 1]]
    expected, _ = method.similarities(embeddings, references, usable)
    assert torch.allclose(found, expected)
    assert not found.requires_grad
    assert not torch.equal(found.argmax(1), student.argmax(1))


def test_a_floor_shrinks_the_matching_terms_of_small_masks_in_proportion() -> None:
    method = make_method("embedding_matching", ps_floor=0.1)
    loss, mask = torch.tensor(2.0), torch.zeros(1, 10, 10, 10, dtype=torch.bool)
    mask[0, :1, :5] = True
    assert method.floored(loss, mask).item() == pytest.approx(1.0)
    mask[0, :5] = True
    assert method.floored(loss, mask).item() == 2.0


@pytest.mark.parametrize("name", ["supervised", "embedding_matching"])
def test_a_distance_head_adds_its_error_on_labelled_patches(name: str) -> None:
    losses = []
    for weight in (1e-9, 0.4):
        method, batch = make_method(name, distance_weight=weight), make_batch()
        torch.manual_seed(4)
        losses.append(method.training_step(batch, STEP)[0])
    images, labels = batch.labelled.student_images, batch.labelled.labels
    z = method.distance_head.head(method.student(images)[1]).tanh()
    known = (labels != 255)[:, None]
    error = ((z - signed_distance_maps(labels, 2)) ** 2)[known].mean()
    assert (losses[1] - losses[0]).item() == pytest.approx(0.4 * error.item(), rel=1e-4)
