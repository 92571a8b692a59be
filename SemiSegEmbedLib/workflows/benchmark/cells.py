"""A cell of a table: one row trained on one draw of annotated scans, as a JSON file that is whole or not there."""

from __future__ import annotations

import hashlib
import json
import platform
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import torch

from SemiSegEmbedLib import __version__
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint, write_archive
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.methods import create_method
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.trainer import Outcome, Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.study.files import atomic_write, utc_now
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData, TrainingPatches
from SemiSegEmbedLib.workflows.benchmark.scales import Column, Scale
from SemiSegEmbedLib.workflows.benchmark.scoring import PatchPlace, predict_scans, score_patches, score_scans
from SemiSegEmbedLib.workflows.benchmark.self_training import with_predicted_labels
from SemiSegEmbedLib.workflows.benchmark.store import Map

FORMAT = "SemiSegEmbed benchmark cell"
EXTERNAL_FORMAT = "SemiSegEmbed benchmark external result"
VERSION = 1
WEIGHTS_FORMAT = "SemiSegEmbed benchmark weights"
CURVES = ("loss", "unreliable_fraction", "matched_foreground", "accuracy_teacher", "accuracy_teacher_unreliable",
          "accuracy_matched_unreliable")  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One training run of the benchmark.

    Attributes:
        scale: Its budget and data.
        column: Position among the scale's columns.
        draw: Of the annotated scans.
        seed: Of everything random in training.
        config: What is trained; `seed` included.
        difficulty: Of the cohort.
        rounds: Of self-training; a cell with some begins with the labels of the one with a round less.
        sacrum: Whether the sacrum belongs to the object.
    """

    scale: Scale
    column: int
    draw: int
    seed: int
    config: TrainingConfig
    difficulty: Difficulty
    rounds: int = 0
    sacrum: bool = False

    @property
    def where(self) -> Column:
        return self.scale.columns[self.column]

    def identity(self) -> dict[str, Any]:
        """What makes the cell what it is: settings that differ from the defaults, data, knobs of the cohort.

        Settings that are added later with a default leave it as it is.
        """
        values = self.config.to_dict()
        defaults = TrainingConfig().to_dict()
        return {
            "scale": self.scale.name,
            "patches": self.where.patches,
            "scans": self.where.scans,
            "draw": self.draw,
            "seed": self.seed,
            "settings": {f.name: values[f.name] for f in fields(self.config) if values[f.name] != defaults[f.name]},
            "difficulty": self.difficulty.to_dict(),
            **({"rounds": self.rounds} if self.rounds else {}),
            **({"sacrum": True} if self.sacrum else {}),
        }

    @property
    def name(self) -> str:
        """Its file's name without suffix."""
        digest = hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode("ascii")).hexdigest()
        return f"{self.config.method}-{self.where.patches}-d{self.draw}-s{self.seed}-{digest[:10]}"


@dataclass(frozen=True)
class Folders:
    """Where results (small JSON) and weights (fp16) of cells lie."""

    results: Path
    weights: Path

    def result(self, cell: Cell) -> Path:
        return self.results / cell.scale.name / f"{cell.name}.json"

    def weight(self, name: str) -> Path:
        return self.weights / f"{name}.pt"


class PatchValidator:
    """The validation handed to the trainer: mean IoU and HD95 of the student over the validation patches."""

    def __init__(self, places: list[PatchPlace], data: BenchmarkData, device: torch.device, run: Map) -> None:
        self.places, self.data, self.device, self.run = places, data, device, run

    def __call__(self, student: UNet3D, teacher: UNet3D | None, step: int) -> dict[str, Any]:
        rows = score_patches(
            student, self.places, self.data.store, self.data.normalisation,
            patch=self.data.scale.patch, device=self.device, run=self.run, references=("annotators",),
        )  # fmt: skip
        found = [row["annotators"] for row in rows.values()]
        return {
            "iou": float(np.mean([row["iou"] for row in found])),
            "hd95": float(np.mean([row["hd95"] for row in found])),
            "missed": int(sum(row["missed"] for row in found)),
        }


