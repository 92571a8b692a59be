"""Which floating-point type the convolutions use."""

from __future__ import annotations

import torch


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """The autocast type of forwards on a device, or None for fp32.

    "auto" is bf16 on a GPU that has it, fp16 on another NVIDIA GPU, bf16 on a CPU that computes in it (AMX or
    AVX512_BF16: half the time of fp32), else fp32.
    """
    if precision == "auto":
        precision = _best(device)
    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def training_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """The same where gradients follow: fp32 instead of bf16 on a CPU without AMX, whatever was asked for.

    There, with AVX-512, torch 2.13 computes the gradients of convolutions on maps two voxels wide from memory that
    nobody wrote (seen on a processor with AVX512_BF16, some of them 1e37). Forwards are right.
    """
    dtype = autocast_dtype(precision, device)
    return None if dtype == torch.bfloat16 and device.type == "cpu" and not _has("_is_amx_tile_supported") else dtype


def has_bf16_units() -> bool:
    """Whether the processor multiplies in bf16."""
    return _has("_is_amx_tile_supported") or _has("_is_avx512_bf16_supported")


def _best(device: torch.device) -> str:
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
    return "bf16" if device.type == "cpu" and has_bf16_units() else "fp32"


def _has(question: str) -> bool:
    """Asked of torch where it tells (underscore names, absent from older releases)."""
    return bool(getattr(torch.cpu, question, bool)())
