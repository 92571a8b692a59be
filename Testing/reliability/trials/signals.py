"""Processes that are killed, stopped, orphaned or put to sleep."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from SemiSegEmbedLib.jobs.local import start_detached
from SemiSegEmbedLib.jobs.locate import worker_command
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state, observed_status
from trials import children
from trials.devices import STEPS, last_step
from trials.killing import unlike
from trials.rows import Row, judged, sentence_faults
from trials.scenes import make_study, new_run, work_on


def killed_by_the_system(times: int) -> Row:
    """SIGKILL, as the memory killer sends it; then a resume that must end as an undisturbed run does."""
    faults, said = [], ""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study")
        whole, killed = new_run(study, STEPS), new_run(study, STEPS)
        children.run(work_on, whole.path)
        for _ in range(times):
            child = start_worker(killed)
            wait_for_steps(killed, 4)
            child.kill()
            child.wait()
            status = observed_status(killed.path)
            said = status.reason
            faults += sentence_faults(said, [root])
            faults += [] if status.state is RunState.LOST else [f"it is shown as {status.state.value}"]
        children.run(work_on, killed.path)
        faults += unlike(whole, killed)
    happened = f"Shown as lost: “{said}” Resumed, it ended bitwise as an undisturbed run."
    return judged("The run is killed by the memory killer", faults, times, happened, "SIGKILL to the real process")


def start_worker(run: RunFolder) -> subprocess.Popen[bytes]:
    """The real process of a run."""
    command, environment = worker_command(["run", str(run.path)])
    with run.log.open("ab") as log:
        return subprocess.Popen(command, env=environment | {"OMP_NUM_THREADS": "1"}, stdout=log, stderr=log)


def wait_for_steps(run: RunFolder, step: int, timeout_s: float = 120.0) -> None:
    """Waits until a run has done so many steps, or has ended."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        events = run.events()[0]
        if any(e.get("event") == "end" or e.get("step", 0) >= step for e in events if e.get("event") != "begin"):
            return
        time.sleep(0.02)


def interrupted(number: signal.Signals, name: str) -> Row:
    """Ctrl-C in a terminal, or the wish of the system to end."""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study")
        run = new_run(study, 4000)
        child = start_worker(run)
        wait_for_steps(run, 4)
        child.send_signal(number)
        code = child.wait(120)
        state, said = observed_state(run.path), observed_status(run.path).reason
        faults = [] if (code, state) == (3, RunState.STOPPED) else [f"code {code}, shown as {state.value}"]
        faults += [f"it said '{said}'"] * (root in said or not said.endswith("."))
        step = last_step(run)
        faults += ["steps are lost"] * (step < 4)
        faults += ["a traceback in the log"] * ("Traceback" in run.log.read_text(encoding="utf-8"))
    return judged(
        name, faults, 1, f"Saved at step {step}, exit code 3: “{said}”", f"{number.name} to the real process"
    )


def _start_and_die(run_path: Path) -> None:
    """As Slicer: starts a run in the background, then is killed."""
    run = RunFolder(run_path)
    command, environment = worker_command(["run", str(run.path)])
    start_detached(command, run, environment | {"OMP_NUM_THREADS": "1"})
    wait_for_steps(run, 2)
    os.kill(os.getpid(), signal.SIGKILL)


def parent_closed() -> Row:
    """Slicer is closed, or crashes, while a run goes on."""
    with tempfile.TemporaryDirectory() as root:
        run = new_run(make_study(Path(root) / "study"), 40)
        children.start(_start_and_die, run.path).join()
        state = wait_until_ended(run)
        faults = [] if state is RunState.FINISHED else [f"it ended as {state.value}"]
    return judged("Slicer is closed or crashes", faults, 1, "The run went on and finished.", "SIGKILL to the parent")


def wait_until_ended(run: RunFolder, timeout_s: float = 180.0) -> RunState:
    """The state in which a run ended."""
    deadline = time.monotonic() + timeout_s
    while observed_state(run.path) in (RunState.WAITING, RunState.RUNNING) and time.monotonic() < deadline:
        time.sleep(0.1)
    return observed_state(run.path)


def asleep() -> Row:
    """The machine sleeps in the middle of a run, and wakes."""
    with tempfile.TemporaryDirectory() as root:
        run = new_run(make_study(Path(root) / "study"), 60)
        child = start_worker(run)
        wait_for_steps(run, 4)
        child.send_signal(signal.SIGSTOP)
        time.sleep(5)
        meanwhile = observed_state(run.path)
        child.send_signal(signal.SIGCONT)
        code = child.wait(180)
        state = observed_state(run.path)
        faults = [] if (code, state) == (0, RunState.FINISHED) else [f"code {code}, shown as {state.value}"]
        faults += [] if meanwhile is RunState.RUNNING else [f"asleep it is shown as {meanwhile.value}"]
    how = "SIGSTOP for 5 s, then SIGCONT"
    return judged("The machine is asleep for a while", faults, 1, "Shown as running; it went on and finished.", how)


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    if short:
        return [interrupted(signal.SIGINT, "Ctrl-C")]
    rows = [killed_by_the_system(3), interrupted(signal.SIGINT, "Ctrl-C")]
    return [*rows, interrupted(signal.SIGTERM, "The system shuts down"), parent_closed(), asleep()]
