"""Order of the calls that a power loss needs: write, flush, rename, flush of the folder."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import torch

from SemiSegEmbedLib.imaging.cache import ArrayCache
from SemiSegEmbedLib.imaging.write import write_segmentation
from SemiSegEmbedLib.learning.checkpoint import save_checkpoint
from SemiSegEmbedLib.study import files
from SemiSegEmbedLib.study.content import copy_image
from SemiSegEmbedLib.study.files import atomic_write
from SemiSegEmbedLib.study.presets import HIP_BONES
from trials import children
from trials.rows import Row, judged
from trials.scenes import image_of

FULL_FLUSH = 51
"""F_FULLFSYNC of macOS (fcntl.h there)."""
WRITES: dict[str, Callable[[Path], Any]] = {
    "the manifest, status and answers": lambda folder: atomic_write(folder / "study.json", b"{}" * 5000),
    "a checkpoint or model": lambda folder: save_checkpoint(folder / "last.pt", {"w": torch.zeros(1000)}),
    "an export": lambda folder: write_segmentation(
        image_of(np.ones((9, 9, 9), np.uint8)), HIP_BONES, folder / "e.seg.nrrd"
    ),
    "an array of the cache": lambda folder: ArrayCache(folder).put("a" * 40, np.zeros((9, 9, 9)), {}),
    "a scan or label copied into the study": lambda folder: copied(folder),
}


def copied(folder: Path) -> None:
    """As a study takes in a file: copied beside its place, then renamed."""
    (folder / "source").write_bytes(b"voxels" * 1000)
    copy_image(folder / "source", folder / "incoming")
    files.replace(folder / "incoming", folder / "v0001.nii.gz")


@dataclass(frozen=True)
class Call:
    """One call of the operating system: "flush", "full flush" (macOS), "rename" or "flush folder", and of what."""

    kind: str
    node: int
    state: tuple[int, int] = (0, 0)
    folder: int = 0


@contextmanager
def traced(system: str) -> Iterator[list[Call]]:
    """Records the calls of this process, with the library told that it runs on `system`."""
    calls: list[Call] = []
    fsync, replace = os.fsync, os.replace

    def state(status: os.stat_result) -> tuple[int, int]:
        return status.st_size, status.st_mtime_ns

    def note_fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        calls.append(Call("flush folder" if stat.S_ISDIR(status.st_mode) else "flush", status.st_ino, state(status)))
        fsync(descriptor)

    def note_full(descriptor: int, operation: int) -> int:
        assert operation == FULL_FLUSH
        status = os.fstat(descriptor)
        calls.append(Call("full flush", status.st_ino, state(status)))
        return 0

    def note_replace(source: Any, target: Any) -> None:
        status = os.stat(source)
        calls.append(Call("rename", status.st_ino, state(status), os.stat(Path(target).parent).st_ino))
        replace(source, target)

    told = SimpleNamespace(platform=system)
    fcntl = SimpleNamespace(fcntl=note_full, **({"F_FULLFSYNC": FULL_FLUSH} if system == "darwin" else {}))
    with (
        mock.patch.object(os, "fsync", note_fsync),
        mock.patch.object(os, "replace", note_replace),
        mock.patch.object(files, "sys", told),
        mock.patch.object(files, "fcntl", fcntl, create=True),
    ):
        yield calls


def order_faults(calls: list[Call], system: str) -> list[str]:
    """What is missing around each rename: the last bytes flushed before, the folder flushed after."""
    faults = []
    needed = "full flush" if system == "darwin" else "flush"
    for place, call in enumerate(calls):
        if call.kind != "rename":
            continue
        before = [c for c in calls[:place] if c.kind == needed and (c.node, c.state) == (call.node, call.state)]
        after = [c for c in calls[place + 1 :] if c.kind == "flush folder" and c.node == call.folder]
        if not before:
            faults.append(f"renamed before its bytes were flushed ({needed})")
        if not after and system != "win32":
            faults.append("the folder was not flushed after the rename")
    if not any(call.kind == "rename" for call in calls):
        faults.append("nothing was renamed")
    return faults


def trace_all(system: str) -> dict[str, list[str]]:
    """Faults of every kind of write on one system; runs in a process of its own."""
    found = {}
    for name, write in WRITES.items():
        with tempfile.TemporaryDirectory() as folder, traced(system) as calls:
            write(Path(folder))
        found[name] = order_faults(calls, system)
    return found


def patched_row(system: str, name: str) -> Row:
    """One row a system."""
    ending = children.run(trace_all, system)
    found = ending.value if ending.kind == "returned" else {"all": [ending.trace or ending.kind]}
    faults = [f"{what}: {fault}" for what, problems in found.items() for fault in problems]
    happened = "Flushed, renamed" + (", folder flushed" if system != "win32" else "") + ": " + "; ".join(WRITES) + "."
    how = "Calls recorded in the process" + ("" if sys.platform == system else "; the library told that it runs there")
    return judged(f"Order of the writes on {name}", faults, len(found), happened, how)


def write_everything(folder: Path) -> None:
    """What strace watches."""
    for write in WRITES.values():
        write(folder)


def strace_row() -> Row:
    """The calls of a real process as the kernel saw them."""
    code = "import sys, pathlib; from trials.power_loss import write_everything as w; w(pathlib.Path(sys.argv[1]))"
    with tempfile.TemporaryDirectory() as place:
        folder, log = Path(place) / "written", Path(place) / "calls.txt"
        folder.mkdir()
        watch = "trace=write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2"
        command = [
            "strace",
            "-f",
            "-y",
            "-s",
            "0",
            "-e",
            watch,
            "-o",
            str(log),
            sys.executable,
            "-c",
            code,
            str(folder),
        ]
        here = Path(__file__).resolve()
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(here.parents[1]), str(here.parents[3])])}
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=300)
        calls = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    faults, renames = kernel_faults(calls, str(folder))
    faults += [f"strace ended with {done.returncode}"] * (done.returncode != 0)
    happened = f"Of {renames} renames each came after a flush of all bytes and before a flush of the folder."
    return judged(
        "Order of the writes as Linux' kernel saw them", faults, renames, happened, "strace of a real process"
    )


def kernel_faults(lines: list[str], folder: str) -> tuple[list[str], int]:
    """Renames in the trace of a process that come too early, or without a flush of the folder after them."""
    dirty: dict[str, bool] = {}
    faults, unflushed, renames = [], "", 0
    for line in lines:
        if match := re.search(r"(?:write|pwrite64|writev)\(\d+<([^>]+)>", line):
            dirty[match[1]] = True
        elif match := re.search(r"f(?:data)?sync\(\d+<([^>]+)>", line):
            dirty[match[1]] = False
            unflushed = "" if match[1] == unflushed else unflushed
        elif match := re.search(r'rename\w*\((?:AT_FDCWD\S*, )?"([^"]+)", (?:AT_FDCWD\S*, )?"([^"]+)"', line):
            if not match[1].startswith(folder):
                continue
            renames += 1
            faults += ["renamed before its bytes were flushed"] * dirty.get(match[1], True)
            faults += ["the folder was not flushed after a rename"] * bool(unflushed)
            unflushed = str(Path(match[2]).parent)
    return faults + ["the folder was not flushed after a rename"] * bool(unflushed), renames


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    systems = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}
    rows = [patched_row(system, name) for system, name in systems.items()]
    return rows if short or shutil.which("strace") is None else [*rows, strace_row()]
