"""Which semi-supervised term helps and which one hurts? Short, paired training runs on phantoms, on a processor.

A cell is one row (`quick` with some settings changed) trained on one draw of annotated scans, and one JSON file. Cells
that are there already are not run again, so the script can be stopped at any time. Patients come from seeds of their
own: neither the benchmark's frozen cohort nor the demo's. Decisions are made on the cohort "development" and tried
again on "confirmation"; "varied" has patients like the benchmark's, whose test patients are of all six groups. Needs
torch, numpy and scipy.

python Testing/benchmarks/bench_methods_cpu.py --rows supervised "half supervised" --draws 0 1 2 --output cells
python Testing/benchmarks/bench_methods_cpu.py --show --output cells
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import platform
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib import __version__
from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.inference.engine import TorchEngine
from SemiSegEmbedLib.inference.postprocess import remove_islands
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint, save_checkpoint
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.network import DIVISOR, UNet3D
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume, measure_normalisation
from SemiSegEmbedLib.phantom.benchmark import draw_subject
from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.render import render
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.self_training import confident_label, half_annotated

CLASSES = 2
"""Background, and hip bones with femora as in the paper. The sacrum is background, but in rows of `SACRUM`."""
MEASURES = ("iou", "hd95", "hd95_main")
CURVES = ("loss_supervised", "loss_ua", "loss_nn", "loss_en", "unreliable_fraction", "matched_foreground",
          "accuracy_teacher", "accuracy_teacher_unreliable", "accuracy_matched_unreliable")  # fmt: skip


@dataclass(frozen=True)
class Cohort:
    """Whose scans.

    Attributes:
        seed: Of the draws, and of the patients unless they are `varied`.
        training, validation, test: Scans; a draw says which of the training scans are annotated.
        varied: Patients are drawn as the benchmark's are, with numbers that it does not reach.
    """

    seed: int
    training: int = 16
    validation: int = 3
    test: int = 6
    varied: bool = False

    def patients(self) -> list[Patient]:
        """Those who train, validate and test, in this order."""
        if self.varied:
            parts = (("train", self.training), ("val", self.validation), ("test", self.test))
            return [draw_subject(part, self.seed + n, Difficulty()) for part, count in parts for n in range(count)]
        drawn = draw_cohort(self.training + self.validation + self.test, self.seed, **HARDNESS)
        return [
            replace(
                patient, noise_hu=patient.noise_hu * NOISE, cortex_hu=patient.cortex_hu * CONTRAST,
                trabecular_hu=patient.trabecular_hu * CONTRAST,
            )
            for patient in drawn
        ]  # fmt: skip


COHORTS = {
    "development": Cohort(52101),
    "confirmation": Cohort(87403),
    "varied": Cohort(6_000_000, training=24, test=12, varied=True),
    "varied, confirmation": Cohort(7_000_000, training=24, test=12, varied=True),
}


@dataclass(frozen=True)
class Scale:
    """What all rows share.

    Attributes:
        spacing_mm: Of the grid. Patches are 96 mm wide, as the paper's, on each of them.
        patch: Voxels along an axis.
        steps: Of every row.
        warm: Supervised steps before, once for each draw, from which all its rows go on: rows then differ by what they
            do with unannotated scans, and not by how they began.
        annotated: Of the training scans; the others are unannotated.
    """

    spacing_mm: float
    patch: int
    steps: int
    annotated: int
    warm: int = 0


SCALES = {
    "short": Scale(4.0, 24, 300, 2),
    "warm": Scale(4.0, 24, 150, 2, warm=200),
    "fine": Scale(3.0, 32, 200, 2, warm=250),
    "long": Scale(4.0, 24, 1200, 1),
    "long, 4": Scale(4.0, 24, 1200, 4),
    "long, all": Scale(4.0, 24, 1200, 24),
    "longer": Scale(4.0, 24, 3600, 1),
    "longer, 4": Scale(4.0, 24, 3600, 4),
    "late": Scale(4.0, 24, 800, 1, warm=2400),
    "late, 4": Scale(4.0, 24, 800, 4, warm=2400),
}
HARDNESS = {"severity": 1.3, "implants_share": 0.15}
"""Of `draw_cohort`. Set on the supervised baseline alone, before any other row was run: see docs/methods.md."""
NOISE, CONTRAST = 1.3, 0.8
"""Factors on noise and on the radiodensity of bone, as in the benchmark's cohort."""

