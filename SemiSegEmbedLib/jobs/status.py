"""Where a run stands: what its process says of itself in `status.json`, and what others may conclude from it."""

from __future__ import annotations

import functools
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.jobs.process import process_is, process_start
from SemiSegEmbedLib.study.fields import FieldError, Fields, read_json
from SemiSegEmbedLib.study.files import atomic_write

HEARTBEAT_LIMIT_S = 120.0
"""On another computer, where processes cannot be looked up, a run without a sign of life for so long is lost."""


class RunState(str, Enum):
    """Where a run stands. LOST is never written: it is concluded when the process is gone without a word."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    LOST = "lost"


ENDED = (RunState.STOPPED, RunState.FINISHED, RunState.FAILED)


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        state: Its state.
        pid: The process that works on it, or None.
        process_start: When that process started, as `process.process_start` gives it.
        host: The computer it runs on.
        heartbeat: Seconds since 1970 of its last sign of life.
        reason: One sentence on why it stands so, possibly empty.
        step: Steps done.
        total_steps: Steps to do, 0 if unknown.
    """

    state: RunState
    pid: int | None = None
    process_start: str | None = None
    host: str = ""
    heartbeat: float = 0.0
    reason: str = ""
    step: int = 0
    total_steps: int = 0


def here(state: RunState, pid: int) -> RunStatus:
    """A status with the identity of a process on this computer and the present time."""
    return RunStatus(state, pid, _start_of(pid), socket.gethostname(), time.time())


def is_alive(status: RunStatus) -> bool:
    """Whether the process of a status still works: looked up here, judged by its heartbeat elsewhere."""
    if status.pid is None:
        return False
    if status.host == socket.gethostname():
        return process_is(status.pid, status.process_start)
    # The absolute value: clocks of two computers differ in both directions.
    return abs(time.time() - status.heartbeat) < HEARTBEAT_LIMIT_S


def read_status(path: Path) -> RunStatus | None:
    """Read a status file; None if there is none, LOST with a reason if it is damaged."""
    if not path.exists():
        return None
    try:
        fields = Fields(read_json(path), path.name)
        return RunStatus(
            state=RunState(fields.text("state", pattern="|".join(state.value for state in RunState))),
            pid=fields.optional_integer("pid", 1, 1 << 32),
            process_start=fields.optional_text("process_start"),
            host=fields.text("host", ""),
            heartbeat=fields.number("heartbeat", 0.0, 1e12, 0.0),
            reason=fields.text("reason", "", limit=5000),
            step=fields.integer("step", 0, 1 << 53, 0),
            total_steps=fields.integer("total_steps", 0, 1 << 53, 0),
        )
    except (BadInputError, FieldError):
        return RunStatus(RunState.LOST, reason=f"{path.name} is damaged: look into log.txt, then resume the run.")


def write_status_file(path: Path, status: RunStatus) -> None:
    """Replace a status file atomically."""
    atomic_write(path, json.dumps(asdict(status)).encode("ascii"))


@functools.lru_cache(maxsize=1)
def _own_start(pid: int) -> str | None:
    return process_start(pid)


def _start_of(pid: int) -> str | None:
    return _own_start(pid) if pid == os.getpid() else process_start(pid)
