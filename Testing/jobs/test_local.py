"""Real processes: they outlive their parent, are followed and adopted by others, and end when they must."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.local import start_detached, stop
from SemiSegEmbedLib.jobs.process import descendants, exit_code, kill_tree, process_is, process_start
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state, observed_status

ROOT = str(Path(__file__).resolve().parents[2])
ENVIRONMENT = {**os.environ, "PYTHONPATH": ROOT}
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

WORKER = """
import sys, time
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
run, steps = RunFolder(sys.argv[1]), int(sys.argv[2])
first = run.status().step
print("worker says Hüfte", flush=True)
for step in range(first, steps):
    if run.stop_requested():
        run.write_status(RunState.STOPPED, reason="Stopped on request.", step=step)
        raise SystemExit(3)
    run.write_status(RunState.RUNNING, step=step, total_steps=steps)
    run.append_event(step=step)
    for request in run.pending_requests():
        run.answer(request["id"], step=step)
    time.sleep(0.02)
run.write_status(RunState.FINISHED, step=steps)
"""

DEAF = """
import signal, subprocess, sys, time
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
run = RunFolder(sys.argv[1])
run.append_event(child=child.pid)
run.write_status(RunState.RUNNING)
time.sleep(60)
"""


def wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunFolder]:
    folder = RunFolder.create(tmp_path / "Läufe 😀", {})
    yield folder
    for status in (folder.status(), folder.launch()):
        if status is not None and process_is(status.pid, status.process_start) and status.pid != os.getpid():
            kill_tree(int(status.pid or 0))


def start(run: RunFolder, code: str = WORKER, *arguments: str) -> int:
    return start_detached([sys.executable, "-c", code, str(run.path), *arguments], run, ENVIRONMENT)


def test_run_finishes_and_leaves_its_output_in_the_log(run: RunFolder) -> None:
    pid = start(run, WORKER, "5")
    wait_for(lambda: observed_state(run.path) is RunState.FINISHED)
    wait_for(lambda: exit_code(pid) == 0)
    started, said = run.log.read_text(encoding="utf-8").splitlines()
    assert started.startswith("--- started ")
    assert said == "worker says Hüfte"
    events, _ = run.events()
    assert [event["step"] for event in events if "event" not in event] == [0, 1, 2, 3, 4]
    assert observed_state(run.path) is RunState.FINISHED


def test_stop_file_ends_a_run_that_listens(run: RunFolder) -> None:
    pid = start(run, WORKER, "100000")
    wait_for(lambda: run.status().step > 2)
    assert observed_state(run.path) is RunState.RUNNING
    assert stop(run, grace_s=20) is RunState.STOPPED
    assert run.status().reason == "Stopped on request."
    wait_for(lambda: exit_code(pid) == 3)


def test_stopped_run_goes_on_where_it_was(run: RunFolder) -> None:
    start(run, WORKER, "100000")
    wait_for(lambda: run.status().step > 2)
    stop(run, grace_s=20)
    stopped_at = run.status().step
    start(run, WORKER, str(stopped_at + 3))
    wait_for(lambda: observed_state(run.path) is RunState.FINISHED)
    steps = [event["step"] for event in run.events()[0] if "event" not in event]
    assert steps == list(range(stopped_at + 3))


def test_run_at_work_is_not_started_twice(run: RunFolder) -> None:
    start(run, WORKER, "100000")
    with pytest.raises(SemiSegEmbedError, match="is at work already"):
        start(run, WORKER, "100000")
    wait_for(lambda: run.status().step > 0)
    with pytest.raises(SemiSegEmbedError, match="is at work already"):
        start(run, WORKER, "100000")


@posix
def test_killed_run_is_lost_and_says_so(run: RunFolder) -> None:
    start(run, WORKER, "100000")
    wait_for(lambda: run.status().step > 2)
    pid = run.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: observed_state(run.path) is RunState.LOST)
    assert "was killed" in observed_status(run.path).reason
    step = run.status().step
    start(run, WORKER, str(step + 2))
    wait_for(lambda: observed_state(run.path) is RunState.FINISHED)


def test_worker_that_dies_before_it_begins_is_lost_with_its_traceback_in_the_log(run: RunFolder) -> None:
    start(run, "raise ValueError('broken at birth')")
    wait_for(lambda: observed_state(run.path) is RunState.LOST)
    assert "before it began: look into log.txt" in observed_status(run.path).reason
    assert "broken at birth" in run.log.read_text()


def test_missing_program_is_one_sentence_and_a_failed_run(run: RunFolder) -> None:
    with pytest.raises(SemiSegEmbedError, match="could not be started because"):
        start_detached([str(run.path / "no-such-python")], run)
    assert observed_state(run.path) is RunState.FAILED


def test_finished_run_with_a_bad_exit_code_failed(run: RunFolder) -> None:
    code = WORKER + "\nimport os; os._exit(139)\n"
    pid = start(run, code, "2")
    wait_for(lambda: exit_code(pid) == 139)
    observed = observed_status(run.path)
    assert observed.state is RunState.FAILED
    assert "code 139" in observed.reason


def test_child_outlives_its_parent_and_is_adopted_by_another_process(run: RunFolder) -> None:
    parent = (
        "import sys\nfrom SemiSegEmbedLib.jobs.local import start_detached\n"
        "from SemiSegEmbedLib.jobs.run_folder import RunFolder\n"
        "run = RunFolder(sys.argv[1])\n"
        "print(start_detached([sys.executable, '-c', sys.argv[2], sys.argv[1], '100000'], run))\n"
    )
    command = [sys.executable, "-c", parent, str(run.path), WORKER]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=30)
    pid = int(done.stdout)
    wait_for(lambda: run.status().step > 2)
    assert run.status().pid == pid
    assert exit_code(pid) is None, "not a child of this process"
    assert observed_state(run.path) is RunState.RUNNING
    answer = run.ask("preview", case="case-0001")
    wait_for(lambda: run.read_answer(answer))
    assert stop(run, grace_s=20) is RunState.STOPPED
    assert not process_is(run.status().pid, run.status().process_start)


@posix
def test_child_survives_the_end_of_its_parents_whole_process_group(run: RunFolder) -> None:
    parent = (
        "import sys, time\nfrom SemiSegEmbedLib.jobs.local import start_detached\n"
        "from SemiSegEmbedLib.jobs.run_folder import RunFolder\n"
        "run = RunFolder(sys.argv[1])\n"
        "start_detached([sys.executable, '-c', sys.argv[2], sys.argv[1], '100000'], run)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", parent, str(run.path), WORKER]
    slicer = subprocess.Popen(command, env=ENVIRONMENT, start_new_session=True)
    wait_for(lambda: run.status().step > 1)
    os.killpg(slicer.pid, signal.SIGKILL)
    slicer.wait()
    step = run.status().step
    wait_for(lambda: run.status().step > step + 2)
    assert stop(run, grace_s=20) is RunState.STOPPED


@posix
def test_deaf_run_is_ended_with_everything_it_started(run: RunFolder) -> None:
    pid = start(run, DEAF)
    wait_for(lambda: run.status().state is RunState.RUNNING)
    grandchild = next(event["child"] for event in run.events()[0] if "child" in event)
    assert descendants(pid) == [grandchild]
    began = time.monotonic()
    assert stop(run, grace_s=0.2) is RunState.STOPPED
    assert time.monotonic() - began < 10
    assert "ended by force" in run.status().reason
    assert process_start(pid) is None
    assert process_start(grandchild) is None


@posix
def test_worker_behind_a_launcher_is_ended_too(run: RunFolder) -> None:
    launcher = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
    command = [
        sys.executable,
        "-c",
        launcher,
        WORKER.replace("run.stop_requested()", "False"),
        str(run.path),
        "100000",
    ]
    pid = start_detached(command, run, ENVIRONMENT)
    wait_for(lambda: run.status().step > 1)
    worker = run.status().pid
    assert worker not in (None, pid)
    assert stop(run, grace_s=0.2) is RunState.STOPPED
    assert process_start(int(worker or 0)) is None
    assert process_start(pid) is None


def test_run_of_another_computer_is_asked_but_not_killed(run: RunFolder) -> None:
    start(run, WORKER.replace("run.stop_requested()", "False"), "100000")
    wait_for(lambda: run.status().step > 1)
    text = (run.path / "status.json").read_text()
    elsewhere = RunFolder.create(run.path.parent, {}, "elsewhere")
    import json

    (elsewhere.path / "status.json").write_text(json.dumps({**json.loads(text), "host": "other-computer"}))
    with pytest.raises(SemiSegEmbedError, match="works on the computer other-computer"):
        stop(elsewhere, grace_s=0.1)
    assert elsewhere.stop_requested()
    assert observed_state(run.path) is RunState.RUNNING


@posix
def test_child_has_no_input_its_own_session_and_a_lower_priority(run: RunFolder) -> None:
    code = (
        "import os, sys\n"
        "print(repr(sys.stdin.read()), os.getsid(0) == os.getpid(), os.nice(0), sys.flags.utf8_mode, os.getcwd())\n"
    )
    niceness = os.nice(0)
    pid = start(run, code)
    wait_for(lambda: exit_code(pid) == 0)
    words = run.log.read_text(encoding="utf-8").splitlines()[1].split(maxsplit=4)
    assert words[:2] == ["''", "True"]
    assert int(words[2]) in (niceness, min(19, 10))
    assert words[3] == "1"
    assert Path(words[4].strip()) == run.path.resolve()


def test_process_identity() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    began = process_start(child.pid)
    assert began is not None
    assert process_start(child.pid) == began
    assert process_is(child.pid, began)
    assert not process_is(child.pid, "other")
    assert not process_is(None, began)
    assert process_start(os.getpid()) != began
    kill_tree(child.pid)
    assert not process_is(child.pid, began), "a zombie is gone too"
    child.wait()
    assert process_start(child.pid) is None
    assert process_start(0) is None
    assert process_start(-1) is None


def test_killing_oneself_or_ones_parent_is_not_possible() -> None:
    kill_tree(os.getpid())
    kill_tree(os.getppid())
    kill_tree(1)
    kill_tree(0)
