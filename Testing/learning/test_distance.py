"""Distances on the device against SciPy, and the signed maps of DTC against a literal version."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_erosion, distance_transform_edt
from torch import Tensor

from SemiSegEmbedLib.learning import distance
from SemiSegEmbedLib.learning.distance import distance_to, signed_distance_maps


@pytest.mark.parametrize(("shape", "share"), [((2, 9, 12, 7), 0.02), ((1, 16, 16, 16), 0.5), ((3, 1, 5, 8), 0.1)])
def test_distances_are_those_of_scipy(shape: tuple[int, ...], share: float) -> None:
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(0)) < share
    mask[:, 0, 0, 0] = True
    expected = np.stack([distance_transform_edt(~m) for m in mask.numpy()])
    np.testing.assert_allclose(distance_to(mask).numpy(), expected, rtol=1e-6)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = torch.rand(2, 8, 8, 8, generator=torch.Generator().manual_seed(1)) < 0.05
    whole = distance_to(mask)
    monkeypatch.setattr(distance, "CHUNK_ELEMENTS", 100)
    assert torch.equal(distance_to(mask), whole)


def test_without_any_voxel_the_distance_is_infinite() -> None:
    assert torch.isinf(distance_to(torch.zeros(1, 4, 4, 4, dtype=torch.bool))).all()


def literal_signed_distance(inside: np.ndarray) -> np.ndarray:
    """d_out / max - d_in / max, 0 on the inner boundary (Luo et al., 2021)."""
    d_in, d_out = distance_transform_edt(inside), distance_transform_edt(~inside)
    signed = d_out / d_out.max() - d_in / d_in.max()
    signed[inside & ~binary_erosion(inside, border_value=1)] = 0
    return signed


def blocks(classes: int) -> Tensor:
    labels = torch.zeros(2, 12, 12, 16, dtype=torch.int64)
    for c in range(1, classes):
        labels[0, 3:9, 2:8, 5 * c - 4 : 5 * c] = c
        labels[1, :4, 6:, 5 * c - 3 : 5 * c] = c
    return labels


@pytest.mark.parametrize("classes", [2, 3])
def test_signed_distances_are_scaled_on_each_side_and_0_on_the_inner_boundary(classes: int) -> None:
    labels = blocks(classes)
    maps = signed_distance_maps(labels, classes)
    assert maps.shape == (2, classes - 1, 12, 12, 16)
    for b, c in np.ndindex(2, classes - 1):
        expected = literal_signed_distance(labels[b].numpy() == c + 1)
        np.testing.assert_allclose(maps[b, c].numpy(), expected, atol=1e-6)
        assert (maps[b, c].amin(), maps[b, c].amax()) == (pytest.approx(expected.min()), 1)


def test_a_patch_of_one_class_is_far_outside_or_far_inside_and_never_nan() -> None:
    labels = torch.stack([torch.zeros(8, 8, 8), torch.ones(8, 8, 8), torch.full((8, 8, 8), 255)]).long()
    maps = signed_distance_maps(labels, 2)
    assert torch.equal(maps[0, 0], torch.ones(8, 8, 8))
    assert torch.equal(maps[1, 0], -torch.ones(8, 8, 8))
    assert torch.isfinite(maps).all()


def test_ignored_voxels_are_neither_inside_nor_outside() -> None:
    labels = torch.zeros(1, 1, 1, 9, dtype=torch.int64)
    labels[..., 6:] = 1
    labels[..., 3:6] = 255
    maps = signed_distance_maps(labels, 2)[0, 0, 0, 0]
    np.testing.assert_allclose(maps[:3], [1, 5 / 6, 4 / 6], rtol=1e-6)
    np.testing.assert_allclose(maps[6:], [-4 / 6, -5 / 6, -1], rtol=1e-6)
