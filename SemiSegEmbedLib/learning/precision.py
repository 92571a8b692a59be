"""Which floating-point type the convolutions use."""

from __future__ import annotations

import torch


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """The autocast type for a device, or None for fp32.

    "auto" is bf16 on a GPU that has it, fp16 on another NVIDIA GPU, bf16 on a CPU that computes in it (AMX or
    AVX512_BF16: half the time of fp32), else fp32.
    """
    if precision == "auto":
        precision = _best(device)
    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def _best(device: torch.device) -> str:
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
    if device.type == "cpu" and has_bf16_units():
        return "bf16"
    return "fp32"


def has_bf16_units() -> bool:
    """Whether the processor multiplies in bf16: asked of torch where it tells (names absent from older releases)."""
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, question, bool)() for question in questions)
