"""What goes wrong with runs, in real processes: one sentence with what to do in the strip, and the log in its fold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

from SemiSegEmbedLib.jobs.process import kill_tree
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.study.files import FileLock
from SemiSegEmbedLib.study.store import LOCK_NAME

from .training_runs import LIVE, end_runs, start, wait_for_step

pytest.importorskip("qt")
pytest.importorskip("torch")
ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shell, and folders renamed while in use")


def one_sentence(message: str) -> bool:
    """Whether the strip shows a warning of one sentence."""
    return message.startswith("⚠ ") and message.endswith(".") and message.count(". ") == 0


def launcher(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another PythonSlicer, found as Slicer's own is: on the PATH."""
    folder.mkdir()
    program = folder / "PythonSlicer"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@posix
def test_without_torch_start_says_what_to_install_and_the_log_has_the_rest(
    training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    launcher(tmp_path / "bin", f'exec "{tmp_path}/bare/bin/python" "$@"', monkeypatch)
    training.ui.trainStartButton.click()
    training.wait(lambda: training.message.startswith("⚠"))
    assert "is not installed yet: press Install" in training.message
    assert one_sentence(training.message)
    assert training.ui.trainStartButton.enabled
    training.ui.trainLogFold.collapsed = False
    assert "ModuleNotFoundError" in training.ui.trainLogText.plainText
    assert not list((training.window.session.study.folder / "runs").glob("*"))


def test_a_gpu_that_is_gone_is_said_and_no_run_is_left_behind(training) -> None:
    ui = training.ui
    training.wait(lambda: ui.trainDeviceCombo.count > 1)
    # As it was listed before somebody pulled the plug: the number is beyond any that this computer has.
    gone = {"device": "cuda:99", "name": "NVIDIA GeForce", "free_bytes": 8 << 30}
    training.window.train._view.show_devices([gone])
    ui.trainDeviceCombo.currentIndex = 1
    ui.trainStartButton.click()
    training.wait(lambda: training.message.startswith("⚠"))
    assert "There is no device 'cuda:99' here: choose one of" in training.message
    assert one_sentence(training.message)
    assert not list((training.window.session.study.folder / "runs").glob("*"))


@posix
def test_a_disk_that_takes_no_checkpoint_ends_the_run_with_a_sentence(
    training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `ulimit -f` is the real thing in small: the system refuses to write on.
    launcher(tmp_path / "bin", f'ulimit -f 1200; exec "{sys.executable}" "$@"', monkeypatch)
    start(training)
    training.wait(lambda: not training.window.train.live, 90)
    assert training.window.train.state is RunState.FAILED
    assert "last.pt could not be saved" in training.message
    assert one_sentence(training.message)
    assert training.ui.trainResumeButton.enabled
    assert not list(training.window.train._follower.run.checkpoints.iterdir())


@posix
def test_a_study_moved_while_a_run_goes_on_is_said_and_resumed_at_its_new_place(training, phantoms: Path) -> None:
    run = start(training)
    wait_for_step(training, 2)
    moved = phantoms.rename(phantoms.with_name("moved"))
    training.wait(lambda: not training.window.train.live, 60)
    assert "open the study where it lies now" in training.message
    assert one_sentence(training.message)

    found = moved / "runs" / run.run_id
    training.wait(lambda: observed_state(found) not in LIVE, 60)
    assert not phantoms.exists()  # nobody built the old folder anew
    training.window.session.open(moved)
    assert training.window.train.state is RunState.LOST
    assert "open the study where it lies now" in training.ui.trainStateLabel.text
    reached = training.window.train._follower.progress.step
    training.ui.trainResumeButton.click()
    training.wait(lambda: training.window.train.live, 60)
    wait_for_step(training, reached + 1)


def test_a_study_that_another_program_holds_is_waited_for_and_then_said(training, phantoms: Path) -> None:
    code = "import sys; from SemiSegEmbedLib.study.files import FileLock\n"
    code += "lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); sys.stdin.read()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(phantoms / LOCK_NAME)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:
        assert holder.stdout.readline().strip() == b"held"
        begin = time.monotonic()
        training.ui.trainStartButton.click()
        assert time.monotonic() - begin < 1.0  # the wait is not Slicer's
        training.wait(lambda: training.message.startswith("⚠"))
        assert f"is in use by another program (process {holder.pid} on" in training.message
        assert one_sentence(training.message)
        holder.stdin.close()
    with FileLock(phantoms / LOCK_NAME, 5.0):
        assert training.ui.trainStartButton.enabled


WINDOW = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/Testing/host", sys.argv[1] + "/SemiSegEmbed"]
import slicer_host
slicer_host.install()
import qt, slicer
from pathlib import Path
from slicer_host.application import let_events_pass
qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, sys.argv[3])
import SemiSegEmbed
widget = SemiSegEmbed.SemiSegEmbedWidget()
ui = slicer.util.childWidgetVariables(widget.window.widget)
widget.window.session.open(Path(sys.argv[2]))
ui.trainPresetCombo.currentIndex, ui.trainMinutesSpin.value = 2, 60
ui.trainStartButton.click()
while not ui.trainStopButton.enabled:
    let_events_pass(0.05)
print(widget.window.train._follower.run.run_id, flush=True)
while True:
    let_events_pass(0.05)
"""


@posix
def test_a_run_outlives_the_window_that_is_killed_and_is_adopted_by_another(training, phantoms: Path) -> None:
    command = [sys.executable, "-c", WINDOW, str(ROOT), str(phantoms), str(phantoms.parent / "settings")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as window:
        try:
            run = RunFolder(phantoms / "runs" / window.stdout.readline().decode().strip())
            os.killpg(window.pid, signal.SIGKILL)  # with everything in its process group, as a crash of a desktop
        finally:
            kill_tree(window.pid)
    training.window.session.open(phantoms)
    assert training.window.train._follower.run.run_id == run.run_id
    training.wait(lambda: training.window.train._follower.status.state is RunState.RUNNING)
    training.wait(lambda: training.window.train._follower.progress.task != "", 60)
    assert training.ui.trainStopButton.enabled
    training.ui.trainStopButton.click()
    training.wait(lambda: not training.window.train.live, 90)
    assert training.window.train.state is RunState.STOPPED
    end_runs(phantoms / "runs")


def test_a_run_that_was_never_started_does_not_wait_for_ever(training, phantoms: Path) -> None:
    run = RunFolder.create(phantoms / "runs", {"request": {}})
    os.utime(run.path / "config.json", (time.time() - 600, time.time() - 600))
    training.window.session.open(phantoms)
    assert not training.window.train.live
    assert "never started" in training.ui.trainStateLabel.text
    assert training.ui.trainStartButton.enabled
