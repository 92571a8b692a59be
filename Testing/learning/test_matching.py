"""Labels (eq. 3), entropy (eq. 4) and the sampling of references (section 2.3.1)."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from SemiSegEmbedLib.learning.matching import (
    class_similarities,
    largest_channel,
    match_classes,
    match_labels,
    matching_entropy,
    sample_references,
    similarity_entropy,
    similarity_map,
)

FORMS = list(itertools.product(("cosine", "euclidean"), ("mean", "max")))
all_forms = pytest.mark.parametrize(("kernel", "reduce"), FORMS)


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@all_forms
def test_match_labels_is_equation_3_without_gradient(kernel: str, reduce: str) -> None:
    embeddings = draw(0, 2, 6, 3, 4, 5).requires_grad_(True)
    inside, outside = draw(1, 5, 4, 6), draw(2, 5, 4, 6)
    labels = match_labels(embeddings, inside, outside, kernel, reduce)
    plus, minus = (similarity_map(embeddings, references, kernel, reduce) for references in (inside, outside))
    assert labels.dtype == torch.bool
    assert not labels.requires_grad
    assert torch.equal(labels, plus > minus)
    assert 0 < labels.double().mean() < 1


@all_forms
def test_match_classes_is_the_most_similar_class_and_match_labels_its_binary_case(kernel: str, reduce: str) -> None:
    embeddings, references = draw(0, 2, 6, 3, 4, 5).requires_grad_(True), draw(1, 4, 5, 3, 6)
    classes = match_classes(embeddings, references, kernel, reduce)
    maps = torch.stack([similarity_map(embeddings, one, kernel, reduce) for one in references])
    assert torch.equal(classes, maps.argmax(0))
    assert not classes.requires_grad
    assert classes.unique().tolist() == [0, 1, 2, 3]
    binary = match_classes(embeddings, references[:2], kernel, reduce)
    assert torch.equal(binary.bool(), match_labels(embeddings, references[1], references[0], kernel, reduce))


@pytest.mark.parametrize("classes", [1, 2, 3, 5])
def test_the_largest_channel_is_that_of_argmax_and_the_lowest_on_a_tie(classes: int) -> None:
    values = (2 * draw(0, 2, classes, 3, 4, 5)).round()  # many ties
    found = largest_channel(values.requires_grad_(True))
    assert found.dtype == torch.int64
    assert torch.equal(found, (values == values.amax(1, keepdim=True)).byte().argmax(1))
    assert not found.requires_grad


def test_cosine_with_mean_is_a_linear_classifier_of_the_embedding() -> None:
    embeddings, inside, outside = draw(0, 1, 6, 3, 4, 5), draw(1, 5, 4, 6), draw(2, 5, 4, 6)
    w = sum(sign * torch.nn.functional.normalize(p, dim=-1).mean((0, 1)) for sign, p in ((1, inside), (-1, outside)))
    assert torch.equal(match_labels(embeddings, inside, outside)[0], torch.einsum("ezyx,e->zyx", embeddings[0], w) > 0)


@all_forms
def test_a_tie_is_background(kernel: str, reduce: str) -> None:
    embeddings, references = draw(0, 1, 6, 2, 2, 2), draw(1, 5, 4, 6)
    assert not match_labels(embeddings, references, references, kernel, reduce).any()
    assert not match_classes(embeddings, torch.stack((references,) * 3), kernel, reduce).any()


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_an_embedding_without_length_is_background_with_the_largest_entropy(reduce: str) -> None:
    embeddings = torch.zeros(1, 6, 1, 1, 1, requires_grad=True)
    references = torch.stack((draw(1, 5, 4, 6), draw(2, 5, 4, 6))).float()
    assert match_classes(embeddings, references, "cosine", reduce).item() == 0
    entropy = similarity_entropy(class_similarities(embeddings, references, "cosine", reduce))
    entropy.sum().backward()
    assert entropy.item() == pytest.approx(math.log(2))
    assert (embeddings.grad == 0).all()


def test_matching_entropy_is_equation_4() -> None:
    plus, minus = draw(0, 2, 3, 2, 2), draw(1, 2, 3, 2, 2)
    entropy = matching_entropy(plus, minus)
    for found, a, b in zip(entropy.flatten().tolist(), plus.flatten().tolist(), minus.flatten().tolist(), strict=True):
        p = math.exp(a) / (math.exp(a) + math.exp(b))
        assert found == pytest.approx(-(p * math.log(p) + (1 - p) * math.log(1 - p)), rel=1e-12)


def test_matching_entropy_stays_finite_far_beyond_any_similarity() -> None:
    plus = torch.tensor([[[[1e4, -1e4, 0.0]]]], requires_grad=True)
    entropy = matching_entropy(plus, torch.zeros(1, 1, 1, 3))
    entropy.sum().backward()
    assert entropy.flatten().tolist() == pytest.approx([0.0, 0.0, math.log(2)])
    assert plus.grad.isfinite().all()


def test_entropy_of_c_classes_is_that_of_the_softmax_with_a_temperature() -> None:
    similarities = draw(0, 2, 4, 3, 2, 2)
    for temperature in (1.0, 0.1):
        p = (similarities / temperature).softmax(1)
        expected = torch.distributions.Categorical(probs=p.movedim(1, -1)).entropy()
        torch.testing.assert_close(similarity_entropy(similarities, temperature), expected)
    two = similarities[:, :2]
    torch.testing.assert_close(similarity_entropy(two), matching_entropy(two[:, 1], two[:, 0]))


@all_forms
def test_gradient_of_the_entropy_loss_is_correct(kernel: str, reduce: str) -> None:
    embeddings, references = draw(0, 2, 4, 2, 2, 2).requires_grad_(True), draw(1, 3, 2, 3, 4)
    assert torch.autograd.gradcheck(
        lambda f: similarity_entropy(class_similarities(f, references, kernel, reduce)).mean(), embeddings
    )


def test_gradient_of_cosine_mean_entropy_has_its_closed_form() -> None:
    """dL/dz = -z p (1 - p) / N and dz/df = (w - z f/|f|) / |f|, with z = K+ - K-."""
    embeddings, references = draw(0, 1, 6, 2, 3, 2).requires_grad_(True), draw(1, 2, 5, 4, 6)
    similarity_entropy(class_similarities(embeddings, references)).mean().backward()
    background, inside = torch.nn.functional.normalize(references, dim=-1).mean((1, 2))
    f, w = embeddings.detach().flatten(2)[0], (inside - background)[:, None]
    norm = f.norm(dim=0)
    z = (f * w).sum(0) / norm
    p = z.sigmoid()
    expected = -z * p * (1 - p) / z.numel() * (w - z * f / norm) / norm
    torch.testing.assert_close(embeddings.grad.flatten(2)[0], expected)


def test_an_image_without_any_references_has_no_gradient() -> None:
    embeddings, usable = draw(0, 1, 4, 2, 2, 2).requires_grad_(True), torch.zeros(1, 2, dtype=torch.bool)
    similarity_entropy(class_similarities(embeddings, torch.zeros(2, 1, 3, 4), usable=usable)).mean().backward()
    assert (embeddings.grad == 0).all()


@all_forms
def test_a_class_without_references_takes_no_part_in_the_entropy_or_its_gradient(kernel: str, reduce: str) -> None:
    embeddings, references = draw(0, 1, 4, 2, 2, 2).requires_grad_(True), draw(1, 3, 2, 3, 4)
    usable = torch.tensor([[True, False, True]])
    partly = similarity_entropy(class_similarities(embeddings, references, kernel, reduce, usable=usable))
    fewer = similarity_entropy(class_similarities(embeddings, references[[0, 2]], kernel, reduce))
    torch.testing.assert_close(partly, fewer)
    gradients = [torch.autograd.grad(entropy.sum(), embeddings)[0] for entropy in (partly, fewer)]
    torch.testing.assert_close(*gradients)


# --- sampling ---------------------------------------------------------------------------------------------------


def positions(size: tuple[int, int, int], batch: int = 1) -> Tensor:
    """Features that say where they are: (image, z, y, x)."""
    grid = torch.stack(torch.meshgrid(torch.arange(batch), *map(torch.arange, size), indexing="ij"))
    return grid.movedim(1, 0).double()


def ball(size: int, radius: float) -> Tensor:
    centre = (size - 1) / 2
    axis = (torch.arange(size) - centre).square()
    return (axis[:, None, None] + axis[:, None] + axis <= radius**2).long()


def literal_distance(labels: Tensor, voxel: tuple[int, int, int], spacing: tuple[float, float, float]) -> float:
    """Distance in mm to the nearest voxel that is known to be of another class."""
    others = torch.nonzero((labels != labels[voxel]) & (labels != 255)).double()
    return ((others - torch.tensor(voxel)) * torch.tensor(spacing)).square().sum(1).sqrt().min().item()


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn_voxels(references: Tensor) -> list[tuple[int, int, int]]:
    return [tuple(voxel) for voxel in references.reshape(-1, references.shape[-1])[:, 1:].long().tolist()]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 1.0, 0.8)])
def test_references_are_voxels_of_their_class_within_the_band_in_mm(spacing: tuple[float, float, float]) -> None:
    labels = ball(14, 4)
    references, usable = sample_references(positions((14,) * 3), labels[None], 400, 2, 2.5, spacing, seeded())
    assert references.shape == (1, 2, 2, 400, 4)
    assert usable.tolist() == [[True, True]]
    for c in (0, 1):
        near = {
            voxel
            for voxel in itertools.product(range(14), repeat=3)
            if labels[voxel] == c and literal_distance(labels, voxel, spacing) <= 2.5 + 1e-9
        }
        found = set(drawn_voxels(references[0, c]))
        assert found <= near
        assert len(found) > 0.7 * min(len(near), 800)


def test_a_run_draws_without_replacement_and_runs_differ() -> None:
    references, _ = sample_references(positions((14,) * 3), ball(14, 4)[None], 16, 5, generator=seeded())
    for c in (0, 1):
        runs = [set(drawn_voxels(run)) for run in references[0, c]]
        assert all(len(run) == 16 for run in runs)
        assert len(set(map(frozenset, runs))) == 5


def test_fewer_candidates_than_k_are_drawn_with_replacement() -> None:
    labels = torch.zeros(1, 9, 9, 9, dtype=torch.long)
    labels[0, 4, 4, 4:6] = 1
    references, usable = sample_references(positions((9,) * 3), labels, 16, 5, generator=seeded())
    assert usable.all()
    assert set(drawn_voxels(references[0, 1])) == {(4, 4, 4), (4, 4, 5)}


def test_every_candidate_is_equally_likely() -> None:
    labels = torch.zeros(1, 7, 7, 7, dtype=torch.long)
    labels[0, 3, 3, 1:6] = 1
    references, _ = sample_references(positions((7,) * 3), labels, 2, 4000, generator=seeded())
    counts = torch.bincount(references[0, 1, ..., 3].flatten().long(), minlength=6)[1:6]
    assert (counts - 1600).abs().max() < 5 * (1600 * 0.6) ** 0.5


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    first, again, other = (
        sample_references(positions((14,) * 3), ball(14, 4)[None], generator=seeded(seed))[0] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("value", [0, 1, 255])
def test_labels_without_a_surface_give_no_usable_references(value: int) -> None:
    labels = torch.stack((torch.full((14,) * 3, value), ball(14, 4)))
    references, usable = sample_references(positions((14,) * 3, 2), labels, generator=seeded())
    assert usable.tolist() == [[False, False], [True, True]]
    assert (references[0] == 0).all()
    assert (references[1, ..., 0] == 1).all()


def test_ignored_voxels_are_no_references_and_make_no_surface() -> None:
    labels = torch.zeros(1, 20, 8, 8, dtype=torch.long)
    labels[:, :6] = 1
    labels[:, 6:14] = 255
    labels[:, 16:] = 1
    references, _ = sample_references(positions((20, 8, 8)), labels, 60, 3, 3.0, generator=seeded())
    depths = [set(references[0, c, ..., 1].flatten().long().tolist()) for c in (0, 1)]
    assert depths[0] == {14, 15}
    assert depths[1] == {16, 17, 18}


def test_each_class_has_references_near_its_own_surface_and_background_near_any_object() -> None:
    labels = torch.zeros(1, 30, 8, 8, dtype=torch.long)
    labels[:, :6] = 1
    labels[:, 14:22] = 2
    references, usable = sample_references(positions((30, 8, 8)), labels, 100, 3, 2.0, generator=seeded())
    assert usable.shape == (1, 3)
    depths = [set(references[0, c, ..., 1].flatten().long().tolist()) for c in range(3)]
    assert depths == [{6, 7, 12, 13, 22, 23}, {4, 5}, {14, 15, 20, 21}]


def test_a_class_that_an_image_lacks_is_not_usable() -> None:
    _, usable = sample_references(positions((14,) * 3), ball(14, 4)[None], generator=seeded(), classes=3)
    assert usable.tolist() == [[True, True, False]]


def test_no_reference_lies_in_the_margin_of_the_patch() -> None:
    labels = torch.zeros(1, 24, 24, 24, dtype=torch.long)
    labels[:, :, :12] = 1
    references, _ = sample_references(positions((24,) * 3), labels, 200, 3, generator=seeded(), margin=4)
    assert references[..., 1:].min() == 4
    assert references[..., 1:].max() == 19


def test_sampled_references_label_the_voxels_they_were_drawn_from() -> None:
    labels = ball(16, 5)[None]
    features = torch.stack((labels, 1 - labels), 1) + 0.2 * draw(0, 1, 2, 16, 16, 16)
    references, _ = sample_references(features, labels, generator=seeded())
    for kernel, reduce in FORMS:
        assert (match_classes(features, references, kernel, reduce) == labels).double().mean() > 0.99


def test_references_carry_no_gradient_and_half_precision_becomes_single() -> None:
    features = positions((14,) * 3).bfloat16().requires_grad_(True)
    references, _ = sample_references(features, ball(14, 4)[None], generator=seeded())
    assert references.dtype == torch.float32
    assert not references.requires_grad


def test_the_band_is_in_millimetres_of_1_along_every_axis_unless_told() -> None:
    for axis in range(3):
        labels = torch.zeros(1, 6, 6, 6, dtype=torch.uint8)
        labels.transpose(1, 1 + axis)[:, 3:] = 1
        place = torch.arange(6.0).reshape([-1 if one == axis else 1 for one in range(3)]).expand(1, 1, 6, 6, 6)
        references, usable = sample_references(place, labels, k=30, l=1, band_mm=1.0)  # without a generator
        assert usable.all()
        assert set(references[0, 0].flatten().tolist()) == {2.0}
        assert set(references[0, 1].flatten().tolist()) == {3.0}


def test_voxels_at_the_faces_may_be_references_unless_a_margin_is_asked_for() -> None:
    labels = torch.zeros(1, 4, 4, 4, dtype=torch.uint8)
    labels[:, 0] = 1
    place = torch.ones(1, 2, 4, 4, 4)
    assert sample_references(place, labels, 2, 1)[1].all()
    assert not sample_references(place, labels, 2, 1, margin=1)[1][0, 1]


def test_a_class_of_a_single_voxel_gives_that_voxel_and_exactly_k_give_each_once() -> None:
    labels = torch.zeros(1, 5, 5, 5, dtype=torch.uint8)
    labels[0, 2, 2, 2] = 1
    number = torch.arange(125.0).reshape(1, 1, 5, 5, 5)
    references, usable = sample_references(number, labels, k=6, l=3, band_mm=1.0)
    assert usable.all()
    assert set(references[0, 1].flatten().tolist()) == {62.0}
    around = {62.0 + step for step in (-25, -5, -1, 1, 5, 25)}
    assert all(set(one.flatten().tolist()) == around for one in references[0, 0])  # six candidates, all of them