LITERAL = {
    "uncertainty_form": "mean_of_entropies", "threshold_end": 1.0, "reference_scope": "pair", "hard_negatives": False,
    "centre": False, "en_mask": "dense", "ua_weight": 0.25, "ps_weight": 0.125, "ema_decay": 0.99,
}  # fmt: skip
"""The losses of `paper` with the optimiser, network and budget of `quick`."""
PAPER_WEIGHTS = {"ua_weight": 0.25, "ps_weight": 0.125}
ROBUST = {"augmentation": "strong", "norm": "instance", "ema_decay": 0.99, **PAPER_WEIGHTS}
"""What `robust` has and `quick` has not, at the size of `quick`."""
HALF = {"supervised_start": 0.5}
START = {**HALF, "use_nn": False}
"""All that `quick` has now and had not before."""
ROWS: dict[str, dict[str, Any]] = {
    "supervised": {"method": "supervised"},
    "supervised, 2 patches": {"method": "supervised", "labelled_per_batch": 1, "unlabelled_per_batch": 1},
    "no unlabelled loss": {"ua_weight": 0.0, "ps_weight": 0.0},
    "mean_teacher": {"method": "mean_teacher"},
    "uamt": {"method": "uamt"},
    "cct": {"method": "cct"},
    "mtc": {"method": "mtc"},
    "dtc": {"method": "dtc"},
    "literal": LITERAL,
    "literal, UA": {**LITERAL, "use_nn": False, "use_en": False},
    "literal, UA+NN": {**LITERAL, "use_en": False},
    "literal, UA+EN": {**LITERAL, "use_nn": False},
    "literal, max, cosine": {**LITERAL, "reduce": "max"},
    "literal, mean, euclidean": {**LITERAL, "kernel": "euclidean"},
    "literal, max, euclidean": {**LITERAL, "kernel": "euclidean", "reduce": "max"},
    "UA+NN+EN": {},
    "UA": {"use_nn": False, "use_en": False},
    "UA+NN": {"use_en": False},
    "UA+EN": {"use_nn": False},
    "floor 1": {"ps_floor": 1.0},
    "paper weights": PAPER_WEIGHTS,
    "paper weights, UA": {**PAPER_WEIGHTS, "use_nn": False, "use_en": False},
    "paper weights, floor 1": {**PAPER_WEIGHTS, "ps_floor": 1.0},
    "4+4": {"labelled_per_batch": 4, "unlabelled_per_batch": 4},
    "half supervised": START,
    "half supervised, no unlabelled loss": {**HALF, "ua_weight": 0.0, "ps_weight": 0.0},
    "half supervised, UA": {**START, "use_en": False},
    "half supervised, UA+NN+EN": HALF,
    "half supervised, mean_teacher": {**HALF, "method": "mean_teacher"},
    "half supervised, CutMix": {**START, "cutmix": 0.5},
    "half supervised, boxes of labelled scans": {**START, "labelled_cutmix": 0.5},
    "half supervised, copy-paste": {**START, "copy_paste": 0.5},
    "half supervised, threshold 0.3": {**START, "threshold_start": 0.3, "threshold_end": 0.3},
    "half supervised, UA weight 0.25": {**START, "ua_weight": 0.25},
    "half supervised, UA weight 0.5": {**START, "ua_weight": 0.5},
    "half supervised, strong augmentation": {**START, "augmentation": "strong"},
    "half supervised, UA weight 0.25, intensity": {**START, "ua_weight": 0.25, "augmentation": "intensity"},
    "half supervised, intensity": {**START, "augmentation": "intensity"},
    "supervised, intensity": {"method": "supervised", "augmentation": "intensity"},
    "three quarters supervised": {"supervised_start": 0.75, "use_nn": False},
    "robust, UA+NN+EN": ROBUST,
    "robust, UA+EN": {**ROBUST, "use_nn": False},
    "robust, half supervised": {**ROBUST, **START},
    "robust, supervised": {**ROBUST, "method": "supervised"},
    "split": {"split_norm": True},
    "split, floor 1": {"split_norm": True, "ps_floor": 1.0},
    "split, no unlabelled loss": {"split_norm": True, "ua_weight": 0.0, "ps_weight": 0.0},
}
"""Name -> what is changed in `quick` with L_NN and without a supervised start; `quick` itself is "half supervised"."""
AGAIN = {f"{name}, trained again": name for name in ("supervised", "half supervised")}
"""Rows with a round of self-training: trained, then from scratch once more with labels that the first network gave."""
SACRUM = {f"{name}, sacrum": name for name in ("supervised", "literal")}
"""Rows that are another one with the sacrum as foreground."""


