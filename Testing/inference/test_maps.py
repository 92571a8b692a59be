"""Maps against literal versions of the equations, and provenance on a toy problem."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from SemiSegEmbedLib.errors import BadInputError, StoppedError
from SemiSegEmbedLib.inference.map_result import Provenance
from SemiSegEmbedLib.inference.map_settings import EVERYTHING
from SemiSegEmbedLib.inference.maps import Maps, predict_maps
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.stochastic import MaskPool
from SemiSegEmbedLib.learning.matching import match_labels, similarity_map
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.uncertainty import predictive_entropy
from SemiSegEmbedLib.study.records import IGNORE

PATCH = (24, 24, 24)


@pytest.fixture
def one_window(toy) -> np.ndarray:
    return toy(11, PATCH, doubtful=True).image


@pytest.fixture
def several_windows(toy) -> np.ndarray:
    return toy(12, (24, 32, 40), doubtful=True).image


def maps(model: Model, image: np.ndarray, **changes) -> Maps:
    return predict_maps(model, image, precision="fp32", **changes)


@contextmanager
def masks_of(network: UNet3D, seed: int) -> Iterator[None]:
    """Dropout written down: what it is given times a mask of the pool, divided by the share that is kept."""
    pool = MaskPool(0.15, network.embed_dim * math.prod(PATCH), torch.Generator().manual_seed(seed))

    def drop(_module: nn.Module, _inputs: object, x: torch.Tensor) -> torch.Tensor:
        return x * pool.mask((1, *x.shape[2:], x.shape[1])).permute(0, 4, 1, 2, 3) / pool.share

    hooks = [m.register_forward_hook(drop) for m in network.modules() if isinstance(m, nn.Dropout)]
    yield
    for hook in hooks:
        hook.remove()


def literal_maps(model: Model, image: np.ndarray, seed: int, passes: int) -> dict[str, torch.Tensor]:
    """Sections 2.2 and 2.3.1 written down for a single window."""
    x = normalise(torch.from_numpy(image.copy()), model.normalisation)[None, None]
    with torch.no_grad():
        logits, embeddings = model.student(x)
        torch.manual_seed(seed * 1_000_003)
        with masks_of(model.teacher, seed):
            stochastic = torch.stack(
                [torch.softmax(model.teacher(x + 0.01 * torch.randn_like(x))[0], 1) for _ in range(passes)]
            )
    background, inside = model.bank.embeddings
    return {
        "probability": torch.softmax(logits, 1)[0],
        "uncertainty": predictive_entropy(stochastic)[0],
        "matched": match_labels(embeddings, inside, background)[0],
        "difference": (similarity_map(embeddings, inside) - similarity_map(embeddings, background))[0].abs(),
    }


def test_one_window_equals_the_equations(model, one_window):
    found = maps(model, one_window, passes=3, seed=7, margin=0.03, passes_where="all")
    expected = literal_maps(model, one_window, 7, 3)
    np.testing.assert_allclose(found.probability, expected["probability"].numpy(), atol=1e-3)
    np.testing.assert_array_equal(found.label, expected["probability"].argmax(0).numpy())
    np.testing.assert_allclose(found.uncertainty, expected["uncertainty"].numpy(), atol=1e-3)
    np.testing.assert_array_equal(found.matched, expected["matched"].numpy())
    confident = expected["uncertainty"].numpy() < 0.75 * math.log(2)
    clear = expected["difference"].numpy() >= 0.03
    provenance = np.where(confident, Provenance.CONFIDENT, np.where(clear, Provenance.MATCHED, Provenance.NEITHER))
    assert np.count_nonzero(found.provenance != provenance) <= 2  # rounding of the blending at the thresholds


def test_confident_matched_and_neither_are_all_found_on_a_doubtful_image(model, several_windows):
    found = maps(model, several_windows)
    counts = np.bincount(found.provenance.ravel(), minlength=4)
    assert counts[Provenance.CONFIDENT] > 0.5 * found.label.size
    assert counts[Provenance.MATCHED] > 10
    assert counts[Provenance.NEITHER] > 10
    assert counts[Provenance.ANNOTATED] == 0


def test_provenance_says_where_the_pseudo_label_came_from(model, several_windows):
    annotated = np.full(several_windows.shape, IGNORE, np.uint8)
    annotated[:, :10], annotated[3, 4, 5] = 0, 1
    found = maps(model, several_windows, annotated=annotated)
    known, matched = annotated != IGNORE, found.provenance == Provenance.MATCHED
    assert matched.any()
    np.testing.assert_array_equal(found.provenance == Provenance.ANNOTATED, known)
    np.testing.assert_array_equal(found.pseudo_label[known], annotated[known])
    np.testing.assert_array_equal(found.pseudo_label[matched], found.matched[matched])
    rest = ~known & ~matched
    np.testing.assert_array_equal(found.pseudo_label[rest], found.label[rest])
    assert (found.label[known] != annotated[known]).any()


def test_threshold_and_margin_move_the_borders_of_provenance(model, one_window):
    def count(kind: Provenance, **changes) -> int:
        return np.count_nonzero(maps(model, one_window, passes=2, **changes).provenance == kind)

    assert count(Provenance.CONFIDENT, threshold=0.0) == 0
    assert count(Provenance.CONFIDENT, threshold=1.01) == one_window.size
    assert count(Provenance.MATCHED, margin=3.0) == 0
    assert count(Provenance.NEITHER, margin=0.0) == 0
    assert count(Provenance.MATCHED, margin=0.02) > count(Provenance.MATCHED, margin=0.2)


def test_the_seed_decides_and_nothing_else(model, several_windows):
    state = torch.random.get_rng_state()
    first = maps(model, several_windows, seed=3, passes=2)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(5)
    for name, value in vars(maps(model, several_windows, seed=3, passes=2)).items():
        np.testing.assert_array_equal(value, getattr(first, name), err_msg=name)
    batched = maps(model, several_windows, seed=3, passes=2, batch=4)
    np.testing.assert_allclose(batched.uncertainty, first.uncertainty, atol=2e-3)
    first = maps(model, several_windows, seed=3, passes=2, passes_where="all")
    batched = maps(model, several_windows, seed=3, passes=2, batch=4, passes_where="all")
    np.testing.assert_allclose(batched.uncertainty, first.uncertainty, atol=2e-3)
    other = maps(model, several_windows, seed=4, passes=2)
    assert not np.array_equal(other.uncertainty, first.uncertainty)
    assert np.array_equal(other.label, first.label)


@pytest.mark.parametrize("name", EVERYTHING)
def test_one_map_alone_is_the_same_and_the_others_are_not_made(model, several_windows, name):
    everything, alone = maps(model, several_windows, passes=2), maps(model, several_windows, passes=2, want=(name,))
    np.testing.assert_array_equal(getattr(alone, name), getattr(everything, name))
    assert [n for n, value in vars(alone).items() if value is not None] == [name]


def test_a_label_alone_costs_one_forward_a_window(model, one_window):
    calls = []
    hooks = [
        n.register_forward_hook(lambda *_, k=k: calls.append(k))
        for k, n in (("student", model.student), ("teacher", model.teacher))
    ]
    maps(model, one_window, want=("label",))
    assert calls == ["student"]
    calls.clear()
    maps(model, one_window, passes=4, passes_where="all")
    assert calls == ["student"] + ["teacher"] * 4
    calls.clear()
    maps(model, one_window, want=("label",), network="teacher")
    assert calls == ["teacher"]
    for hook in hooks:
        hook.remove()


def test_the_teacher_segments_when_asked_or_when_the_facts_say_so(model, one_window):
    teacher = maps(model, one_window, want=("probability",), network="teacher").probability
    swapped = replace(model, student=model.teacher)
    np.testing.assert_array_equal(teacher, maps(swapped, one_window, want=("probability",)).probability)
    told = replace(model, facts={**model.facts, "segment_with": "teacher"})
    np.testing.assert_array_equal(teacher, maps(told, one_window, want=("probability",)).probability)
    assert not np.array_equal(teacher, maps(model, one_window, want=("probability",)).probability)


def test_types_and_shapes_are_as_promised(model, several_windows):
    found = maps(model, several_windows, passes=1)
    shape = several_windows.shape
    kinds = {name: (value.dtype, value.shape) for name, value in vars(found).items()}
    assert kinds.pop("probability") == (np.float16, (2, *shape))
    assert kinds.pop("uncertainty") == (np.float16, shape)
    assert set(kinds.values()) == {(np.dtype(np.uint8), shape)}
    np.testing.assert_allclose(found.probability.sum(0, dtype=np.float32), 1.0, atol=2e-3)
    assert found.uncertainty.min() >= 0
    assert found.uncertainty.max() <= math.log(2) + 1e-3


def test_windows_without_bone_are_confident_background_unseen(model, several_windows):
    wide = np.concatenate([several_windows, np.full((24, 32, 72), 40, np.float16)], axis=2)
    calls = []
    hook = model.student.register_forward_hook(lambda *_: calls.append(1))
    plain, skipped = maps(model, wide, passes=1), None
    all_windows = len(calls)
    calls.clear()
    skipped = maps(model, wide, passes=1, skip_below_hu=600.0)
    hook.remove()
    assert len(calls) < all_windows
    assert not skipped.label[:, :, -40:].any()
    assert (skipped.provenance[:, :, -40:] == Provenance.CONFIDENT).all()
    np.testing.assert_array_equal(skipped.label[:, :, :30], plain.label[:, :, :30])


def test_passes_are_spared_where_there_is_no_object(model, several_windows):
    tissue = np.random.default_rng(0).normal(0, 120, (24, 32, 48)).astype(np.float16)
    wide = np.concatenate([several_windows, tissue], axis=2)
    calls = []
    hook = model.teacher.register_forward_hook(lambda *_: calls.append(1))
    full = maps(model, wide, passes=3, passes_where="all", engine="torch")
    everywhere = len(calls)
    calls.clear()
    spared = maps(model, wide, passes=3, engine="torch")
    hook.remove()
    assert 0 < len(calls) < everywhere
    np.testing.assert_array_equal(spared.label, full.label)
    assert np.abs(spared.uncertainty - full.uncertainty)[:, :, -24:].mean() < 0.05
    probability = maps(model, wide, want=("probability",)).probability[:, :, :, -8:].astype(np.float32)
    assert probability[1].max() < 0.1, "there is no object"
    entropy = -(probability * np.log(probability.clip(1e-7))).sum(0)
    np.testing.assert_allclose(spared.uncertainty[:, :, -8:], entropy, atol=4e-3)


def test_with_many_passes_tiles_and_windows_find_the_same_uncertainty(model, several_windows):
    """Passes of one tile against the blended passes of overlapping windows, where the network sees the object."""
    tiles, windows = (maps(model, several_windows, passes=24, passes_where=w) for w in ("object", "all"))
    probability = maps(model, several_windows, want=("probability",)).probability[1]
    near = probability >= 0.1
    found, expected = (m.uncertainty[near].astype(np.float32) for m in (tiles, windows))
    assert abs(found.mean() - expected.mean()) < 0.02
    assert np.abs(found - expected).mean() < 0.05
    assert np.corrcoef(found, expected)[0, 1] > 0.85, "faces of windows are 4 voxels away here, and 12 in use"


def test_modes_of_the_networks_are_restored(model, one_window):
    model.student.train()
    maps(model, one_window, passes=1)
    assert model.student.training
    assert not model.teacher.training
    assert not any(module.training for module in model.teacher.modules())
    model.student.eval()


def test_progress_is_reported_and_stopping_is_heard(model, several_windows):
    seen = []
    maps(model, several_windows, want=("label",), progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 1
    with pytest.raises(StoppedError):
        maps(model, several_windows, should_stop=lambda: True)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_agrees_with_fp32(model, several_windows, precision):
    exact = maps(model, several_windows, want=("label", "probability"))
    rough = predict_maps(model, several_windows, want=("label", "probability"), precision=precision)
    assert np.mean(exact.label == rough.label) > 0.995
    assert np.abs(exact.probability.astype(np.float32) - rough.probability).mean() < 0.01


@pytest.mark.parametrize(
    "changes",
    [
        {"want": ("labels",)},
        {"want": ()},
        {"network": "best"},
        {"passes": 0},
        {"margin": -1.0},
        {"patch": (20, 24, 24)},
        {"overlap": 1.0},
        {"overlap": float("nan")},
        {"no_such_setting": 1},
        {"annotated": np.zeros((2, 2, 2), np.uint8)},
    ],
)
def test_settings_that_do_not_fit_are_refused_with_a_sentence(model, one_window, changes):
    with pytest.raises(BadInputError, match=r"\.$"):
        maps(model, one_window, **changes)
