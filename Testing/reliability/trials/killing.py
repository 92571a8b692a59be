"""Kill -9 at random moments: of a process that writes everything in a loop, and of real training runs."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.imaging.cache import ArrayCache
from SemiSegEmbedLib.imaging.write import write_segmentation
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint, save_checkpoint
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from trials import children
from trials.rows import Row, judged
from trials.scenes import broken_parts, image_of, make_study, new_run, work_on

NAMES = {
    "cache": "an array of the cache",
    "checkpoint": "a checkpoint",
    "manifest": "the manifest",
    "label": "a label",
    "case": "a scan copied into the study",
    "export": "an exported segmentation",
    "event": "an event of a run",
}
KEPT_STUDY_FOR = 40
"""After so many kills a new study begins, so that looking at everything stays quick."""


class Writer:
    """What the process that gets killed does; each act says what it is about to promise, and then that it is done."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.study = Study.open(folder)
        self.run = RunFolder(folder / "runs" / "killed")
        self.source = folder.with_name(f"incoming-{seed}.nii.gz")
        self.chance = random.Random(seed)

    def cache(self, number: int) -> Any:
        key = f"{number % 5:040x}"
        value = number % 999
        ArrayCache(self.study.cache_folder).put(key, np.full((64, 64, 256), value, np.float16), {"value": value})
        return key

    def checkpoint(self, number: int) -> Any:
        save_checkpoint(self.run.checkpoints / "last.pt", {"step": number, "weights": torch.full((500_000,), number)})
        return number

    def manifest(self, number: int) -> Any:
        role = (Role.EXCLUDED, Role.UNANNOTATED)[number % 2]
        self.study.set_role("case-0003", role)
        return role.value

    def label(self, number: int) -> Any:
        self.source.write_bytes(self.chance.randbytes(60_000))
        version = self.study.add_label("case-0001", self.source, annotated_by=str(number))
        return [version.path, version.sha256]

    def case(self, number: int) -> Any:
        self.source.write_bytes(self.chance.randbytes(200_000))
        return self.study.add_case(self.source, copy=True).image.sha256

    def export(self, number: int) -> Any:
        image = image_of(np.full((40, 96, 96), number % 3, np.uint8))
        write_segmentation(image, self.study.labels, self.study.folder / "export.seg.nrrd")
        return number % 3

    def event(self, number: int) -> Any:
        self.run.append_event(event="step", step=number)
        return number


def write_forever(folder: Path, said: Connection, seed: int) -> None:
    """Does random acts until it is killed."""
    torch.set_num_threads(1)
    writer = Writer(folder, seed)
    number = seed * 100_000
    while True:
        number += 1
        name = writer.chance.choice(list(NAMES))
        said.send(("begins", name, number))
        said.send(("done", name, getattr(writer, name)(number)))


def kill_once(folder: Path, seed: int) -> tuple[str, list[tuple[str, Any]], list[str]]:
    """Lets the writer work, kills it, and looks at everything.

    Returns:
        The act in which it was, everything that it said was done, and what is wrong afterwards.
    """
    receiver, sender = children.pipe()
    process = children.start(write_forever, folder, sender, seed)
    sender.close()
    heard = [receiver.recv()]
    time.sleep(random.Random(seed).uniform(0.0, 0.25))
    process.kill()
    with suppress(EOFError, OSError):
        while True:
            heard.append(receiver.recv())
    process.join()
    done = [(name, value) for kind, name, value in heard if kind == "done"]
    interrupted = heard[-1][1] if heard[-1][0] == "begins" else "between two acts"
    return interrupted, done, faults_after(folder, done, heard[-1])


def faults_after(folder: Path, done: list[tuple[str, Any]], last: tuple[str, str, Any]) -> list[str]:
    """What is lost or half-written in a study whose writer was killed."""
    try:
        faults = broken_parts(folder)
        study = Study.open(folder)
    except SemiSegEmbedError as error:
        return [f"the study does not open: {error}"]
    newest = dict(done)
    labels = {(version.path, version.sha256) for version in study.case("case-0001").labels}
    faults += ["a label is lost"] * sum(name == "label" and tuple(value) not in labels for name, value in done)
    scans = {case.image.sha256 for case in study.cases}
    faults += ["a scan is lost"] * sum(name == "case" and value not in scans for name, value in done)
    if newest.get("manifest", study.case("case-0003").role.value) != study.case("case-0003").role.value:
        faults += ["a change of the manifest is lost"] * (last[1] != "manifest")
    run = RunFolder(folder / "runs" / "killed")
    steps = {event.get("step") for event in run.events()[0]}
    faults += ["an event is lost"] * sum(name == "event" and value not in steps for name, value in done)
    return faults + checkpoint_faults(run, newest.get("checkpoint")) + array_faults(study) + export_faults(folder)


