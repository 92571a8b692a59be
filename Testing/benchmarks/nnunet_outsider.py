"""nnU-Net v2 on the annotated scans of the benchmark, within a wall-clock budget: prepare, train, predict.

    python Testing/benchmarks/nnunet_outsider.py --scale small --minutes 4 --device cuda
    python -m SemiSegEmbedLib bench score --scale small --title "nnU-Net v2 (3d_fullres)" \\
        --predictions build/nnunet/small/predictions

Needs `pip install nnunetv2` (2.8 was tried). Its code runs as it is: its fingerprint, its planner's 3d_fullres, its
preprocessing, its default trainer and augmentation on all annotated scans (fold "all"), its prediction with mirroring.
What differs from its commands: the length is a time and not 1000 epochs: the learning rate falls by its own power
law over the budget, and no epoch is begun that would not end in it. And where SimpleITK is missing an empty module
stands in, since nnU-Net imports it everywhere and uses it for files alone; files are read by nibabel. Preparing and
predicting do not count as training, and neither do the first step of training and of validation, in which a GPU
compiles the network. What is there already is not made again.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.phantom.benchmark import frozen_difficulty
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData
from SemiSegEmbedLib.workflows.benchmark.nnunet import DATASET_ID, export_raw
from SemiSegEmbedLib.workflows.benchmark.scales import get_scale
from SemiSegEmbedLib.workflows.benchmark.store import parallel_map
from SemiSegEmbedLib.workflows.benchmark.tables import open_data

CONFIGURATION = "3d_fullres"


class TimeIsUpError(Exception):
    """Ends nnU-Net's loop over epochs."""


def point_nnunet_at(folder: Path) -> None:
    """Its folders as environment variables, and a module in the place of SimpleITK where that is missing.

    Both must be there before nnU-Net is imported, in its own processes too.
    """
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        os.environ[name] = str((folder / name).resolve())
    if importlib.util.find_spec("SimpleITK") is None:
        place = folder / "stand_in"
        place.mkdir(exist_ok=True)
        (place / "SimpleITK.py").write_text('"""Empty: imported by nnU-Net and not used for NIfTI."""\nImage = None\n')
        sys.path.append(str(place.resolve()))
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)


def prepare(folder: Path, data: BenchmarkData, draw: int, workers: int) -> None:
    """Raw dataset, fingerprint, plans and preprocessed arrays."""
    from nnunetv2.experiment_planning.plan_and_preprocess_api import extract_fingerprints, plan_experiments, preprocess

    place = export_raw(data, folder / "nnUNet_raw", draw=draw)
    done = folder / "nnUNet_preprocessed" / place.name / "prepared"
    if not done.exists():
        extract_fingerprints([DATASET_ID], num_processes=workers)
        plan_experiments([DATASET_ID])
        preprocess([DATASET_ID], configurations=(CONFIGURATION,), num_processes=(workers,))
        done.touch()