@dataclass(frozen=True)
class Cell:
    row: str
    draw: int
    cohort: str
    scale: str

    def config(self) -> TrainingConfig:
        scale = SCALES[self.scale]
        every, row = scale.steps // 3, ROWS[{**SACRUM, **AGAIN}.get(self.row, self.row)]
        shared = {
            "steps": scale.steps, "patch_size": (scale.patch,) * 3, "seed": self.draw, "validate_every": every,
            "checkpoint_every": scale.steps, "log_every": 20, "selection": "hd95", "divergence_patience": 10**6,
        }  # fmt: skip
        return preset("quick", **{**shared, "use_nn": True, "supervised_start": 0.0, **row})

    def identity(self) -> dict[str, Any]:
        """All that its numbers follow from; settings that are added later with a default leave it as it is."""
        values, defaults = self.config().to_dict(), TrainingConfig().to_dict()
        cohort = COHORTS[self.cohort]
        hardness = [Difficulty().to_dict()] if cohort.varied else [HARDNESS, NOISE, CONTRAST]
        return {
            **asdict(self),
            "data": [asdict(SCALES[self.scale]), *hardness, cohort.training, cohort.validation, cohort.test],
            "settings": {name: value for name, value in values.items() if value != defaults[name]},
        }  # fmt: skip

    @property
    def name(self) -> str:
        digest = hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode("ascii")).hexdigest()
        return f"{self.row}-{self.scale}-{self.cohort}-{self.draw}-{digest[:8]}".replace(", ", "_").replace(" ", "_")


def load_cohort(name: str, spacing_mm: float, folder: Path, *, sacrum: bool) -> list[Volume]:
    """Training, validation and test scans in this order; rendered once and kept in `folder`."""
    volumes = []
    for number, patient in enumerate(COHORTS[name].patients()):
        digest = hashlib.sha256(repr((patient, spacing_mm)).encode()).hexdigest()[:12]
        path = folder / f"{name}-{number:02d}-{digest}.npz"
        if not path.exists():
            phantom = render(patient, spacing_mm)
            image = np.clip(phantom.image, -1000, 2000).astype(np.float16)
            folder.mkdir(parents=True, exist_ok=True)
            packed = io.BytesIO()
            np.savez_compressed(packed, image=image, bodies=phantom.label)
            atomic_write(path, packed.getvalue())  # another process may be looking for it
        with np.load(path) as arrays:
            label = np.array([0, 1, 1, 1, 1, sacrum], np.uint8)[arrays["bodies"]]
            volumes.append(Volume(f"case-{number + 1:04d}", arrays["image"], label, (spacing_mm,) * 3))
    return volumes


class Judge:
    """Validation handed to the trainer; the test scans are measured beside it and decide nothing."""

    def __init__(self, config: TrainingConfig, scans: dict[str, list[Volume]], normalisation: Normalisation) -> None:
        self.config, self.normalisation, self.scans = config, normalisation, scans
        self.points: list[dict[str, Any]] = []

    def __call__(self, student: UNet3D, teacher: UNet3D, step: int) -> dict[str, float]:
        point: dict[str, Any] = {"step": step}
        for kind, scans in self.scans.items():
            point[kind] = [self.measure(student, scan) for scan in scans]
        if step == self.config.steps:
            point["test, teacher"] = [self.measure(teacher, scan) for scan in self.scans["test"]]
        self.points.append(point)
        return means(point["validation"])

    def measure(self, network: UNet3D, scan: Volume) -> dict[str, float]:
        """IoU, HD95 in mm, and HD95 without islands."""
        window = [2 * n for n in self.config.patch_size]
        found = predict_classes(network, scan.image, self.normalisation, patch_size=window, device="cpu")
        raw = evaluate_labels(scan.label, found, scan.spacing, range(1, CLASSES))
        main = evaluate_labels(scan.label, remove_islands(found), scan.spacing, range(1, CLASSES))
        return {
            "iou": float(np.mean([row["iou"] for row in raw.values()])),
            "hd95": float(np.mean([row["hd95"] for row in raw.values()])),
            "hd95_main": float(np.mean([row["hd95"] for row in main.values()])),
        }


