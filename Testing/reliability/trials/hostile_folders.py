"""Studies and runs from a stranger: links that lead out, files that are bombs, names that are programs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.cli import main as command_line
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.evaluation.report import HtmlReport
from SemiSegEmbedLib.imaging.write import write_segmentation
from SemiSegEmbedLib.jobs.run_folder import RunFolder, observed_status
from SemiSegEmbedLib.study.presets import HIP_BONES, load_labels
from SemiSegEmbedLib.study.records import Label
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.models import import_model
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_case
from trials import children
from trials.rows import sentence_faults
from trials.scenes import image_of, make_study, new_run

NAMES = (
    "<script>document.title='run'</script>",
    '"><img src=x onerror="alert(1)">',
    "$(touch MARK)",
    "`touch MARK`",
    "; touch MARK #",
    "a && touch MARK",
    "%s%s%n {0.__class__} ${HOME}",
    "../../../MARK",
    "=cmd|'/c calc'!A0",
    "‮elbisivni​",
)


def links() -> list[str]:
    """Links in a study that lead out of it: nothing is read or written through them."""
    faults, tried = [], 0
    for name in ("labels", "labels/case-0001", "images", "results", "models", "runs", "cache"):
        with tempfile.TemporaryDirectory() as root:
            outside = Path(root) / "outside"
            outside.mkdir()
            study = make_study(Path(root) / "study", annotated=1, unannotated=1)
            place = study.folder / name
            if place.exists():
                place.rename(study.folder / "moved")
                if name.startswith("labels"):
                    source = study.folder / "moved" / ("case-0001" if name == "labels" else "")
                    target = outside / ("case-0001" if name == "labels" else "")
                    target.mkdir(exist_ok=True)
                    for file in source.iterdir():
                        (target / file.name).write_bytes(file.read_bytes())
            place.symlink_to(outside)
            before = sorted(outside.rglob("*"))
            ending = children.run(_use_everything, study.folder)
            tried += 1
            if ending.kind != "returned":
                faults.append(f"{name}: {ending.error} {ending.value}"[:200])
            else:
                faults += [f"{name}: {fault}" for fault in ending.value]
            if sorted(outside.rglob("*")) != before:
                faults.append(f"{name}: something was written outside")
    return [*faults, str(tried)]


def _use_everything(folder: Path) -> list[str]:
    """Reads and writes each part of a study; what was said must be sentences."""
    from SemiSegEmbedLib.imaging.prepare import prepare_case

    study, scans = Study.open(folder), folder.with_name("study-scans")
    tries: list[Callable[[], Any]] = [
        lambda: study.add_label("case-0001", scans / "label-1.nii.gz"),
        lambda: study.add_case(scans / "label-0.nii.gz", copy=True),
        lambda: prepare_case(study, "case-0001"),
        lambda: import_model(study, scans / "label-0.nii.gz"),
        lambda: new_run(study, 2),
        lambda: segment_case(study, "case-0002", study.models_folder / "m.ssemodel", SegmentationOptions()),
    ]
    faults = []
    for attempt in tries:
        try:
            attempt()
        except SemiSegEmbedError as error:
            faults += sentence_faults(str(error), [str(folder.parent)])
    return faults


def runs() -> list[str]:
    """A run folder from a stranger: its files name other files, and are bombs."""
    faults, tried = [], 0
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study", annotated=1, unannotated=0, shape=(8, 8, 8))
        for name, text in (
            ("status.json", '{"state": "running", "pid": 1, "host": "x"}'),
            ("status.json", "[" * 500_000),
            ("status.json", '{"state": "<script>"}'),
            ("events.jsonl", '{"event": ' * 100_000 + "\n" + '{"event": "end", "state": "finished"}\n'),
            ("events.jsonl", "\x00" * 1_000_000),
            ("config.json", '{"request": {"preset": "../../x"}}'),
            ("config.json", "[" * 500_000),
            ("launch.json", '{"state": "running", "pid": -5}'),
            ("requests/../evil.json", "{}"),
            ("requests/00000000000000000001-0000000a.json", '{"kind": "preview", "case": "../../../etc/passwd"}'),
        ):
            tried += 1
            run = RunFolder.create(study.runs_folder, {"request": {}})
            (run.path / name).write_text(text, encoding="latin-1")
            ending = children.run(_look_at_run, run.path, timeout_s=10)
            if ending.kind != "returned":
                faults.append(f"{name}: {ending.kind} {ending.error} {ending.value}"[:200])
            elif ending.value:
                faults += [f"{name}: {fault}" for fault in sentence_faults(ending.value, [root])]
        for text in ("../x", "/etc/passwd", "a" * 300):
            tried += 1
            try:
                RunFolder(run.path).answer(text, ok=True)
                faults.append("an answer was written to a strange name")
            except SemiSegEmbedError:
                pass
    return [*faults, str(tried)]


def _look_at_run(path: Path) -> str:
    """Everything that Slicer asks of a run folder, then the process that would work on it."""
    from SemiSegEmbedLib.workflows.training import execute_run

    run = RunFolder(path)
    observed_status(path)
    run.events()
    run.pending_requests()
    run.last_event()
    try:
        execute_run(run)
    except SemiSegEmbedError as error:
        return str(error)
    return observed_status(path).reason


def names() -> list[str]:
    """Labels, studies and people named like programs, all the way to exports, the report and the command line."""
    faults = []
    with tempfile.TemporaryDirectory() as root:
        place = Path(root) / "place"
        place.mkdir()
        before = os.getcwd()
        os.chdir(place)
        try:
            for number, name in enumerate(NAMES):
                faults += [f"{name}: {fault}" for fault in _use_name(place / f"s{number}", name)]
                if list(Path(root).rglob("*MARK*")) or Path("/MARK").exists():
                    faults.append(f"{name}: it did something")
        finally:
            os.chdir(before)
    return [*faults, str(len(NAMES))]


def _use_name(place: Path, name: str) -> list[str]:
    """A study whose first label has this name."""
    place.mkdir()
    labels = (replace(HIP_BONES[0], name=name, mirror=None), Label("other", 9))
    (place / "labels.json").write_text(json.dumps({"labels": [{"name": name, "value": 1}]}), encoding="utf-8")
    load_labels(place / "labels.json")
    study = Study.create(place / "study", name, labels)
    image = np.zeros((8, 8, 8), np.uint8)
    image[2:4] = 1
    write_segmentation(image_of(image), study.labels, place / "x.seg.nrrd")
    header = sitk.ImageFileReader()
    header.SetFileName(str(place / "x.seg.nrrd"))
    header.ReadImageInformation()
    segments = [key for key in header.GetMetaDataKeys() if key.startswith("Segment") and key.endswith("_Name")]
    faults = ["the name became other fields"] * (len(segments) != 2)
    report = HtmlReport(name)
    report.heading(name)
    report.paragraph(name)
    report.table([name], [[name]])
    report.steps([(name, name)])
    report.picture(b"png", name)
    page = report.html().lower()
    faults += ["it is not escaped in the report"] * ("<script" in page or "<img src=x" in page)
    faults += ["the command line fails"] * (command_line(["study", "list", str(study.folder)]) != 0)
    return faults + ["the name changed"] * (Study.open(study.folder).labels[0].name != name)
