"""Calibrates the benchmark's cohort in small, without a GPU: are its knobs near, and do they turn what they should?

The real calibration (`bench cohort --calibrate --scale small`) has time for two tries in half an hour of a GPU, so it
should begin close. Here the same baseline learns from the same scans, from patches of the same extent and in as many
steps, on a grid of 2 mm with half of the channels. As in the real calibration, the supervised baseline alone is run.
A try takes about 50 minutes on two cores; given again, the command goes on after the last finished cell.

    python Testing/benchmarks/pilot_calibration.py --output build/pilot
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.freezing import calibrate
from SemiSegEmbedLib.workflows.benchmark.scales import SCALES
from SemiSegEmbedLib.workflows.benchmark.store import parallel_map

SMALL = SCALES["small"]
PILOT = replace(
    SMALL,
    name="pilot",
    spacing_mm=2.0,
    patch=SMALL.patch // 2,
    training={**SMALL.training, "base_filters": 8, "compile": "off"},
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True, help="for scans, cells and calibration.json")
    parser.add_argument("--tries", type=int, default=2, help="the knobs are turned between them (default: 2)")
    options = parser.parse_args()
    folders = Folders(options.output / "results", options.output / "weights")
    with parallel_map() as run:
        record = calibrate(
            PILOT, options.output / "scans", folders, torch.device("cpu"), run,
            iterations=options.tries, progress=lambda *seen: print(*seen, file=sys.stderr, flush=True),
        )  # fmt: skip
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
