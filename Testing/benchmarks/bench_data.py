"""How long a GPU waits for patches when the scans do not fit into its memory.

    python Testing/benchmarks/bench_data.py --device cuda --patch 96 --base-filters 16 --scans 40
    python Testing/benchmarks/bench_data.py --scans 3 --scan-shape 60 64 64

Prints JSON: a step on one batch again and again, one fed from scans that are mapped from files and none of which may
stay on the GPU, and the share of the second that is waiting. The output file holds what is measured so far.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measuring import keep, time_groups, versions

from SemiSegEmbedLib.learning.augmentation import Augmentation
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.stepper import Stepper
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

ANNOTATED = 4


def host_source(
    config: TrainingConfig, device: torch.device, scans: int, shape: tuple[int, int, int], folder: Path
) -> PatchSource:
    """Scans mapped from files, none of which may stay on the GPU; a few are annotated."""
    image = np.random.default_rng(0).normal(60, 80, shape).astype(np.float16)
    bone = tuple(slice(3 * n // 8, 5 * n // 8) for n in shape)
    volumes = []
    for number in range(scans):
        image[bone] = 400 + number
        np.save(folder / f"{number}.npy", image)
        mapped = np.load(folder / f"{number}.npy", mmap_mode="r")
        label = np.zeros(shape, np.uint8) if number < min(ANNOTATED, scans // 2) else None
        if label is not None:
            label[bone] = 1  # not by a threshold: single voxels of noise would be surfaces all over the scan
        volumes.append(Volume(f"case-{number + 1:04d}", mapped, label, (1.0, 1.0, 1.0)))
    generator = torch.Generator().manual_seed(0)
    return PatchSource(volumes, Normalisation(60.0, 180.0), config, 2, device, generator, room=0)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """A step with data, and one without."""
    device = torch.device(arguments.device)
    torch.backends.cudnn.benchmark = True
    config = preset("paper", patch_size=(arguments.patch,) * 3, base_filters=arguments.base_filters)
    result: dict[str, Any] = {"settings": {**vars(arguments), "output": None}, "versions": versions(device)}

    with tempfile.TemporaryDirectory() as name:
        start = time.perf_counter()
        source = host_source(config, device, arguments.scans, tuple(arguments.scan_shape), Path(name))
        result["begin_s"] = round(time.perf_counter() - start, 1)
        keep(result, arguments.output)
        stepper, augmentation = Stepper(config, 2, device), Augmentation(config)
        generator, batch = torch.Generator().manual_seed(0), source.batch(2, 2)

        def fed(number: int) -> None:
            stepper.take(lambda: augmentation(source.batch(2, 2), generator), number)

        for number in range(3):
            fed(number)
        alone = result["alone"] = time_groups(
            lambda number: stepper.take(lambda: batch, number), device, arguments.repeats, 20
        )
        keep(result, arguments.output)
        with_data = result["with_data"] = time_groups(fed, device, arguments.repeats, 20)
    result["idle_percent"] = round(max(0.0, 100 * (1 - alone["ms"] / with_data["ms"])), 1)
    keep(result, arguments.output)
    return result


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--patch", type=int, default=32)
    parser.add_argument("--base-filters", type=int, default=4)
    parser.add_argument("--scans", type=int, default=40)
    parser.add_argument("--scan-shape", type=int, nargs=3, default=(400, 512, 512))
    parser.add_argument("--repeats", type=int, default=5, help="groups of 20 steps")
    parser.add_argument("--output", default="", help="file that holds what is done so far")
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
