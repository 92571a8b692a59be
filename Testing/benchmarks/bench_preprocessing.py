"""Time and peak memory of the way onto the training grid and back, for a CT of 512 x 512 x 400.

    python Testing/benchmarks/bench_preprocessing.py [--size 512 512 400] [--spacing 0.7 0.7 0.8] [--threads 2]

Prints one JSON object: seconds and the peak of the process's memory in MB for each step.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.imaging.cache import ArrayCache
from SemiSegEmbedLib.imaging.check import check_case
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.grid import label_to_training_grid, to_training_grid
from SemiSegEmbedLib.imaging.read import read_image
from SemiSegEmbedLib.imaging.restore import labels_to_native
from SemiSegEmbedLib.imaging.write import write_image, write_segmentation
from SemiSegEmbedLib.study.records import IGNORE, Label
from SemiSegEmbedLib.workflows.labelling import label_values

LABELS = (Label("hip left", 1), Label("hip right", 2))
SIDED = (Label("hip left", 1, side="left", mirror=2), Label("hip right", 2, side="right", mirror=1))


def synthetic(size: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[sitk.Image, sitk.Image]:
    """A body with two shells of bone; int16 HU and uint8 label."""
    geometry = Geometry((size[0], size[1], size[2]), (spacing[0], spacing[1], spacing[2]), (-180.0, -180.0, 0.0))
    image = np.full(geometry.shape, -1000, np.int16)
    label = np.zeros(geometry.shape, np.uint8)
    y, x = np.ogrid[: geometry.shape[1], : geometry.shape[2]]
    y, x = (y / size[1] - 0.5), (x / size[0] - 0.5)
    noise = np.random.default_rng(0).normal(0, 15, (16, *geometry.shape[1:])).astype(np.int16)
    for z in range(geometry.shape[0]):
        image[z] = np.where((x / 0.48) ** 2 + (y / 0.36) ** 2 < 1, 40, -1000) + noise[z % 16]
        for value, side in ((1, 0.2), (2, -0.2)):
            radius = np.hypot(np.hypot(x - side, y), 0.8 * (z / size[2] - 0.5))
            shell = (radius > 0.15) & (radius < 0.17)
            image[z][shell] = 700
            label[z][shell] = value
    return (geometry.apply_to(sitk.GetImageFromArray(image)), geometry.apply_to(sitk.GetImageFromArray(label)))


def measure(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Run and watch: seconds, peak memory of the process, and how much that is above the start, in MB."""
    import psutil  # here, since other scripts take the CT of this file and need no psutil

    process, stop = psutil.Process(), threading.Event()
    start = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.005):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    stop.set()
    watcher.join()
    return result, {
        "seconds": round(seconds, 2),
        "peak_mb": round(peak / 1e6),
        "extra_mb": round((peak - start) / 1e6),
    }


def main() -> None:
    """Measure each step and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs=3, default=(512, 512, 400))
    parser.add_argument("--spacing", type=float, nargs=3, default=(0.7, 0.7, 0.8))
    parser.add_argument("--spacing-mm", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(arguments.threads)
    image, label = synthetic(tuple(arguments.size), tuple(arguments.spacing))
    native = Geometry.of(image)
    report: dict[str, Any] = {"size": list(native.size), "spacing": list(native.spacing), "threads": arguments.threads}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ct, drawn = folder / "ct.nii.gz", folder / "label.nii.gz"
        _, report["write_image"] = measure(partial(write_image, image, ct))
        write_segmentation(label, LABELS, drawn)
        del image
        _, report["check_case"] = measure(partial(check_case, ct, drawn, LABELS))
        image, report["read_image"] = measure(partial(read_image, ct))
        grid, report["to_training_grid"] = measure(partial(to_training_grid, image, arguments.spacing_mm))
        del image
        classes, report["label_to_training_grid"] = measure(partial(label_to_training_grid, label, {1: 1, 2: 2}, grid))
        cache = ArrayCache(folder / "cache")
        _, report["cache_put"] = measure(partial(cache.put, "ct", grid.array, {}))
        _, report["cache_get"] = measure(partial(cache.get, "ct"))
        report["training_shape"] = list(grid.array.shape)
        found = np.minimum(np.where(classes == IGNORE, 0, classes), 1)
        values, report["islands_and_sides"] = measure(
            partial(label_values, found, SIDED, grid.geometry.array_spacing, island_mm3=500.0)
        )
        back, report["labels_to_native"] = measure(partial(labels_to_native, values, grid.geometry, native))
        _, report["write_segmentation"] = measure(partial(write_segmentation, back, SIDED, folder / "found.nii.gz"))
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
