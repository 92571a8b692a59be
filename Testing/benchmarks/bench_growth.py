"""What grows with the number of cases: opening a study, and a training step. Prints JSON.

    python Testing/benchmarks/bench_growth.py [--cases 4 40 400 1000 4000]

Each case has arrays of its own, mapped from files as the cache hands them over; the files themselves are few.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.stepper import Stepper
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.study.files import allow_many_files
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.study import Study

SIDE, FILES, ANNOTATED = 48, 4, 4


def make_study(folder: Path, cases: int) -> None:
    """A study of so many cases: the first one is added, the others are entered beside it."""
    image = folder.parent / "image.nii"
    image.write_bytes(b"\0" * 400)
    study = Study.create(folder, "growth", HIP_BONES)
    study.add_case(image)
    manifest = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    first = manifest["cases"][0]
    manifest["cases"] = [
        {**first, "key": f"case-{n:04d}", "name": f"scan {n}", "patient_key": f"patient-{n:04d}"}
        for n in range(1, cases + 1)
    ]
    manifest["next_case"] = cases + 1 if "next_case" in manifest else manifest.get("next_case")
    if manifest["next_case"] is None:
        del manifest["next_case"]
    (folder / "study.json").write_text(json.dumps(manifest), encoding="utf-8")


def open_seconds(cases: int, repeats: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "study"
        make_study(folder, cases)
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            study = Study.open(folder)
            seconds.append(time.perf_counter() - start)
        assert len(study.cases) == cases
    return round(statistics.median(seconds), 4)


def mapped_volumes(folder: Path, cases: int) -> list[Volume]:
    """Volumes whose images are memory maps, one map a case."""
    random = np.random.default_rng(0)
    grid = np.stack(np.mgrid[:SIDE, :SIDE, :SIDE])
    ball = ((grid - SIDE / 2) ** 2).sum(0) < (0.3 * SIDE) ** 2
    for number in range(FILES):
        image = np.where(ball, 400.0, 40.0) + random.normal(0, 40, ball.shape)
        np.save(folder / f"{number}.npy", image.astype(np.float16))
    allow_many_files()
    label = ball.astype(np.uint8)
    return [
        Volume(
            f"case-{n + 1:04d}",
            np.load(folder / f"{n % FILES}.npy", mmap_mode="r"),
            label if n < ANNOTATED - 1 else None,
            (1.0, 1.0, 1.0),
        )
        for n in range(cases)
    ]


def step_seconds(cases: int, repeats: int) -> dict[str, float]:
    """Begin of a run, and medians of drawing a batch and of the whole step, in seconds."""
    config = preset("quick", patch_size=(32, 32, 32), base_filters=4, precision="fp32", passes=1, supervised_start=0.0)
    with tempfile.TemporaryDirectory() as name:
        volumes = mapped_volumes(Path(name), cases)
        start = time.perf_counter()
        generator = torch.Generator().manual_seed(0)
        source = PatchSource(volumes, Normalisation(60.0, 180.0), config, 2, "cpu", generator)
        begin = time.perf_counter() - start
        stepper = Stepper(config, 2, torch.device("cpu"))
        draws, steps = [], []
        for number in range(repeats + 2):
            start = time.perf_counter()
            batch = source.batch(2, 2)
            middle = time.perf_counter()
            stepper.take(lambda batch=batch: batch, number)
            draws.append(middle - start)
            steps.append(time.perf_counter() - start)
        del source, volumes
    return {
        "begin_s": round(begin, 3),
        "draw_ms": round(1000 * statistics.median(draws[2:]), 3),
        "step_ms": round(1000 * statistics.median(steps[2:]), 2),
    }


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """One row for each number of cases."""
    rows = {str(n): {"open_s": open_seconds(n, 3), **step_seconds(n, arguments.repeats)} for n in arguments.cases}
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    return {"settings": vars(arguments), "versions": versions, "rows": rows}


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="*", default=[4, 40, 400, 1000, 4000])
    parser.add_argument("--repeats", type=int, default=15)
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
