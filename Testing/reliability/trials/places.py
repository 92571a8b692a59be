"""Studies in odd places, moved, shared, with files that change, under a clock that goes back."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import SimpleITK as sitk

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.imaging.cache import ArrayCache
from SemiSegEmbedLib.imaging.prepare import prepare_case
from SemiSegEmbedLib.imaging.write import write_image, write_segmentation
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows import cases
from SemiSegEmbedLib.workflows.preparation import prepare_training
from trials import children
from trials.damaged_dicom import slices
from trials.rows import Row, judged, sentence_faults
from trials.scenes import TINY, body, broken_parts, image_of, make_study, new_run, work_on, write_case

NAMES = {
    "blanks": "a study  with   blanks",
    "umlauts": "Hüfte äöü ß é",
    "emoji": "hip 🦴🩻",
    "other scripts": "حوض 骨盤 таз",
    "marks of the shell": "$(touch x); 'a' & \"b\" `c` %d {} [1]",
    "a name of 200 bytes": "n" * 200,
    "a path of 300 characters": "/".join(["folder-of-thirty-characters-xx"] * 9),
    "a path of 1000 characters": "/".join(["x" * 100] * 9),
}


def use(place: Path, train: bool) -> list[str]:
    """Everything that a study does with paths, in one place; returns what went wrong."""
    place.mkdir(parents=True)
    study = make_study(place / "study", annotated=2, unannotated=0)
    image, _ = write_case(place / "scan s", 5)
    folder = place / "DICOM ü"
    folder.mkdir()
    for name, data in slices().items():
        (folder / name).write_bytes(data)
    cases.add_image(study, image, copy=True)
    cases.add_image(study, folder)
    cases.add_label(study, "case-0002", place / "study-scans" / "label-1.nii.gz")
    faults = [f"{key}: {problem.sentence}" for key, problem in cases.check_study(study) if problem.severity == "error"]
    prepared = prepare_case(study, "case-0004")
    write_image(image_of(body()[0]), place / "ä.nii.gz")
    write_segmentation(image_of(body()[1]), study.labels, place / "ö 🦴.seg.nrrd")
    if prepared.image.shape != body()[0].shape or sitk.ReadImage(str(place / "ö 🦴.seg.nrrd")).GetSize()[0] != 44:
        faults.append("something came back in another shape")
    if train:
        state = work_on(new_run(study, 4).path)
        faults += [] if state == "finished" else [f"the run {state}"]
    return faults + broken_parts(study.folder)


def named_places(short: bool) -> Row:
    """Each odd name once."""
    chosen = ["emoji", "a path of 300 characters"] if short else list(NAMES)
    faults = []
    for number, kind in enumerate(chosen):
        with tempfile.TemporaryDirectory() as root:
            ending = children.run(use, Path(root) / NAMES[kind], number % 3 == 0 and not short)
            wrong = ending.value if ending.kind == "returned" else [ending.trace or ending.kind]
            faults += [f"{kind}: {fault}" for fault in wrong]
    happened = "Scans, a DICOM folder and labels were added, checked, prepared and exported, and some trained on."
    return judged(f"Paths with {', '.join(chosen)}", faults, len(chosen), happened)


def add_many(folder: Path, name: str, count: int) -> None:
    """One of several programs that change a study."""
    study = Study.open(folder)
    source = folder.with_name(f"{name}.nii.gz")
    for number in range(count):
        source.write_bytes(f"{name} {number}".encode() * 500)
        study.add_label("case-0001", source, annotated_by=f"{name} {number}")
        study.set_role("case-0002", (Role.EXCLUDED, Role.UNANNOTATED)[number % 2])


def two_programs(count: int) -> Row:
    """Two write, a third reads all the time."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "study"
        make_study(folder, annotated=1, unannotated=1, shape=(8, 8, 8))
        writers = [children.start(add_many, folder, name, count) for name in ("first", "second")]
        faults, looks = [], 0
        while any(writer.is_alive() for writer in writers):
            try:
                Study.open(folder)
            except SemiSegEmbedError as error:
                faults.append(f"a reader was told: {error}")
            looks += 1
        faults += [f"a program ended with {w.exitcode}" for w in writers if w.exitcode]
        labels = Study.open(folder).case("case-0001").labels
        names = {label.annotated_by for label in labels}
        faults += ["a label is lost"] * (len({f"{n} {i}" for n in ("first", "second") for i in range(count)} - names))
        faults += ["two labels in one file"] * (len(labels) - len({label.path for label in labels}))
        faults += broken_parts(folder)
    happened = f"All labels of both are there; a third program read it {looks} times and never saw half a change."
    return judged("Two programs change one study at once", faults, 4 * count, happened)


def held_lock() -> Row:
    """A program that never lets go."""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study", annotated=1, unannotated=0, shape=(8, 8, 8))
        from SemiSegEmbedLib.study.store import ManifestStore

        ending = "worked"
        with ManifestStore(study.folder).lock():
            try:
                ManifestStore(study.folder, lock_timeout_s=0.2).change(lambda manifest: manifest)
            except SemiSegEmbedError as error:
                ending = str(error)
    faults = sentence_faults(ending, [root]) + ["it does not say who"] * (f"process {os.getpid()}" not in ending)
    shown = re.sub(r"\(process .*?\)", "(process … on … since …)", ending)
    return judged("A program holds the study and does not let go", faults, 1, f"The other one said: “{shown}”")


