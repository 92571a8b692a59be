"""Watching a run from outside, and asking it for something, through its folder alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state

LIVE = (RunState.WAITING, RunState.RUNNING)


def follow(run: RunFolder, on_event: Callable[[dict[str, Any]], None], interval_s: float = 0.5) -> RunState:
    """Hands every event of a run to `on_event`, from its first to its last, and returns how it ended."""
    offset = 0
    while True:
        state = observed_state(run.path)
        offset = _pass_on(run, offset, on_event)
        if state not in LIVE:
            return state
        time.sleep(interval_s)


def _pass_on(run: RunFolder, offset: int, on_event: Callable[[dict[str, Any]], None]) -> int:
    """What was written since an offset, however much it is; returns where to go on."""
    while True:
        events, reached = run.events(offset)
        for event in events:
            on_event(event)
        if reached == offset:
            return offset
        offset = reached


def request_preview(run: RunFolder, case_key: str, timeout_s: float = 600.0) -> dict[str, Any]:
    """Asks a live run to segment a case with its teacher as it is now, and waits for the answer.

    Raises:
        SemiSegEmbedError: The run has ended, cannot do it, or takes longer than `timeout_s`.
    """
    request = run.ask("preview", case=case_key)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        answer = run.read_answer(request)
        if answer is not None:
            if "error" in answer:
                raise SemiSegEmbedError(answer["error"])
            return answer
        if observed_state(run.path) not in LIVE:
            raise SemiSegEmbedError("The run has ended: segment the case with its model instead.")
        time.sleep(0.2)
    raise SemiSegEmbedError(f"The run did not answer within {timeout_s:.0f} s: try again, or look at its log.")
