"""Disks that are full, read-only, forbidden, too small for a file, or suddenly gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from SemiSegEmbedLib.cli import main as command_line
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.imaging.cache import ArrayCache
from SemiSegEmbedLib.imaging.write import write_image, write_segmentation
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.learning.checkpoint import save_checkpoint
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows import cases
from SemiSegEmbedLib.workflows.models import copy_file
from trials import children
from trials.rows import Row, judged, sentence_faults
from trials.scenes import body, broken_parts, image_of, make_study

SMALL_DISK = 6 << 20
Act = Callable[[Study, RunFolder, Path], Any]


def _labels(study: Study, _run: RunFolder, scans: Path) -> None:
    cases.add_label(study, "case-0001", scans / "label-0.nii.gz")


def _checkpoint(study: Study, run: RunFolder, _scans: Path) -> None:
    save_checkpoint(run.checkpoints / "last.pt", {"weights": torch.zeros(1_000_000)})


ACTS: dict[str, Act] = {
    "a scan copied in": lambda study, run, scans: study.add_case(scans / "new.nii.gz", copy=True),
    "a scan added": lambda study, run, scans: cases.add_image(study, scans / "new.nii.gz"),
    "a label": _labels,
    "a role": lambda study, run, scans: study.set_role("case-0002", Role.EXCLUDED),
    "a new run": lambda study, run, scans: RunFolder.create(study.runs_folder, {"a": 1}),
    "an event": lambda study, run, scans: run.append_event(event="step", text="x" * 100_000),
    "the status": lambda study, run, scans: run.write_status(RunState.RUNNING),
    "a request": lambda study, run, scans: run.ask("preview", case="case-0001"),
    "a wish to stop": lambda study, run, scans: run.request_stop(),
    "a checkpoint": _checkpoint,
    "an image": lambda study, run, scans: write_image(image_of(body()[0]), study.folder / "image.nii.gz"),
    "a segmentation": lambda study, run, scans: write_segmentation(
        image_of(np.random.default_rng(0).integers(0, 3, (60, 60, 60)).astype(np.uint8)),
        study.labels,
        study.folder / "export.seg.nrrd",
    ),
    "a model": lambda study, run, scans: copy_file(scans / "new.nii.gz", study.models_folder / "m.ssemodel"),
    "the cache": lambda study, run, scans: ArrayCache(study.cache_folder).put("b" * 40, np.zeros(2_000_000), {}),
    "the command line": lambda study, run, scans: command_line(
        ["study", "role", str(study.folder), "case-0002", "excluded"]
    ),
    "a label by the command line": lambda study, run, scans: command_line(
        ["study", "label", str(study.folder), "case-0001", str(scans / "label-0.nii.gz")]
    ),
}  # fmt: skip


def act(name: str, folder: Path) -> str:
    """Tries one act; "worked", or the sentence that it ended with."""
    scans = folder.with_name(f"{folder.name}-scans")
    try:
        ACTS[name](Study.open(folder), RunFolder(folder / "runs" / "r"), scans)
    except SemiSegEmbedError as error:
        return str(error)
    return "worked"


def prepare(place: Path) -> Path:
    """A study with one label and one run, and a scan to add, in a folder."""
    folder = place / "study"
    study = make_study(folder, annotated=1, unannotated=1)
    run = RunFolder.create(study.runs_folder, {"a": 1}, "r")
    run.write_status(RunState.RUNNING)
    save_checkpoint(run.checkpoints / "last.pt", {"step": 1})
    study.models_folder.mkdir()
    study.cache_folder.mkdir()
    write_image(image_of(body(7)[0]), place / "study-scans" / "new.nii.gz")
    return folder


def try_all(folder: Path, limits: children.Limits | None = None) -> tuple[list[str], int]:
    """Every act in a process of its own; faults, and how many acts said why they could not be done."""
    faults, refused = [], 0
    for name in ACTS:
        before = labels_of(folder)
        ending = children.run(act, name, folder, limits=limits)
        if ending.kind != "returned":
            faults.append(f"{name}: {ending.error or ending.kind} {ending.value or ''}"[:200])
        elif ending.value != "worked":
            refused += 1
            faults += [f"{name}: {fault}" for fault in sentence_faults(ending.value, [str(folder.parent)])]
        if before is not None and not before <= (labels_of(folder) or set()):
            faults.append(f"{name}: a label is lost")
    return faults, refused


def labels_of(folder: Path) -> set[str] | None:
    """Hashes of all label versions, or None while the study cannot be read."""
    with suppress(SemiSegEmbedError):
        return {version.sha256 for case in Study.open(folder).cases for version in case.labels}
    return None


def afterwards(folder: Path) -> list[str]:
    """Whether all is whole, and works again, once the cause is gone."""
    faults = broken_parts(folder)
    for name in ACTS:
        ending = children.run(act, name, folder)
        if ending.value != "worked" and "already" not in str(ending.value):
            faults.append(f"afterwards {name}: {ending.value or ending.trace}"[:300])
    return faults + broken_parts(folder)


@contextmanager
def small_disk(place: Path) -> Iterator[Path | None]:
    """A real file system of a few megabytes, or None where it may not be mounted."""
    options = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(place)]
    mounted = children.is_root() and shutil.which("mount") is not None
    mounted = mounted and subprocess.run(options, capture_output=True, check=False).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def fill(place: Path, leave: int) -> Path:
    """Fills a disk but for some bytes."""
    filler = place / "filler"
    with open(filler, "wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))
    os.truncate(filler, max(0, filler.stat().st_size - leave))
    return filler


def full_disk(leave: int) -> Row | None:
    """A disk with no room, or with room for small files alone."""
    with tempfile.TemporaryDirectory() as name, small_disk(Path(name)) as disk:
        if disk is None:
            return None
        folder = prepare(disk)
        filler = fill(disk, leave)
        faults, refused = try_all(folder)
        filler.unlink()
        faults += afterwards(folder)
    tried = "Disk full" if leave == 0 else f"Disk with {leave >> 10} KiB left"
    return row_of(tried, faults, refused, f"A file system of {SMALL_DISK >> 20} MiB, filled")


def largest_file() -> Row:
    """A system that takes no file above a size, as a quota does."""
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        faults, refused = try_all(folder, children.Limits(file_bytes=2000))
        faults += afterwards(folder)
    return row_of("Files are cut at 2 kB", faults, refused, "RLIMIT_FSIZE of the process")


def forbidden(tried: str, mode: int) -> Row | None:
    """A study of another user: readable, or not even that."""
    if not children.is_root():
        return None
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = prepare(Path(place))
        for path in [folder, *folder.rglob("*")]:
            path.chmod(mode | 0o111 if path.is_dir() else mode)
        if mode & 0o004 == 0:
            folder.chmod(0o700)
        faults, refused = try_all(folder, children.Limits(user=children.NOBODY))
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        faults += afterwards(folder)
    return row_of(tried, faults, refused, "The process becomes another user")


def read_only_disk() -> Row | None:
    """A disk that was mounted read-only, as after an error of the disk."""
    with tempfile.TemporaryDirectory() as name, small_disk(Path(name)) as disk:
        if disk is None:
            return None
        folder = prepare(disk)
        remount = ["mount", "-o", "remount,ro", str(disk)]
        subprocess.run(remount, capture_output=True, check=True)
        faults, refused = try_all(folder)
        subprocess.run(["mount", "-o", f"remount,rw,size={SMALL_DISK}", str(disk)], capture_output=True, check=True)
        faults += afterwards(folder)
    return row_of("Disk read-only", faults, refused, "Mounted again as read-only")


def vanish(name: str, folder: Path) -> str:
    """As `act`, with a study that was open before its folder went away."""
    study, scans = Study.open(folder), folder.with_name(f"{folder.name}-scans")
    run = RunFolder(folder / "runs" / "r")
    folder.rename(folder.with_name("elsewhere"))
    try:
        ACTS[name](study, run, scans)
    except SemiSegEmbedError as error:
        return str(error)
    return "worked"


def gone() -> Row:
    """The folder disappears while the study is open, as a network folder does; then it comes back."""
    faults, refused = [], 0
    with tempfile.TemporaryDirectory() as place:
        folder = prepare(Path(place))
        for name in ACTS:
            ending = children.run(vanish, name, folder)
            if folder.exists():  # something of the study was made where the folder was
                faults.append(f"{name}: a folder appears in its place")
                shutil.rmtree(folder)
            folder.with_name("elsewhere").rename(folder)
            if ending.kind != "returned":
                faults.append(f"{name}: {ending.error or ending.kind} {ending.value or ''}"[:200])
            elif ending.value != "worked":
                refused += 1
                faults += [f"{name}: {fault}" for fault in sentence_faults(ending.value, [place])]
        faults += afterwards(folder)
    return row_of("The folder of the study disappears", faults, refused, "Renamed while the study is open")


def row_of(tried: str, faults: list[str], refused: int, provoked: str) -> Row:
    """What became of all acts in one situation."""
    happened = (
        f"{refused} of {len(ACTS)} kinds of writing ended with one sentence, the others need nothing or worked; every "
        "label and scan was whole, and all worked again afterwards."
    )
    return judged(tried, faults, len(ACTS), happened, provoked)


def run(short: bool) -> list[Row]:
    """The rows of this topic; those that need root are left out without it."""
    rows = [full_disk(0) if children.is_root() else largest_file()]
    if not short:
        rows += [
            largest_file(),
            full_disk(40 << 10),
            read_only_disk(),
            forbidden("No permission to write", 0o444),
            forbidden("No permission to read", 0o400),
            gone(),
        ]
    return [row for row in rows if row is not None]