def moved() -> Row:
    """The folder with study and scans is renamed between the runs, and the study alone is copied."""
    faults = []
    with tempfile.TemporaryDirectory() as root:
        old, new = Path(root) / "old", Path(root) / "new name"
        old.mkdir()
        study = make_study(old / "study")
        run = new_run(study, 6)
        half = children.run(_half, run.path)
        old.rename(new)
        ending = children.run(work_on, new / "study" / "runs" / run.run_id)
        faults += [] if half.value == "stopped" else [f"the first half ended as {half.value} {half.trace}"]
        faults += [] if ending.value == "finished" else [f"after the move the run ended as {ending.value}"]
        faults += broken_parts(new / "study")
        shutil.copytree(new / "study", new / "far" / "off" / "copy")
        copy = Study.open(new / "far" / "off" / "copy")
        said = copy.verify_case("case-0001") or "nothing"
        faults += sentence_faults(said, [root])
        copy.relocate_case("case-0001", new / "study-scans" / "ct-0.nii.gz")
        faults += [f"after saying where it lies: {copy.verify_case('case-0001')}"] * bool(
            copy.verify_case("case-0001")
        )
    happened = f"The run went on, labels and scans were found; of a lone copy it is said: “{said}”"
    return judged("The study is moved, renamed or copied", faults, 3, happened)


def _half(run_path: Path) -> str:
    """Stops the run at its third step."""
    run = RunFolder(run_path)
    from SemiSegEmbedLib.workflows.training import execute_run

    def stop(event: dict) -> None:
        if event.get("event") == "step":
            run.request_stop()
            time.sleep(1.1)  # the run looks for the wish to stop twice a second

    state = execute_run(run, on_event=stop).value
    run.clear_stop()
    return state


def changed_files(short: bool) -> list[Row]:
    """Scans and labels that are not what they were when they were added."""
    situations: dict[str, Callable[[Path, Path], object]] = {
        "the scan is deleted": lambda scan, label: scan.unlink(),
        "another scan lies in its place": lambda scan, label: scan.write_bytes(
            scan.with_name("ct-2.nii").read_bytes()
        ),
        "the scan changed, but not its size and time": lambda scan, label: _flip(scan),
        "the scan is cut short": lambda scan, label: scan.write_bytes(scan.read_bytes()[:-50]),
        "the label changed": lambda scan, label: label.write_bytes(scan.with_name("label-2.nii").read_bytes()),
        "the label changed, but not its size and time": lambda scan, label: _flip(label),
        "the label is deleted": lambda scan, label: label.unlink(),
    }
    rows = []
    for name, change in list(situations.items())[:: 3 if short else 1]:
        with tempfile.TemporaryDirectory() as root:
            study = make_study(Path(root) / "study", annotated=2, unannotated=1, ending="nii")
            path = study.label_path(study.cases[0])
            assert path is not None
            change(study.image_path(study.cases[0]), path)
            said = children.run(_prepare, study.folder)
            faults = [f"it was trained on: {said.value}"] * (said.kind == "returned")
            faults += sentence_faults(str(said.value), [root]) + [said.trace] * (said.error == "")
            faults += ["the case is not named"] * ("case-0001" not in str(said.value))
            rows.append(judged(f"After a case was added: {name}", faults, 1, f"Not trained on: “{said.value}”"))
    return rows


def _flip(path: Path) -> None:
    """Other voxels, the same length and the same time of change."""
    before, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _prepare(folder: Path) -> str:
    """What a run does before its first step."""
    return str(len(prepare_training(Study.open(folder), preset("quick", **TINY)).volumes))


def clock_back() -> Row:
    """The clock is set back by a day between any two acts."""
    with tempfile.TemporaryDirectory() as root:
        ending = children.run(_with_odd_clock, Path(root) / "study")
    faults = ending.value if ending.kind == "returned" else [ending.trace or ending.kind]
    happened = (
        "Versions, events and answers kept their order, nothing was taken for abandoned, the run counted as alive."
    )
    return judged("The clock is set back by a day", faults, 12, happened, "time.time() and time_ns() of the process")


def _with_odd_clock(folder: Path) -> list[str]:
    """Acts before and after the clock changes; what went wrong."""
    real, real_ns = time.time, time.time_ns
    study = make_study(folder, annotated=1, unannotated=1, shape=(8, 8, 8))
    run = RunFolder.create(study.runs_folder, {}, "r")
    run.write_status(RunState.RUNNING)
    first = run.ask("preview", case="case-0001")
    cache, label = ArrayCache(study.cache_folder), folder.with_name("study-scans") / "label-0.nii.gz"
    cache.put("c" * 40, body()[0].astype("float16"), {"a": 1})
    faults = []
    with (
        mock.patch.object(time, "time", side_effect=lambda: real() - 86_400),
        mock.patch.object(time, "time_ns", side_effect=lambda: real_ns() - 86_400 * 10**9),
    ):
        study.add_label("case-0001", label, annotated_by="later")
        study.set_role("case-0002", Role.EXCLUDED)
        second = run.ask("preview", case="case-0002")
        run.append_event(event="step", step=1)
        run.write_status(RunState.RUNNING, step=1)
        if {request["id"] for request in run.pending_requests()} != {first, second}:
            faults.append("a request is lost")
        run.answer(second, ok=True)
        run.answer(first, ok=True)
        if observed_state(run.path) is not RunState.RUNNING:
            faults.append(f"the run counts as {observed_state(run.path).value}")
        if cache.get("c" * 40) is None:
            faults.append("an array of the cache is lost")
        if run.read_answer(first) is None or run.read_answer(second) is None:
            faults.append("an answer is lost")
        if run.last_event() is None or (run.last_event() or {}).get("step") != 1:
            faults.append("the newest event is not the last one")
    if study.case("case-0001").labels[-1].annotated_by != "later":
        faults.append("the newest label is not the last one")
    return faults + broken_parts(folder)


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    rows = [named_places(short), two_programs(5 if short else 50), held_lock(), clock_back(), *changed_files(short)]
    return rows if short else [*rows, moved()]