def run_cell(cell: Cell, data: BenchmarkData, folders: Folders, device: torch.device, run: Map) -> dict[str, Any]:
    """Trains and judges a cell, and leaves its JSON file and its weights."""
    patches, predicted = patches_of(cell, data, folders, device, run)
    began = time.monotonic()
    places = data.validation(cell.column)
    events: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        trainer = Trainer(
            cell.config, patches.volumes, data.normalisation, 2,
            device=device, checkpoints=Path(temporary), report=events.append,
            validate=PatchValidator(places, data, device, run),
            hidden_labels=patches.hidden if cell.config.method == "embedding_matching" else None,
        )  # fmt: skip
        outcome = trainer.run()
        del trainer
        trained = time.monotonic()
        networks = load_networks(Path(temporary), cell.config, device, outcome)
    judged = judge(networks, data, device, run)
    judged.setdefault("selected", judged["last"])
    record = {
        "format": FORMAT, "version": VERSION, **cell.identity(), "method": cell.config.method,
        "config": cell.config.to_dict(), "made": utc_now(), "versions": versions(device),
        "labels_sha256": data.store.labels_hash([*data.train, *data.val, *data.test]),
        "annotated": list(patches.annotated), "validation_patches": [place.name for place in places],
        "state": outcome.state, "reason": outcome.reason, "steps": outcome.step, "selected_step": outcome.best_step,
        "seconds": {
            "training": round(trained - began, 2), "testing": round(time.monotonic() - trained, 2),
            "per_step": median_step_seconds(events),
        },
        "checkpoints": judged, **curves_of(events), **predicted,
    }  # fmt: skip
    record["weights"] = save_weights(
        folders, cell, networks.get("selected", networks["last"]), data.normalisation, outcome
    )
    path = folders.result(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii"))
    return record


def patches_of(
    cell: Cell, data: BenchmarkData, folders: Folders, device: torch.device, run: Map
) -> tuple[TrainingPatches, dict[str, Any]]:
    """What a cell is trained with; after a round of self-training with predicted labels, and what is known of them."""
    patches = data.training(cell.column, cell.draw)
    if not cell.rounds:
        return patches, {}
    before = replace(cell, rounds=cell.rounds - 1)
    if not folders.weight(before.name).exists():
        run_cell(before, data, folders, device, run)
    network, normalisation = load_weights(folders.weight(before.name), device)
    patches, facts = with_predicted_labels(patches, network, normalisation, device)
    return patches, {"predicted_labels": {"by": before.name, **facts}}


def read_result(path: Path) -> dict[str, Any]:
    """A cell or an external result."""
    record = json.loads(path.read_text(encoding="ascii"))
    if record.get("format") not in (FORMAT, EXTERNAL_FORMAT):
        raise ValueError(f"{path.name} is no result of the benchmark")
    return record


def load_networks(folder: Path, config: TrainingConfig, device: torch.device, outcome: Outcome) -> dict[str, UNet3D]:
    """Networks in evaluation mode: last student, last teacher, and the selected student unless it is the last one."""
    wanted = {"last": ("last.pt", "student"), "teacher": ("last.pt", "teacher")}
    if outcome.best_step not in (None, outcome.step):
        wanted["selected"] = ("best.pt", "student")
    found = {}
    for name, (file, part) in wanted.items():
        method = create_method(config, 2)
        method.load_state_dict(load_checkpoint(folder / file)["method"])
        found[name] = getattr(method, part).to(device).eval()
    return found


def judge(networks: Mapping[str, UNet3D], data: BenchmarkData, device: torch.device, run: Map) -> dict[str, Any]:
    """Metrics of each network on the test scans and the test patches."""
    judged = {}
    for name, network in networks.items():
        predictions = predict_scans(network, data.test, data.store, data.normalisation, data.scale.window, device)
        judged[name] = {
            "scans": score_scans(predictions, data.store, run),
            "patches": score_patches(
                network, data.test_patches, data.store, data.normalisation,
                patch=data.scale.patch, device=device, run=run,
            ),
        }  # fmt: skip
    return judged


def curves_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The log of a run as lists: what to plot over the steps."""
    steps = [event for event in events if event["event"] == "step"]
    checks = [event for event in events if event["event"] == "validation"]
    return {
        "curves": [{"step": e["step"], **{n: _short(e[n]) for n in CURVES if e.get(n) is not None}} for e in steps],
        "validation": [{n: _short(e[n]) for n in ("step", "iou", "hd95", "missed")} for e in checks],
    }


def median_step_seconds(events: list[dict[str, Any]]) -> float | None:
    """Median over the log's intervals, validation not counted."""
    speeds = [event["steps_per_second"] for event in events if event["event"] == "step"]
    return round(1.0 / float(np.median(speeds)), 5) if speeds else None


def save_weights(
    folders: Folders, cell: Cell, network: UNet3D, normalisation: Normalisation, outcome: Outcome
) -> dict[str, Any]:
    """The selected student in fp16; the JSON file keeps its name and hash."""
    state = {k: v.cpu().half() if v.is_floating_point() else v.cpu() for k, v in network.state_dict().items()}
    content = {
        "format": WEIGHTS_FORMAT, "cell": cell.name, "state": state, "step": outcome.best_step,
        "network": {"base_filters": cell.config.base_filters, "norm": cell.config.norm},
        "normalisation": [normalisation.mean, normalisation.std, normalisation.low, normalisation.high],
    }  # fmt: skip
    path = folders.weight(cell.name)
    write_archive(path, content)
    return {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def load_weights(path: Path, device: torch.device) -> tuple[UNet3D, Normalisation]:
    """The network that `save_weights` kept; raises `BadInputError` for another file."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(content, dict) or content.get("format") != WEIGHTS_FORMAT:
        raise BadInputError(f"The file {path.name} holds no weights of a benchmark cell; choose another file.")
    network = UNet3D(1, 2, content["network"]["base_filters"], 0.0, content["network"]["norm"])
    network.load_state_dict(content["state"])
    return network.float().to(device).eval(), Normalisation(*content["normalisation"])


def versions(device: torch.device) -> dict[str, str]:
    """What a cell was made with; no name of the machine."""
    found = {
        "semisegembed": __version__, "python": platform.python_version(), "torch": str(torch.__version__),
        "numpy": np.__version__, "scipy": scipy.__version__, "device": device.type,
    }  # fmt: skip
    if device.type == "cuda":
        found["gpu"] = torch.cuda.get_device_name(device)
        found["cudnn"] = str(torch.backends.cudnn.version())
    return found


def _short(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.5g}")
