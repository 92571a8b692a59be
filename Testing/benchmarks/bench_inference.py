"""Time and peak memory of segmenting one volume, beside MONAI's sliding window. Prints JSON.

    python Testing/benchmarks/bench_inference.py --shape 192 160 192 --want default
    python Testing/benchmarks/bench_inference.py --shape 400 512 512 --base-filters 2 --patch 64 64 64   # memory alone

The network has random weights, except that one of its channels carries the image to the output: it calls bone what
is bright. So windows without bone and places near bone are where they would be. Each run of a variant has a process
of its own, since the peak of a process never falls. With --turns the variants take turns, so that a busy minute meets
all of them, and medians are reported.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measuring import NO_TIME, keep

from SemiSegEmbedLib.inference.engine import Engine, OpenVinoEngine, TorchEngine, has_openvino
from SemiSegEmbedLib.inference.maps import predict_maps
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.reference_bank import ReferenceBank
from SemiSegEmbedLib.inference.sliding_window import count_windows, window_starts
from SemiSegEmbedLib.learning.memory import peak_bytes
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.volumes import Normalisation

LABEL: dict[str, Any] = {"want": ("label",)}
BOTH: dict[str, Any] = {"want": ("label", "uncertainty")}
DEFAULT: dict[str, Any] = {"skip_below_hu": 150.0}
EVERYWHERE: dict[str, Any] = {"passes_where": "all"}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {**LABEL, **DEFAULT},
    "default, with uncertainty": {**BOTH, **DEFAULT},
    "default, with uncertainty from all windows": {**BOTH, **DEFAULT, **EVERYWHERE},
    "default, all maps": DEFAULT,
    "nothing skipped": LABEL,
    "fp32, nothing skipped": {**LABEL, "precision": "fp32"},
    "openvino": {**LABEL, "engine": "openvino"},
    "openvino, fp32": {**LABEL, "engine": "openvino", "precision": "fp32"},
    "torch": {**LABEL, "engine": "torch"},
    "torch, fp32": {**LABEL, "engine": "torch", "precision": "fp32"},
    "label and uncertainty": {**BOTH, **EVERYWHERE},
    "label and uncertainty near bone": BOTH,
    "monai, fp32": {},
    "monai, our torch engine": {},
    "monai, our openvino engine": {},
    "network alone, our torch engine": {},
    "network alone, our openvino engine": {},
}
"""What is asked of `predict_maps`. MONAI's are its own sliding window around the plain network or our engine; a
network alone computes as many windows and nothing else, which is the floor of every sliding window around it."""


def body(shape: tuple[int, int, int]) -> np.ndarray:
    """An elliptic body with two shafts of bone in air, HU in float16; built slice by slice to keep memory low."""
    image = np.full(shape, -1000, np.float16)
    y, x = np.ogrid[-1 : 1 : shape[1] * 1j, -1 : 1 : shape[2] * 1j]
    section = np.where((x / 0.8) ** 2 + (y / 0.6) ** 2 < 1, 40, -1000)
    for side in (-0.4, 0.4):
        section = np.where((x - side) ** 2 + y**2 < 0.02, 700, section)
    generator = np.random.default_rng(0)
    for z in range(shape[0]):
        image[z] = section + generator.integers(-40, 40, section.shape)
    return image


def phantom(shape: tuple[int, int, int]) -> np.ndarray:
    """A phantom patient at 1 mm, cut or continued with air to a shape: as much bone and noise as a scan has."""
    from SemiSegEmbedLib.phantom.parameters import draw_patient
    from SemiSegEmbedLib.phantom.render import render

    found = render(draw_patient(1), 1.0).image
    image = np.full(shape, -1000, np.float16)
    sizes = [min(a, b) for a, b in zip(found.shape, shape, strict=True)]
    source, target = (
        tuple(slice((n - size) // 2, (n - size) // 2 + size) for n, size in zip(whole, sizes, strict=True))
        for whole in (found.shape, shape)
    )
    image[target] = np.clip(found[source], -1000, 2000)
    return image


def sees_brightness(network: UNet3D, threshold: float) -> None:
    """Channel 0 carries normalised HU along the finest level to the output; the object is what exceeds a threshold."""
    first, second = network.encoder.levels[0]
    last = network.decoder.levels[-1]
    blocks = [first, second, *last]
    with torch.no_grad():
        for block in blocks:
            block[0].weight[0] = 0.0
            block[0].weight[0, 0, 1, 1, 1] = 1.0
            if isinstance(block[1], torch.nn.InstanceNorm3d):
                block[1].weight[0], block[1].bias[0] = 1.0, 1.0
        network.output.weight.zero_()
        network.output.weight[1, 0], network.output.bias[1] = 10.0, -10.0 * threshold


def random_model(base_filters: int, norm: str, patch: tuple[int, int, int]) -> Model:
    torch.manual_seed(0)
    network = {"in_channels": 1, "classes": 2, "base_filters": base_filters, "dropout": 0.15, "norm": norm}
    student, teacher = UNet3D(**network).eval(), UNet3D(**network).eval()
    for one in (student, teacher):
        sees_brightness(one, 1.0 if norm == "batch" else 4.0)
    size = (2, 5, 16)
    bank = ReferenceBank(
        torch.rand(*size, student.embed_dim),
        ("case-0001",),
        torch.zeros(size, dtype=torch.int16),
        torch.zeros((*size, 3), dtype=torch.int32),
        torch.zeros((*size, 3)),
        (0, 1),
    )
    return Model(student, teacher, network, Normalisation(0.0, 300.0), 1.0, 2, [], bank, {"patch_size": list(patch)})


def monai_network(variant: str, model: Model, patch: tuple[int, ...], device: torch.device) -> Engine:
    """What MONAI's walk calls: the plain network in fp32, as a user would, or one of our engines."""
    dtype = autocast_dtype("auto", device)
    if "openvino" in variant:
        return OpenVinoEngine(model.student, dtype, patch, embeddings=False)
    return TorchEngine(model.student, device, dtype) if "torch" in variant else model.student.to(device)


