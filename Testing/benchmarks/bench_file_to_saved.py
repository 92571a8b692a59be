"""From a CT file to a saved segmentation, all included: reading, resampling, network, islands, sides, writing.

    python Testing/benchmarks/bench_file_to_saved.py --device cuda
    python Testing/benchmarks/bench_file_to_saved.py --size 64 64 48 --patch 32 --base-filters 2 --steps 5

Needs SimpleITK. The network has the paper's size and learns the synthetic bones for a few steps first, so that
what comes after the network has islands and sides to work on as in daily use. Prints JSON: seconds of each run; the
first one in a process also begins with the device.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench_inference import random_model
from bench_preprocessing import LABELS, synthetic
from measuring import versions

from SemiSegEmbedLib.imaging.grid import label_to_training_grid, to_training_grid
from SemiSegEmbedLib.imaging.write import write_image
from SemiSegEmbedLib.inference.model_file import Model, load_model, save_model
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Volume, measure_normalisation
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_many


def trained_model(arguments: argparse.Namespace, folder: Path) -> Model:
    """A model that has seen the synthetic bones at 2 mm for a few steps."""
    image, label = synthetic((192, 192, 128), (1.8, 1.8, 2.4))
    grid = to_training_grid(image, 2.0)
    classes = label_to_training_grid(label, {1: 1, 2: 1}, grid)
    volume = Volume("case-0001", grid.array, classes, grid.geometry.array_spacing)
    normalisation = measure_normalisation([volume])
    patch = (arguments.patch,) * 3
    config = preset(
        "paper", method="supervised", steps=arguments.steps, patch_size=patch, base_filters=arguments.base_filters,
        learning_rate=1e-3, checkpoint_every=arguments.steps,
    )  # fmt: skip
    trainer = Trainer(config, [volume], normalisation, 2, device=arguments.device, checkpoints=folder,
                      report=lambda event: None)  # fmt: skip
    trainer.run()
    model = random_model(arguments.base_filters, config.norm, patch)
    model.student.load_state_dict(trainer.method.student.state_dict())
    model.teacher.load_state_dict(trainer.method.teacher.state_dict())
    sides = [replace(label, training_class=1, side=label.name.split()[-1]) for label in LABELS]
    return replace(model, normalisation=normalisation, labels=[asdict(label) for label in sides])


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Writes a CT and a model, then segments it as `segment` does, several times."""
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, ct = folder / "model.ssemodel", folder / f"ct.{arguments.file_format}"
        save_model(trained_model(arguments, folder), path)
        image, _ = synthetic(tuple(arguments.size), tuple(arguments.spacing))
        write_image(image, ct)
        load_model(path)
        options = SegmentationOptions(passes=arguments.passes, device=arguments.device)
        for _ in range(arguments.repeats):
            start = time.perf_counter()
            outcome = segment_many(path, [ct], folder, options)[0]
            seconds.append(round(time.perf_counter() - start, 3))
            if outcome.error:
                raise RuntimeError(outcome.error)
    later = seconds[1:] or seconds
    return {"settings": vars(arguments), "versions": versions(torch.device(arguments.device)),
            "first_s": seconds[0], "seconds": float(np.median(later))}  # fmt: skip


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--size", type=int, nargs=3, default=(512, 512, 400))
    parser.add_argument("--spacing", type=float, nargs=3, default=(0.7, 0.7, 0.8))
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--base-filters", type=int, default=16)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--passes", type=int, default=0, help="0: labels alone")
    parser.add_argument("--file-format", default="nii.gz", choices=("nii.gz", "nrrd", "mha"))
    parser.add_argument("--repeats", type=int, default=4)
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
