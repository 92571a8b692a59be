"""Runs as processes of this computer that outlive whoever starts them: no pipe, no shared session, no window."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.process import kill_tree, started_here
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, RunStatus, observed_state
from SemiSegEmbedLib.jobs.status import is_alive
from SemiSegEmbedLib.study.files import explain, utc_now

WRITING_TASK = "Writing the model"
"""What a run that has heard the request to stop reports while it writes its model."""
WRITING_PATIENCE_S = 600.0

_NICENESS = 10
_CREATE_NEW_PROCESS_GROUP = 0x00000200
_BELOW_NORMAL_PRIORITY_CLASS = 0x00004000
_CREATE_BREAKAWAY_FROM_JOB = 0x01000000
_CREATE_NO_WINDOW = 0x08000000


def start_detached(command: Sequence[str], run: RunFolder, env: dict[str, str] | None = None) -> int:
    """Start the process of a run.

    It gets a session (Windows: a process group outside the job) of its own, no input, its output in `log.txt`,
    UTF-8 everywhere and a lower priority. A request to stop from before is taken back.

    Args:
        command: Program and arguments; see `locate.worker_command`.
        run: The run it works on.
        env: Its environment; None: that of this process.

    Returns:
        The number of the started process. With a launcher such as PythonSlicer the worker itself is a child of
        it, whose number stands in the status of the run.

    Raises:
        SemiSegEmbedError: The run is at work already, or the process could not be started.
    """
    make_ready(run)
    run.note_launch(None)
    run.write_status(RunState.WAITING)
    environment = {**(os.environ if env is None else env), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    try:
        with open(run.log, "ab") as log:
            # What an earlier process of this run said last must not be taken for the last words of this one.
            log.write(f"--- started {utc_now()} ---\n".encode("ascii"))
            log.flush()
            child = _popen(list(command), log.fileno(), environment, str(run.path))
    except OSError as error:
        failure = explain(error, f"The process of the run {run.run_id} could not be started")
        run.write_status(RunState.FAILED, reason=str(failure))
        raise failure from error
    started_here[child.pid] = child
    if sys.platform != "win32":
        # From outside: code between fork and exec is unsafe in a program with threads such as Slicer.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, child.pid, _NICENESS)
    run.note_launch(child.pid)
    return child.pid


def make_ready(run: RunFolder) -> None:
    """Take back the request to stop of an earlier time, before a run is started or resumed.

    Raises:
        SemiSegEmbedError: The run is at work already; a request to stop it stands.
    """
    if _living(run) and observed_state(run.path) in (RunState.RUNNING, RunState.WAITING):
        raise SemiSegEmbedError(f"The run {run.run_id} is at work already: follow it, or stop it first.")
    run.clear_stop()


def stop(run: RunFolder, grace_s: float = 30.0) -> RunState:
    """Stop a run: ask by the stop file, wait, then end its processes.

    Args:
        run: The run, started by whomever.
        grace_s: How long it may take to save and end by itself. A run that says it writes its model gets ten
            minutes: on a processor alone that takes a while.

    Returns:
        The state afterwards.

    Raises:
        SemiSegEmbedError: It runs on another computer and has not stopped by itself (the request stays).
    """
    run.request_stop()
    begin = time.monotonic()
    while _living(run):
        if time.monotonic() - begin > (max(grace_s, WRITING_PATIENCE_S) if _writes_model(run) else grace_s):
            _end(run)
            break
        time.sleep(0.05)
    return observed_state(run.path)


def _writes_model(run: RunFolder) -> bool:
    event = run.last_event() or {}
    return event.get("event") == "trained" or event.get("task") == WRITING_TASK


def _living(run: RunFolder) -> list[RunStatus]:
    return [status for status in (run.status(), run.launch()) if status is not None and is_alive(status)]


def _end(run: RunFolder) -> None:
    for status in _living(run):
        if status.host != socket.gethostname():
            raise SemiSegEmbedError(
                f"The run {run.run_id} works on the computer {status.host} and has not stopped yet: "
                "wait, or end it there."
            )
        if status.pid is not None:
            kill_tree(status.pid)
    if observed_state(run.path) is RunState.LOST:
        run.write_status(RunState.STOPPED, reason="It did not react to the request to stop, so it was ended by force.")


def _popen(command: list[str], log: int, environment: dict[str, str], folder: str) -> subprocess.Popen[bytes]:
    def start(flags: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            close_fds=True,
            start_new_session=sys.platform != "win32",
            creationflags=flags,
        )

    if sys.platform != "win32":
        return start(0)
    flags = _CREATE_NEW_PROCESS_GROUP | _BELOW_NORMAL_PRIORITY_CLASS | _CREATE_NO_WINDOW
    try:
        return start(flags | _CREATE_BREAKAWAY_FROM_JOB)
    except PermissionError:
        # The job of this program forbids leaving it; then the child stays in it.
        return start(flags)