def means(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in MEASURES}


def run_cell(cell: Cell, output: Path) -> dict[str, Any]:
    """Trains and measures one cell."""
    config, scale, cohort = cell.config(), SCALES[cell.scale], COHORTS[cell.cohort]
    volumes = load_cohort(cell.cohort, scale.spacing_mm, output / "data", sacrum=cell.row in SACRUM)
    order = np.random.default_rng([cohort.seed, cell.draw]).permutation(cohort.training)
    annotated = {f"case-{number + 1:04d}" for number in order[: scale.annotated]}
    training = [replace(v, label=v.label if v.key in annotated else None) for v in volumes[: cohort.training]]
    hidden = {v.key: v.label for v in volumes[: cohort.training] if v.key not in annotated and v.label is not None}
    normalisation = measure_normalisation(training)
    scans = {"validation": volumes[cohort.training : -cohort.test], "test": volumes[-cohort.test :]}
    judge, events, began = Judge(config, scans, normalisation), [], time.monotonic()
    initial = warm_start(cell, training, normalisation, output / "data") if scale.warm else None
    if cell.row in AGAIN:
        training = labelled_by_itself(config, training, normalisation)
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            config, training, normalisation, CLASSES, device="cpu", checkpoints=Path(folder), report=events.append,
            validate=judge, hidden_labels=hidden if config.method == "embedding_matching" else None, initial=initial,
        ).run()  # fmt: skip
    return {
        **cell.identity(), "annotated": sorted(annotated), "points": judge.points,
        "labels_sha256": hashlib.sha256(b"".join(np.packbits(v.label).tobytes() for v in volumes)).hexdigest(),
        "curves": [{n: e[n] for n in ("step", *CURVES) if n in e} for e in events if e["event"] == "step"],
        "seconds": round(time.monotonic() - began, 1),
        "versions": {"semisegembed": __version__, "python": platform.python_version(), "torch": torch.__version__,
                     "numpy": np.__version__, "scipy": scipy.__version__},
    }  # fmt: skip