def checkpoint_faults(run: RunFolder, promised: int | None) -> list[str]:
    """Whether `last.pt` is whole and at least as new as the newest one that was done."""
    path = run.checkpoints / "last.pt"
    if not path.exists():
        return ["a checkpoint is lost"] if promised is not None else []
    try:
        state = load_checkpoint(path)
    except SemiSegEmbedError as error:
        return [str(error)]
    whole = bool((state["weights"] == state["step"]).all())
    late = promised is not None and state["step"] < promised
    return ["a checkpoint is a mixture"] * (not whole) + ["an older checkpoint is back"] * late


def array_faults(study: Study) -> list[str]:
    """An entry of the cache is whole or not there."""
    found = [ArrayCache(study.cache_folder).get(f"{number:040x}") for number in range(5)]
    return ["the cache holds a wrong array" for one in found if one and not (one[0] == one[1]["value"]).all()]


def export_faults(folder: Path) -> list[str]:
    """An export is whole or not there."""
    path = folder / "export.seg.nrrd"
    if not path.exists():
        return []
    try:
        values = np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(path))))
    except RuntimeError:
        return ["an export is half-written"]
    return [] if len(values) == 1 else ["an export is a mixture"]


def kill_writers(times: int) -> list[Row]:
    """Kills the writer many times; a row for each act that was interrupted."""
    interrupted, faults, promises = Counter[str](), list[str](), 0
    with tempfile.TemporaryDirectory() as place:
        for number in range(times):
            folder = Path(place) / f"study-{number // KEPT_STUDY_FOR}"
            if not folder.exists():
                study = make_study(folder, annotated=1, unannotated=2, shape=(8, 8, 8))
                RunFolder.create(study.runs_folder, {}, "killed")
            act, done, wrong = kill_once(folder, number + 1)
            interrupted[act] += 1
            promises += len(done)
            faults += wrong
        for folder in Path(place).glob("study-?"):
            Study.open(folder).set_role("case-0001", Role.EXCLUDED)  # nobody holds its lock
    parts = ", ".join(f"{count} in {NAMES.get(name, name)}" for name, count in interrupted.most_common())
    happened = (
        f"Every study opened, each of {promises} finished writes was there to the byte, no file was half-written."
    )
    return [
        judged(
            "Kill -9 of a process that writes everything in a loop", faults, times, happened, f"Interrupted: {parts}"
        )
    ]


def kill_runs(times: int, steps: int) -> Row:
    """Kills one real run again and again, resumes it each time, and compares its end with an undisturbed one."""
    chance, kills, faults = random.Random(4), 0, list[str]()
    with tempfile.TemporaryDirectory() as place:
        study = make_study(Path(place) / "study")
        whole, killed = new_run(study, steps), new_run(study, steps)
        undisturbed = children.run(work_on, whole.path)
        faults += [] if undisturbed.value == "finished" else [f"a run ended as {undisturbed.value}"]
        while observed_state(killed.path) is not RunState.FINISHED and kills < 10 * times:
            process = children.start(work_on, killed.path)
            process.join(chance.uniform(0.5, 1.5) * undisturbed.seconds / times if kills < times else 120)
            if process.exitcode is None:
                process.kill()
                process.join()
                kills += 1
            faults += broken_parts(study.folder)
            if observed_state(killed.path) not in (RunState.LOST, RunState.FINISHED):
                faults.append(f"a killed run is shown as {observed_state(killed.path).value}")
        faults += unlike(whole, killed)
    happened = "It resumed each time; its last checkpoint is bitwise that of an undisturbed run."
    return judged("Kill -9 of a training run", faults, kills, happened, f"{kills} kills in one run of {steps} steps")


def unlike(first: RunFolder, second: RunFolder) -> list[str]:
    """Whether the last checkpoints of two runs differ in any bit."""
    try:
        one, other = (load_checkpoint(run.checkpoints / "last.pt") for run in (first, second))
    except SemiSegEmbedError as error:
        return [str(error)]
    weights: Callable[[dict[str, Any]], dict[str, torch.Tensor]] = lambda state: state["method"]  # noqa: E731
    same = one["step"] == other["step"] and weights(one).keys() == weights(other).keys()
    same = same and all(torch.equal(weights(one)[name], weights(other)[name]) for name in weights(one))
    return [] if same else ["a resumed run ended otherwise than an undisturbed one"]


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    return [*kill_writers(8 if short else 200), kill_runs(1 if short else 20, 10 if short else 60)]
