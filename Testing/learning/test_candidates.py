from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt

from SemiSegEmbedLib.learning.candidates import (
    NO_REFERENCE,
    draw_positions,
    gather_embeddings,
    reference_groups,
    within,
    without_margin,
)
from SemiSegEmbedLib.learning.config import preset


@pytest.mark.parametrize(("spacing", "distance"), [((1, 1, 1), 3.0), ((2.5, 1.0, 0.7), 3.0), ((1, 1, 1), 0.5)])
def test_within_equals_the_euclidean_distance_transform(spacing: tuple, distance: float) -> None:
    mask = np.random.default_rng(0).random((14, 17, 15)) < 0.01
    assert np.array_equal(within(mask, distance, spacing), distance_transform_edt(~mask, sampling=spacing) <= distance)


def test_within_of_nothing_is_nothing() -> None:
    assert not within(np.zeros((5, 6, 7), bool), 3.0, (1, 1, 1)).any()


def test_groups_are_the_bands_on_both_sides_of_each_surface() -> None:
    random = np.random.default_rng(1)
    label = np.zeros((24, 20, 22), np.uint8)
    label[6:14, 5:15, 4:12] = 1
    label[14:20, 5:15, 4:12] = 2
    label[0:3] = 255
    image = random.uniform(-100, 500, label.shape).astype(np.float16)
    config = preset("paper", hard_negatives=True, band_mm=2.0)
    groups = reference_groups(image, label, (1.0, 1.5, 1.0), 3, config)
    near = {}
    for c in range(3):
        others = (label != c) & (label != 255) if c else (label > 0) & (label != 255)
        near[c] = distance_transform_edt(~others, sampling=(1.0, 1.5, 1.0)) <= 2.0
        assert np.array_equal(groups == c, (label == c) & near[c])
    assert np.array_equal(groups == 3, (label == 0) & ~near[0] & (image > config.bone_hu))
    assert (groups[:3] == NO_REFERENCE).all()


def test_without_hard_negatives_there_are_none() -> None:
    label = np.zeros((16, 16, 16), np.uint8)
    label[4:8, 4:8, 4:8] = 1
    groups = reference_groups(np.full(label.shape, 900, np.float16), label, (1, 1, 1), 2, preset("paper"))
    assert set(np.unique(groups)) == {0, 1, NO_REFERENCE}


def test_on_a_grid_coarser_than_the_band_the_neighbouring_voxels_serve() -> None:
    label = np.zeros((8, 8, 8), np.uint8)
    label[3:5, 3:5, 3:5] = 1
    groups = reference_groups(np.zeros(label.shape, np.float16), label, (4.0, 4.0, 4.0), 2, preset("paper"))
    assert (groups == 1).sum() == 8
    assert (groups == 0).sum() == 6 * 4


def test_draws_hold_distinct_voxels_of_their_group_each_equally_often() -> None:
    torch.manual_seed(0)
    candidates = torch.full((1, 60), NO_REFERENCE, dtype=torch.uint8)
    members = torch.arange(3, 51, 4)
    candidates[0, members] = 1
    positions, found = draw_positions(candidates, 2, k=4, l=3000)
    assert found.tolist() == [[False, True]]
    drawn = positions[0, 1]
    assert set(drawn.unique().tolist()) == set(members.tolist())
    assert all(len(set(row.tolist())) == 4 for row in drawn)
    counts = torch.bincount(drawn.flatten(), minlength=60)[members].float()
    assert (counts / counts.mean() - 1).abs().max() < 0.12


def test_a_group_smaller_than_k_repeats_its_voxels() -> None:
    candidates = torch.full((1, 20), NO_REFERENCE, dtype=torch.uint8)
    candidates[0, [5, 9]] = 0
    positions, _ = draw_positions(candidates, 1, k=16, l=5)
    assert set(positions.flatten().tolist()) == {5, 9}


def test_gathered_embeddings_are_those_of_the_voxels() -> None:
    embeddings = torch.randn(2, 3, 40)
    positions = torch.randint(40, (2, 2, 5, 4))
    gathered = gather_embeddings(embeddings, positions)
    for n, g, run, j in np.ndindex(2, 2, 5, 4):
        assert torch.equal(gathered[n, g, run, j], embeddings[n, :, positions[n, g, run, j]])


def test_the_margin_never_takes_more_than_half_of_a_small_patch() -> None:
    candidates = torch.zeros(1, 16, 16, 8, dtype=torch.uint8)
    kept = without_margin(candidates, 4)[0] == 0
    assert kept[4:-4, 4:-4, 2:-2].all()
    assert kept.sum() == 8 * 8 * 4
