"""`segment`, `evaluate`, `suggest`, `trace`: what a trained model is for; `export`: what 3D Slicer hands over."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.cli.arguments import add_command, add_device, add_study, below_one, count, finite, not_negative
from SemiSegEmbedLib.cli.output import Console
from SemiSegEmbedLib.study.study import Study


def add_commands(commands: Any) -> None:
    segment = add_command(
        commands,
        "segment",
        run_segment,
        "segment CT scans with a model",
        "segment hips new_patient.nii.gz --output out",
    )
    segment.add_argument("model", type=Path, metavar="MODEL", help="a model file, or a study (its newest model)")
    segment.add_argument(
        "images", type=Path, nargs="+", metavar="IMAGE", help="files, DICOM folders, or case keys of the study"
    )
    segment.add_argument(
        "--output", type=Path, help="folder for the results (default: beside each image, or the study)"
    )
    segment.add_argument("--format", choices=("nii.gz", "seg.nrrd"), default="nii.gz")
    segment.add_argument(
        "--join-sides", action="store_true", help="one label a bone instead of left and right (files, not cases)"
    )
    add_segmentation_options(segment)

    evaluate = add_command(
        commands,
        "evaluate",
        run_evaluate,
        "compare a model with annotations, in mm on the CT's own grid",
        "evaluate hips",
    )
    add_study(evaluate)
    evaluate.add_argument("--model", help="model file or id (default: the newest)")
    evaluate.add_argument("--cases", nargs="*", metavar="CASE", help="default: the held-out cases that have a label")
    add_segmentation_options(evaluate)

    suggest = add_command(
        commands, "suggest", run_suggest, "rank cases and places by uncertainty: what to annotate next", "suggest hips"
    )
    add_study(suggest)
    suggest.add_argument("--model", help="model file or id (default: the newest)")
    suggest.add_argument("--cases", nargs="*", metavar="CASE", help="default: all unannotated cases")
    suggest.add_argument("--places", type=count, default=5, help="places to name in each case (default: 5)")
    add_segmentation_options(suggest)

    trace = add_command(
        commands,
        "trace",
        run_trace,
        "say which annotated places a place of a scan resembles most",
        "trace hips case-0003 -12.5 40 310",
    )
    trace.add_argument("model", type=Path, metavar="MODEL", help="a model file, or a study (its newest model)")
    trace.add_argument("image", type=Path, metavar="IMAGE", help="a file, DICOM folder, or case key of the study")
    for axis in "xyz":
        trace.add_argument(axis, type=finite, metavar=axis.upper(), help="in mm (LPS), as suggest names places")
    add_device(trace)

    export = add_command(
        commands,
        "export",
        run_export,
        "write a segmentation that 3D Slicer hands over, which it asks for by itself",
        "export handover --format stl",
    )
    export.add_argument("handover", type=Path, metavar="FOLDER", help="what 3D Slicer left; the files go into it")
    export.add_argument("--format", choices=("nii.gz", "seg.nrrd", "stl", "obj", "ply"), default="nii.gz")
    export.add_argument("--smoothing", type=float, default=0.5, help="of surfaces, 0 to 1 (default: 0.5)")


def add_segmentation_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--passes", type=count, default=5, help="dropout passes of the uncertainty, 0 for none (default: 5)"
    )
    parser.add_argument(
        "--threshold", type=not_negative, default=0.75, help="reliable below this share of ln C (default: 0.75)"
    )
    parser.add_argument(
        "--island", type=not_negative, default=500.0, help="remove parts below so many mm3 (default: 500)"
    )
    parser.add_argument("--largest", action="store_true", help="keep only the largest part of each label")
    parser.add_argument(
        "--smooth",
        type=not_negative,
        default=0.0,
        metavar="MM",
        help="smooth the labels, keep it near the spacing (default: 0)",
    )
    parser.add_argument(
        "--passes-where",
        choices=("object", "all"),
        default="object",
        help="passes near objects alone, or everywhere, which takes twice as long (default: object)",
    )
    parser.add_argument("--overlap", type=below_one, default=0.25, help="overlap of the windows (default: 0.25)")
    add_device(parser)


def segmentation_options(options: argparse.Namespace):
    from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions

    return SegmentationOptions(
        passes=options.passes,
        threshold=options.threshold,
        island_mm3=options.island,
        largest_only=options.largest,
        split_sides=not getattr(options, "join_sides", False),
        smooth_mm=options.smooth,
        passes_where=options.passes_where,
        overlap=options.overlap,
        device=options.device,
    )


def run_segment(options: argparse.Namespace, console: Console) -> int:
    from SemiSegEmbedLib.workflows.segmentation import segment_many

    outcomes = segment_many(
        options.model,
        options.images,
        options.output,
        segmentation_options(options),
        file_format=options.format,
        progress=console.progress,
    )
    for outcome in outcomes:
        console.line(f"{outcome.name}: {outcome.label or outcome.error}")
    console.result([outcome.to_dict() for outcome in outcomes])
    return 1 if any(outcome.error for outcome in outcomes) else 0


def run_evaluate(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.evaluation import evaluate_study

    rows = evaluate_study(
        Study.open(options.study),
        options.model,
        options.cases,
        segmentation_options(options),
        progress=console.progress,
    )
    columns = ("case", "label", "iou", "dice", "hd95", "hd95_pooled", "assd", "nsd_1mm", "nsd_2mm")
    console.line("HD95: maximum of the two directed 95th percentiles, in mm, on the grid of the CT.")
    console.table(columns, [[format_cell(row[column]) for column in columns] for row in rows])
    console.result(rows)


def format_cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def run_suggest(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.suggestions import suggest

    ranked = suggest(
        Study.open(options.study),
        options.model,
        options.cases,
        segmentation_options(options),
        places=options.places,
        progress=console.progress,
    )
    for rank, case in enumerate(ranked, start=1):
        console.line(f"{rank}. {case['case']}  uncertainty {case['uncertainty']:.3f}")
        for place in case["places"]:
            x, y, z = place["position_lps_mm"]
            console.line(f"     ({x:.0f}, {y:.0f}, {z:.0f}) mm LPS  {place['size_mm3']:.0f} mm3")
    console.result(ranked)


def run_trace(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.tracing import trace

    rows = trace(options.model, options.image, (options.x, options.y, options.z), options.device)
    columns = ("label", "similarity", "case", "position_lps_mm")
    console.table(columns, [[row[column] for column in columns] for row in rows])
    console.result(rows)


def run_export(options: argparse.Namespace, console: Console) -> None:
    from SemiSegEmbedLib.workflows.export import export

    written = export(options.handover, options.format, options.smoothing, console.progress)
    for one in written:
        console.line(one["file"])
    console.result(written)
