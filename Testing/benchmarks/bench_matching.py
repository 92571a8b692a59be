"""What matching (section 2.3) adds to UAMT with as many passes, in percent of a step of embedding matching.

    python Testing/benchmarks/bench_matching.py
    python Testing/benchmarks/bench_matching.py --device cuda --patch 96 --base-filters 16 --group 5

Prints JSON, a row for each similarity: the median over the rounds, and the quartiles, which say how far it can be
trusted. In each round a group of steps of embedding matching, one of UAMT and one of the teacher's forward of the
annotated images follow each other. The difference is taken within the round, so that whatever slows the machine down
for longer than a round cancels out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench_step import make_source
from measuring import attempt, deadline, keep, time_group, versions

from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.stepper import Stepper

KERNELS = ("cosine + mean", "euclidean + mean", "cosine + max", "euclidean + max")
WARM_UP = 3


def measure(config: TrainingConfig, kernel: str, device: torch.device, rounds: int, group: int) -> dict[str, Any]:
    """One row: the milliseconds of each kind of work, and the share of a step that matching takes."""
    similarity, reduce = kernel.split(" + ")
    matching = Stepper(config.replace(kernel=similarity, reduce=reduce), 2, device)
    # UAMT's target is one pass more.
    uamt = Stepper(config.replace(method="uamt", consistency_passes=config.passes - 1), 2, device)
    batch = make_source(config, device).batch(config.labelled_per_batch, config.unlabelled_per_batch)
    assert batch.labelled is not None
    images, method = batch.labelled.images, matching.method

    @torch.no_grad()
    def references(_: int) -> None:
        method.forward_network(method.teacher, images)

    works = {
        "ms": lambda number: matching.take(lambda: batch, number),
        "uamt_ms": lambda number: uamt.take(lambda: batch, number),
        "reference_forward_ms": references,
    }
    for work in works.values():
        for number in range(WARM_UP):
            work(number)
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        # Every other round goes backwards, so that none always comes after the same other one.
        for name in list(works)[:: -1 if number % 2 else 1]:
            found[name].append(time_group(works[name], device, group, number * group))
    return {name: round(statistics.median(times), 3) for name, times in found.items()} | shares(*found.values())


def shares(steps: list[float], uamt: list[float], references: list[float]) -> dict[str, float]:
    """Median and quartiles of what is left of a step of embedding matching, in percent, round by round."""
    left = [
        100 * (step - plain - forward) / step for step, plain, forward in zip(steps, uamt, references, strict=True)
    ]
    low, middle, high = statistics.quantiles(left, n=4, method="inclusive") if len(left) > 1 else left * 3
    return {"percent": round(middle, 1), "low": round(low, 1), "high": round(high, 1)}


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every similarity; one that fails says why and the others go on."""
    device, until = torch.device(arguments.device), deadline(arguments.minutes)
    torch.backends.cudnn.benchmark = True
    config = preset("paper", patch_size=(arguments.patch,) * 3, base_filters=arguments.base_filters)
    rows: dict[str, Any] = {}
    result = {"settings": {**vars(arguments), "output": None}, "versions": versions(device), "rows": rows}
    for kernel in arguments.only:
        work = partial(measure, config, kernel, device, arguments.rounds, arguments.group)
        rows[kernel] = attempt(work, device, until)
        keep(result, arguments.output)
    return result


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--patch", type=int, default=32)
    parser.add_argument("--base-filters", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--group", type=int, default=1, help="steps of each kind in a round")
    parser.add_argument("--only", nargs="*", choices=KERNELS, default=list(KERNELS), metavar="SIMILARITY")
    parser.add_argument("--minutes", type=float, default=0, help="begin no similarity after so many")
    parser.add_argument("--output", default="", help="file that holds what is done so far")
    return parser.parse_args(words)


if __name__ == "__main__":
    print(json.dumps(run(parse()), indent=1))