def monai_label(
    variant: str, model: Model, image: np.ndarray, patch: tuple[int, ...], overlap: float, device: str
) -> np.ndarray:
    """As a user of MONAI calls it."""
    from monai.inferers import sliding_window_inference

    network = monai_network(variant, model, patch, torch.device(device))
    x = normalise(torch.from_numpy(image).to(device), model.normalisation)[None, None]
    with torch.no_grad():
        logits = sliding_window_inference(
            x, patch, 1, lambda w: network(w)[0].float(), overlap=overlap, mode="gaussian"
        )
    return logits.argmax(1)[0].byte().cpu().numpy()


def network_alone(variant: str, model: Model, shape: tuple[int, ...], patch: tuple[int, ...], overlap: float) -> None:
    """As many forwards as a walk over the volume makes."""
    network = monai_network(variant, model, patch, torch.device("cpu"))
    window = torch.randn(1, 1, *patch)
    with torch.inference_mode():
        for _ in range(count_windows(shape, patch, overlap)):
            network(window)


def run_once(variant: str, model: Model, image: np.ndarray, arguments: argparse.Namespace) -> None:
    patch = tuple(arguments.patch)
    if variant.startswith("monai"):
        monai_label(variant, model, image, patch, arguments.overlap, arguments.device)
    elif variant.startswith("network"):
        network_alone(variant, model, image.shape, patch, arguments.overlap)
    else:
        predict_maps(model, image, device=arguments.device, overlap=arguments.overlap, **VARIANTS[variant])


def windows_skipped(image: np.ndarray, patch: tuple[int, ...], overlap: float, threshold: float | None) -> float:
    """Share of windows without a voxel above the threshold."""
    if threshold is None:
        return 0.0
    starts = [window_starts(n, p, overlap) for n, p in zip(image.shape, patch, strict=True)]
    windows = [tuple(slice(s, s + p) for s, p in zip(corner, patch, strict=True)) for corner in product(*starts)]
    return round(sum(bool((image[window] <= threshold).all()) for window in windows) / len(windows), 3)


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run of one variant in this process."""
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    patch = tuple(arguments.patch)
    model = random_model(arguments.base_filters, arguments.norm, patch)
    image = np.load(arguments.image)
    if variant.startswith("monai"):
        import monai.inferers  # noqa: F401  (seconds that are nobody's inference)
    if has_openvino():
        import openvino  # noqa: F401
    before = peak_bytes(torch.device("cpu")) or 0
    seconds = []
    for _ in range(arguments.repeats):
        start = time.perf_counter()
        run_once(variant, model, image, arguments)
        seconds.append(time.perf_counter() - start)
    median = float(np.median(seconds))
    return {
        "seconds": round(median, 3),
        "mvoxel_per_s": round(image.size / median / 1e6, 3),
        "peak_ram_gib": round((peak_bytes(torch.device("cpu")) or 0) / 2**30, 2),
        "windows_skipped": windows_skipped(image, patch, arguments.overlap, VARIANTS[variant].get("skip_below_hu")),
        "ram_before_gib": round(before / 2**30, 2),
        "peak_gpu_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if arguments.device != "cpu" else None,
    }


def measure_in_turns(arguments: argparse.Namespace) -> dict[str, Any]:
    """The medians of each variant, or why there are none."""
    found: dict[str, list[dict[str, Any]]] = {variant: [] for variant in arguments.want}
    failed: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        image = Path(name) / "image.npy"
        np.save(image, (phantom if arguments.phantom else body)(tuple(arguments.shape)))
        for variant in arguments.turns * arguments.want:
            command = [sys.executable, __file__, *sys.argv[1:], "--one", variant, "--image", str(image)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[variant].append(json.loads(done.stdout))
            else:
                failed[variant] = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            results = {one: medians(rows) if (rows := found[one]) else failed.get(one, NO_TIME) for one in found}
            keep({"results": results}, arguments.output)
    return results


def medians(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each number over several turns."""
    return {
        name: None if value is None else round(float(np.median([row[name] for row in rows])), 3)
        for name, value in rows[0].items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, nargs=3, default=(192, 160, 192))
    parser.add_argument("--phantom", action="store_true", help="a phantom patient instead of a simple body")
    parser.add_argument("--patch", type=int, nargs=3, default=(96, 96, 96))
    parser.add_argument("--base-filters", type=int, default=16)
    parser.add_argument("--norm", default="instance")
    parser.add_argument("--overlap", type=float, default=0.25)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=1, help="runs of a variant in one process")
    parser.add_argument("--turns", type=int, default=1, help="processes of each variant, in turns")
    parser.add_argument("--want", nargs="*", choices=list(VARIANTS), default=list(VARIANTS), metavar="VARIANT")
    parser.add_argument("--output", default="", help="file that holds what is done so far")
    parser.add_argument("--one", choices=list(VARIANTS), help=argparse.SUPPRESS)
    parser.add_argument("--image", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments)))
        return
    results = measure_in_turns(arguments)
    settings = {k: v for k, v in vars(arguments).items() if k not in ("one", "want", "image", "output")}
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    for name in ("openvino", "monai"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    if arguments.device != "cpu":
        versions.update(cudnn=torch.backends.cudnn.version(), device=torch.cuda.get_device_name())
    print(json.dumps({"settings": settings, "results": results, "versions": versions}, indent=1))


if __name__ == "__main__":
    main()