def make_trainer(folder: Path, device: torch.device, minutes: float, iterations: int) -> Any:
    """nnU-Net's default trainer with a length in minutes."""
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    class WallClockTrainer(nnUNetTrainer):
        """Epochs until the time is up; the learning rate is a function of time."""

        def configure_optimizers(self) -> tuple[Any, Any]:
            optimizer, schedule = super().configure_optimizers()
            by_epoch = schedule.step

            def by_time(current_step: int | None = None) -> None:
                by_epoch(min(self.num_epochs - 1, int(self.num_epochs * self.spent() / (60 * minutes))))

            schedule.step = by_time
            return optimizer, schedule

        def spent(self) -> float:
            return time.monotonic() - self.began

        def on_train_start(self) -> None:
            super().on_train_start()
            self.began = self.epoch_began = time.monotonic()

        def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
            return self.leaving_out_the_first(super().train_step, batch)

        def validation_step(self, batch: dict[str, Any]) -> dict[str, Any]:
            return self.leaving_out_the_first(super().validation_step, batch)

        def leaving_out_the_first(self, step: Callable[..., dict[str, Any]], batch: dict[str, Any]) -> dict[str, Any]:
            start, result = time.monotonic(), step(batch)
            if step.__name__ not in self.left_out_s:
                taken = self.left_out_s[step.__name__] = time.monotonic() - start
                self.began, self.epoch_began = self.began + taken, self.epoch_began + taken
            return result

        def on_epoch_end(self) -> None:
            super().on_epoch_end()
            now = time.monotonic()
            longest, self.epoch_began = now - self.epoch_began, now
            if self.spent() + longest > 60 * minutes or self.current_epoch >= self.num_epochs:
                raise TimeIsUpError

    place = next((folder / "nnUNet_preprocessed").glob(f"Dataset{DATASET_ID}_*"))
    plans = json.loads((place / "nnUNetPlans.json").read_text(encoding="utf-8")) | {"continue_training": False}
    description = json.loads((place / "dataset.json").read_text(encoding="utf-8"))
    trainer = WallClockTrainer(plans, CONFIGURATION, "all", description, device)  # type: ignore[arg-type]
    trainer.num_iterations_per_epoch = iterations
    trainer.num_val_iterations_per_epoch = max(1, iterations // 5)
    trainer.began, trainer.left_out_s = time.monotonic(), {}
    return trainer


def train(trainer: Any) -> dict[str, float]:
    """Until the time is up; then the last state is kept as nnU-Net keeps it."""
    with contextlib.suppress(TimeIsUpError):
        trainer.run_training()
        raise RuntimeError("nnU-Net ended before its time")
    seconds = trainer.spent()
    trainer.on_train_end()
    first = round(sum(trainer.left_out_s.values()), 1)
    return {"training_s": round(seconds, 1), "first_steps_s": first, "epochs": trainer.current_epoch}


def predict(trainer: Any, data: BenchmarkData, target: Path) -> float:
    """Classes of every test scan on its own grid; returns the seconds."""
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    network = getattr(trainer.network, "_orig_mod", trainer.network)
    trainer.set_deep_supervision_enabled(False)
    predictor = nnUNetPredictor(device=trainer.device, allow_tqdm=False)
    predictor.manual_initialization(
        network, trainer.plans_manager, trainer.configuration_manager, [network.state_dict()], trainer.dataset_json,
        type(trainer).__name__, trainer.inference_allowed_mirroring_axes,
    )  # fmt: skip
    target.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    for key in data.test:
        scan = data.store.load(key)
        image = np.asarray(scan.image, np.float32)[None]
        classes = predictor.predict_single_npy_array(image, {"spacing": list(scan.spacing)})
        np.save(target / f"{key}.npy", classes.astype(np.uint8))
    return round(time.perf_counter() - start, 1)


def main() -> None:
    arguments = parse()
    scale, device = get_scale(arguments.scale), torch.device(arguments.device)
    folder = Path(arguments.folder) / scale.name
    predictions = folder / "predictions"
    point_nnunet_at(folder)
    with parallel_map(arguments.workers) as many:
        data = open_data(scale, Path(arguments.work), frozen_difficulty(), many)
    if (predictions / "facts.json").exists():
        print("There are predictions already; remove them to train again.")
        return
    began = time.monotonic()
    prepare(folder, data, arguments.draw, arguments.workers)
    prepared = time.monotonic() - began
    torch.set_num_threads(arguments.workers)
    trainer = make_trainer(folder, device, arguments.minutes, arguments.iterations)
    facts: dict[str, Any] = {"minutes": arguments.minutes, "draw": arguments.draw, "prepared_s": round(prepared, 1)}
    facts |= train(trainer) | {"iterations_per_epoch": arguments.iterations}
    facts["prediction_s"] = predict(trainer, data, predictions)
    configuration = trainer.configuration_manager
    facts |= {"patch_size": list(configuration.patch_size), "batch_size": configuration.batch_size,
              "versions": versions(device)}  # fmt: skip
    atomic_write(predictions / "facts.json", json.dumps(facts, indent=1).encode("ascii"))
    print(json.dumps(facts, indent=1))


def versions(device: torch.device) -> dict[str, str]:
    """Of nnU-Net and what it ran on."""
    from importlib.metadata import version

    found = {"nnunetv2": version("nnunetv2"), "torch": torch.__version__, "python": platform.python_version()}
    return found | ({"gpu": torch.cuda.get_device_name(device)} if device.type == "cuda" else {"device": "cpu"})


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="small", choices=("smoke", "small", "paper"))
    parser.add_argument("--draw", type=int, default=0, help="of the annotated scans")
    parser.add_argument("--minutes", type=float, default=4.0, help="of training")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--iterations", type=int, default=250, help="of an epoch")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--work", default="build/benchmark", help="rendered scans")
    parser.add_argument("--folder", default="build/nnunet", help="all that nnU-Net writes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
