"""Tiles cover every block with an object once, with context around it."""

from __future__ import annotations

import numpy as np
import pytest

from SemiSegEmbedLib.inference.tiles import BLOCK, cell_blocks, object_tiles

PATCH = (96, 96, 64)


def blocks_of(shape: tuple[int, ...], share: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random([-(-n // BLOCK) for n in shape]) < share


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("shape", [(200, 150, 130), (96, 96, 64), (50, 41, 300), (7, 9, 11)])
def test_every_block_with_an_object_is_kept_once(shape: tuple[int, ...], whole: bool) -> None:
    blocks = blocks_of(shape, 0.02)
    blocks[0, 0, 0] = blocks[-1, -1, -1] = True
    kept = np.zeros(shape, int)
    for tile in object_tiles(blocks, shape, PATCH, whole=whole):
        kept[tile.box] += 1
        assert all(n % 8 == 0 and n in (p, 3 * p // 4) for n, p in zip(tile.size, PATCH, strict=True))
        assert not whole or tile.size == PATCH
    assert kept.max() == 1
    voxels = blocks.repeat(BLOCK, 0).repeat(BLOCK, 1).repeat(BLOCK, 2)[tuple(slice(0, n) for n in shape)]
    assert kept[voxels].all()


def test_what_is_kept_has_an_eighth_of_the_patch_around_it_or_ends_with_the_volume() -> None:
    shape = (250, 260, 200)
    for tile in object_tiles(blocks_of(shape, 0.01, 2), shape, PATCH, whole=False):
        for box, inner, start, size, n, p in zip(
            tile.box, tile.inner, tile.start, tile.size, shape, PATCH, strict=True
        ):
            assert 0 <= inner.start < inner.stop <= size
            assert (box.start, box.stop) == (start + inner.start, start + inner.stop)
            assert inner.start >= p // 8 or start == 0
            assert size - inner.stop >= p // 8 or start + size == n


def test_a_small_object_gets_a_small_tile_and_none_gets_none() -> None:
    blocks = np.zeros((20, 20, 20), bool)
    assert object_tiles(blocks, (160, 160, 160), (96, 96, 96), whole=False) == []
    blocks[12, 12, 12] = True
    (tile,) = object_tiles(blocks, (160, 160, 160), (96, 96, 96), whole=False)
    assert tile.size == (72, 72, 72)
    assert tile.box == (slice(96, 104),) * 3


def test_a_tile_is_cut_with_padding_outside_of_the_volume() -> None:
    image = np.arange(4 * 50 * 60, dtype=np.float32).reshape(4, 50, 60)
    (tile,) = object_tiles(np.ones((1, 7, 8), bool), image.shape, (96, 96, 96), whole=False)
    found = tile.cut(image, -7.0).numpy()
    assert found.shape == tile.size
    np.testing.assert_array_equal(found[tile.inner], image)
    assert (found == -7.0).sum() == found.size - image.size


def test_a_box_is_at_most_a_window_without_an_eighth_at_both_ends() -> None:
    assert [cell_blocks(p) * BLOCK for p in (96, 64, 32, 24, 8)] == [72, 48, 24, 16, 8]
