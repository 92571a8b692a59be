"""Each method's loss against a slow literal version in float64, with noise and dropout off where it must be."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.candidates import NO_REFERENCE, draw_positions, without_margin
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.config_checks import CHOICES
from SemiSegEmbedLib.learning.distance import signed_distance_maps
from SemiSegEmbedLib.learning.methods import METHODS, create_method
from SemiSegEmbedLib.learning.methods.base import Method, add_noise

SIZE = (16, 16, 16)
QUIET = {"base_filters": 4, "patch_size": SIZE, "steps": 100, "dropout": 0.0, "noise_teacher": 0.0,
         "noise_student": 0.0, "consistency_noise": 0.0, "precision": "fp32", "norm": "instance"}  # fmt: skip
STEP = 60


def make_batch(seed: int = 0, n: int = 2, classes: int = 2, dtype: torch.dtype = torch.float64) -> Batch:
    random = torch.Generator().manual_seed(seed)
    labels = torch.zeros(n, *SIZE, dtype=torch.int64)
    for c in range(1, classes):
        labels[:, 4:12, 4:12, 3 * c : 3 * c + 4] = c
    labels[:, 0] = 255
    images = torch.randn(n, 1, *SIZE, generator=random, dtype=dtype) + labels[:, None].clamp_max(3)
    other = torch.randn(n, 1, *SIZE, generator=random, dtype=dtype)
    candidates = labels.to(torch.uint8)
    labelled, unlabelled = LabelledBatch(images, labels, candidates, images + 0.1), UnlabelledBatch(other, other + 0.1)
    return Batch(labelled, unlabelled, (-4.0, 5.0))


def make_method(name: str, classes: int = 2, seed: int = 1, **changes: object) -> Method:
    torch.manual_seed(seed)
    method = create_method(preset("paper", method=name, **{**QUIET, **changes}), classes).double()
    torch.manual_seed(seed + 1)
    for parameter in method.teacher.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)
    return method


def literal_supervised(logits: Tensor, labels: Tensor) -> Tensor:
    """0.5 (CE + foreground Dice over the batch), voxels of 255 left out."""
    p = logits.softmax(1)
    known = labels != 255
    ce = -sum(p[b, labels[b, z, y, x], z, y, x].log() for b, z, y, x in known.nonzero().tolist()) / known.sum()
    dice = []
    for c in range(1, p.shape[1]):
        truth = ((labels == c) & known).double()
        guess = p[:, c] * known
        dice.append(1 - (2 * (guess * truth).sum() + 1e-5) / (guess.sum() + truth.sum() + 1e-5))
    return 0.5 * (ce + torch.stack(dice).mean())


def literal_ramp(scale: float, config: TrainingConfig) -> float:
    return scale * math.exp(-5 * (1 - STEP / config.steps) ** 2)


def literal_masked_ce(logits: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    voxels = mask.nonzero().tolist()
    log_p = logits.log_softmax(1)
    return -sum(log_p[b, target[b, z, y, x], z, y, x] for b, z, y, x in voxels) / max(len(voxels), 1)


def student_logits(method: Method, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    logits, embeddings = method.student(torch.cat((batch.labelled.student_images, batch.unlabelled.student_images)))
    return logits[:2], logits[2:], embeddings[2:]


def test_supervised_is_l_s_on_twice_as_many_labelled_patches() -> None:
    method, batch = make_method("supervised"), make_batch()
    assert method.patches_per_step(0) == (4, 0)
    loss, _ = method.training_step(batch, STEP)
    logits, _ = method.student(batch.labelled.student_images)
    assert loss.item() == pytest.approx(literal_supervised(logits, batch.labelled.labels).item(), rel=1e-6)


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


def literal_similarity(f: Tensor, references: Tensor, kernel: str, reduce: str) -> Tensor:
    """K of one voxel (E,) to references (l, k, E): reduce over k, mean over l."""
    if kernel == "cosine":
        pairs = (references @ f) / (references.norm(dim=-1) * f.norm()).clamp_min(1e-300)
    else:
        pairs = 1 / (1 + (references - f).norm(dim=-1))
    return (pairs.mean(1) if reduce == "mean" else pairs.amax(1)).mean()


def literal_matching_loss(method: Method, batch: Batch, en_mask: str) -> Tensor:
    """Eqs. 2 to 5 voxel by voxel, references drawn with the random state that the step starts with."""
    c = method.config
    with torch.no_grad():
        target = method.teacher(batch.unlabelled.images)[0].softmax(1)
        features = method.teacher(batch.labelled.images)[1].flatten(2)
    entropy = -(target * target.log()).sum(1)
    reliable = entropy < (0.75 + literal_ramp(0.25, c)) * math.log(2)
    positions, _ = draw_positions(without_margin(batch.labelled.candidates, 4).flatten(1), 2, c.k, c.l)
    logits_l, logits_u, f_u = student_logits(method, batch)
    y_nn, entropies = torch.zeros_like(reliable, dtype=torch.int64), torch.zeros_like(entropy)
    for b in range(2):
        outside, inside = (features[b][:, positions[b, g]].permute(1, 2, 0) for g in (0, 1))
        for z, y, x in torch.ones(SIZE).nonzero().tolist():
            f = f_u[b, :, z, y, x]
            k_plus = literal_similarity(f, inside, c.kernel, c.reduce)
            k_minus = literal_similarity(f, outside, c.kernel, c.reduce)
            y_nn[b, z, y, x] = int(k_plus > k_minus)
            p = k_plus.exp() / (k_plus.exp() + k_minus.exp())
            entropies[b, z, y, x] = -(p * p.log() + (1 - p) * (1 - p).log())
    l_ua = literal_masked_ce(logits_u, target.argmax(1), reliable)
    l_nn = literal_masked_ce(logits_u, y_nn, ~reliable)
    l_en = entropies.mean() if en_mask == "dense" else entropies[~reliable].mean()
    unlabelled = literal_ramp(0.25, c) * l_ua + literal_ramp(0.125, c) * (l_nn + l_en)
    return literal_supervised(logits_l, batch.labelled.labels) + unlabelled


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
