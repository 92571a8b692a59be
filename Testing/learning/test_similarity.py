"""The cheap forms of all four similarities against loops over pairs of vectors; gradients; memory; edges."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.matching import similarity_map
from SemiSegEmbedLib.learning.similarity import CHUNK_ELEMENTS, UNUSABLE, class_similarities

FORMS = list(itertools.product(("cosine", "euclidean"), ("mean", "max")))
all_forms = pytest.mark.parametrize(("kernel", "reduce"), FORMS)


def draw(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def literal_pair(p: Tensor, q: Tensor, kernel: str) -> float:
    """Appendix B, one pair of vectors."""
    if kernel == "euclidean":
        return 1.0 / (1.0 + (p - q).square().sum().sqrt().item())
    norms = (p.square().sum().sqrt() * q.square().sum().sqrt()).item()
    return 0.0 if norms == 0 else (p @ q).item() / norms


def literal_similarity_map(embeddings: Tensor, references: Tensor, kernel: str, reduce: str) -> Tensor:
    """Section 2.3.1: reduce over k in each of the l runs, then average the l maps."""
    batch, _, *size = embeddings.shape
    result = torch.empty(batch, *size, dtype=torch.float64)
    for voxel in itertools.product(range(batch), *map(range, size)):
        q = embeddings[voxel[0], :, voxel[1], voxel[2], voxel[3]].double()
        runs = []
        for one_run in references.double():
            scores = [literal_pair(p, q, kernel) for p in one_run]
            runs.append(max(scores) if reduce == "max" else sum(scores) / len(scores))
        result[voxel] = sum(runs) / len(runs)
    return result


def plain_similarities(embeddings: Tensor, references: Tensor, kernel: str, reduce: str) -> Tensor:
    """Section 2.3.1 with every pair in memory, of (B, E, D, H, W) and (C, l, k, E), differentiated by torch."""
    f, p = embeddings[:, None, None, None], references[..., None, None, None]
    if kernel == "euclidean":
        pairs = 1.0 / (1.0 + (f - p).square().sum(4).sqrt())
    else:
        pairs = torch.nn.functional.cosine_similarity(f, p, dim=4)
    return (pairs.amax(3) if reduce == "max" else pairs.mean(3)).mean(2)


@all_forms
def test_similarity_map_is_that_of_section_2_3_1(kernel: str, reduce: str) -> None:
    embeddings, references = draw(0, 2, 6, 2, 3, 2), draw(1, 3, 4, 6)
    expected = literal_similarity_map(embeddings, references, kernel, reduce)
    torch.testing.assert_close(
        similarity_map(embeddings, references, kernel, reduce), expected, rtol=1e-12, atol=1e-14
    )


@all_forms
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.bfloat16, 2e-6)])
def test_lower_precision_embeddings_are_compared_in_single_precision(
    kernel: str, reduce: str, dtype: torch.dtype, tolerance: float
) -> None:
    embeddings, references = draw(0, 1, 8, 2, 2, 3, dtype=dtype), draw(1, 2, 5, 8, dtype=dtype)
    with torch.autocast("cpu", torch.bfloat16):
        similarity = similarity_map(embeddings, references, kernel, reduce)
    assert similarity.dtype == torch.float32
    expected = literal_similarity_map(embeddings, references, kernel, reduce)
    torch.testing.assert_close(similarity.double(), expected, rtol=0, atol=tolerance)


@all_forms
def test_each_image_may_have_its_own_references(kernel: str, reduce: str) -> None:
    embeddings, references = draw(0, 2, 5, 2, 2, 2), draw(1, 2, 3, 2, 4, 5)
    similarities = class_similarities(embeddings, references, kernel, reduce)
    assert similarities.shape == (2, 3, 2, 2, 2)
    for b, c in itertools.product(range(2), range(3)):
        expected = literal_similarity_map(embeddings[b : b + 1], references[b, c], kernel, reduce)[0]
        torch.testing.assert_close(similarities[b, c], expected)
    torch.testing.assert_close(similarity_map(embeddings, references[:, 1], kernel, reduce), similarities[:, 1])


@all_forms
def test_gradients_to_embeddings_and_references_are_correct(kernel: str, reduce: str) -> None:
    embeddings = draw(2, 2, 4, 2, 2, 2).requires_grad_(True)
    references = draw(3, 2, 2, 3, 3, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda f, p: class_similarities(f, p, kernel, reduce, chunk=3), (embeddings, references)
    )


@all_forms
def test_gradients_are_correct_with_masks_groups_without_references_ties_and_embeddings_without_length(
    kernel: str, reduce: str
) -> None:
    leaf, references = draw(2, 2, 4, 2, 2, 2).requires_grad_(True), draw(3, 2, 3, 2, 4, 4)
    there, counted = torch.ones(2, 1, 2, 2, 2), draw(4, 2, 3, 2, 2, 2) > 0
    there[:, :, 0, 1, 0] = 0
    references[..., 3, :] = references[..., 1, :]  # as where few candidates are drawn with replacement
    references[0, 2], references[1, 1, 0, 2] = 0, 0
    usable = torch.tensor([[True, True, False], [True, True, True]])

    def loss(f: Tensor, p: Tensor) -> Tensor:
        similarities = class_similarities(f * there, p, kernel, reduce, usable=usable, chunk=3)
        assert (similarities[0, 2] == UNUSABLE).all()
        return similarities.masked_fill(~counted, 0.0)

    assert torch.autograd.gradcheck(lambda f: loss(f, references), leaf)
    assert torch.autograd.gradcheck(lambda f: loss(f, references[:1]), leaf)


@pytest.mark.parametrize("kernel", ["cosine", "euclidean"])
def test_of_equally_similar_references_each_voxel_has_the_gradient_of_one(kernel: str) -> None:
    embeddings, references = draw(6, 1, 6, 3, 3, 3).requires_grad_(True), draw(7, 2, 3, 4, 6)
    twice = references.repeat_interleave(2, 2)
    gradients = [
        torch.autograd.grad(class_similarities(embeddings, p, kernel, "max").square().sum(), embeddings)[0]
        for p in (references, twice)
    ]
    torch.testing.assert_close(*gradients)


@all_forms
def test_many_references_and_a_single_one_have_the_literal_gradient(kernel: str, reduce: str) -> None:
    for k in (1, 300):
        references, gradients = draw(7, 2, 3, k, 6), []
        for form in (class_similarities, plain_similarities):
            embeddings = draw(6, 1, 6, 2, 3, 2).requires_grad_(True)
            form(embeddings, references, kernel, reduce).square().sum().backward()
            gradients.append(embeddings.grad)
        torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-13)


@all_forms
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision_embeddings_have_the_gradient_of_single_precision(
    kernel: str, reduce: str, dtype: torch.dtype
) -> None:
    references, gradients = draw(7, 2, 3, 4, 8, dtype=torch.float32), []
    values = draw(6, 1, 8, 4, 4, 4, dtype=dtype)
    for form, kind in ((class_similarities, dtype), (plain_similarities, torch.float64)):
        embeddings = values.detach().to(kind).requires_grad_(True)
        with torch.autocast("cpu", torch.bfloat16, enabled=kind != torch.float64):  # the backward pass as well
            form(embeddings, references.to(torch.promote_types(kind, torch.float32)), kernel, reduce).sum().backward()
        gradients.append(embeddings.grad)
    assert gradients[0].dtype == dtype
    torch.testing.assert_close(
        gradients[0], gradients[1].to(dtype), rtol=1e-2 if dtype == torch.bfloat16 else 1e-4, atol=1e-5
    )


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_gradient_near_a_reference_is_bounded_in_single_precision(reduce: str) -> None:
    """Distances of the size of their rounding noise have no direction; none may blow up."""
    references = draw(7, 1, 1, 2, 8, dtype=torch.float32)
    steps = torch.logspace(-9, -2, 512)[None, :] * draw(6, 8, 512, dtype=torch.float32)
    embeddings = (references[0, 0, 0][:, None] + steps).view(1, 8, 8, 8, 8).requires_grad_(True)
    class_similarities(embeddings, references, "euclidean", reduce).sum().backward()
    assert embeddings.grad.norm(dim=1).max() < 2


@all_forms
def test_gradient_to_references_alone_is_correct(kernel: str, reduce: str) -> None:
    embeddings, references = draw(2, 1, 4, 2, 2, 2), draw(3, 2, 2, 3, 4).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda p: class_similarities(embeddings, p, kernel, reduce, chunk=5), references)


@all_forms
@settings(max_examples=15, deadline=None)
@given(chunk=st.integers(1, 40))
def test_chunk_size_changes_neither_result_nor_gradient(kernel: str, reduce: str, chunk: int) -> None:
    references = draw(5, 2, 3, 4, 6)
    results = []
    for size in (chunk, 10_000):
        embeddings = draw(4, 2, 6, 3, 3, 4).requires_grad_(True)
        similarity = class_similarities(embeddings, references, kernel, reduce, chunk=size)
        similarity.square().sum().backward()
        results.append((similarity.detach(), embeddings.grad))
    for one, whole in zip(*results, strict=True):
        torch.testing.assert_close(one, whole, rtol=1e-12, atol=1e-14)


@all_forms
def test_order_of_references_and_of_runs_does_not_matter(kernel: str, reduce: str) -> None:
    embeddings, references = draw(6, 1, 6, 3, 3, 3), draw(7, 5, 8, 6)
    shuffled = references[torch.randperm(5, generator=torch.Generator().manual_seed(0))]
    shuffled = shuffled[:, torch.randperm(8, generator=torch.Generator().manual_seed(1))]
    torch.testing.assert_close(
        similarity_map(embeddings, shuffled, kernel, reduce), similarity_map(embeddings, references, kernel, reduce)
    )


@pytest.mark.parametrize("kernel", ["cosine", "euclidean"])
def test_runs_of_means_equal_one_run_with_all_references_but_runs_of_maxima_do_not(kernel: str) -> None:
    embeddings, references = draw(6, 1, 6, 3, 3, 3), draw(7, 5, 8, 6)
    one_run = references.reshape(1, 40, 6)
    mean = similarity_map(embeddings, references, kernel, "mean")
    torch.testing.assert_close(similarity_map(embeddings, one_run, kernel, "mean"), mean)
    assert not torch.allclose(
        similarity_map(embeddings, one_run, kernel, "max"), similarity_map(embeddings, references, kernel, "max")
    )


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_cosine_does_not_see_the_length_of_embeddings_or_references(reduce: str) -> None:
    embeddings, references = draw(6, 1, 6, 2, 2, 2), draw(7, 2, 4, 6)
    scaled = similarity_map(1e-4 * embeddings, references * draw(8, 2, 4, 1).abs(), "cosine", reduce)
    torch.testing.assert_close(scaled, similarity_map(embeddings, references, "cosine", reduce))


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_embedding_without_length_has_cosine_zero_and_gradient_zero(reduce: str) -> None:
    embeddings, references = draw(6, 1, 6, 2, 2, 2, dtype=torch.float32), draw(7, 2, 4, 6, dtype=torch.float32)
    embeddings[0, :, 1, 0, 1] = 0
    embeddings.requires_grad_(True)
    similarity = similarity_map(embeddings, references, "cosine", reduce)
    similarity.sum().backward()
    assert similarity[0, 1, 0, 1].item() == 0
    assert (embeddings.grad[0, :, 1, 0, 1] == 0).all()
    assert embeddings.grad.isfinite().all()
    assert (embeddings.grad[0, :, 0, 0, 0] != 0).any()


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_reference_without_length_adds_a_cosine_of_zero(reduce: str) -> None:
    embeddings, references = draw(6, 1, 6, 2, 2, 2), draw(7, 2, 4, 6)
    references[0, 2] = 0
    expected = literal_similarity_map(embeddings, references, "cosine", reduce)
    torch.testing.assert_close(similarity_map(embeddings, references, "cosine", reduce), expected)


@pytest.mark.parametrize("reduce", ["mean", "max"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_embedding_on_a_reference_has_finite_gradient(reduce: str, dtype: torch.dtype) -> None:
    references = draw(7, 2, 4, 6, dtype=dtype)
    embeddings = draw(6, 1, 6, 2, 2, 2, dtype=dtype)
    embeddings[0, :, 0, 0, 0] = references[1, 3]
    embeddings.requires_grad_(True)
    similarity = similarity_map(embeddings, references, "euclidean", reduce)
    similarity.sum().backward()
    expected = literal_similarity_map(embeddings.detach(), references, "euclidean", reduce)
    torch.testing.assert_close(similarity.detach().double(), expected, rtol=0, atol=1e-5)
    assert embeddings.grad.isfinite().all()
    assert embeddings.grad.abs().max() < 10


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_small_distances_far_from_the_origin_survive_single_precision(reduce: str) -> None:
    """Expanded about the origin, |f|^2 - 2 f.p + |p|^2 has a relative error above 1 here."""
    origin = 300 / 32**0.5 * torch.ones(32, dtype=torch.float64)
    references = (origin + 0.02 * draw(8, 2, 4, 32)).float()
    embeddings = (origin[:, None] + 0.01 * draw(9, 32, 12)).float().view(1, 32, 2, 2, 3)
    expected = literal_similarity_map(embeddings, references, "euclidean", reduce)
    similarity = similarity_map(embeddings, references, "euclidean", reduce)
    torch.testing.assert_close(similarity.double(), expected, rtol=0, atol=1e-4)


@all_forms
def test_a_class_without_references_loses_against_all_and_stays_out_of_the_gradient(kernel: str, reduce: str) -> None:
    embeddings = draw(6, 2, 6, 2, 2, 2).requires_grad_(True)
    references = draw(7, 2, 3, 2, 4, 6)
    references[0, 2] = 0
    usable = torch.tensor([[True, True, False], [True, True, True]])
    similarities = class_similarities(embeddings, references, kernel, reduce, usable=usable)
    assert (similarities[0, 2] == UNUSABLE).all()
    assert (similarities[0].argmax(0) < 2).all()
    torch.testing.assert_close(similarities[1], class_similarities(embeddings, references, kernel, reduce)[1])
    (gradient,) = torch.autograd.grad(similarities[0].sum(), embeddings)
    fewer = class_similarities(embeddings[:1], references[0, :2], kernel, reduce)
    (expected,) = torch.autograd.grad(fewer.sum(), embeddings)
    torch.testing.assert_close(gradient, expected)


@all_forms
def test_nothing_of_the_size_of_voxels_times_references_is_kept_for_the_backward_pass(
    kernel: str, reduce: str
) -> None:
    embeddings = draw(6, 1, 8, 8, 8, 8).requires_grad_(True)
    references = draw(7, 2, 5, 16, 8)
    kept: list[int] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t.nbytes) or t, lambda t: t):
        class_similarities(embeddings, references, kernel, reduce)
    assert kept
    assert max(kept) <= embeddings.nbytes


class Launches(TorchDispatchMode):
    """How many operators compute something, and the elements of the largest tensor that one makes."""

    VIEWS = ("view", "transpose", "slice", "select", "unsqueeze", "expand", "detach", "split", "unbind", "new_empty")
    number = largest = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.number += func.overloadpacket.__name__.strip("_") not in self.VIEWS
        made = result if isinstance(result, tuple | list) else (result,)
        self.largest = max(self.largest, *(one.numel() for one in made if isinstance(one, Tensor)), 0)
        return result


@pytest.mark.parametrize(
    ("kernel", "reduce", "most"),
    [("cosine", "mean", 250), ("cosine", "max", 1000), ("euclidean", "mean", 1250), ("euclidean", "max", 1500)],
)
def test_a_gpu_is_told_little_for_a_step_of_the_paper_and_needs_little_memory_for_it(
    kernel: str, reduce: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's device without values stands for the GPU; two patches of 96^3 voxels."""
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: contextlib.nullcontext())  # not known there
    embeddings = torch.empty(2, 16, 96, 96, 96, device="meta", requires_grad=True)
    with Launches() as launches:
        class_similarities(embeddings, torch.empty(2, 2, 5, 16, 16, device="meta"), kernel, reduce).sum().backward()
    assert launches.largest <= max(CHUNK_ELEMENTS, embeddings.numel())
    assert launches.number <= most


