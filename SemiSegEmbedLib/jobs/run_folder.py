"""A run is a folder: whoever can read it can follow the run, stop it, ask it, resume it or adopt it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.jobs.events import CHUNK_BYTES, EventFile, plain
from SemiSegEmbedLib.jobs.process import exit_code
from SemiSegEmbedLib.jobs.reasons import lost_reason
from SemiSegEmbedLib.jobs.requests import Requests
from SemiSegEmbedLib.jobs.status import ENDED, RunState, RunStatus, here, is_alive, read_status, write_status_file
from SemiSegEmbedLib.study.edits import check_id, shown_text
from SemiSegEmbedLib.study.fields import Fields, read_json
from SemiSegEmbedLib.study.files import FileLock, atomic_write, delete, explain, remove_abandoned

__all__ = ["RunFolder", "RunState", "RunStatus", "newest_run", "observed_state", "observed_status"]

START_PATIENCE_S = 120.0
"""Between the folder of a run and its process so much time may pass."""
PARTS = ("annotated", "unannotated", "validation")
_SECONDS = "%Y%m%d-%H%M%S"
_SPLIT_BYTES, _MOST_CASES = 16 << 20, 100_000


class RunFolder:
    """Reads and writes one run folder; any number of these may look at the same folder.

    Args:
        path: The folder, made by `RunFolder.create`.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).absolute()
        self.checkpoints = self.path / "checkpoints"
        self.log = self.path / "log.txt"
        self._split = self.path / "split.json"
        self._stop = self.path / "stop"
        self._status = self.path / "status.json"
        self._launch = self.path / "launch.json"
        self._events = EventFile(self.path / "events.jsonl")
        self._requests = Requests(self.path / "requests")

    @classmethod
    def create(cls, parent: Path | str, config: dict[str, Any], run_id: str | None = None) -> RunFolder:
        """Make the folder of a new run.

        Args:
            parent: The folder of all runs, made if it is missing.
            config: Everything needed to repeat the run, as JSON values.
            run_id: Name of the folder; None: the time and four random letters.

        Raises:
            BadInputError: The name is taken or unusable.
            SemiSegEmbedError: The folder could not be written.
        """
        run_id = run_id or f"{datetime.now(UTC):{_SECONDS}}-{os.urandom(2).hex()}"
        check_id(run_id)
        text = json.dumps(plain(config), indent=1, allow_nan=False)
        path = Path(parent) / run_id
        try:
            path.parent.mkdir(exist_ok=True)  # and no more: the study may have disappeared
            path.mkdir()
            (path / "checkpoints").mkdir()
            (path / "requests").mkdir()
        except FileExistsError as error:
            raise BadInputError(f"There is a run '{run_id}' already: choose another name.") from error
        except OSError as error:
            raise explain(error, f"The folder of the run {run_id} could not be created") from error
        atomic_write(path / "config.json", text.encode("ascii"))
        return cls(path)

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return self.path.name

    @property
    def config(self) -> dict[str, Any]:
        """What the run was started with.

        Raises:
            BadInputError: The folder holds no run, or its file is damaged.
        """
        config = read_json(self.path / "config.json")
        if not isinstance(config, dict):
            raise BadInputError(f"config.json of the run {self.run_id} is damaged: start a new run.")
        return config

    @property
    def split(self) -> dict[str, list[str]] | None:
        """The cases of each part of the run, as they were when it first prepared its data; None before.

        Raises:
            BadInputError: The file is damaged.
        """
        if not self._split.exists():
            return None
        return read_json(self._split, _SPLIT_BYTES, lambda value: _parts(Fields(value, self._split.name)))

    def write_split(self, parts: Mapping[str, Sequence[str]]) -> None:
        """Keep which cases take part, by `PARTS`: a run that is resumed later goes on with these."""
        atomic_write(self._split, json.dumps({name: list(parts[name]) for name in PARTS}).encode("ascii"))

    def append_event(self, **fields: Any) -> None:
        """Add a line to `events.jsonl`, with "time" in seconds since 1970."""
        self._events.append(fields)

    def events(self, offset: int = 0, limit: int = CHUNK_BYTES) -> tuple[list[dict[str, Any]], int]:
        """Events from a byte offset on, and the offset to read on from; see `EventFile.read`."""
        return self._events.read(offset, limit)

    def last_event(self) -> dict[str, Any] | None:
        """The newest event, or None."""
        return self._events.last()

    def work_lock(self) -> FileLock:
        """The lock to hold while working on the run: `with run.work_lock(): ...` fails if another process does."""
        return FileLock(self.path / ".work.lock", timeout_s=0.0, what=f"The run {self.run_id}")

    def write_status(
        self, state: RunState, *, reason: str = "", step: int | None = None, total_steps: int | None = None
    ) -> None:
        """Say where the run stands; called by the process that works on it.

        The first RUNNING of a process also appends the event {"event": "begin"}, and a state that ends the run
        {"event": "end", "state": ..., "reason": ..., "step": ...}: success is only believed when status and
        last event agree, so append nothing after it.

        Args:
            state: Any but LOST.
            reason: One sentence on why.
            step: Steps done; None: as before.
            total_steps: Steps to do; None: as before.
        """
        old = self.status()
        new = here(state, os.getpid())
        if state is RunState.WAITING:
            new = replace(new, pid=None, process_start=None)
        new = replace(
            new,
            reason=shown_text(reason, 2000),
            step=old.step if step is None else step,
            total_steps=old.total_steps if total_steps is None else total_steps,
        )
        if state is RunState.RUNNING and (old.state is not state or old.pid != new.pid):
            remove_abandoned(self.path)
            remove_abandoned(self.checkpoints)
            self.append_event(event="begin", step=new.step)
        if state in ENDED:
            self.append_event(event="end", state=state.value, reason=new.reason, step=new.step)
        write_status_file(self._status, new)

    def status(self) -> RunStatus:
        """What `status.json` says: WAITING if there is none yet, LOST if it is damaged."""
        return read_status(self._status) or RunStatus(RunState.WAITING)

    def note_launch(self, pid: int | None) -> None:
        """Note which process was started for this run (it may be a launcher); None: none is yet."""
        if pid is None:
            delete(self._launch)
        else:
            write_status_file(self._launch, here(RunState.WAITING, pid))

    def launch(self) -> RunStatus | None:
        """The process that was started for this run, or None if nobody started one yet."""
        return read_status(self._launch)

    def request_stop(self) -> None:
        """Ask the run to stop at the next step.

        Raises:
            SemiSegEmbedError: The stop file could not be written.
        """
        try:
            self._stop.touch()
        except OSError as error:
            raise explain(error, "The request to stop could not be written") from error

    def stop_requested(self) -> bool:
        """Whether someone wants the run to stop."""
        return self._stop.exists()

    def clear_stop(self) -> None:
        """Take back the request to stop, before the run is resumed."""
        delete(self._stop)

    def ask(self, kind: str, **fields: Any) -> str:
        """Ask the live run for something; see `Requests.ask`."""
        return self._requests.ask(kind, **fields)

    def pending_requests(self) -> list[dict[str, Any]]:
        """What was asked and not answered yet, oldest first."""
        return self._requests.pending()

    def answer(self, request_id: str, **fields: Any) -> None:
        """Answer a request."""
        self._requests.answer(request_id, **fields)

    def read_answer(self, request_id: str) -> dict[str, Any] | None:
        """The answer to a request, or None as long as there is none."""
        return self._requests.read_answer(request_id)


