"""`phantom` and `demo`: hips that nobody's privacy depends on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.arguments import add_command, add_device
from SemiSegEmbedLib.cli.output import Console


def add_commands(commands: Any) -> None:
    phantom = add_command(
        commands,
        "phantom",
        run_phantom,
        "make synthetic hip CT scans, or a whole study of them",
        "phantom out --count 8",
    )
    phantom.add_argument("output", type=Path, metavar="FOLDER", help="a new folder")
    phantom.add_argument("--count", type=int, default=10, help="number of scans (default: 10)")
    phantom.add_argument("--annotated", type=int, default=4, help="how many come annotated (default: 4)")
    phantom.add_argument("--held-out", type=int, default=2, help="how many are kept for testing (default: 2)")
    phantom.add_argument("--labels", default="hip-bones", help="hip-bones or hip-sides (default: hip-bones)")
    phantom.add_argument("--spacing", type=float, default=1.0, help="voxel size and training grid in mm (default: 1)")
    phantom.add_argument(
        "--field",
        default="pelvis",
        help="what the scans show: pelvis, abdomen (also above it) or body (default: pelvis)",
    )
    phantom.add_argument("--seed", type=int, default=0)

    demo = add_command(commands, "demo", run_demo, "make phantom hips, train, segment, report", "demo --quick")
    demo.add_argument("--quick", action="store_true", help="three minutes, without a promise of quality")
    demo.add_argument("--output", type=Path, default=Path("demo"), help="folder for all of it (default: demo)")
    demo.add_argument("--seed", type=int, default=0)
    add_device(demo)


def run_phantom(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.phantom_study import create_phantom_study

    study = create_phantom_study(
        options.output,
        count=options.count,
        annotated=options.annotated,
        held_out=options.held_out,
        labels=options.labels,
        spacing_mm=options.spacing,
        field=options.field,
        seed=options.seed,
        progress=console.progress,
    )
    console.line(
        f"Study with {len(study.cases)} phantom hips in {study.folder}. Next: semisegembed train {study.folder}"
    )
    console.result({"study": str(study.folder), "cases": [case.key for case in study.cases]})


def run_demo(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows import demo

    plan = demo.choose_plan(quick=options.quick, device=options.device)
    report = demo.run_demo(options.output, plan, seed=options.seed, device=options.device, progress=console.progress)
    console.line(f"Report: {report['report']}")
    console.result(report)
