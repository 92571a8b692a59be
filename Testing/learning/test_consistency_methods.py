"""CCT, MTC and DTC: each loss against a slow literal version in float64, and where its gradient may go."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_erosion, distance_transform_edt
from torch import Tensor, nn

from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.losses import dice_loss, supervised_loss
from SemiSegEmbedLib.learning.methods import cct, create_method
from SemiSegEmbedLib.learning.methods.base import Method
from SemiSegEmbedLib.learning.methods.dtc import DualTaskConsistency
from SemiSegEmbedLib.learning.methods.mtc import MultiTaskConsistency

SIZE = (8, 8, 16)
RANGE = (-3.0, 4.0)
STEP, STEPS = 60, 100


def make_batch(classes: int = 2, seed: int = 0) -> Batch:
    random = torch.Generator().manual_seed(seed)
    labels = torch.zeros(2, *SIZE, dtype=torch.int64)
    for c in range(1, classes):
        labels[:, 2:6, 2:7, 5 * c - 3 : 5 * c + 1] = c
    labels[:, :, :, 0] = 255
    images = torch.randn(2, 1, *SIZE, generator=random, dtype=torch.float64)
    other = torch.randn(2, 1, *SIZE, generator=random, dtype=torch.float64)
    groups = torch.full_like(labels, 255).to(torch.uint8)
    return Batch(LabelledBatch(images, labels, groups, images + 0.1), UnlabelledBatch(other, other + 0.1), RANGE)


def make_method(name: str, classes: int = 2, **changes: object) -> Method:
    torch.manual_seed(1)
    settings = {"base_filters": 4, "patch_size": SIZE, "steps": STEPS, "dropout": 0.0, "norm": "instance", **changes}
    return create_method(preset("paper", method=name, **settings), classes).double()


def ramp(scale: float) -> float:
    return scale * math.exp(-5 * (1 - STEP / STEPS) ** 2)


def with_gradient(module: nn.Module) -> bool:
    grads = [p.grad for p in module.parameters()]
    return any(g is not None and bool(g.abs().sum() > 0) for g in grads)


@torch.no_grad()
@pytest.mark.parametrize("classes", [2, 3])
def test_cct_is_l_s_and_the_mean_squared_error_of_decoders_on_perturbed_features(
    classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    perturbations = (lambda f: f * 1.5, lambda f: f.flip(2), lambda f: f - 0.2)
    monkeypatch.setattr(cct, "PERTURBATIONS", perturbations)
    method, batch = make_method("cct", classes), make_batch(classes)
    loss, scalars = method.training_step(batch, STEP)

    logits, _ = method.student(batch.labelled.student_images)
    features = method.student.encode(batch.unlabelled.student_images)
    target = method.student.decode(features)[0].softmax(1)
    errors = []
    for decoder, perturb in zip(method.auxiliary, perturbations, strict=True):
        opinion = decoder([perturb(level) for level in features]).softmax(1)
        errors += [float((o - t) ** 2) for o, t in zip(opinion.flatten(), target.flatten(), strict=True)]
    consistency = sum(errors) / len(errors)
    expected = supervised_loss(logits, batch.labelled.labels).item() + ramp(0.1) * consistency
    assert consistency > 1e-4
    assert scalars["loss_consistency"].item() == pytest.approx(consistency, rel=1e-5)
    assert loss.item() == pytest.approx(expected, rel=1e-6)


def test_cct_s_consistency_moves_encoder_and_auxiliary_decoders_but_not_the_main_one() -> None:
    method, batch = make_method("cct", consistency_weight=1.0), make_batch()
    loss, scalars = method.training_step(batch, STEPS)
    labelled = supervised_loss(method.student(batch.labelled.student_images)[0], batch.labelled.labels)
    (loss - labelled).backward()
    assert scalars["loss_consistency"] > 0
    assert all(with_gradient(part) for part in (method.student.encoder, *method.auxiliary))
    main = [p.grad.abs().max() for part in (method.student.decoder, method.student.output) for p in part.parameters()]
    assert max(main) < 1e-7, "the target carries no gradient"


def test_cct_s_auxiliary_decoders_learn_from_labels_when_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    perturbations = (lambda f: f * 1.5, lambda f: f.flip(2), lambda f: f - 0.2)
    monkeypatch.setattr(cct, "PERTURBATIONS", perturbations)
    method, batch = make_method("cct", cct_supervise_auxiliary=True, norm="instance"), make_batch()
    loss, scalars = method.training_step(batch, STEP)

    labels = batch.labelled.labels
    features = method.student.encode(batch.labelled.student_images)
    terms = [supervised_loss(method.student.decode(features)[0], labels).item()]
    for decoder, perturb in zip(method.auxiliary, perturbations, strict=True):
        terms.append(supervised_loss(decoder([perturb(level) for level in features]), labels).item())
    assert scalars["loss_supervised"].item() == pytest.approx(sum(terms) / 4, rel=1e-5)
    consistency = scalars["loss_consistency"].item()
    assert loss.item() == pytest.approx(sum(terms) / 4 + ramp(0.1) * consistency, rel=1e-5)
    plain = make_method("cct", norm="instance")
    plain.load_state_dict(method.state_dict())
    assert plain.training_step(batch, STEP)[1]["loss_consistency"].item() == pytest.approx(consistency, rel=1e-5)


def test_cct_multiplies_by_one_noise_map_for_the_whole_batch() -> None:
    torch.manual_seed(0)
    factor = cct.multiply_noise(torch.ones(2, 8, 10, 10, 10))
    assert torch.equal(factor[0], factor[1])
    assert (factor.amin().item(), factor.amax().item()) == (pytest.approx(0.7, abs=1e-3), pytest.approx(1.3, abs=1e-3))
    assert factor.mean().item() == pytest.approx(1.0, abs=0.01)


def test_cct_drops_half_of_the_channels_of_each_image_whole() -> None:
    torch.manual_seed(0)
    kept = cct.drop_channels(torch.ones(4, 200, 2, 2, 2)).flatten(2)
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(kept.amin(2), kept.amax(2))
    assert (kept > 0).float().mean().item() == pytest.approx(0.5, abs=0.06)


def test_cct_drops_the_places_of_highest_attention() -> None:
    features = torch.rand(3, 5, 4, 4, 4, generator=torch.Generator().manual_seed(0)) + 0.1
    found = []
    for seed in range(40):
        torch.manual_seed(seed)
        dropped = cct.drop_attended(features)
        attention = features.mean(1) / features.mean(1).amax((1, 2, 3), keepdim=True)
        gone = (dropped == 0).all(1)
        assert torch.equal(torch.where(gone[:, None], 0.0, features), dropped)
        assert attention[gone].min() > attention[~gone].max(), "one threshold for all images"
        found.append((attention[~gone].max().item(), attention[gone].min().item()))
    assert all(low < 0.9 and high >= 0.7 for low, high in found)
    assert max(high for _, high in found) > 0.85
    assert min(low for low, _ in found) < 0.75


def literal_reconstruction(method: Method, batch: Batch) -> float:
    """sum over c of mean(P_c) MSE(R_c, P_c X), voxel by voxel."""
    images = batch.unlabelled.student_images
    p = method.student(images)[0].softmax(1)
    rebuilt = method.reconstruction(method.student.encode(images)).sigmoid()
    total = 0.0
    for c in range(p.shape[1]):
        error = weight = 0.0
        for b, z, y, x in np.ndindex(2, *SIZE):
            unit = min(max((float(images[b, 0, z, y, x]) - RANGE[0]) / (RANGE[1] - RANGE[0]), 0.0), 1.0)
            error += (float(rebuilt[b, c, z, y, x]) - float(p[b, c, z, y, x]) * unit) ** 2
            weight += float(p[b, c, z, y, x])
        voxels = 2 * math.prod(SIZE)
        total += weight / voxels * error / voxels
    return total


@torch.no_grad()
@pytest.mark.parametrize("classes", [2, 3])
def test_mtc_alternates_between_l_s_and_the_reconstruction_of_each_class_s_part(classes: int) -> None:
    method, batch = make_method("mtc", classes), make_batch(classes)
    assert [method.patches_per_step(step) for step in (0, 1, 2, 3)] == [(4, 0), (0, 4), (4, 0), (0, 4)]
    even, shown = method.training_step(batch, 0)
    l_s = supervised_loss(method.student(batch.labelled.student_images)[0], batch.labelled.labels)
    assert even.item() == pytest.approx(l_s.item(), rel=1e-6)
    assert shown["loss_reconstruction"].isnan()
    odd, shown = method.training_step(batch, 1)
    assert odd.item() == pytest.approx(literal_reconstruction(method, batch), rel=1e-5)
    assert shown["loss_supervised"].isnan()


@torch.no_grad()
def test_mtc_joint_adds_both_terms_in_every_step() -> None:
    method, batch = make_method("mtc", mtc_mode="joint"), make_batch()
    assert method.patches_per_step(0) == method.patches_per_step(1) == (2, 2)
    l_s = supervised_loss(method.student(batch.labelled.student_images)[0], batch.labelled.labels).item()
    expected = 0.9 * l_s + 0.1 * literal_reconstruction(method, batch)
    for step in (0, 1):
        assert method.training_step(batch, step)[0].item() == pytest.approx(expected, rel=1e-5)


def encoder_gradient(detach: bool) -> tuple[Tensor, Method]:
    method = make_method("mtc", mtc_detach_targets=detach)
    method.training_step(make_batch(), 1)[0].backward()
    return method.student.encoder.levels[0][0][0].weight.grad, method


def test_mtc_s_reconstruction_reaches_the_encoder_through_its_targets_and_leaves_the_segmentation_decoder() -> None:
    grad, method = encoder_gradient(detach=False)
    assert with_gradient(method.reconstruction)
    assert not with_gradient(method.student.decoder)
    assert not with_gradient(method.student.output)
    assert all(p.requires_grad for p in method.student.parameters()), "frozen for that forward alone"
    without, _ = encoder_gradient(detach=True)
    assert with_gradient(method.student.encoder)
    assert not torch.allclose(grad, without)


def test_mtc_s_targets_carry_their_gradient_exactly() -> None:
    """Against finite differences along one direction, with the weights w_c held as the constants that they are."""
    method, batch = make_method("mtc", norm="none"), make_batch()
    weight = method.student.encoder.levels[0][0][0].weight
    loss = method.reconstruction_loss(batch)
    loss.backward()
    direction = torch.randn(weight.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    probabilities = method.student(batch.unlabelled.student_images)[0].detach().softmax(1)
    constants = probabilities.mean((0, 2, 3, 4))
    slope = (weight.grad * direction).sum().item()
    values = []
    for h in (1e-6, -1e-6):
        with torch.no_grad():
            weight += h * direction
            features = method.student.encode(batch.unlabelled.student_images)
            p = method.student.decode(features)[0].softmax(1)
            unit = ((batch.unlabelled.student_images - RANGE[0]) / (RANGE[1] - RANGE[0])).clamp(0, 1)
            errors = (method.reconstruction(features).sigmoid() - p * unit).square().mean((0, 2, 3, 4))
            values.append((constants * errors).sum().item())
            weight -= h * direction
    assert slope == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-3)


def literal_signed_distances(labels: Tensor, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Signed distances (n, C - 1, ...) of labels without ignore voxels between object and background."""
    known = (labels != 255).numpy()
    maps = np.zeros((len(labels), classes - 1, *SIZE))
    for b, c in np.ndindex(*maps.shape[:2]):
        inside = labels[b].numpy() == c + 1
        outside = known[b] & ~inside
        d_in, d_out = distance_transform_edt(~outside), distance_transform_edt(~inside)
        signed = np.where(inside, -d_in / d_in[inside].max(), d_out / d_out[outside].max())
        signed[inside & ~binary_erosion(inside, border_value=1)] = 0
        maps[b, c] = signed
    return maps, known


