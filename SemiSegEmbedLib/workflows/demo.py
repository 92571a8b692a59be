"""The whole loop on phantom hips, with a page that shows what came out."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError, StoppedError
from SemiSegEmbedLib.evaluation.figures import curves_figure, volume_figure
from SemiSegEmbedLib.evaluation.report import HtmlReport
from SemiSegEmbedLib.imaging.grid import label_to_training_grid
from SemiSegEmbedLib.imaging.read import read_label
from SemiSegEmbedLib.inference.model_file import load_model
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device
from SemiSegEmbedLib.workflows.evaluation import compare
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.phantom_study import create_phantom_study
from SemiSegEmbedLib.workflows.progress import Progress
from SemiSegEmbedLib.workflows.segmentation import Segmentation, SegmentationOptions, segment_case
from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run, execute_run, versions

METHODS = ("embedding_matching", "supervised")
NAMES = {"embedding_matching": "embedding matching", "supervised": "supervised"}
MARKER = ".semisegembed-demo"


@dataclass(frozen=True)
class DemoPlan:
    """How big a demo is.

    Attributes:
        title: For the report.
        spacing_mm: Grid of the phantoms and of the training.
        annotated: Scans with a label that training may use.
        unannotated: Scans without.
        held_out: Scans for the comparison.
        preset: Of both methods.
        steps: The most steps, the same for both methods.
        minutes: Time for embedding matching; a slow machine does fewer steps. None: no limit.
        overrides: Other settings, the same for both methods.
    """

    title: str
    spacing_mm: float
    annotated: int
    unannotated: int
    held_out: int
    preset: str
    steps: int
    minutes: float | None = None
    overrides: dict[str, Any] = field(default_factory=dict)


SMALL_PATCHES = {"patch_size": (32, 32, 32)}
QUICK = DemoPlan("quick", 4.0, 2, 2, 1, "quick", 60, 0.7, {**SMALL_PATCHES, "validate_every": 30})
PROCESSOR = DemoPlan("without a GPU", 3.0, 4, 8, 3, "quick", 1000, 6.0, {**SMALL_PATCHES, "validate_every": 200})
GPU = DemoPlan("with a GPU", 1.0, 4, 16, 4, "robust", 1500)


def choose_plan(*, quick: bool, device: str) -> DemoPlan:
    """The three-minute form, or the one that fits the device."""
    if quick:
        return QUICK
    return GPU if choose_device(device).type == "cuda" else PROCESSOR


def run_demo(folder: Path, plan: DemoPlan, *, seed: int, device: str, progress: Progress) -> dict[str, Any]:
    """Makes the cohort, trains both methods for the same number of steps, segments held-out hips, writes the page.

    Args:
        folder: Where all of it goes; a demo that is there already is replaced.
        plan: How big it is.
        seed: Of the patients and of the training.
        device: See `choose_device`.
        progress: Told how far it is.

    Returns:
        The path of the report and the measured numbers.

    Raises:
        BadInputError: The folder holds something else than a demo.
        StoppedError: It was stopped.
    """
    start = time.monotonic()
    prepare_folder(folder)
    study = create_phantom_study(
        folder / "study",
        count=plan.annotated + plan.unannotated + plan.held_out,
        annotated=plan.annotated,
        held_out=plan.held_out,
        spacing_mm=plan.spacing_mm,
        seed=seed,
        progress=progress,
    )
    runs = {METHODS[0]: train(study, METHODS[0], plan, plan.steps, plan.minutes, seed, device, progress)}
    steps = steps_of(runs[METHODS[0]])
    runs[METHODS[1]] = train(study, METHODS[1], plan, steps, None, seed, device, progress)
    rows, results = evaluate(study, runs, device, progress)
    facts = {
        "plan": plan.title,
        "minutes": round((time.monotonic() - start) / 60, 1),
        "versions": versions(),
        "rows": rows,
    }
    page = write_page(study, plan, runs, rows, results, facts)
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    (folder / "report.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return {"report": str(path), **facts}


def prepare_folder(folder: Path) -> None:
    """An empty folder; only a folder that an earlier demo made is emptied."""
    marker = folder / MARKER
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists():
            raise BadInputError(f"The folder '{folder.name}' is not empty: choose another one with --output.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()


def steps_of(run: RunFolder) -> int:
    """The steps that a run has done."""
    return max(event["step"] for event in run.events()[0] if event["event"] == "step")


def train(
    study: Study,
    method: str,
    plan: DemoPlan,
    steps: int,
    minutes: float | None,
    seed: int,
    device: str,
    progress: Progress,
) -> RunFolder:
    """One training run of the demo, in this process."""
    request = TrainingRequest(
        plan.preset, method=method, steps=steps, minutes=minutes, seed=seed, device=device, overrides=plan.overrides
    )
    run = create_run(study, request)

    def show(event: dict[str, Any]) -> None:
        if event["event"] == "step":
            seconds = int(event["seconds_left"])
            progress(
                f"Training {NAMES[method]}",
                event["step"] / event["total_steps"],
                f"{seconds // 60}:{seconds % 60:02d} left",
            )

    state = execute_run(run, on_event=show)
    if state is RunState.STOPPED:
        raise StoppedError("The demo was stopped; start it again to make a new one.")
    if state is not RunState.FINISHED:
        raise SemiSegEmbedError(run.status().reason)
    return run


def evaluate(
    study: Study, runs: dict[str, RunFolder], device: str, progress: Progress
) -> tuple[list[dict[str, Any]], dict[str, Segmentation]]:
    """Segments every held-out hip with both models; returns the rows and the results of embedding matching."""
    held_out = [case.key for case in study.cases if case.role is Role.HELD_OUT]
    rows, results = [], {}
    for method, run in runs.items():
        path = resolve_model(study, run.run_id)
        model = load_model(path)
        options = SegmentationOptions(passes=5 if method == "embedding_matching" else 0, device=device)
        for number, key in enumerate(held_out):
            progress(f"Segmenting with {NAMES[method]}", number / len(held_out), key)
            _, result = segment_case(study, key, path, options, model=model)
            rows += [{"method": method, **row} for row in compare(study, key, result.label)]
            if options.passes:
                results[key] = result
        progress(f"Segmenting with {NAMES[method]}", 1.0)
    return rows, results


def write_page(
    study: Study,
    plan: DemoPlan,
    runs: dict[str, RunFolder],
    rows: list[dict[str, Any]],
    results: dict[str, Segmentation],
    facts: dict[str, Any],
) -> str:
    """The report as HTML."""
    report = HtmlReport("SemiSegEmbed: learning from a few annotated hips and many others")
    report.paragraph(introduction(plan, runs, facts))
    report.heading("Held-out hips")
    report.table(
        ("hip", *[f"{metric}, {NAMES[m]}" for metric in ("IoU", "HD95 (mm)") for m in METHODS]), table_rows(rows)
    )
    report.paragraph(
        "HD95 is the larger of the two directed 95th percentiles of the surface distance, in mm, on the grid of each "
        "scan; IoU is intersection over union. None of these scans was seen in training.",
        note=True,
    )
    for key, result in results.items():
        report.heading(f"Hip {key}")
        report.picture(picture_of(study, key, result), caption_of(result))
    report.heading("Learning curves")
    report.picture(
        curves_figure({NAMES[method]: run.events()[0] for method, run in runs.items()}),
        "Validation uses blocks of the annotated scans that training never saw; with so few scans such numbers are "
        "optimistic. The unreliable fraction is the share of unannotated voxels that embedding matching has to label.",
    )
    report.heading("What to try next")
    model = runs["embedding_matching"].run_id
    folder = study.folder
    report.steps(
        [
            ("Rank the unannotated hips by uncertainty:", f"python3 run.py suggest {folder}"),
            ("Train on, for longer:", f"python3 run.py train {folder} --minutes 30 --continue-from {model}"),
            ("Begin a study of your own:", "python3 run.py study create my-hips --labels hip-bones"),
        ]
    )
    return report.html()


def introduction(plan: DemoPlan, runs: dict[str, RunFolder], facts: dict[str, Any]) -> str:
    training = runs["embedding_matching"].config["training"]
    side = training["patch_size"][0]
    scale = (
        "" if plan is GPU else " This is a coarser grid and a smaller network than the paper's (1 mm, 96 voxels, 16)."
    )
    return (
        f"{plan.annotated} annotated and {plan.unannotated} unannotated phantom hips taught both methods for "
        f"{steps_of(runs['embedding_matching'])} steps on a {plan.spacing_mm:g} mm grid, patches of {side} voxels "
        f"a side and {training['base_filters']} filters on the first level; {plan.held_out} other hips were kept for "
        f"the comparison. It took {facts['minutes']} minutes ({plan.title}).{scale}"
    )


def table_rows(rows: list[dict[str, Any]]) -> list[list[str]]:
    keys = list(dict.fromkeys(row["case"] for row in rows))
    table = [[key, *cells([row for row in rows if row["case"] == key])] for key in keys]
    return [*table, ["mean", *cells(rows)]]


def cells(rows: list[dict[str, Any]]) -> list[str]:
    means = {
        (m, name): np.mean([row[name] for row in rows if row["method"] == m])
        for m in METHODS
        for name in ("iou", "hd95")
    }
    return [f"{means[m, 'iou']:.3f}" for m in METHODS] + [f"{means[m, 'hd95']:.2f}" for m in METHODS]


def picture_of(study: Study, key: str, result: Segmentation) -> bytes:
    case = study.case(key)
    path = study.label_path(case)
    assert path is not None  # held-out phantoms carry their label, and the demo asks for every map
    reference = label_to_training_grid(read_label(path, result.label, study.labels), study.classes(), result.grid)
    arrays = result.arrays
    assert arrays.label is not None
    assert arrays.uncertainty is not None
    assert arrays.provenance is not None
    return volume_figure(
        result.grid.array.astype(np.float32),
        reference,
        arrays.label,
        arrays.uncertainty.astype(np.float32),
        arrays.provenance,
        result.grid.geometry.array_spacing,
    )


def caption_of(result: Segmentation) -> str:
    facts = result.facts
    return (
        "Axial and coronal slice. Where the network is sure its own label counts (confident); where it is not, the "
        "nearest embeddings of annotated voxels decide (matched), unless these do not agree either (neither). "
        f"Near the bones: confident {facts['confident']:.0%}, matched {facts['matched']:.0%}, "
        f"neither {facts['neither']:.0%}."
    )