def warm_start(
    cell: Cell, training: list[Volume], normalisation: Normalisation, folder: Path
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Student and teacher after the supervised steps that all rows of a draw share; trained once."""
    scale = SCALES[cell.scale]
    config = preset(
        "quick", method="supervised", steps=scale.warm, schedule="constant", patch_size=(scale.patch,) * 3,
        seed=1000 + cell.draw, checkpoint_every=scale.warm, norm=cell.config().norm,
    )  # fmt: skip
    digest = hashlib.sha256(json.dumps([config.to_dict(), asdict(scale)], sort_keys=True).encode()).hexdigest()[:12]
    path = folder / f"warm-{cell.cohort}-{cell.draw}-{digest}.pt"
    if not path.exists():
        save_checkpoint(path, trained(config, training, normalisation))
    state = load_checkpoint(path)
    return part_of(state, "student."), part_of(state, "teacher.")


def trained(config: TrainingConfig, training: list[Volume], normalisation: Normalisation) -> dict[str, torch.Tensor]:
    """State of all networks at the end of a run that nobody watches."""
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            config, training, normalisation, CLASSES, device="cpu", checkpoints=Path(folder), report=lambda event: None
        ).run()
        return load_checkpoint(Path(folder) / "last.pt")["method"]


def part_of(state: dict[str, torch.Tensor], part: str) -> dict[str, torch.Tensor]:
    """State of one network."""
    return {name.removeprefix(part): value for name, value in state.items() if name.startswith(part)}


def labelled_by_itself(config: TrainingConfig, training: list[Volume], normalisation: Normalisation) -> list[Volume]:
    """All scans labelled: those that were not by a network trained on them as they are, where it is confident.

    Half of them annotated, as in `workflows.benchmark.self_training`.
    """
    network = UNet3D(1, CLASSES, config.base_filters, config.dropout, config.norm)
    network.load_state_dict(part_of(trained(config, training, normalisation), "student."))
    device = torch.device("cpu")
    engine = TorchEngine(network, device, None)
    annotated, predicted = [v for v in training if v.label is not None], []
    for volume in (v for v in training if v.label is None):
        beyond = [(0, -size % DIVISOR) for size in volume.image.shape]
        padded = replace(volume, image=np.pad(volume.image, beyond, constant_values=normalisation.low))
        label = confident_label(engine, padded, normalisation, device)
        predicted.append(replace(volume, label=label[tuple(slice(0, n) for n in volume.image.shape)]))
    return list(half_annotated(annotated, predicted))


def run(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for draw in arguments.draws:
        for row in arguments.rows:
            cell = Cell(row, draw, arguments.cohort, arguments.scale)
            path = arguments.output / f"{cell.name}.json"
            if not path.exists():
                atomic_write(path, json.dumps(run_cell(cell, arguments.output)).encode("ascii"))
            result = json.loads(path.read_text(encoding="ascii"))
            last = means(result["points"][-1]["test"])
            print(row, draw, {name: round(value, 3) for name, value in last.items()}, result["seconds"], flush=True)


def show(output: Path) -> None:
    """Prints one line for each row: means over the draws, and each draw's difference to supervised (paired)."""
    cells = [json.loads(path.read_text(encoding="ascii")) for path in sorted(output.glob("*.json"))]
    for where in sorted({(cell["scale"], cell["cohort"]) for cell in cells}):
        here = [cell for cell in cells if (cell["scale"], cell["cohort"]) == where]
        last = {(cell["row"], cell["draw"]): means(cell["points"][-1]["test"]) for cell in here}
        print(f"\n{where[0]}, {where[1]}\n{'row':24s}draws" + "".join(f"{title:>12s}" for title in TITLES))
        for row in (row for row in (*ROWS, *AGAIN, *SACRUM) if any(cell["row"] == row for cell in here)):
            mine = [cell for cell in here if cell["row"] == row]
            columns = np.array([summary(cell) for cell in mine], float)
            base = "supervised, sacrum" if row in SACRUM else "supervised"
            pairs = [(d, last[row, d], last[base, d]) for of, d in sorted(last) if of == row and (base, d) in last]
            paired = "".join(
                f"  {draw}: {value['iou'] - other['iou']:+.3f} {value['hd95'] - other['hd95']:+.1f} mm"
                for draw, value, other in pairs
                if row != base
            )
            print(f"{row:24s}{len(mine):5d}" + "".join(f"{v:12.3f}" for v in columns.mean(0)) + paired)


TITLES = ("IoU", "HD95", "HD95 main", "teacher", "by HD95", "its HD95", "by IoU", "its HD95", "unreliable", "as bone",
          "y_t right", "y_nn right")  # fmt: skip
"""Test scans: the last student and teacher, then the student selected in validation by HD95 and by IoU; last third."""


def summary(cell: dict[str, Any]) -> list[float]:
    """The columns of `TITLES`; NaN for what a method has not."""
    points = cell["points"]
    last, teacher = means(points[-1]["test"]), means(points[-1]["test, teacher"])
    by_distance = min(points, key=lambda point: means(point["validation"])["hd95"])
    by_iou = max(points, key=lambda point: means(point["validation"])["iou"])
    chosen = [means(point["test"])[name] for point in (by_distance, by_iou) for name in ("iou", "hd95")]
    late = [row for row in cell["curves"] if row["step"] > cell["curves"][-1]["step"] * 2 / 3]
    names = ("unreliable_fraction", "matched_foreground", "accuracy_teacher_unreliable", "accuracy_matched_unreliable")
    health = [[row[name] for row in late if row.get(name) is not None] for name in names]
    shares = [float(np.mean(values)) if values else float("nan") for values in health]
    return [last["iou"], last["hd95"], last["hd95_main"], teacher["iou"], *chosen, *shares]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", nargs="+", choices=[*ROWS, *AGAIN, *SACRUM], default=["supervised", "half supervised"]
    )
    parser.add_argument("--draws", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--cohort", choices=COHORTS, default="development")
    parser.add_argument("--scale", choices=SCALES, default="warm")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--show", action="store_true", help="print what the cells of the folder say; trains nothing")
    arguments = parser.parse_args()
    show(arguments.output) if arguments.show else run(arguments)
