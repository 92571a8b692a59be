from __future__ import annotations

import pytest
import torch

from SemiSegEmbedLib.learning import memory
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.methods import create_method
from SemiSegEmbedLib.learning.network import UNet3D

GIB = 2**30


def kept_bytes(config: TrainingConfig) -> int:
    """What torch itself keeps between forward and backward of a step."""
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    shape = (2, *config.patch_size)
    images, labels = torch.randn(2, 1, *config.patch_size), torch.zeros(shape, dtype=torch.int64)
    labelled = LabelledBatch(images, labels, labels.to(torch.uint8), images)
    method = create_method(config, 2)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss, _ = method.training_step(Batch(labelled, UnlabelledBatch(images, images), (-4.0, 5.0)), 1)
    assert loss.requires_grad
    return sum(kept.values())


@pytest.mark.parametrize(
    ("method", "size", "base"),
    [("mean_teacher", 32, 8), ("mean_teacher", 48, 4), ("cct", 32, 4), ("mtc", 32, 4), ("dtc", 32, 4)],
)
def test_the_estimate_of_a_step_covers_what_torch_keeps_within_a_factor_of_two(
    method: str, size: int, base: int
) -> None:
    config = preset("paper", method=method, patch_size=(size,) * 3, base_filters=base, mtc_mode="joint")
    measured = kept_bytes(config)
    assert measured < memory.estimate_bytes(config) < 2.5 * measured


def test_the_papers_network_has_the_estimated_number_of_weights() -> None:
    count = sum(p.numel() for p in UNet3D(1, 2, 16).parameters())
    assert abs(memory.WEIGHTS_PER_SQUARED_FILTER * 16**2 - count) < 0.01 * count


def test_the_estimate_grows_with_patch_batch_and_passes_and_falls_with_parts() -> None:
    config = preset("paper")
    base = memory.estimate_bytes(config)
    assert memory.estimate_bytes(config.replace(patch_size=(128, 128, 128))) > 2 * base
    assert memory.estimate_bytes(config.replace(passes=20)) > base
    assert memory.estimate_bytes(config.replace(accumulation=2)) < base
    assert memory.estimate_bytes(config, half=True) < 0.7 * base
    assert memory.estimate_bytes(config, training=False) < 0.2 * base


def test_a_run_that_fits_is_left_alone() -> None:
    assert memory.fit_to_memory(preset("paper"), 80 * GIB) == (preset("paper"), "")


@pytest.mark.parametrize("free", [6, 3, 1])
def test_a_run_is_made_to_fit_and_a_sentence_says_how(free: int) -> None:
    config, sentence = memory.fit_to_memory(preset("paper"), free * GIB)
    assert memory.estimate_bytes(config) <= free * GIB
    assert all(n % 8 == 0 for n in config.patch_size)
    assert sentence.startswith(f"About {free}.0 GiB")
    assert sentence.endswith(".")


def test_shrinking_ends_at_small_patches_and_changes_only_what_may_change() -> None:
    config, seen = preset("robust"), []
    while (step := memory.smaller(config)) is not None:
        config, sentence = step
        seen.append(sentence)
    assert config.patch_size == (32, 32, 32)
    assert (config.accumulation, config.teacher_chunk) == (2, 1)
    assert config == preset("robust").replace(patch_size=(32, 32, 32), accumulation=2, teacher_chunk=1)
    assert len(set(seen)) == len(seen) >= 5
    assert memory.smaller(config) is None


def test_a_patch_below_the_smallest_side_is_not_enlarged() -> None:
    config = preset("quick", patch_size=(16, 24, 40), method="supervised", accumulation=2)
    assert memory.smaller(config)[0].patch_size == (16, 24, 32)


def test_running_out_of_memory_is_recognised_and_other_errors_are_not() -> None:
    with pytest.raises(RuntimeError) as real:
        torch.empty(2**60, dtype=torch.uint8)
    assert memory.is_out_of_memory(real.value)
    assert memory.is_out_of_memory(MemoryError())
    assert memory.is_out_of_memory(torch.cuda.OutOfMemoryError("CUDA out of memory."))
    assert not memory.is_out_of_memory(RuntimeError("shape mismatch"))
    assert not memory.may_be_out_of_memory(RuntimeError("shape mismatch"))


@pytest.mark.parametrize(
    "text",
    [
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    ],
)
def test_the_gpus_libraries_say_in_their_own_words_that_memory_ran_out(text: str) -> None:
    assert memory.is_out_of_memory(RuntimeError(text))


def test_what_may_be_a_lack_of_memory_is_tried_again_and_not_called_one() -> None:
    error = RuntimeError("GET was unable to find an engine to execute this computation")
    assert memory.may_be_out_of_memory(error)
    assert not memory.is_out_of_memory(error)
    assert not memory.may_be_out_of_memory(ValueError("out of memory"))


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The driver's answers for a GPU of 80 GiB; what torch's own Python makes of them is real."""
    asked: dict[str, float] = {}
    answers = {"memory_reserved": 20 * GIB, "memory_allocated": 5 * GIB, "mem_get_info": (50 * GIB, 80 * GIB)}
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, answer=answer: answer)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda.memory, "_lazy_init", lambda: None)
    monkeypatch.setattr(
        torch._C, "_cuda_setMemoryFraction", lambda share, index: asked.update({str(index): share}), raising=False
    )
    return asked


def test_what_torch_keeps_of_an_earlier_run_is_free_for_the_next_one(gpu: dict[str, float]) -> None:
    assert memory.room_for_run(preset("paper"), torch.device("cuda"), None) == 65 * GIB


@pytest.mark.parametrize(("device", "number"), [("cuda", "0"), ("cuda:1", "1")])
def test_a_limit_of_memory_is_enforced_on_a_gpu_with_or_without_its_number(
    gpu: dict[str, float], device: str, number: str
) -> None:
    assert memory.room_for_run(preset("paper", memory_gib=4.0), torch.device(device), None) == 4 * GIB
    assert gpu == {number: 4 / 80}