def test_channels_last_embeddings_give_the_same_and_keep_their_layout_in_the_gradient() -> None:
    references = draw(7, 2, 2, 4, 6)
    plain = draw(6, 2, 6, 3, 4, 5).requires_grad_(True)
    last = plain.detach().to(memory_format=torch.channels_last_3d).requires_grad_(True)
    gradients = [
        torch.autograd.grad(class_similarities(f, references, chunk=7).square().sum(), f)[0] for f in (plain, last)
    ]
    torch.testing.assert_close(*gradients)
    assert gradients[1].is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize(("kernel", "reduce"), [("manhattan", "mean"), ("cosine", "median")])
def test_unknown_kernel_or_reduction_is_refused_with_a_sentence(kernel: str, reduce: str) -> None:
    with pytest.raises(BadInputError, match="cosine or euclidean"):
        similarity_map(draw(0, 1, 4, 2, 2, 2), draw(1, 2, 3, 4), kernel, reduce)


@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 2, 3, 4)])
def test_references_that_do_not_fit_are_refused_with_a_sentence(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadInputError, match="do not fit"):
        similarity_map(draw(0, 2, 4, 2, 2, 2), draw(1, *shape))


def _skewed(spread: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Positive embeddings of two classes, the first one's more scattered, and queries right between the classes."""
    generator = torch.Generator().manual_seed(0)
    base = torch.ones(2, 1, 1, 8, dtype=torch.float64)
    base[0, ..., :4] += 0.5
    base[1, ..., 4:] += 0.5
    noise = torch.randn(2, 3, 16, 8, generator=generator, dtype=torch.float64)
    scale = torch.tensor([spread, 0.02], dtype=torch.float64).view(2, 1, 1, 1)
    references = (base + scale * noise).clamp_min(0)
    queries = base.mean((1, 2))[:, :, None, None, None].expand(2, 8, 1, 1, 1)  # the true class means
    return queries, references


def test_a_class_with_scattered_references_loses_its_own_voxels_unless_similarities_are_centred() -> None:
    queries, references = _skewed(spread=1.0)
    plain = class_similarities(queries, references).argmax(1).flatten()
    centred = class_similarities(queries, references, centre=True).argmax(1).flatten()
    assert plain.tolist() == [1, 1]  # the bias: both classes' means are given to the uniform class
    assert centred.tolist() == [0, 1]


def test_centring_equals_subtracting_the_mean_of_the_class_means_by_hand() -> None:
    generator = torch.Generator().manual_seed(1)
    embeddings = torch.rand(2, 5, 3, 4, 2, generator=generator, dtype=torch.float64)
    references = torch.rand(3, 2, 6, 5, generator=generator, dtype=torch.float64)
    middle = torch.zeros(5, dtype=torch.float64)
    for group in references[:2]:
        middle += group.reshape(-1, 5).mean(0) / 2  # the third group has no references
    usable = torch.tensor([[True, True, False]])
    moved = embeddings - middle.view(1, 5, 1, 1, 1)
    for kernel in ("cosine", "euclidean"):
        found = class_similarities(embeddings, references, kernel, usable=usable, centre=True)
        expected = class_similarities(moved, references - middle, kernel, usable=usable)
        assert torch.allclose(found, expected)
