"""A day with a study of a thousand cases, compressed: does anything grow without bound?"""

from __future__ import annotations

import gc
import os
import random
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import SimpleITK as sitk
import torch

from SemiSegEmbedLib.imaging import prepare
from SemiSegEmbedLib.imaging.cache import ArrayCache
from SemiSegEmbedLib.jobs.run_folder import RunFolder, observed_state
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows import cases
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_case
from trials import children
from trials.rows import Row, judged
from trials.scenes import body, broken_parts, image_of, new_run

SHAPE = (14, 16, 22)
SPACING = (8.0, 8.0, 8.0)
CACHE_BYTES = 2 << 20
"""Far less than all arrays need, so that the cache has to make room all day."""
TRAIN_ON = 12
"""Cases that take part in a run; the others are excluded meanwhile, so that an hour passes in seconds."""


@dataclass(frozen=True)
class Hour:
    """What the program holds at the end of an hour."""

    cases: int
    memory: int
    files: int
    threads: int
    maps: int
    cache: int
    temporary: int


def small_cache(folder: Path | str, max_bytes: int | None = None) -> ArrayCache:
    """The cache with a limit that a day reaches."""
    return ArrayCache(folder, CACHE_BYTES if max_bytes is None else max_bytes)


def day(folder: Path, hours: int, per_hour: int) -> tuple[list[Hour], list[str]]:
    """Works through a day; what was held after each hour, and what went wrong."""
    torch.set_num_threads(1)
    study = Study.create(folder, "a day", HIP_BONES, spacing_mm=SPACING[0])
    scans, chance, faults = folder.with_name("scans"), random.Random(5), list[str]()
    scans.mkdir()
    looks = []
    with mock.patch.object(prepare, "ArrayCache", small_cache):
        for hour in range(hours):
            add_and_label(study, scans, hour * per_hour, per_hour, chance)
            run = train_stop_resume(study, faults)
            segment_some(study, run, chance)
            age(folder)
            looks.append(look(study))
    return looks, faults + broken_parts(folder)


def add_and_label(study: Study, scans: Path, first: int, count: int, chance: random.Random) -> None:
    """New scans, a few of them annotated, some annotations corrected; the newest scans train."""
    for case in study.cases[-TRAIN_ON:]:
        study.set_role(case.key, Role.EXCLUDED)
    for number in range(first, first + count):
        fresh = number >= first + count - TRAIN_ON
        image, label = body(number, SHAPE, SPACING)
        sitk.WriteImage(image_of(image, SPACING), str(scans / f"{number}.nii.gz"))
        case = study.add_case(scans / f"{number}.nii.gz", role=Role.UNANNOTATED if fresh else Role.EXCLUDED)
        if fresh and number % 4 == 0:
            sitk.WriteImage(image_of(label, SPACING), str(scans / "label.nii.gz"))
            cases.add_label(study, case.key, scans / "label.nii.gz", annotated_by="AB")
    labelled = [case.key for case in study.cases if case.labels]
    for key in chance.sample(labelled, min(2, len(labelled))):
        cases.add_label(study, key, scans / "label.nii.gz", annotated_by="CD")


def train_stop_resume(study: Study, faults: list[str]) -> RunFolder:
    """One run, stopped in the middle and resumed, in this very process."""
    from SemiSegEmbedLib.workflows.training import execute_run

    run = new_run(study, 4, log_every=1, validate_every=4, checkpoint_every=2)

    def stop(event: dict[str, Any]) -> None:
        if event.get("event") == "step" and event["step"] == 2:
            run.request_stop()
            time.sleep(0.6)  # the run looks for the wish twice a second

    states = [execute_run(run, on_event=stop).value]
    run.clear_stop()
    states.append(execute_run(run).value)
    if states[1] != "finished" or load_checkpoint(run.checkpoints / "last.pt")["step"] != 4:
        faults.append(f"a run ended as {states}: {run.status().reason}")
    observed_state(run.path)
    return run


def segment_some(study: Study, run: RunFolder, chance: random.Random) -> None:
    """Old and new cases with the newest model."""
    options = SegmentationOptions(passes=1, device="cpu")
    for case in chance.sample(study.cases, 3):
        segment_case(study, case.key, study.models_folder / f"{run.run_id}.ssemodel", options)


def age(folder: Path) -> None:
    """Everything becomes an hour older, so that a day passes for what is cleared by its age."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            then = path.stat().st_mtime - 3600
            os.utime(path, (then, then))


def look(study: Study) -> Hour:
    """What this process and the study hold now."""
    gc.collect()  # networks and their optimisers refer to each other, and go when Python next looks
    maps = Path("/proc/self/maps").read_text(encoding="utf-8").count("\n")
    temporary = sum(1 for path in study.folder.rglob(".tmp-*") if time.time() - path.stat().st_mtime > 25 * 3600)
    return Hour(
        len(study.cases),
        children.resident_bytes(),
        len(os.listdir("/proc/self/fd")),
        threading.active_count(),
        maps,
        sum(path.stat().st_size for path in study.cache_folder.glob("*.npy")),
        temporary,
    )


def growth_faults(looks: list[Hour]) -> list[str]:
    """What grew in the second half of the day; the first half warms up."""
    half, last = looks[len(looks) // 2], looks[-1]
    faults = [f"memory grew by {last.memory - half.memory >> 20} MiB"] * (last.memory > half.memory + (64 << 20))
    faults += [f"open files grew from {half.files} to {last.files}"] * (last.files > half.files + 3)
    faults += [f"threads grew from {half.threads} to {last.threads}"] * (last.threads > half.threads + 1)
    faults += [f"mapped parts grew from {half.maps} to {last.maps}"] * (last.maps > half.maps + 200)
    faults += ["temporary files stay"] * any(hour.temporary for hour in looks)
    largest = max(hour.cache for hour in looks)
    return faults + [f"the cache held {largest >> 10} KiB"] * (largest > CACHE_BYTES)


def run(short: bool) -> list[Row]:
    """The row of this topic."""
    hours, per_hour = (2, 6) if short else (24, 42)
    with tempfile.TemporaryDirectory() as root:
        ending = children.run(day, Path(root) / "study", hours, per_hour, timeout_s=1800)
    if ending.kind != "returned":
        return [judged("A day of work", [ending.trace or ending.kind], hours, "")]
    looks, faults = ending.value
    half, last = looks[len(looks) // 2], looks[-1]
    happened = (
        f"{last.cases} cases, {hours} runs, each stopped and resumed, {3 * hours} segmentations in one process: "
        f"memory {half.memory >> 20} MiB at noon and {last.memory >> 20} MiB at the end, {half.files} and "
        f"{last.files} open files, {half.threads} and {last.threads} threads, cache at most "
        f"{max(hour.cache for hour in looks) >> 10} of {CACHE_BYTES >> 10} KiB, no temporary file older than a day."
    )
    how = "Each hour adds scans, annotates, corrects, trains, stops, resumes, segments; files are aged by an hour"
    return [
        judged(
            f"{hours} hours with a study of {last.cases} cases", faults + growth_faults(looks), hours, happened, how
        )
    ]
