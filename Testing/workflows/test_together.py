"""`torchrun -m SemiSegEmbedLib train` with real processes, one of which is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.models import resolve_model

from .conftest import TINY

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or sys.platform == "win32", reason="needs gloo and torchrun"
)


def launch(study: Study, log: Path, steps: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
               "--max-restarts", "1", "-m", "SemiSegEmbedLib", "train", str(study.folder), "--preset", "quick",
               "--steps", str(steps), "--device", "cpu"]  # fmt: skip
    for name, value in TINY.items():
        command += ["--set", f"{name}={16 if name == 'patch_size' else value}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with log.open("wb") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


def wait_for(what: str, run: RunFolder | None, study: Study, process: subprocess.Popen[bytes], log: Path) -> RunFolder:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = [RunFolder(path) for path in sorted(study.runs_folder.glob("*"))]
        if found and any(event["event"] == what for event in found[0].events()[0]):
            return found[0]
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(f"no {what} in time: {log.read_text()}")


def second_process(launcher: int) -> psutil.Process:
    return next(
        child for child in psutil.Process(launcher).children(recursive=True) if child.environ().get("RANK") == "1"
    )


def test_a_killed_process_is_restarted_and_one_run_ends_with_a_model(study: Study, tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    process = launch(study, log, steps=40)
    try:
        run = wait_for("checkpoint", None, study, process, log)
        second_process(process.pid).send_signal(signal.SIGKILL)
        assert process.wait(timeout=240) == 0, log.read_text()
    finally:
        process.kill()
    assert [path.name for path in study.runs_folder.iterdir()] == [run.run_id], "the restart goes on with the same run"
    events = run.events()[0]
    assert [event["event"] for event in events].count("begin") == 2
    starts = [event["step"] for event in events if event["event"] == "start"]
    assert starts[0] == 0
    assert starts[-1] >= 5, "it goes on from the last checkpoint"
    assert observed_state(run.path) is RunState.FINISHED
    assert resolve_model(Study.open(study.folder), run.run_id).exists()
    assert len(Study.open(study.folder).runs) == 1
