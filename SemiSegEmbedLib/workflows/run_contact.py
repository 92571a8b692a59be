"""What a working run tells those who follow it, and what it hears from them."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from SemiSegEmbedLib.errors import SemiSegEmbedError, StoppedError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.learning import processes
from SemiSegEmbedLib.workflows.failures import MOVED_MESSAGE

LOOK_EVERY_S = 0.5


class RunContact:
    """State, events and the wish to stop of one run. Under torchrun the first process alone tells and hears.

    Args:
        run: The folder.
        step_now: The step of the training, which is further than its last logged one; None before it trains.
        on_event: Called with each event as it is written.

    Attributes:
        leads: Whether this is the first process.
    """

    def __init__(
        self,
        run: RunFolder,
        step_now: Callable[[], int | None],
        on_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.run, self.on_event = run, on_event
        self.leads = processes.rank() == 0
        self._step_now = step_now
        self._position = (0, 0)
        self._last_look = 0.0
        self._stop = threading.Event()

    def event(self, **fields: Any) -> None:
        if not self.leads:
            return
        if fields["event"] == "step":
            self._position = (fields["step"], fields["total_steps"])
        self.run.append_event(**fields)
        if self.on_event is not None:
            self.on_event(fields)

    def progress(self, task: str, fraction: float, detail: str = "") -> None:
        """Before training; raises `StoppedError` when the run shall stop."""
        if self.is_to_stop():
            raise StoppedError("The run was stopped.")
        self.event(event="progress", task=task, fraction=round(fraction, 4))

    def preview_progress(self, done: int, total: int) -> None:
        """How far a preview is: a sign of life every second, since no step is done meanwhile."""
        now = time.monotonic()
        if now - self._last_look > 1.0 or done == total:
            self._last_look = now
            self.status(RunState.RUNNING)
            self.event(event="progress", task="Preview", fraction=round(done / total, 4))

    def look(self) -> bool:
        """A sign of life and a look at the stop file, at most every half second; whether it was time for that."""
        now = time.monotonic()
        if not self.leads or now - self._last_look <= LOOK_EVERY_S:
            return False
        self._last_look = now
        self.status(RunState.RUNNING)
        if self.run.stop_requested():
            self._stop.set()
        return True

    def is_to_stop(self) -> bool:
        self.look()
        return self._stop.is_set()

    def status(self, state: RunState, reason: str = "") -> None:
        if not self.leads:
            return
        logged, total = self._position
        step = self._step_now()
        self.run.write_status(state, reason=reason, step=logged if step is None else step, total_steps=total)

    def end(self, state: RunState, message: str) -> RunState:
        """The last state and, with it, the last event.

        Raises:
            SemiSegEmbedError: They could not be written; the terminal door puts the sentence into the log.
        """
        if not self.run.path.is_dir():
            raise SemiSegEmbedError(MOVED_MESSAGE)
        try:
            self.status(state, reason=message)
        except SemiSegEmbedError as error:
            raise SemiSegEmbedError(message or str(error)) from error
        if self.on_event is not None:
            self.on_event({"event": "end", "state": state.value, "message": message})
        return state

    @contextlib.contextmanager
    def hearing_signals(self) -> Iterator[None]:
        """Within it Ctrl-C and SIGTERM ask for a stop that saves; a second one ends at once."""
        if not self.leads or threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, frame: FrameType | None) -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._stop.set()

        previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
