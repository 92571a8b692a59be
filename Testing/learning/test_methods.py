"""Each method's loss against a slow literal version in float64, with noise and dropout off where it must be."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import pytest
import torch
from literal_methods import (
    SIZE,
    STEP,
    literal_matching_loss,
    literal_ramp,
    literal_supervised,
    make_batch,
    make_method,
    student_logits,
)

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.candidates import NO_REFERENCE
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.config_checks import CHOICES
from SemiSegEmbedLib.learning.methods import METHODS
from SemiSegEmbedLib.learning.methods.base import add_noise


def test_supervised_is_l_s_on_twice_as_many_labelled_patches() -> None:
    method, batch = make_method("supervised"), make_batch()
    assert method.patches_per_step(0) == (4, 0)
    loss, _ = method.training_step(batch, STEP)
    logits, _ = method.student(batch.labelled.student_images)
    assert loss.item() == pytest.approx(literal_supervised(logits, batch.labelled.labels).item(), rel=1e-6)


@pytest.mark.parametrize("name", METHODS)
def test_a_supervised_start_is_l_s_on_labelled_patches_alone_and_leaves_later_steps_as_they_are(name: str) -> None:
    method, plain, batch = make_method(name, supervised_start=0.6), make_method(name), make_batch()
    assert [method.patches_per_step(step) for step in (0, 1, STEP - 1)] == [(4, 0)] * 3
    loss, scalars = method(Batch(batch.labelled, None), STEP - 1)
    logits, _ = method.student(batch.labelled.student_images)
    assert loss.item() == pytest.approx(literal_supervised(logits, batch.labelled.labels).item(), rel=1e-6)
    assert scalars.keys() == {"loss_supervised"}
    for step in (STEP, STEP + 1):
        assert method.patches_per_step(step) == plain.patches_per_step(step)
    losses = []
    for one in (method, plain):
        torch.manual_seed(3)
        losses.append(one(batch, STEP)[0])
    assert torch.equal(*losses)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("start", [0.0, 0.6])
def test_a_method_knows_whether_a_step_leaves_parameters_without_gradient(name: str, start: float) -> None:
    method, batch = make_method(name, supervised_start=start), make_batch()
    without = []
    for step in (0, 1, STEP, STEP + 1):
        labelled, unlabelled = method.patches_per_step(step)
        method.zero_grad()
        halves = batch.labelled if labelled else None, batch.unlabelled if unlabelled else None
        loss, _ = method(Batch(*halves, batch.value_range), step)
        loss.backward()
        without += [parameter for parameter in method.trainable_parameters() if parameter.grad is None]
    assert method.uses_parts_of_itself == bool(without)


def test_mean_teacher_adds_the_ramped_squared_error() -> None:
    method, batch = make_method("mean_teacher"), make_batch()
    loss, _ = method.training_step(batch, STEP)
    logits_l, logits_u, _ = student_logits(method, batch)
    target = method.teacher(batch.unlabelled.images)[0].softmax(1)
    error = ((logits_u.softmax(1) - target) ** 2).mean()
    expected = literal_supervised(logits_l, batch.labelled.labels) + literal_ramp(0.1, method.config) * error
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_uamt_averages_the_squared_error_over_the_reliable_voxels_and_classes(classes: int) -> None:
    method, batch = make_method("uamt", classes), make_batch(classes=classes)
    loss, scalars = method.training_step(batch, STEP)
    logits_l, logits_u, _ = student_logits(method, batch)
    target = method.teacher(batch.unlabelled.images)[0].softmax(1)
    entropy = -(target * target.log()).sum(1)
    mask = entropy < (0.75 + literal_ramp(0.25, method.config)) * math.log(classes)
    assert 0.02 < mask.double().mean() < 0.98, "the case must have both kinds of voxels"
    error = (((logits_u.softmax(1) - target) ** 2).sum(1) * mask).sum() / (classes * mask.sum())
    expected = literal_supervised(logits_l, batch.labelled.labels) + literal_ramp(0.1, method.config) * error
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert scalars["unreliable_fraction"].item() == pytest.approx(1 - mask.double().mean().item())


@pytest.mark.parametrize(
    ("kernel", "reduce", "en_mask"),
    [("cosine", "mean", "dense"), ("cosine", "max", "unreliable"), ("euclidean", "mean", "dense")],
)
def test_embedding_matching_equals_equations_2_to_5_voxel_by_voxel(kernel: str, reduce: str, en_mask: str) -> None:
    method = make_method("embedding_matching", kernel=kernel, reduce=reduce, en_mask=en_mask, passes=1)
    batch = make_batch()
    torch.manual_seed(9)
    loss, _ = method.training_step(batch, STEP)
    torch.manual_seed(9)
    with torch.no_grad():
        expected = literal_matching_loss(method, batch, en_mask)
    assert loss.item() == pytest.approx(expected.item(), rel=2e-5)


def test_pseudo_labels_and_references_carry_no_gradient_and_l_en_reaches_the_student_alone() -> None:
    method, batch = make_method("embedding_matching", use_ua=False, use_nn=False, ps_weight=1.0), make_batch()
    loss, _ = method.training_step(batch, STEP)
    loss.backward()
    assert all(p.grad is None for p in method.teacher.parameters())
    last_block = method.student.decoder.levels[-1][1][0].weight.grad
    assert last_block.abs().sum() > 0

    torch.manual_seed(3)
    f_u = torch.randn(2, method.student.embed_dim, *SIZE, dtype=torch.float64, requires_grad=True)
    references, usable = method.references(batch.labelled)
    assert not references.requires_grad
    similarities, _ = method.similarities(f_u, references, usable)
    assert similarities.requires_grad
    assert not similarities.detach().argmax(1).requires_grad


@pytest.mark.parametrize("split", [False, True])
def test_split_statistics_are_those_of_each_half_and_only_labelled_patches_move_the_running_ones(split: bool) -> None:
    method, batch = make_method("embedding_matching", norm="batch", split_norm=split), make_batch()
    x_l, x_u = batch.labelled.images, 3.0 * batch.unlabelled.images + 1.0
    other = copy.deepcopy(method.student)
    expected = [other(x_l), copy.deepcopy(other)(x_u)] if split else other(torch.cat((x_l, x_u)))
    halves = method.forward_halves(x_l, x_u)
    for kind in (0, 1):  # logits, embeddings
        both = torch.cat([half[kind] for half in expected]) if split else expected[kind]
        torch.testing.assert_close(torch.cat([half[kind] for half in halves]), both)
    for name, value in method.student.named_buffers():
        if "running" in name:
            torch.testing.assert_close(value, other.get_buffer(name))


@pytest.mark.parametrize(("ua", "nn", "en"), [(True, False, False), (True, True, False), (True, False, True)])
def test_ablated_terms_leave_the_loss(ua: bool, nn: bool, en: bool) -> None:
    method, batch = make_method("embedding_matching", use_ua=ua, use_nn=nn, use_en=en), make_batch()
    loss, s = method.training_step(batch, STEP)
    c = method.config
    weighted = literal_ramp(0.25, c) * s["loss_ua"] + literal_ramp(0.125, c) * (s["loss_nn"] + s["loss_en"])
    assert loss.item() == pytest.approx((s["loss_supervised"] + weighted).item(), rel=1e-6)
    assert [bool(s[name] != 0) for name in ("loss_ua", "loss_nn", "loss_en")] == [ua, nn, en]


@pytest.mark.parametrize("scope", ["pair", "pool", "bank"])
@pytest.mark.parametrize("missing", [(0,), (0, 1)])
def test_an_image_without_surface_borrows_references_and_without_any_is_skipped(
    scope: str, missing: tuple[int, ...]
) -> None:
    method, batch = make_method("embedding_matching", reference_scope=scope), make_batch()
    candidates = batch.labelled.candidates.clone()
    candidates[list(missing)] = NO_REFERENCE
    batch = replace(batch, labelled=replace(batch.labelled, candidates=candidates))
    loss, scalars = method.training_step(batch, STEP)
    loss.backward()
    assert torch.isfinite(loss)
    assert scalars["skipped_images"].item() == (2 if len(missing) == 2 else 0)
    if len(missing) == 2:
        assert scalars["loss_nn"] == scalars["loss_en"] == 0


@pytest.mark.parametrize("name", METHODS)
def test_ignored_voxels_give_no_supervision(name: str) -> None:
    method, batch = make_method(name, norm="none"), make_batch()
    nothing = replace(
        batch.labelled,
        labels=torch.full_like(batch.labelled.labels, 255),
        candidates=torch.full_like(batch.labelled.candidates, NO_REFERENCE),
    )
    loss, scalars = method.training_step(replace(batch, labelled=nothing), STEP)
    loss.backward()
    assert scalars["loss_supervised"] == 0
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in method.trainable_parameters() if p.grad is not None)


def test_an_empty_mask_on_either_side_gives_a_zero_term() -> None:
    for bounds, zero_term in ((0.0, "loss_ua"), (1.0, "loss_nn")):
        method = make_method("embedding_matching", threshold_start=bounds, threshold_end=bounds, passes=2)
        loss, scalars = method.training_step(make_batch(), STEP)
        loss.backward()
        assert scalars[zero_term] == 0
        assert torch.isfinite(loss)


def test_three_classes_match_to_the_most_similar_one() -> None:
    method, batch = make_method("embedding_matching", classes=3, hard_negatives=True), make_batch(classes=3)
    loss, scalars = method.training_step(batch, STEP)
    loss.backward()
    assert torch.isfinite(loss)
    assert scalars["loss_en"] <= math.log(3)


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 7])
def test_the_teachers_chunk_size_does_not_change_its_opinion(chunk: int) -> None:
    method, batch = make_method("embedding_matching", passes=3), make_batch()
    whole = method.monte_carlo(batch.unlabelled.images, 3, 0.0, "entropy_of_mean")
    method.config = method.config.replace(teacher_chunk=chunk)
    parts = method.monte_carlo(batch.unlabelled.images, 3, 0.0, "entropy_of_mean")
    assert torch.allclose(whole[0], parts[0])
    assert torch.allclose(whole[1], parts[1])


def test_monte_carlo_passes_differ_by_dropout_and_noise_and_leave_the_teacher_as_it_was() -> None:
    method = make_method("embedding_matching", dropout=0.3, norm="batch")
    images = make_batch().unlabelled.images
    before = {name: value.clone() for name, value in method.teacher.state_dict().items()}
    one, two = (method.monte_carlo(images, 1, 0.0, "mean_of_entropies")[0] for _ in range(2))
    assert not torch.allclose(one, two)
    assert all(torch.equal(value, before[name]) for name, value in method.teacher.state_dict().items())
    assert not any(module.training for module in method.teacher.modules())


def test_hidden_labels_measure_both_pseudo_labels_on_the_unreliable_voxels() -> None:
    method, batch = make_method("embedding_matching"), make_batch()
    hidden = torch.zeros(2, *SIZE, dtype=torch.int64)
    hidden[:, 8:] = 255
    batch = replace(batch, unlabelled=replace(batch.unlabelled, hidden_labels=hidden))
    torch.manual_seed(0)
    loss, scalars = method.training_step(batch, STEP)
    assert {"accuracy_teacher", "accuracy_teacher_unreliable", "accuracy_matched_unreliable"} <= set(scalars)
    target = method.teacher(batch.unlabelled.images)[0].argmax(1)
    assert scalars["accuracy_teacher"].item() == pytest.approx((target[:, :8] == 0).double().mean().item())
    torch.manual_seed(0)
    blind = replace(batch, unlabelled=replace(batch.unlabelled, hidden_labels=None))
    assert loss.item() == method.training_step(blind, STEP)[0].item(), "hidden labels must not touch the loss"


def test_noise_has_its_scale_and_its_clip() -> None:
    torch.manual_seed(0)
    zeros = torch.zeros(50_000)
    assert add_noise(zeros, 0.02).std().item() == pytest.approx(0.02, rel=0.02)
    assert add_noise(zeros, 0.1, clip=2.0).abs().max().item() == pytest.approx(0.2)
    assert add_noise(zeros, 0.0) is zeros


@pytest.mark.parametrize("name", METHODS)
def test_the_teacher_follows_after_each_step_and_never_trains(name: str) -> None:
    method = make_method(name, ema_decay=0.99)
    teachers = {id(p) for p in method.teacher.parameters()}
    assert not teachers & {id(p) for p in method.trainable_parameters()}
    assert method.trainable_parameters()
    method.after_step(0)
    pairs = list(zip(method.teacher.parameters(), method.student.parameters(), strict=True))
    assert all(torch.allclose(t, s) for t, s in pairs), "the first update copies the student"


def test_an_unknown_method_is_refused_and_the_configuration_knows_those_of_the_registry() -> None:
    with pytest.raises(BadInputError, match="supervised"):
        preset("paper", method="magic")
    assert set(CHOICES["method"]) == set(METHODS)
