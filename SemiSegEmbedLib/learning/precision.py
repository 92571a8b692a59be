"""Which floating-point type the convolutions use."""

from __future__ import annotations

import torch


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """The autocast type for a device, or None for fp32.

    "auto" is bf16 on a GPU that has it, fp16 on another NVIDIA GPU, bf16 on a CPU with AMX tiles, else fp32.
    """
    if precision == "auto":
        precision = _best(device)
    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def _best(device: torch.device) -> str:
    if device.type == "cuda":
        return "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
    if device.type == "cpu" and _has_amx():
        return "bf16"
    return "fp32"


def _has_amx() -> bool:
    """Asked of torch where it tells (an underscore name, absent from older releases)."""
    ask = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(ask()) if ask else False
