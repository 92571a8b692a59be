"""How long until a model is useful: 4 annotated and 36 unannotated phantoms, validation IoU over minutes.

    python Testing/benchmarks/bench_useful_model.py --device cuda --workers 16 --minutes 8 --output useful_model.json
    python Testing/benchmarks/bench_useful_model.py --cases 6 --spacing 6 --steps 20 --patch 16 --base-filters 4

Prints JSON: the curve, and the first minute from which validation stays within 0.01 of its last IoU; `finished` says
whether the run reached its last step in the minutes given. Rendering the phantoms is not counted; validation is.
The file holds the curve so far at any time.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from measuring import keep, versions

from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Volume, measure_normalisation
from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.render import render

VALIDATION, VALIDATIONS, NEAR = 4, 20, 0.01
"""Held-out cases; how often they are looked at; what counts as near the last IoU."""


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


def metrics_of(pair: tuple[np.ndarray, np.ndarray, tuple[float, float, float]]) -> dict[str, float]:
    """IoU and HD95 (mm) of one held-out case, in any process."""
    return evaluate_labels(*pair, [1], workers=1)[1]


def render_all(arguments: argparse.Namespace, run: Callable[..., list[Volume]]) -> tuple[list[Volume], list[Volume]]:
    """Training cases, the first ones annotated, and held-out ones."""
    patients = draw_cohort(arguments.cases + VALIDATION, seed=0)
    volumes = run(partial(volume_of, spacing_mm=arguments.spacing), list(enumerate(patients)))
    rest, held_out = volumes[:-VALIDATION], volumes[-VALIDATION:]
    return [v if i < arguments.annotated else replace(v, label=None) for i, v in enumerate(rest)], held_out


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Trains once with the robust preset and returns the curve."""
    device = torch.device(arguments.device)
    config = preset(
        "robust", steps=arguments.steps, patch_size=(arguments.patch,) * 3, base_filters=arguments.base_filters,
        validate_every=max(1, arguments.steps // VALIDATIONS), checkpoint_every=arguments.steps,
    )  # fmt: skip
    settings = {**vars(arguments), "output": None}
    result: dict[str, Any] = {"settings": settings, "versions": versions(device), "curve": []}
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:
        training, held_out = render_all(arguments, pool.map)
        normalisation = measure_normalisation(training, stride=4 if arguments.spacing < 2 else 1)
        start = time.perf_counter()

        def minutes() -> float:
            return (time.perf_counter() - start) / 60

        def validate(student: UNet3D, teacher: UNet3D, step: int) -> dict[str, float]:
            pairs = []
            for volume in held_out:
                labels = predict_classes(
                    student, volume.image, normalisation, patch_size=config.patch_size, device=device
                )
                pairs.append((volume.label, labels, volume.spacing))
            found = pool.map(metrics_of, pairs)
            means = {name: float(np.mean([row[name] for row in found])) for name in ("iou", "hd95")}
            result["curve"].append({"step": step, "minutes": round(minutes(), 3), **means})
            keep(result, arguments.output)
            return means

        with tempfile.TemporaryDirectory() as folder:
            outcome = Trainer(
                config, training, normalisation, 2, device=device, checkpoints=Path(folder),
                report=lambda event: None, validate=validate,
                should_stop=lambda: bool(arguments.minutes) and minutes() > arguments.minutes,
            ).run()  # fmt: skip
    curve = result["curve"]
    result |= {"finished": outcome.state == "finished", "training_minutes": round(minutes(), 3),
               "useful_minute": useful_minute(curve) if curve else None}  # fmt: skip
    keep(result, arguments.output)
    return result


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--annotated", type=int, default=4)
    parser.add_argument("--spacing", type=float, default=1.0)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--patch", type=int, default=96)
    parser.add_argument("--base-filters", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=0, help="stop training after so many")
    parser.add_argument("--output", default="")
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
