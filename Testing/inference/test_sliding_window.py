"""The walk over a volume: equal to MONAI's, whatever the batch, and in bounded memory."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from SemiSegEmbedLib.errors import BadInputError, StoppedError
from SemiSegEmbedLib.inference.sliding_window import (
    Skip,
    count_windows,
    fit_batch,
    gaussian_weights,
    skipping_is_harmless,
    sliding_window,
    window_starts,
)

PATCH = (16, 24, 16)


def small_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.ReLU(), nn.Conv3d(4, 2, 3, padding=1))


def volume(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 300, shape).round().astype(np.float16)


def walk(image: np.ndarray, network: nn.Module, **options) -> np.ndarray:
    options = {"overlap": 0.25, "channels": 2, **options}
    return sliding_window(lambda windows, _: network(windows / 300), image, PATCH, **options)


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("shape", [(40, 50, 33), (16, 24, 16), (9, 30, 40), (5, 7, 9), (17, 48, 16)])
def test_it_equals_monai_with_the_same_settings(shape, overlap):
    inferers = pytest.importorskip("monai.inferers")
    network, image = small_network(), volume(shape)
    tensor = torch.from_numpy(image.astype(np.float32))[None, None] / 300
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = inferers.sliding_window_inference(
            tensor, PATCH, 1, network, overlap=overlap, mode="gaussian", cval=-1000 / 300
        )[0].numpy()
    np.testing.assert_allclose(walk(image, network, overlap=overlap), expected, atol=2e-5)


@pytest.mark.parametrize("batch", [2, 3, 100])
def test_the_batch_changes_nothing(batch):
    network, image = small_network(), volume((30, 40, 50))
    np.testing.assert_allclose(walk(image, network, batch=batch), walk(image, network), atol=1e-5)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("GET was unable to find an engine to execute this computation"),
        MemoryError(),
    ],
)
def test_a_batch_that_finds_no_memory_is_halved_down_to_one_window(error: Exception) -> None:
    image, network = volume((30, 40, 50)), small_network()
    sizes: list[int] = []
    steps: list[int] = []

    def predict(windows: torch.Tensor, numbers: object) -> torch.Tensor:
        sizes.append(len(windows))
        if len(windows) > fits:
            raise error
        return network(windows / 300)

    options = {"channels": 2, "progress": lambda done, _: steps.append(done)}
    fits = 2
    found = sliding_window(predict, image, PATCH, 0.25, 9, **options)
    np.testing.assert_allclose(found, walk(image, network), atol=1e-5)
    assert sizes[:3] == [8, 4, 2], "a layer has 8 windows"
    assert max(sizes[3:]) == 2
    assert steps == sorted(steps)
    fits, sizes[:] = 0, []
    with pytest.raises(type(error)) as raised:
        sliding_window(predict, image, PATCH, 0.25, 9, **options)
    assert raised.value is error
    assert sizes == [8, 4, 2, 1]


def test_another_error_is_not_tried_again() -> None:
    sizes: list[int] = []

    def predict(windows: torch.Tensor, numbers: object) -> torch.Tensor:
        sizes.append(len(windows))
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        sliding_window(predict, volume((30, 40, 50)), PATCH, 0.25, 4, channels=2)
    assert sizes == [4]


def test_finished_slabs_come_once_in_order_and_no_thicker_than_a_patch():
    network, image = small_network(), volume((60, 30, 20))
    slabs = []
    walk(image, network, finish=lambda first, end, blended: slabs.append((first, end, blended.clone())))
    assert [first for first, _, _ in slabs] == [0] + [end for _, end, _ in slabs[:-1]]
    assert slabs[-1][1] == 60
    assert max(end - first for first, end, _ in slabs) <= PATCH[0]
    joined = torch.cat([blended for _, _, blended in slabs], 1).numpy()
    np.testing.assert_array_equal(joined, walk(image, network))


def test_a_constant_prediction_stays_constant_everywhere():
    found = sliding_window(
        lambda w, _: torch.full((len(w), 3, *PATCH), 0.7), volume((37, 41, 43)), PATCH, 0.25, 2, channels=3
    )
    np.testing.assert_allclose(found, 0.7, atol=1e-6)


def test_windows_without_bone_are_not_computed_and_take_the_stated_values():
    image = np.full((16, 24, 80), 40, np.float16)
    image[8, 12, 70] = 400
    seen = []

    def predict(windows, numbers):
        seen.extend(numbers)
        return torch.ones((len(windows), 2, *PATCH))

    skip = Skip(150.0, (5.0, 7.0))
    found = sliding_window(predict, image, PATCH, 0.0, 4, channels=2, skip=skip)
    assert seen == [4]
    np.testing.assert_allclose(found[:, 0, 0, 0], (5.0, 7.0))
    np.testing.assert_allclose(found[:, 8, 12, 64:], 1.0)


def test_skipping_is_exact_where_the_network_agrees():
    image, network = volume((32, 48, 64)), small_network()
    image[:, :, :32] = -50
    reference = walk(image, network)
    skipped = walk(image, network, skip=Skip(500.0, (0.0, 0.0)))
    np.testing.assert_array_equal(reference[:, :, :, 32:], skipped[:, :, :, 32:])
    assert not np.allclose(reference, skipped)


def test_skipping_is_harmless_unless_a_window_without_bone_holds_an_object() -> None:
    image = np.full((16, 24, 80), 40, np.float16)
    label = np.zeros(image.shape, np.uint8)
    label[8, 12, 5] = 1
    assert not skipping_is_harmless(image, label, PATCH, 0.0, 150.0)
    image[0, 0, 0] = 400
    assert skipping_is_harmless(image, label, PATCH, 0.0, 150.0)
    label[8, 12, 70] = 255
    assert skipping_is_harmless(image, label, PATCH, 0.0, 150.0), "where nobody looked nothing is lost"
    label[8, 12, 70] = 2
    assert not skipping_is_harmless(image, label, PATCH, 0.0, 150.0)


def test_an_object_may_reach_into_a_window_that_is_left_out_where_another_has_more_weight() -> None:
    image = np.full((16, 24, 24), 40, np.float16)
    image[8, 12, 4] = 400  # windows along x: 0 to 16 with bone, 8 to 24 without
    label = np.zeros(image.shape, np.uint8)
    label[8, 12, 9] = 1
    assert skipping_is_harmless(image, label, PATCH, 0.5, 150.0)
    label[8, 12, 14] = 1
    assert not skipping_is_harmless(image, label, PATCH, 0.5, 150.0)
    small = skipping_is_harmless(image[:5, :7, :9], np.ones((5, 7, 9), np.uint8), PATCH, 0.5, 150.0)
    assert not small, "a scan smaller than a window is one window"


def test_windows_are_counted_as_they_are_walked() -> None:
    numbers: list[int] = []

    def predict(windows, found):
        numbers.extend(found)
        return torch.zeros((len(windows), 1, *PATCH))

    for shape in ((40, 50, 33), (5, 7, 9), (17, 48, 16)):
        numbers.clear()
        sliding_window(predict, volume(shape), PATCH, 0.25, 3, channels=1)
        assert len(numbers) == count_windows(shape, PATCH, 0.25)


def test_memory_maps_and_integers_are_taken_as_they_are(tmp_path):
    image, network = volume((20, 30, 20)), small_network()
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(walk(mapped, network), walk(image, network))
    np.testing.assert_array_equal(walk(image.astype(np.int16), network), walk(image, network))


def test_progress_reaches_the_end_and_stopping_raises():
    steps = []
    image, network = volume((30, 40, 20)), small_network()
    walk(image, network, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1]
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    asked = []

    def stop_at_third() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(StoppedError):
        walk(image, network, should_stop=stop_at_third)
    assert len(asked) == 3


def test_starts_cover_the_axis():
    assert window_starts(10, 10, 0.25) == [0]
    assert window_starts(4, 10, 0.25) == [0]
    assert window_starts(25, 10, 0.25) == [0, 7, 14, 15]
    assert window_starts(24, 8, 0.5) == [0, 4, 8, 12, 16]


def test_weights_fall_from_the_middle_and_never_vanish():
    weights = gaussian_weights((9, 9, 9))
    assert weights.argmax() == 4 * 81 + 4 * 9 + 4
    assert weights.max() == 1.0
    assert weights.min() == pytest.approx(1e-3)


def test_windows_shrink_only_when_one_alone_does_not_fit():
    assert fit_batch((96, 96, 96), 16, 64 * 2**30) == ((96, 96, 96), 16)
    patch, batch = fit_batch((96, 96, 96), 16, 3 * 2**30)
    assert (patch, batch) == ((96, 96, 96), 2)
    patch, batch = fit_batch((96, 96, 96), 16, 2**29)
    assert batch == 1
    assert all(32 <= n < 96 and n % 8 == 0 for n in patch)


@pytest.mark.parametrize(
    ("shape", "patch", "overlap", "batch"),
    [((4, 4), PATCH, 0.25, 1), ((4, 4, 4), PATCH, 1.0, 1), ((4, 4, 4), PATCH, 0.2, 0), ((4, 4, 0), PATCH, 0.2, 1)],
)
def test_settings_that_do_not_fit_are_refused_with_a_sentence(shape, patch, overlap, batch):
    with pytest.raises(BadInputError, match=r"\.$"):
        sliding_window(lambda w, _: w, np.zeros(shape), patch, overlap, batch, channels=1)
