"""How much memory a run needs, and what to make smaller when there is less."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TypeVar

import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.network import LEVELS

SHRINKABLE = ("patch_size", "accumulation", "teacher_chunk")
"""The settings that may change during a run."""
SMALLEST_SIDE = 32
BACKWARD_SHARE = 0.5
"""Gradients and workspace on top of what the forward keeps; with it the paper's run is estimated at 6.4 GiB in
bf16 (measured on a GPU: 7.0 to 7.9) and 12.1 in fp32 (10.8 to 11.3), supervised 2 patches in bf16 at 3.3 (3.5)."""
USABLE = 0.9
WEIGHTS_PER_SQUARED_FILTER = 18_630
_OUT_OF_MEMORY = (
    "out of memory", "not enough memory", "can't allocate memory",
    "status_alloc_failed", "allocation_failed",  # cuBLAS and cuDNN up to 8, cuDNN 9
)  # fmt: skip
_PERHAPS_OUT_OF_MEMORY = ("unable to find an engine",)
"""cuDNN says this when no algorithm has room for its workspace, but also when it has none for the operation at all."""

_Result = TypeVar("_Result")


def estimate_bytes(config: TrainingConfig, *, training: bool = True, half: bool = False) -> int:
    """Peak memory of a step, or of one forward over a patch, from the sizes of the feature maps.

    Counted: what each convolution block keeps for the backward pass (convolution, normalisation with ReLU,
    dropout and its mask) and each concatenation; the same of further decoders; gradients; weights, Adam and
    teacher; for the teacher's passes the feature maps alive at the widest place, the last convolution (skip and
    concatenation are still held there). The patches themselves are small beside it.
    `Testing/benchmarks/count_step.py` counts what really is alive, without a GPU's workspace.

    Args:
        config: Patch size, batch, passes, network.
        training: False for a single forward of one patch without gradients.
        half: Whether the convolutions run in 16 bits.
    """
    voxels, size = math.prod(config.patch_size), 2 if half else 4
    alive = 17 * config.base_filters * voxels * size
    weights = 4 * WEIGHTS_PER_SQUARED_FILTER * config.base_filters**2
    if not training:
        return alive + weights
    patches = config.labelled_per_batch + config.unlabelled_per_batch
    kept = patches * (_kept_by_encoder(config, voxels, size) + _kept_by_decoder(config, voxels, size))
    kept += further_decoders(config) * _kept_by_decoder(config, voxels, size)
    student = kept / config.accumulation * (1 + BACKWARD_SHARE)
    return int(max(student, teacher_patches(config) * alive) + 5 * weights)


def further_decoders(config: TrainingConfig) -> int:
    """Passes of a patch through a decoder beside the main one, in the largest step of a method that has some."""
    unlabelled = config.unlabelled_per_batch
    alternating = config.mtc_mode == "alternating"
    perturbed = unlabelled + config.labelled_per_batch * config.cct_supervise_auxiliary
    passes = {"cct": 3 * perturbed, "mtc": config.labelled_per_batch * alternating + unlabelled}
    return passes.get(config.method, 0)


def teacher_patches(config: TrainingConfig) -> int:
    """Patches in the largest forward of the teacher."""
    half_batch = config.unlabelled_per_batch // config.accumulation
    passes = {"embedding_matching": config.passes, "uamt": config.consistency_passes, "mean_teacher": 1}
    patches = half_batch * passes.get(config.method, 0)
    return min(patches, config.teacher_chunk or patches)


def available_bytes(device: torch.device) -> int:
    """What this process can still take of a GPU: what nobody has, and what torch keeps of tensors that are gone."""
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + kept


def room_for_run(config: TrainingConfig, device: torch.device, free_bytes: int | None) -> int | None:
    """Bytes that a run may plan with, scans on the GPU included, or None without a limit.

    `memory_gib` is also enforced on an NVIDIA GPU.

    Args:
        config: `memory_gib`.
        device: Where the run computes.
        free_bytes: What somebody has measured; None asks a GPU.
    """
    if free_bytes is None and device.type == "cuda":
        free_bytes = available_bytes(device)
    if not config.memory_gib:
        return free_bytes
    allowed = int(config.memory_gib * 2**30)
    if device.type == "cuda":
        whole = torch.cuda.mem_get_info(device)[1]
        # By number, or None for the GPU in use: this function takes no device without a number.
        torch.cuda.set_per_process_memory_fraction(min(1.0, allowed / whole), device.index)
    return allowed if free_bytes is None else min(free_bytes, allowed)


def fit_to_memory(
    config: TrainingConfig, free_bytes: int, *, half: bool = False, processes: int = 1
) -> tuple[TrainingConfig, str]:
    """The configuration that fits, and one sentence about what was changed (empty if nothing).

    Each of several processes computes its share of a batch, and the share is what has to fit.

    When even the smallest does not fit by the estimate it is returned all the same; the run then says what is
    missing.
    """
    share = before = config.replace(
        labelled_per_batch=config.labelled_per_batch // processes,
        unlabelled_per_batch=config.unlabelled_per_batch // processes,
    )
    while estimate_bytes(share, half=half) > USABLE * free_bytes:
        step = smaller(share)
        if step is None:
            break
        share = step[0]
    if share == before:
        return config, ""
    fitting = config.replace(**{name: getattr(share, name) for name in SHRINKABLE})
    return fitting, f"About {free_bytes / 2**30:.1f} GiB of memory are free, so {_changes(before, share)}."


def smaller(config: TrainingConfig) -> tuple[TrainingConfig, str] | None:
    """The next smaller configuration and a sentence, or None at the smallest.

    First fewer patches in a forward of the teacher (the same numbers, slower), then a batch in parts, then
    smaller patches.
    """
    chunk, parts = teacher_patches(config), config.accumulation
    larger = [n for n in range(parts + 1, config.labelled_per_batch + 1) if config.labelled_per_batch % n == 0]
    sides = tuple(max(min(SMALLEST_SIDE, n), int(0.75 * n) // 8 * 8) for n in config.patch_size)
    if chunk > config.unlabelled_per_batch // parts:
        new = config.replace(teacher_chunk=max(1, chunk // 2))
    elif larger:
        new = config.replace(accumulation=larger[0])
    elif chunk > 1:
        new = config.replace(teacher_chunk=chunk // 2)
    elif sides != config.patch_size:
        new = config.replace(patch_size=sides)
    else:
        return None
    return new, f"Memory ran out, so {_changes(config, new)}; the run goes on from where it is."


def cannot_shrink(config: TrainingConfig) -> SemiSegEmbedError:
    """The error for a run that does not fit at its smallest."""
    return SemiSegEmbedError(
        f"Memory ran out even with patches of {_times(config.patch_size)}; "
        "close other programs, use fewer base filters, or train on a machine with more memory."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of torch, on any device, means that memory ran out."""
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or _says(error, _OUT_OF_MEMORY)


