"""How long until a model is useful: 4 annotated and 36 unannotated phantoms, validation IoU over minutes.

    python Testing/benchmarks/bench_useful_model.py --device cuda --steps 4000 --output useful_model.json
    python Testing/benchmarks/bench_useful_model.py --cases 6 --spacing 6 --steps 20 --patch 16 --base-filters 4

Prints JSON: the curve, and the first minute from which validation stays within 0.01 of its last IoU. Rendering the
phantoms is not counted; validation is.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.render import render

VALIDATION, NEAR = 4, 0.01


def volume_of(numbered: tuple[int, Patient], spacing_mm: float) -> Volume:
    """The paper's binary case: hip bones and femora are the object."""
    torch.set_num_threads(1)
    number, patient = numbered
    phantom = render(patient, spacing_mm)
    image = np.clip(phantom.image, -1000, 2000).astype(np.float16)
    label = ((phantom.label >= 1) & (phantom.label <= 4)).astype(np.uint8)
    return Volume(f"case-{number + 1:04d}", image, label, phantom.spacing)


def useful_minute(curve: list[dict[str, float]]) -> float:
    """The first minute from which the IoU stays within 0.01 of the last one."""
    last = curve[-1]["iou"]
    far = [i for i, point in enumerate(curve) if point["iou"] < last - NEAR]
    return curve[far[-1] + 1 if far else 0]["minutes"]


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Trains once with the robust preset and returns the curve."""
    patients = draw_cohort(arguments.cases + VALIDATION, seed=0)
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        volumes = pool.map(partial(volume_of, spacing_mm=arguments.spacing), list(enumerate(patients)))
    held_out, rest = volumes[-VALIDATION:], volumes[:-VALIDATION]
    training = [v if i < arguments.annotated else Volume(v.key, v.image, None, v.spacing) for i, v in enumerate(rest)]
    sample = np.concatenate([volume.image.ravel()[::7].astype(np.float64) for volume in training])
    normalisation = Normalisation(float(sample.mean()), float(sample.std()))
    config = preset(
        "robust", steps=arguments.steps, patch_size=(arguments.patch,) * 3, base_filters=arguments.base_filters,
        validate_every=max(1, arguments.steps // 40), checkpoint_every=arguments.steps,
    )  # fmt: skip
    curve: list[dict[str, float]] = []
    start = time.perf_counter()

    def validate(student: UNet3D, teacher: UNet3D, step: int) -> dict[str, float]:
        found = []
        for volume in held_out:
            labels = predict_classes(
                student, volume.image, normalisation, patch_size=config.patch_size, device=arguments.device
            )
            found.append(evaluate_labels(volume.label, labels, volume.spacing, [1])[1])
        means = {name: float(np.mean([row[name] for row in found])) for name in ("iou", "hd95")}
        curve.append({"step": step, "minutes": round((time.perf_counter() - start) / 60, 3), **means})
        return means

    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            config, training, normalisation, 2, device=arguments.device, checkpoints=Path(folder),
            report=lambda event: None, validate=validate,
        ).run()  # fmt: skip
    versions = {"torch": torch.__version__}
    if arguments.device != "cpu":
        versions["gpu"] = torch.cuda.get_device_name()
    return {"settings": vars(arguments), "versions": versions, "curve": curve, "useful_minute": useful_minute(curve)}


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--annotated", type=int, default=4)
    parser.add_argument("--spacing", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--base-filters", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", default="")
    return parser.parse_args(words)


if __name__ == "__main__":
    chosen = parse()
    text = json.dumps(run(chosen), indent=1)
    if chosen.output:
        Path(chosen.output).write_text(text + "\n", encoding="utf-8")
    print(text)
