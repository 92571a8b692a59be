from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.patches import VOLUME_SHARE, PatchSource, normalise
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

SMALL = {"patch_size": (16, 16, 16), "base_filters": 4}
PLAIN = Normalisation(0.0, 1.0)


def source(volumes: list[Volume], config: TrainingConfig | None = None, **more: object) -> PatchSource:
    generator = torch.Generator().manual_seed(0)
    return PatchSource(volumes, PLAIN, config or preset("paper", **SMALL), 2, "cpu", generator, **more)  # type: ignore


def positions_volume(size: int, label: bool = True) -> Volume:
    """Each voxel's value is its index along x, so that a patch tells where it came from."""
    image = np.broadcast_to(np.arange(size, dtype=np.float16), (size, size, size)).copy()
    return Volume("case-0001", image, np.ones_like(image, np.uint8) if label else None, (1.0, 1.0, 1.0))


def test_normalisation_clips_and_scores() -> None:
    image = torch.tensor([-3000.0, 0.0, 500.0, 3000.0], dtype=torch.float16)
    assert normalise(image, Normalisation(100.0, 200.0)).tolist() == [-5.5, -0.5, 2.0, 9.5]


def test_uniform_places_reach_the_first_and_the_last_voxel() -> None:
    patches = source([positions_volume(20)], preset("paper", foreground_share=0.0, **SMALL))
    starts = {int(batch.images[0, 0, 0, 0, 0]) for batch in (patches.labelled(1) for _ in range(120))}
    assert starts == {0, 1, 2, 3, 4}


def test_image_label_and_candidates_are_cut_at_the_same_place(ball_volume: Callable[..., Volume]) -> None:
    volume = ball_volume()
    label = volume.label.copy()
    label[:4] = 255
    coded = replace(volume, image=label.astype(np.float16), label=label)
    batch = source([coded]).labelled(6)
    assert torch.equal(batch.images[:, 0].long(), batch.labels)
    assert set(batch.labels[batch.candidates == 1].tolist()) == {1}
    assert set(batch.labels[batch.candidates == 0].tolist()) == {0}
    assert batch.images.dtype == torch.float32


def test_every_aimed_patch_shows_surface_away_from_its_margin(ball_volume: Callable[..., Volume]) -> None:
    patches = source([ball_volume(size=48)])
    for _ in range(20):
        inner = patches.labelled(1).candidates[0, 4:-4, 4:-4, 4:-4]
        assert (inner == 1).any()


def test_unlabelled_patches_are_aimed_at_bone(ball_volume: Callable[..., Volume]) -> None:
    image = np.full((64, 64, 64), 30.0, np.float16)
    image[8:20, 8:20, 8:20] = 700
    far = Volume("case-0002", image, None, (1.0, 1.0, 1.0))
    patches = source([ball_volume(), far])
    assert all((patches.unlabelled(1).images > 500).any() for _ in range(20))


def test_withheld_boxes_never_count_as_labelled(ball_volume: Callable[..., Volume]) -> None:
    volume = replace(ball_volume(), withheld=(((0, 0, 0), (32, 32, 16)),), image=positions_volume(32).image)
    patches = source([volume])
    for _ in range(20):
        batch = patches.labelled(1)
        inside = batch.images[:, 0] < 16
        assert (batch.labels[inside] == 255).all()
        assert (batch.candidates[inside] == 255).all()
        assert (batch.labels[~inside] != 255).all()
    assert volume.label[:, :, :16].max() == 1, "the caller's label must stay as it was"


def test_volumes_smaller_than_a_patch_are_padded_with_air_and_ignore(ball_volume: Callable[..., Volume]) -> None:
    batch = source([ball_volume(size=12)]).labelled(1)
    assert batch.images.shape == (1, 1, 16, 16, 16)
    assert (batch.images[0, 0, :2] == -1000).all()
    assert (batch.labels[0, :2] == 255).all()
    assert (batch.labels[0, 2:14, 2:14, 2:14] != 255).all()


def test_without_unannotated_scans_the_annotated_ones_serve(ball_volume: Callable[..., Volume]) -> None:
    assert source([ball_volume()]).unlabelled(2).images.shape == (2, 1, 16, 16, 16)


@pytest.mark.parametrize("partial", [False, True])
def test_scans_with_ignore_voxels_stay_eligible_as_unlabelled(
    ball_volume: Callable[..., Volume], partial: bool
) -> None:
    annotated = positions_volume(32)
    label = annotated.label.copy()
    if partial:
        label[:8] = 255
    unannotated = replace(ball_volume("case-0002", labelled=False), image=np.full((32, 32, 32), 999, np.float16))
    patches = source([replace(annotated, label=label), unannotated])
    seen = {bool((patches.unlabelled(1).images == 999).all()) for _ in range(30)}
    assert seen == ({True, False} if partial else {True})