def observed_status(folder: Path | str) -> RunStatus:
    """Where a run really stands, seen from outside, with a reason where that differs from what it says.

    A run that says it works is LOST when its process is gone (number AND start time are compared; on another
    computer the age of the heartbeat decides). A run that says it ended is believed when its last event says the
    same, and its exit code too where this process knows it.
    """
    run = RunFolder(folder)
    status, launch = run.status(), run.launch()
    if status.state in ENDED:
        return _confirmed(run, status, launch)
    if is_alive(status) or (launch is not None and is_alive(launch)):
        return status if status.state is not RunState.LOST else replace(status, state=RunState.RUNNING)
    if status.state is RunState.WAITING and launch is None:
        return _waiting(run, status)
    # It may have ended properly between the two looks, so look again.
    status = run.status()
    if status.state in ENDED:
        return _confirmed(run, status, launch)
    event = run.last_event() or {}
    if event.get("event") == "end" and event.get("state") in [state.value for state in ENDED]:
        return replace(status, state=RunState(event["state"]), reason=shown_text(str(event.get("reason", "")), 2000))
    return replace(status, state=RunState.LOST, reason=status.reason or _lost_reason(run, status, launch))


def observed_state(folder: Path | str) -> RunState:
    """The state of `observed_status`."""
    return observed_status(folder).state


def _confirmed(run: RunFolder, status: RunStatus, launch: RunStatus | None) -> RunStatus:
    if status.state is not RunState.FINISHED:
        return status
    event = run.last_event() or {}
    if (event.get("event"), event.get("state")) != ("end", status.state.value):
        return replace(
            status, state=RunState.FAILED, reason="The run says it finished but its events do not: resume it."
        )
    code = None if launch is None or launch.pid is None else exit_code(launch.pid)
    if code:
        reason = (
            f"The run finished but its process ended with code {code}: look into log.txt before you use the model."
        )
        return replace(status, state=RunState.FAILED, reason=reason)
    return status


def _parts(fields: Fields) -> dict[str, list[str]]:
    return {name: [str(key) for _, key in fields.items(name, limit=_MOST_CASES)] for name in PARTS}


def _waiting(run: RunFolder, status: RunStatus) -> RunStatus:
    """A run that nobody starts does not wait for ever: what was to start it died in between."""
    try:
        age = time.time() - (run.path / "config.json").stat().st_mtime
    except OSError:
        return status
    if age < START_PATIENCE_S:
        return status
    return replace(status, state=RunState.LOST, reason="The run was never started: resume it.")


def _lost_reason(run: RunFolder, status: RunStatus, launch: RunStatus | None) -> str:
    code = None if launch is None or launch.pid is None else exit_code(launch.pid)
    return lost_reason(run.log, began=status.state is not RunState.WAITING, code=code)


def newest_run(runs_folder: Path) -> Path | None:
    """The run of a study whose folder was made last, or None."""
    if not runs_folder.is_dir():
        return None
    folders = [folder for folder in runs_folder.iterdir() if (folder / "config.json").is_file()]
    return max(folders, key=_made, default=None)


def _made(folder: Path) -> tuple[str, int]:
    """When a run was made: its name says it, to the second; times of files tell more, until the study is copied."""
    changed = (folder / "config.json").stat().st_mtime_ns
    named = re.match(r"[0-9]{8}-[0-9]{6}(?=-)", folder.name)
    return named[0] if named else f"{datetime.fromtimestamp(changed / 1e9, UTC):{_SECONDS}}", changed
