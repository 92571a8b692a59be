"""What there is to compute on, and how fast it is at this network."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import PRESETS, TrainingConfig, preset
from SemiSegEmbedLib.learning.effort import WITH_BACKWARD, mean_step_effort
from SemiSegEmbedLib.learning.memory import available_bytes
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.precision import training_dtype
from SemiSegEmbedLib.workflows.failures import OLD_DRIVER_MESSAGE, explain_failure

DISPLAY_BYTES = 512 << 20
"""Of a GPU's memory this much stays for the display; the desktop and a 3-D view need some hundred megabytes."""
NO_CUDA_MESSAGE = (
    "There is an NVIDIA GPU, but PyTorch was installed without support for it: install PyTorch again "
    "in the module PyTorch Utils."
)


@dataclass(frozen=True)
class Device:
    """One device: `id` as torch names it, a name for people, and its free memory in bytes."""

    id: str
    name: str
    free_bytes: int


def device_ids() -> list[str]:
    """GPUs first, the processor last; asks no GPU, since whoever does takes memory of it until the end."""
    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [*gpus, *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]


def list_devices() -> list[Device]:
    """What there is, in the order of `device_ids`."""
    import psutil  # a machine that only runs the benchmark has none

    memory = psutil.virtual_memory().available
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    hosts = {"mps": "Apple GPU", "cpu": f"processor with {cores} cores"}
    return [
        Device(one, hosts[one], memory)
        if one in hosts
        else Device(one, torch.cuda.get_device_name(one), torch.cuda.mem_get_info(one)[0])
        for one in device_ids()
    ]


def choose_device(name: str = "auto") -> torch.device:
    """The device called `name`, or the first one.

    Raises:
        BadInputError: There is no such device here.
    """
    ids = device_ids()
    wanted = {"auto": ids[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in ids:
        known = ", ".join(ids)
        raise BadInputError(f"There is no device '{name}' here: choose one of {known}.")
    return torch.device(wanted)


def leave_room_for_display(device: torch.device) -> int | None:
    """Keeps this process from taking the last of a GPU's memory, which the desktop needs.

    Returns:
        Memory in bytes that a run on the GPU may plan with; None for other devices.
    """
    if device.type != "cuda":
        return None
    total = torch.cuda.mem_get_info(device)[1]
    torch.cuda.set_per_process_memory_fraction(max(0.5, 1.0 - DISPLAY_BYTES / total), device)
    return max(0, available_bytes(device) - DISPLAY_BYTES)


def gpu_problem() -> str:
    """Why a GPU that may be there cannot be used, as one sentence; empty if one can, or if nothing hints at one."""
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        return ""
    if torch.version.cuda is None:
        present = shutil.which("nvidia-smi") is not None
        return NO_CUDA_MESSAGE if present else ""
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        reason = explain_failure(error)
        return OLD_DRIVER_MESSAGE if reason == OLD_DRIVER_MESSAGE else ""
    return ""


def expected_hours(device: torch.device, presets: Sequence[str] = tuple(PRESETS)) -> dict[str, dict[str, float]]:
    """What each preset asks for on a device: its steps, seconds a step, and hours for all of them."""
    expected = {}
    for name in presets:
        config = preset(name)
        seconds = estimate_step_seconds(config, device)
        expected[name] = {"steps": config.steps, "seconds": seconds, "hours": seconds * config.steps / 3600}
    return expected


def estimate_step_seconds(config: TrainingConfig, device: torch.device) -> float:
    """Expected seconds per training step, from the time of a small forward and backward of the same network."""
    probe = 32
    network = UNet3D(1, 2, base_filters=config.base_filters, dropout=config.dropout, norm=config.norm).to(device)
    # As many patches as a step has: of a single one of this size torch takes as long as of four.
    patches = config.labelled_per_batch + config.unlabelled_per_batch
    image = torch.zeros(patches, 1, probe, probe, probe, device=device)
    if config.channels_last:
        network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        image = image.to(memory_format=torch.channels_last_3d)
    dtype = training_dtype(config.precision, device)
    seconds = min(_time_forward_backward(network, image, dtype) for _ in range(3))
    voxels = config.patch_size[0] * config.patch_size[1] * config.patch_size[2]
    forward = seconds / WITH_BACKWARD / patches * voxels / probe**3
    return forward * mean_step_effort(config)


def _time_forward_backward(network: UNet3D, image: torch.Tensor, dtype: torch.dtype | None) -> float:
    start = time.perf_counter()
    with torch.autocast(image.device.type, dtype or torch.bfloat16, enabled=dtype is not None):
        logits, _ = network(image)
    logits.float().square().mean().backward()
    if image.device.type == "cuda":
        torch.cuda.synchronize(image.device)
    return time.perf_counter() - start
