"""`bench`: the paper's tables on the frozen cohort."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.arguments import add_command, add_device, minutes
from SemiSegEmbedLib.cli.output import Console

WHAT = ("table1", "table2", "table3", "robust", "levers", "diagnosis", "cohort", "figure2", "nnunet", "score", "page")


def add_commands(commands: Any) -> None:
    bench = add_command(
        commands,
        "bench",
        run_bench,
        "run the paper's tables on the benchmark's phantoms, cell by cell",
        "bench table1 --scale smoke",
    )
    bench.add_argument(
        "what",
        choices=WHAT,
        help="a table; the cohort itself; the picture of the paper's figure 2; the scans as a dataset of nnU-Net; "
        "score the predictions of another program; or the page alone",
    )
    bench.add_argument("--scale", default="smoke", choices=("smoke", "small", "paper"), help="default: smoke")
    add_device(bench)
    bench.add_argument("--columns", type=int, metavar="N", help="only the first N columns of labelled scans")
    bench.add_argument("--repeats", type=int, metavar="N", help="only N draws and seeds of the first column")
    bench.add_argument("--minutes", type=minutes, help="begin no cell that would not end in this time")
    bench.add_argument(
        "--workers", type=int, help="processes for rendering and metrics (default: one a processor, at most 16)"
    )
    bench.add_argument("--results", type=Path, default=Path("Testing/benchmarks/results"), help="folder of the cells")
    bench.add_argument("--work", type=Path, default=Path("build/benchmark"), help="folder of scans and weights")
    bench.add_argument(
        "--page", type=Path, default=Path("docs/benchmark.md"), help="page to render (default: %(default)s)"
    )
    bench.add_argument("--no-page", action="store_true", help="run cells and render nothing")
    bench.add_argument("--calibrate", action="store_true", help="cohort: turn its knobs on the supervised baseline")
    bench.add_argument("--iterations", type=int, default=3, help="cohort: tries of the calibration (default: 3)")
    bench.add_argument("--freeze", action="store_true", help="cohort: take over what the calibration found")
    bench.add_argument("--again", action="store_true", help="cohort: calibrate or freeze although it was done")
    bench.add_argument("--hash", action="store_true", help="cohort: hash the labels of a scale that has no hash yet")
    bench.add_argument("--choose", action="store_true", help="cohort: choose the test scans anew")
    bench.add_argument("--title", help="score: what the row is called")
    bench.add_argument("--predictions", type=Path, help="score: folder with KEY.npy or KEY.nii.gz for each test scan")
    bench.add_argument("--folder", type=Path, help="nnunet: where the dataset goes, nnU-Net's nnUNet_raw")
    bench.add_argument("--draw", type=int, default=0, help="nnunet: draw of the annotated scans (default: 0)")


def run_bench(options: argparse.Namespace, console: Console) -> int:
    from SemiSegEmbedLib.workflows.benchmark import bench

    request = bench.Request(
        what=options.what,
        scale=options.scale,
        device=options.device,
        columns=options.columns,
        repeats=options.repeats,
        minutes=options.minutes,
        workers=options.workers,
        results=options.results,
        work=options.work,
        page=None if options.no_page else options.page,
        calibrate=options.calibrate,
        iterations=options.iterations,
        freeze=options.freeze,
        again=options.again,
        hash=options.hash,
        choose=options.choose,
        title=options.title,
        predictions=options.predictions,
        folder=options.folder,
        draw=options.draw,
    )
    result = bench.run(request, console.progress)
    for line in bench.lines(result):
        console.line(line)
    console.result(result)
    return 1 if result.get("failed") else 0
