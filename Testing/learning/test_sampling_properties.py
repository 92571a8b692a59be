"""Properties of sampling: patches lie in their volume, blocks do not overlap, references are of their class."""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.matching import sample_references
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.learning.withheld import MOST_OF_OBJECT, withheld_boxes
from SemiSegEmbedLib.study.records import IGNORE

shapes = st.tuples(*[st.integers(5, 30)] * 3)
seeds = st.integers(0, 2**31 - 1)


def box_label(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """One box of class 1 somewhere."""
    chance = np.random.default_rng(seed)
    label = np.zeros(shape, np.uint8)
    low = [int(chance.integers(0, n - 2)) for n in shape]
    label[tuple(slice(a, a + 1 + int(chance.integers(1, n - a))) for a, n in zip(low, shape, strict=True))] = 1
    return label


@settings(max_examples=40, deadline=None)
@given(shapes, seeds, st.sampled_from([8, 16]), st.floats(0, 1))
def test_every_patch_is_a_part_of_its_volume(shape: tuple[int, int, int], seed: int, side: int, aimed: float) -> None:
    label = box_label(shape, seed)
    assume((label == 0).any())
    # Each voxel's value is its own number, so that a patch tells where it came from.
    image = np.arange(label.size, dtype=np.float16).reshape(shape) % 2000
    config = preset("paper", patch_size=(side,) * 3, base_filters=4, foreground_share=aimed)
    volume = Volume("case-0001", image, label, (1.0, 1.0, 1.0))
    source = PatchSource([volume], Normalisation(0.0, 1.0), config, 2, "cpu", torch.Generator().manual_seed(seed))
    before = source.state_dict()
    batch = source.labelled(3)
    assert batch.images.shape == (3, 1, side, side, side)
    assert set(batch.labels.unique().tolist()) <= {0, 1, IGNORE}
    padded = np.pad(label, [(max(0, side - n) // 2, max(0, side - n) - max(0, side - n) // 2) for n in shape],
                    constant_values=IGNORE)  # fmt: skip
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side,) * 3)
    for patch in batch.labels.numpy():
        assert (windows == patch).all(axis=(3, 4, 5)).any()
    source.load_state_dict(before)
    again = source.labelled(3)
    assert torch.equal(again.images, batch.images)
    assert torch.equal(again.labels, batch.labels)


@settings(max_examples=60, deadline=None)
@given(shapes, seeds, st.floats(0.01, 0.4), st.integers(2, 12))
def test_withheld_blocks_lie_inside_apart_and_leave_most_of_every_object(
    shape: tuple[int, int, int], seed: int, fraction: float, side: int
) -> None:
    label = box_label(shape, seed)
    boxes = withheld_boxes(label, fraction=fraction, patch=(side,) * 3, seed=seed)
    count = np.zeros(shape, int)
    for low, high in boxes:
        assert all(0 <= a < b <= n for a, b, n in zip(low, high, shape, strict=True))
        count[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] += 1
    assert count.max(initial=0) <= 1
    assert (label[count == 1] == 1).sum() <= MOST_OF_OBJECT * (label == 1).sum()
    if boxes:
        size = math.prod(b - a for a, b in zip(*boxes[0], strict=True))
        assert len(boxes) <= max(1, int(fraction * label.size / size))


@settings(max_examples=40, deadline=None)
@given(shapes, seeds, st.integers(1, 9), st.integers(1, 4), st.floats(1.0, 5.0))
def test_references_are_voxels_of_their_class_near_another_class(
    shape: tuple[int, int, int], seed: int, k: int, sets: int, band_mm: float
) -> None:
    label = torch.from_numpy(box_label(shape, seed))[None]
    place = torch.stack(torch.meshgrid(*(torch.arange(float(n)) for n in shape), indexing="ij"))[None]
    generator = torch.Generator().manual_seed(seed)
    references, usable = sample_references(place, label, k, sets, band_mm, generator=generator, classes=2)
    assert references.shape == (1, 2, sets, k, 3)
    for value in (0, 1):
        if not usable[0, value]:
            continue
        others = torch.nonzero(label[0] == 1 - value).float()
        for z, y, x in references[0, value].reshape(-1, 3).long().tolist():
            assert label[0, z, y, x] == value
            nearest = (others - torch.tensor([z, y, x]).float()).norm(dim=1).min()
            assert nearest <= band_mm + 1e-5
