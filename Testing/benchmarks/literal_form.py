"""Does embedding matching, written literally, do harm, and which part of it? Equal steps, hidden labels watched.

Phantom hips (4 annotated, 8 unannotated whose labels only the log sees, 2 held out), the same network, budget and
patches for every row. Needs torch, numpy and scipy, and matplotlib with --picture.

python Testing/benchmarks/literal_form.py --output literal_form.json --picture literal_form.png
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.render import render

ANNOTATED, UNANNOTATED, HELD_OUT = 4, 8, 2

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "supervised": ("paper", {"method": "supervised"}),
    "literal: UA": ("paper", {"use_nn": False, "use_en": False}),
    "literal: UA+NN": ("paper", {"use_en": False}),
    "literal: UA+EN": ("paper", {"use_nn": False}),
    "literal: UA+NN+EN": ("paper", {}),
    "literal, centred": ("paper", {"centre": True}),
    "robust, not centred": ("robust", {"centre": False}),
    "robust": ("robust", {"centre": True}),
    "robust: UA": ("robust", {"use_nn": False, "use_en": False}),
    "robust, mirroring only": ("robust", {"centre": True, "augmentation": "flip"}),
    "robust, mirroring only, supervised": ("robust", {"method": "supervised", "augmentation": "flip"}),
    "robust, supervised": ("robust", {"method": "supervised"}),
    "robust, fast teacher": ("robust", {"augmentation": "flip", "ema_decay": 0.95}),
    "robust, fast teacher, batch norm": ("robust", {"augmentation": "flip", "ema_decay": 0.95, "norm": "batch"}),
}
"""Name of a row -> preset and what is changed in it."""


def cohort(spacing_mm: float, seed: int) -> list[Volume]:
    """Volumes of the paper's binary case: hip bones and femora are the object, the sacrum is background."""
    volumes = []
    for number, patient in enumerate(draw_cohort(ANNOTATED + UNANNOTATED + HELD_OUT, seed)):
        phantom = render(patient, spacing_mm)
        image = np.clip(phantom.image, -1000, 2000).astype(np.float16)
        label = ((phantom.label >= 1) & (phantom.label <= 4)).astype(np.uint8)
        volumes.append(Volume(f"case-{number + 1:04d}", image, label, phantom.spacing))
    return volumes


def validator(volumes: list[Volume], normalisation: Normalisation, config: TrainingConfig, device: str) -> Callable:
    def validate(student: UNet3D, teacher: UNet3D, step: int) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for name, network in (("", student), ("teacher_", teacher)):
            for volume in volumes:
                labels = predict_classes(
                    network, volume.image, normalisation, patch_size=config.patch_size, device=device
                )
                row = evaluate_labels(volume.label, labels, volume.spacing, [1])[1]
                found.setdefault(name + "iou", []).append(row["iou"])
                found.setdefault(name + "hd95", []).append(row["hd95"])
        return {name: float(np.mean(values)) for name, values in found.items()}

    return validate


def run_row(
    config: TrainingConfig, volumes: list[Volume], normalisation: Normalisation, device: str
) -> list[dict[str, Any]]:
    """Trains one row and returns its events."""
    annotated, rest = volumes[:ANNOTATED], volumes[ANNOTATED : ANNOTATED + UNANNOTATED]
    hidden = {volume.key: volume.label for volume in rest}
    unannotated = [Volume(volume.key, volume.image, None, volume.spacing) for volume in rest]
    events: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            config,
            [*annotated, *unannotated],
            normalisation,
            2,
            device=device,
            checkpoints=Path(folder),
            report=events.append,
            validate=validator(volumes[ANNOTATED + UNANNOTATED :], normalisation, config, device),
            hidden_labels=hidden if config.method == "embedding_matching" else None,
        ).run()
    return [event for event in events if event["event"] in ("step", "validation", "trained")]


def draw(results: dict[str, Any], path: Path) -> None:
    """Six curves over the steps, one line a row."""
    from matplotlib.figure import Figure

    plots = [
        ("validation", "iou", "held-out IoU, student"),
        ("validation", "hd95", "held-out HD95 (mm), student"),
        ("step", "unreliable_fraction", "unreliable fraction"),
        ("step", "accuracy_teacher", "accuracy of the teacher, all voxels"),
        ("step", "accuracy_teacher_unreliable", "accuracy of the teacher, unreliable voxels"),
        ("step", "accuracy_matched_unreliable", "accuracy of matching, unreliable voxels"),
    ]
    figure = Figure(figsize=(16, 9), layout="constrained")
    for ax, (kind, name, title) in zip(figure.subplots(2, 3).ravel(), plots, strict=True):
        for number, (row, events) in enumerate(results.items()):
            points = [(e["step"], e[name]) for e in events if e["event"] == kind and e.get(name) is not None]
            if points:
                ax.plot(*zip(*points, strict=True), label=row, color=f"C{number}", linewidth=1.3)
        ax.set_title(title, fontsize=10)
        ax.grid(alpha=0.3)
    figure.axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=80)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--spacing", type=float, default=3.0)
    parser.add_argument("--patch", type=int, default=32)
    parser.add_argument("--base-filters", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="the paper's 1e-4 needs far more steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    volumes = cohort(arguments.spacing, arguments.seed)
    sample = np.concatenate([volume.image.ravel()[::7].astype(np.float64) for volume in volumes[:-HELD_OUT]])
    normalisation = Normalisation(float(sample.mean()), float(sample.std()))
    results = json.loads(arguments.output.read_text(encoding="utf-8"))["rows"] if arguments.output.exists() else {}
    for row in [row for row in arguments.rows if row not in results]:
        name, changes = ROWS[row]
        config = preset(
            name,
            **{"use_nn": True, "supervised_start": 0.0, **changes},  # as `robust` was when this was measured
            steps=arguments.steps,
            patch_size=(arguments.patch,) * 3,
            base_filters=arguments.base_filters,
            learning_rate=arguments.learning_rate,
            seed=arguments.seed,
            log_every=max(1, arguments.steps // 40),
            validate_every=max(1, arguments.steps // 4),
            checkpoint_every=arguments.steps,
        )
        start = time.perf_counter()
        results[row] = run_row(config, volumes, normalisation, arguments.device)
        last = [event for event in results[row] if event["event"] == "validation"][-1]
        seconds = time.perf_counter() - start
        print(f"{row}: IoU {last['iou']:.3f}  HD95 {last['hd95']:.2f} mm  ({seconds:.0f} s)", flush=True)
        record = {"arguments": {k: str(v) for k, v in vars(arguments).items()}, "torch": torch.__version__}
        arguments.output.write_text(json.dumps({**record, "rows": results}), encoding="utf-8")
    if arguments.picture:
        draw(results, arguments.picture)


if __name__ == "__main__":
    main()