def may_be_out_of_memory(error: BaseException) -> bool:
    """Whether it is worth a try with less memory; where there is no less, the error itself says what is wrong."""
    return isinstance(error, RuntimeError | MemoryError) and (
        is_out_of_memory(error) or _says(error, _PERHAPS_OUT_OF_MEMORY)
    )


def unless_out_of_memory(compute: Callable[[], _Result], device: torch.device) -> _Result | None:
    """What `compute` returns, or None when memory ran out, or may have; other errors are raised."""
    try:
        return compute()
    except (RuntimeError, MemoryError) as error:
        if not may_be_out_of_memory(error):
            raise
    # Only here, since the error holds whatever was computed before it.
    give_back(device)
    return None


def give_back(device: torch.device) -> None:
    """Hands the memory that torch keeps of tensors that are gone back to the GPU, so that it can be cut anew."""
    if device.type == "cuda":
        torch.cuda.empty_cache()


def peak_bytes(device: torch.device) -> int | None:
    """Largest memory so far: of the run on a GPU, of the whole process on a CPU (None on Windows)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _says(error: BaseException, hints: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(hint in text for hint in hints)


def _kept_by_encoder(config: TrainingConfig, voxels: int, size: int) -> float:
    """Bytes that the forward of one patch keeps for the backward pass."""
    return sum(3 * width * (3 * size + 1) * n for width, n in _levels(config, voxels))


def _kept_by_decoder(config: TrainingConfig, voxels: int, size: int) -> float:
    """The same of a decoder with skips."""
    return sum((4 * width * (3 * size + 1) + 6 * width * size) * n for width, n in _levels(config, voxels)[:-1])


def _levels(config: TrainingConfig, voxels: int) -> list[tuple[int, float]]:
    """Filters of the first convolution and voxels of each level, finest first."""
    return [(config.base_filters * 2**level, voxels / 8**level) for level in range(LEVELS)]


def _changes(old: TrainingConfig, new: TrainingConfig) -> str:
    """What differs, in words."""
    words = []
    if new.patch_size != old.patch_size:
        words.append(f"patches shrink from {_times(old.patch_size)} to {_times(new.patch_size)} voxels")
    if new.accumulation != old.accumulation:
        words.append(f"each batch is learned in {new.accumulation} parts")
    if new.teacher_chunk != old.teacher_chunk:
        words.append(f"the teacher sees {new.teacher_chunk} of its patches at once")
    return "; ".join(words)


def _times(size: tuple[int, int, int]) -> str:
    return " x ".join(str(n) for n in size)
