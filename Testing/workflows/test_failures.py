"""Failures of runs in real processes: each ends with one sentence that says what to do, in status, events or log."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.jobs.locate import worker_command
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_status
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.failures import MOVED_MESSAGE, explain_failure
from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run

from .conftest import TINY

LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs a program that cannot write files larger than so many bytes: to it, the disk is full."""


def new_run(study: Study) -> RunFolder:
    return create_run(study, TrainingRequest(preset="quick", steps=2000, overrides=TINY, device="cpu"))


def start(run: RunFolder, limit_bytes: int | None = None) -> subprocess.Popen[bytes]:
    command, environment = worker_command(["run", str(run.path)])
    if limit_bytes is not None:
        command = [sys.executable, "-c", LIMITED, str(limit_bytes), *command]
    with run.log.open("ab") as log:
        return subprocess.Popen(command, env=environment | {"OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
def test_a_checkpoint_that_cannot_be_written_is_said_in_one_sentence(study: Study) -> None:
    run = new_run(study)
    process = start(run, limit_bytes=700_000)
    assert process.wait(timeout=120) == 1
    status = observed_status(run.path)
    assert status.state is RunState.FAILED
    assert status.reason.startswith("last.pt could not be saved because")
    assert "check the disk" in status.reason
    assert not list(run.checkpoints.iterdir())  # nothing half written is left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot rename a folder with open files")
def test_a_study_that_moves_while_a_run_goes_on_says_so_and_is_resumed_at_its_new_place(study: Study) -> None:
    run = new_run(study)
    process = start(run)
    deadline = time.monotonic() + 120
    while not (run.checkpoints / "last.pt").exists():
        assert time.monotonic() < deadline, run.log.read_text()
        time.sleep(0.02)
    moved = study.folder.with_name("moved")
    study.folder.rename(moved)
    assert process.wait(timeout=60) == 1
    assert not study.folder.exists()  # the run built nothing at the old place
    found = RunFolder(moved / "runs" / run.run_id)
    assert observed_status(found.path).state is RunState.LOST
    assert observed_status(found.path).reason == MOVED_MESSAGE
    assert str(moved.parent) not in found.log.read_text()

    process = start(found)
    while observed_status(found.path).state is not RunState.RUNNING:
        assert process.poll() is None, found.log.read_text()
        time.sleep(0.02)
    found.request_stop()
    assert process.wait(timeout=120) == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "The GPU ran out of memory"),
        (RuntimeError("CUDA error: out of memory"), "The GPU ran out of memory"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "The GPU ran out of memory"),
        (MemoryError(), "close other programs"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "computer ran out of memory"),
        (RuntimeError("CUDA error: unspecified launch failure"), "GPU or its driver reported an error"),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "The disk is full"),
        (OSError(errno.EFBIG, "File too large"), "move the study to another disk"),
        (PermissionError(errno.EACCES, "denied"), "permissions of its folder"),
        (RuntimeError("CUDA error: no kernel image is available for execution on the device"), "newer PyTorch"),
        (RuntimeError("The NVIDIA driver on your system is too old (found version 11040)."), "update the driver"),
        (BadInputError("The scan is empty: choose another one."), "The scan is empty: choose another one."),
        (KeyError("x"), "KeyError"),
    ],
)
def test_a_failure_is_one_sentence_with_what_to_do(error: Exception, words: str) -> None:
    sentence = explain_failure(error)
    assert words in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def fail_as_pytorch_does() -> None:
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        raise RuntimeError("unexpected pos 64 vs 0")  # noqa: B904


def test_a_full_disk_behind_an_error_of_pytorch_is_found() -> None:
    with pytest.raises(RuntimeError) as found:
        fail_as_pytorch_does()
    assert "The disk is full" in explain_failure(found.value)


def test_no_temporary_file_of_the_library_is_named_in_a_reason(tmp_path: Path) -> None:
    error = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "last.pt"))
    assert str(tmp_path) not in explain_failure(error)
