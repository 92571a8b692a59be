"""Following a run through its folder, whoever started it."""

from __future__ import annotations

import time
from pathlib import Path

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.run_progress import RunProgress
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, RunStatus, observed_status

STATUS_EVERY_S = 1.0
READING_BUDGET_S = 0.03
"""Of each tick of the main thread; the events of a long run are read in several ticks."""
READING_PIECE_BYTES = 64 << 10
LOG_TAIL_BYTES = 16 << 10
LIVE = (RunState.WAITING, RunState.RUNNING)


class RunFollower:
    """Reads a run folder a little at each `poll`.

    Attributes:
        run: The run.
        progress: What its events add up to.
        status: Where it stood when it was last looked at.
        caught_up: Whether all events that were there at the last `poll` have been read.
    """

    def __init__(self, folder: Path) -> None:
        self.run = RunFolder(folder)
        self.progress = RunProgress()
        self.caught_up = False
        self._offset = 0
        self.status = RunStatus(RunState.WAITING)
        self.look()

    @property
    def live(self) -> bool:
        """Whether it is at work."""
        return self.status.state in LIVE

    def poll(self) -> bool:
        """Read what is new, for at most `READING_BUDGET_S`.

        Returns:
            Whether anything changed. Sentences of unreadable folders become the reason of the status.
        """
        before = (self._offset, self.status)
        try:
            self._read()
            if time.monotonic() - self._looked >= STATUS_EVERY_S:
                self.look()
        except SemiSegEmbedError as error:
            self.status = RunStatus(RunState.LOST, reason=str(error))
        return before != (self._offset, self.status)

    def _read(self) -> None:
        end = time.monotonic() + READING_BUDGET_S
        while True:
            events, offset = self.run.events(self._offset, READING_PIECE_BYTES)
            self.caught_up = offset == self._offset
            self._offset = offset
            for event in events:
                self.progress.add(event)
            if self.caught_up or time.monotonic() > end:
                return

    def look(self) -> None:
        """Look where the run stands now."""
        self._looked = time.monotonic()
        if self.run.path.is_dir():
            self.status = observed_status(self.run.path)
        else:
            gone = _("The folder of the run is not where it was: open the study where it lies now.")
            self.status = RunStatus(RunState.LOST, reason=gone)

    def log_tail(self) -> str:
        """The end of what the run printed."""
        try:
            with open(self.run.log, "rb") as stream:
                size = stream.seek(0, 2)
                stream.seek(max(0, size - LOG_TAIL_BYTES))
                return stream.read().decode("utf-8", "replace").replace("\r", "\n")
        except OSError:
            return ""


def preset_of(run: RunFolder) -> str | None:
    """The preset that a run was started with; None where its folder does not say."""
    try:
        request = run.config.get("request")
    except SemiSegEmbedError:
        return None
    preset = request.get("preset") if isinstance(request, dict) else None
    return preset if isinstance(preset, str) else None
