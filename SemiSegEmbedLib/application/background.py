"""Work beside the main thread: Python threads that touch neither MRML nor Qt, watched from a timer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.lending import THREAD_NAME
from SemiSegEmbedLib.errors import SemiSegEmbedError

logger = logging.getLogger(__name__)


class Background:
    """Runs functions one after another in threads of their own; `poll` hands results to the main thread.

    One at a time, because two writers of one study would only wait for each other.

    Args:
        lent: Whether the main thread lends it time, see `lending`; not for work that mostly waits.
    """

    def __init__(self, lent: bool = True) -> None:
        self._lent = lent
        self._waiting: list[_Job] = []
        self._running: _Job | None = None

    def start(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
    ) -> None:
        """Queue `work`.

        Args:
            work: Called in a thread; must touch neither MRML nor Qt.
            done: Called by `poll` with what `work` returned.
            failed: Called by `poll` with one sentence.
        """
        self._waiting.append(_Job(work, done, failed, THREAD_NAME if self._lent else f"{THREAD_NAME}, patient"))
        self._next()

    @property
    def busy(self) -> bool:
        """Whether work is under way or waits."""
        return self._running is not None or bool(self._waiting)

    def poll(self) -> None:
        """Deliver what is finished; called on the main thread every now and then."""
        job = self._running
        if job is None or job.thread.is_alive():
            return
        self._running = None
        self._next()
        job.deliver()

    def finish(self) -> None:
        """Wait until all work is done and delivered; for the moments when a window closes."""
        while self._running is not None:
            self._running.thread.join()
            self.poll()

    def _next(self) -> None:
        if self._running is None and self._waiting:
            self._running = self._waiting.pop(0)
            self._running.thread.start()


class _Job:
    def __init__(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None], name: str
    ) -> None:
        self._work = work
        self._done = done
        self._failed = failed
        self._result: Any = None
        self._problem = ""
        self._unexpected = ""
        # Not a daemon: Slicer must not exit in the middle of writing a label.
        self.thread = threading.Thread(target=self._run, name=name)

    def _run(self) -> None:
        try:
            self._result = self._work()
        except SemiSegEmbedError as error:
            self._problem = str(error)
        except Exception as error:
            logger.exception("Background work failed")
            self._unexpected = type(error).__name__

    def deliver(self) -> None:
        if self._unexpected:
            text = _("Something unexpected went wrong ({kind}): see the Python console.")
            self._failed(text.format(kind=self._unexpected))
        elif self._problem:
            self._failed(self._problem)
        else:
            self._done(self._result)
