"""Where the time of one training step and of one window of inference goes, as a picture and as JSON.

python Testing/benchmarks/profile_pictures.py --output docs/figures/profile.png
python Testing/benchmarks/profile_pictures.py --device cuda --patch 96 --base-filters 16 --output profile_gpu.png
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench_step import make_source

from SemiSegEmbedLib.inference.engine import TorchEngine
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.stepper import Stepper

KINDS: dict[str, tuple[str, ...]] = {
    "fused by the compiler": ("triton",),
    "convolution": ("conv", "gemm", "implicit", "xmma", "cutlass", "cudnn"),
    "normalisation": ("batch_norm", "instance_norm", "bn_"),
    "dropout and noise": ("random_", "dropout", "normal_", "rand", "philox", "distribution"),
    "pooling": ("pool",),
    "optimiser and teacher": ("adam", "_foreach", "multi_tensor", "lerp"),
    "softmax, logs, matrix products": ("softmax", "nll", "entr", "cumsum", "search", "gather", "mm", "log", "exp"),
    "concatenation and copies": ("cat", "copy", "clone", "contiguous", "to_copy", "memcpy"),
    "ReLU": ("relu", "threshold", "clamp_min"),
    "products, sums, comparisons": ("mul", "add", "ge", "lt", "sum", "where", "fill", "div", "sub", "mean"),
}


WARM_UP = 3
"""Calls before the one that is profiled: in them torch compiles and cuDNN tries its algorithms."""


def kind_of(name: str) -> str:
    """The first kind that the name of an operation hints at.

    It says what is computed and not what for: products of the matching count with all other products.
    """
    lower = name.lower()
    return next((kind for kind, hints in KINDS.items() if any(hint in lower for hint in hints)), "everything else")


def shares(work: Callable[[], object], device: torch.device) -> dict[str, float]:
    """Percent of the time of all operations, by kind; each operation counts without those that it calls."""
    cuda = device.type == "cuda"
    for _ in range(WARM_UP):
        work()
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]) as found:
        work()
        if cuda:
            torch.cuda.synchronize()
    return percent_by_kind(found.key_averages(), cuda)


def percent_by_kind(events: Iterable[Any], cuda: bool) -> dict[str, float]:
    """Percent of the time of what the profiler found; on a GPU that of its kernels, under the operations' names."""
    times: dict[str, float] = {}
    for event in events:
        if event.device_type != DeviceType.CPU:
            continue  # a kernel, whose time the operation that began it has too
        spent = event.self_device_time_total if cuda else event.self_cpu_time_total
        times[kind_of(event.key)] = times.get(kind_of(event.key), 0.0) + spent
    whole = sum(times.values())
    return {kind: round(100 * t / whole, 1) for kind, t in sorted(times.items(), key=lambda item: -item[1])}


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Shares of a step of the paper's preset, as `bench_step` times it, and of one window with the same network."""
    device = torch.device(arguments.device)
    torch.backends.cudnn.benchmark = True
    size = {"patch_size": (arguments.patch,) * 3, "base_filters": arguments.base_filters}
    config = preset("paper", **size)
    stepper = Stepper(config, 2, device)
    batch = make_source(config, device).batch(2, 2)
    engine = TorchEngine(
        UNet3D(1, 2, arguments.base_filters, norm=config.norm), device, autocast_dtype("auto", device)
    )
    window = torch.randn(1, 1, *config.patch_size, device=device)

    def infer() -> None:
        with torch.inference_mode():
            engine(window)

    found = {"one training step": shares(lambda: stepper.take(lambda: batch, 1), device)}
    found["one window of inference"] = shares(infer, device)
    if arguments.output:
        draw(found, Path(arguments.output))
    return {"settings": {**vars(arguments), "output": None}, "shares_percent": found}


def draw(found: dict[str, dict[str, float]], path: Path) -> None:
    """Two bar charts side by side."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for axes, (title, bars) in zip(figure.subplots(1, 2), found.items(), strict=True):
        names = list(bars)[::-1]
        drawn = axes.barh(names, [bars[name] for name in names], color="#3b6ea5")
        axes.bar_label(drawn, fmt="%.1f", padding=3, fontsize=8)
        axes.set_title(f"{title}: percent of the time", fontsize=10)
        axes.set_xlim(0, 105)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=90)


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--patch", type=int, default=64)
    parser.add_argument("--base-filters", type=int, default=16)
    parser.add_argument("--output", default="")
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