@torch.no_grad()
@pytest.mark.parametrize(("classes", "dice_alone"), [(2, True), (3, True), (2, False)])
def test_dtc_is_dice_the_distance_error_and_the_consistency_of_both_tasks(classes: int, dice_alone: bool) -> None:
    method, batch = make_method("dtc", classes, dtc_dice_alone=dice_alone), make_batch(classes)
    method.distance_head.head.weight *= 1e-3  # so that many distances lie where the steep sigmoid is not flat
    loss, scalars = method.training_step(batch, STEP)

    labels = batch.labelled.labels
    images = torch.cat((batch.labelled.student_images, batch.unlabelled.student_images))
    logits, embeddings = method.student(images)
    z, p = method.distance_head(embeddings), logits.softmax(1)
    maps, known = literal_signed_distances(labels, classes)
    squares = [(float(z[b, c, i, j, k]) - maps[b, c, i, j, k]) ** 2
               for b, c, i, j, k in np.ndindex(*maps.shape) if known[b, i, j, k]]  # fmt: skip
    gaps = [(1 / (1 + math.exp(1500 * float(z[b, c, i, j, k]))) - float(p[b, c + 1, i, j, k])) ** 2
            for b, c, i, j, k in np.ndindex(*z.shape)]  # fmt: skip
    segmentation = dice_loss(p[:2], labels) if dice_alone else supervised_loss(logits[:2], labels)
    expected = segmentation.item() + 0.3 * np.mean(squares) + ramp(1.0) * np.mean(gaps)
    assert scalars["loss_distance"].item() == pytest.approx(np.mean(squares), rel=1e-5)
    assert scalars["loss_consistency"].item() == pytest.approx(np.mean(gaps), rel=1e-5)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_dtc_s_consistency_moves_both_heads() -> None:
    method, batch = make_method("dtc", dtc_weight=1.0), make_batch()
    assert isinstance(method, DualTaskConsistency)
    with torch.no_grad():
        method.distance_head.head.weight *= 1e-3
    empty = torch.full_like(batch.labelled.labels, 255)
    nothing = Batch(
        LabelledBatch(batch.labelled.images, empty, batch.labelled.candidates, batch.labelled.student_images),
        batch.unlabelled,
        batch.value_range,
    )
    loss, scalars = method.training_step(nothing, STEPS)
    assert scalars["loss_supervised"] == scalars["loss_distance"] == 0
    loss.backward()
    assert with_gradient(method.distance_head)
    assert with_gradient(method.student.output)


@pytest.mark.parametrize("label", [0, 1])
def test_dtc_s_patches_of_one_class_give_a_finite_loss(label: int) -> None:
    method, batch = make_method("dtc"), make_batch()
    batch.labelled.labels.fill_(label)
    loss, _ = method.training_step(batch, STEP)
    loss.backward()
    assert torch.isfinite(loss)
    assert all(torch.isfinite(p.grad).all() for p in method.trainable_parameters() if p.grad is not None)


@pytest.mark.parametrize("name", ["cct", "mtc", "dtc"])
def test_the_networks_of_inference_have_no_further_parts(name: str) -> None:
    method = make_method(name)
    plain = make_method("supervised")
    for network in ("student", "teacher"):
        found, expected = (getattr(m, network).state_dict() for m in (method, plain))
        assert {k: v.shape for k, v in found.items()} == {k: v.shape for k, v in expected.items()}
    further = len(method.trainable_parameters()) - len(plain.trainable_parameters())
    assert further == {"cct": 3 * (3 * 8 + 2), "mtc": 3 * 8 + 2, "dtc": 2}[name]
    assert isinstance(method, MultiTaskConsistency) == (name == "mtc")