@pytest.mark.parametrize("value", [0, 255])
def test_no_annotated_object_is_refused_in_a_sentence(ball_volume: Callable[..., Volume], value: int) -> None:
    empty = replace(ball_volume(), label=np.full((32, 32, 32), value, np.uint8))
    with pytest.raises(BadInputError, match="annotate at least one case"):
        source([empty, ball_volume("case-0002", labelled=False)])


def test_an_object_that_fills_its_scan_is_still_learned() -> None:
    batch = source([positions_volume(24)]).labelled(2)
    assert (batch.labels == 1).all()
    assert (batch.candidates == 255).all()


def test_hidden_labels_come_with_unlabelled_patches_and_nowhere_else(ball_volume: Callable[..., Volume]) -> None:
    hidden = ball_volume("case-0002", seed=1)
    patches = source(
        [ball_volume(), replace(hidden, label=None)], hidden_labels={"case-0002": hidden.label}
    )  # fmt: skip
    batch = patches.unlabelled(8)
    truth = batch.hidden_labels
    assert set(truth.unique().tolist()) == {0, 1}
    assert batch.images[:, 0][truth == 1].mean() > 300
    assert source([ball_volume()]).unlabelled(1).hidden_labels is None


def test_the_state_brings_back_the_next_patches(ball_volume: Callable[..., Volume]) -> None:
    volumes = [ball_volume(), ball_volume("case-0002", seed=1, labelled=False)]
    patches = source(volumes)
    patches.batch(2, 2)
    state = patches.state_dict()
    expected = patches.batch(2, 2)
    other = source(volumes)
    other.load_state_dict(state)
    batch = other.batch(2, 2)
    assert torch.equal(batch.labelled.images, expected.labelled.images)
    assert torch.equal(batch.unlabelled.images, expected.unlabelled.images)


def test_cutting_ahead_changes_neither_the_patches_nor_the_state(ball_volume: Callable[..., Volume]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    volumes = [ball_volume(), ball_volume("case-0002", seed=1, labelled=False)]
    plain, ahead = source(volumes), source(volumes)
    ahead._prefetcher = ThreadPoolExecutor(1)
    for kind in [(2, 2), (2, 2), (1, 1), (4, 0)]:
        a, b = plain.batch(*kind), ahead.batch(*kind)
        assert torch.equal(a.labelled.images, b.labelled.images)
        assert torch.equal(plain.state_dict()["generator"], ahead.state_dict()["generator"])


def test_memory_mapped_images_give_the_same_patches(ball_volume: Callable[..., Volume], tmp_path) -> None:
    volume = ball_volume()
    np.save(tmp_path / "image.npy", volume.image)
    mapped = replace(volume, image=np.load(tmp_path / "image.npy", mmap_mode="r"))
    assert torch.equal(source([volume]).labelled(2).images, source([mapped]).labelled(2).images)


def test_volumes_fill_their_share_of_the_device_annotated_ones_first_and_the_others_are_cut_from_the_host() -> None:
    """Torch's "meta" device stands for a GPU: it has tensors without values."""
    plain = [positions_volume(16, label=False) for _ in range(3)]
    annotated = replace(positions_volume(16), key="case-0002")
    one = 2 * 16**3
    room = int((4 * 16**3 + one) / VOLUME_SHARE) + 1
    generator = torch.Generator().manual_seed(0)
    patches = PatchSource([*plain, annotated], PLAIN, preset("paper", **SMALL), 2, "meta", generator, room=room)
    assert patches.device_bytes == 4 * 16**3 + one, "image, label and candidates, and one image more"
    where = [{part.device.type for part in map(torch.as_tensor, v.maps.values())} for v in patches._volumes]
    assert where == [{"meta"}, {"cpu"}, {"cpu"}, {"meta"}]
    for _ in range(6):
        batch = patches.batch(2, 2)
        assert batch.unlabelled is not None
        assert batch.unlabelled.images.device.type == "meta"


def test_patches_cut_beforehand_are_those_that_would_be_cut_when_they_are_wanted(
    ball_volume: Callable[..., Volume],
) -> None:
    volumes = [ball_volume(), ball_volume("case-0002", seed=1, labelled=False)]
    plain, ahead = source(volumes), source(volumes)
    ahead._prefetcher = ThreadPoolExecutor(1)
    for kind in ((2, 2), (2, 2), (4, 0), (2, 2)):
        assert same_batches(plain.batch(*kind), ahead.batch(*kind))
    state = ahead.state_dict()
    expected = ahead.batch(2, 2)
    ahead.batch(2, 2)
    ahead.load_state_dict(state)
    assert same_batches(ahead.batch(2, 2), expected)


def same_batches(one: Batch, other: Batch) -> bool:
    halves = ((one.labelled, other.labelled), (one.unlabelled, other.unlabelled))
    return all((a is None) == (b is None) and (a is None or torch.equal(a.images, b.images)) for a, b in halves)
