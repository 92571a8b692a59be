"""The training step: ours beside the plain path and beside a step written as the public peers write theirs.

    python Testing/benchmarks/bench_step.py                                        # small, on the processor
    python Testing/benchmarks/bench_step.py --device cuda --patch 96 --base-filters 16 --repeats 10

Prints JSON: milliseconds (median and least of several groups of steps), peak GPU memory, whether the host waited for
the GPU inside a step, and the time of the convolutions alone (the floor). Rows come one after the other, so a few
percent between two of them say nothing; what matching costs is measured in turns by `bench_matching.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measuring import attempt, deadline, fitted, keep, peak_gib, reset_peak, time_groups, versions, wait
from peer_step import PeerStep

from SemiSegEmbedLib.learning.augmentation import Augmentation
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.precision import training_dtype
from SemiSegEmbedLib.learning.stepper import Stepper
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

PLAIN = {"precision": "fp32", "channels_last": False, "compile": "off", "teacher_chunk": 1}
OURS: dict[str, dict[str, Any]] = {
    "ours": {},
    "ours, instance norm": {"norm": "instance"},
    "ours, eager": {"compile": "off"},
    "ours, fp32": {"precision": "fp32"},
    "ours, plain layout": {"channels_last": False},
    "ours, passes one by one": {"teacher_chunk": 1},
    "plain path": PLAIN,
    "euclidean + mean": {"kernel": "euclidean"},
    "cosine + max": {"reduce": "max"},
    "euclidean + max": {"kernel": "euclidean", "reduce": "max"},
    "uamt, as many passes": {"method": "uamt", "consistency_passes": 4},
    "supervised": {"method": "supervised"},
    "ours, 4 GiB": {"memory_gib": 4.0},
}
PEERS = {"as the peers write it": False, "as the peers write it, TF32": True}
FLOOR = "convolutions alone"


def make_source(config: TrainingConfig, device: torch.device, volumes: int = 4) -> PatchSource:
    """Patches of noisy balls in volumes twice the size of a patch in each direction."""
    random, side = np.random.default_rng(0), 2 * config.patch_size[0]
    grid = np.stack(np.mgrid[:side, :side, :side]).astype(np.float32)
    ball = ((grid - side / 2) ** 2).sum(0) < (0.3 * side) ** 2
    made = []
    for number in range(volumes):
        image = (np.where(ball, 400.0, 40.0) + random.normal(0, 40, ball.shape)).astype(np.float16)
        label = ball.astype(np.uint8) if number < 2 else None
        made.append(Volume(f"case-{number + 1:04d}", image, label, (1.0, 1.0, 1.0)))
    generator = torch.Generator().manual_seed(0)
    return PatchSource(made, Normalisation(60.0, 180.0), config, 2, device, generator)


def measure_ours(config: TrainingConfig, device: torch.device, repeats: int, group: int) -> dict[str, Any]:
    source, start = make_source(config, device), time.perf_counter()
    stepper = Stepper(config, 2, device)
    labelled, unlabelled = stepper.method.patches_per_step(0)
    parts = config.accumulation
    batch = source.batch(labelled // parts, unlabelled // parts)
    stepper.take(lambda: batch, 0)
    wait(device)
    row: dict[str, Any] = {"first_step_s": round(time.perf_counter() - start, 2), "note": stepper.note}
    for number in range(2):
        stepper.take(lambda: batch, number)
    reset_peak(device)
    row |= time_groups(lambda number: stepper.take(lambda: batch, number), device, repeats, group)
    row["peak_gib"] = peak_gib(device)
    if device.type == "cuda":
        row["host_waits"] = _host_waits(lambda: stepper.take(lambda: batch, 1))
    if config.method == "embedding_matching" and config == preset("paper", **_size(config)):
        augmentation, generator = Augmentation(config), torch.Generator().manual_seed(0)

        def with_data(number: int) -> None:
            stepper.take(lambda: augmentation(source.batch(labelled, unlabelled), generator), number)

        row["with_data"] = time_groups(with_data, device, repeats, group)
        if device.type == "cuda":
            everything = config.replace(augmentation="strong", cutmix=1.0, labelled_cutmix=1.0, copy_paste=1.0)
            strong = Augmentation(everything)
            row["data_waits"] = _host_waits(
                lambda: [strong(source.batch(labelled, unlabelled), generator) for _ in range(8)]
            )
    return row


def measure_peers(
    config: TrainingConfig, device: torch.device, repeats: int, group: int, tf32: bool
) -> dict[str, Any]:
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    try:
        peer, batch = PeerStep(config, device), make_source(config, device).batch(2, 2)
        for number in range(2):
            peer.step(batch, number)
        reset_peak(device)
        row: dict[str, Any] = time_groups(lambda number: peer.step(batch, number), device, repeats, group)
        return row | {"peak_gib": peak_gib(device)}
    finally:  # also when memory runs out: the rows after this one have torch's own setting
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = False, True


def convolution_floor(config: TrainingConfig, device: torch.device, repeats: int) -> dict[str, float]:
    """Time of the step's convolutions alone, each by itself in the run's precision and layout.

    Many calls stand between two waits for a GPU, so that it computes one while the next is launched.
    """
    calls = 20 if device.type == "cuda" else 2
    dtype = training_dtype(config.precision, device) or torch.float32
    network = UNet3D(1, 2, config.base_filters, 0.0, config.norm).to(device)
    shapes: list[tuple[nn.Module, torch.Size]] = []
    kinds = (nn.Conv3d, nn.ConvTranspose3d)
    hooks = [
        module.register_forward_pre_hook(lambda module, inputs: shapes.append((module, inputs[0].shape)))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    with torch.no_grad():
        network(torch.zeros(1, 1, *config.patch_size, device=device))
    for hook in hooks:
        hook.remove()
    student = teacher = 0.0
    for module, shape in shapes:
        module.to(dtype=dtype, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        x = torch.randn(4, *shape[1:], device=device, dtype=dtype).contiguous(memory_format=torch.channels_last_3d)
        student += _time_training(module, x.requires_grad_(shape[1] > 1), device, repeats, calls)
        passes = x.detach()[:2].repeat(config.passes + 1, 1, 1, 1, 1)
        with torch.no_grad():
            module(passes)
            work = partial(_call, module, passes)
            teacher += time_groups(work, device, repeats, calls)["ms"]
    return {"ms": round(student + teacher, 3), "student_ms": round(student, 3), "teacher_ms": round(teacher, 3)}


def _call(module: nn.Module, x: torch.Tensor, _: int) -> None:
    module(x)


def _time_training(module: nn.Module, x: torch.Tensor, device: torch.device, repeats: int, calls: int) -> float:
    y = module(x)
    gradient = torch.randn_like(y)
    inputs = [p for p in (x, *module.parameters()) if p.requires_grad]

    def forward_backward(_: int) -> None:
        torch.autograd.grad(module(x), inputs, gradient)

    forward_backward(0)
    return time_groups(forward_backward, device, repeats, calls)["ms"]


def _size(config: TrainingConfig) -> dict[str, Any]:
    return {"patch_size": config.patch_size, "base_filters": config.base_filters}


def _host_waits(work: Callable[[], object]) -> str:
    """The lines at which the host waited for the GPU, or "none".

    Torch warns and goes on. An error would leave a step half done, and name no line.
    """
    torch.cuda.set_sync_debug_mode("warn")
    try:
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            work()
    finally:
        torch.cuda.set_sync_debug_mode("default")
    waits = [one for one in found if "called a synchronizing CUDA operation" in str(one.message)]
    return ", ".join(sorted({f"{Path(one.filename).name}:{one.lineno}" for one in waits})) or "none"


def measures(arguments: argparse.Namespace, device: torch.device) -> dict[str, Callable[[], dict[str, Any]]]:
    """How each variant is measured; what a processor cannot do is not among them."""
    base = preset("paper", patch_size=(arguments.patch,) * 3, base_filters=arguments.base_filters)
    repeats, group, cuda = arguments.repeats, arguments.group, device.type == "cuda"

    def ours(changes: dict[str, Any]) -> dict[str, Any]:
        return measure_ours(fitted(base.replace(**changes)), device, repeats, group)

    found: dict[str, Callable[[], dict[str, Any]]] = {
        name: partial(ours, changes) for name, changes in OURS.items() if cuda or "memory_gib" not in changes
    }
    for name, tf32 in PEERS.items():
        if cuda or not tf32:
            found[name] = partial(measure_peers, base, device, repeats, group, tf32)
    return {**found, FLOOR: partial(convolution_floor, base, device, repeats)}


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every variant, one after the other on one device; one that fails says why and the others go on."""
    device, until = torch.device(arguments.device), deadline(arguments.minutes)
    torch.backends.cudnn.benchmark = True
    known, rows = measures(arguments, device), {}
    result: dict[str, Any] = {"settings": {**vars(arguments), "output": None}, "versions": versions(device)}
    for name in arguments.only or known:
        if name not in known:
            rows[name] = {"failed": f"there is no such row on {device.type}"}
        else:
            rows[name] = attempt(known[name], device, until)
        measured = {key: row for key, row in rows.items() if key != FLOOR}
        result |= {"rows": measured, "floor": rows.get(FLOOR, {})}
        keep(result, arguments.output)
    return result


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--patch", type=int, default=32)
    parser.add_argument("--base-filters", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=5, help="groups of steps")
    parser.add_argument("--group", type=int, default=2, help="steps in a group")
    parser.add_argument("--only", nargs="*", choices=[*OURS, *PEERS, FLOOR], metavar="VARIANT", help="in this order")
    parser.add_argument("--minutes", type=float, default=0, help="begin no variant after so many")
    parser.add_argument("--output", default="", help="file that holds what is done so far")
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
