"""What the Study panel has under way: one child process or one thread, shown with what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.errors import SemiSegEmbedError


class WorkView(Protocol):
    """Where work is shown."""

    def show_work(self, text: str, can_cancel: bool = False) -> None:
        """What is under way, or an empty text, and whether it can be cancelled."""


class StudyWork:
    """Runs one thing at a time and renews the study when it has ended, well or not."""

    def __init__(self, view: WorkView, session: Session, background: Background, messages: Messages) -> None:
        self._view = view
        self._session = session
        self._background = background
        self._messages = messages
        self._errand = Errand()

    @property
    def busy(self) -> bool:
        """Whether the child process is at work."""
        return self._errand.running

    def ask(
        self,
        arguments: Sequence[str],
        done: Callable[[Any], None],
        text: str,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        """Ask the terminal door in a child process.

        Args:
            arguments: What it gets.
            done: Called with its result.
            text: What to show meanwhile.
            failed: Called with one sentence; None: it becomes a message.
        """
        if self._errand.running:
            self._messages.warn(_("Something is still under way: wait until it is done."))
            return
        self._view.show_work(text, can_cancel=True)
        self._errand.start(
            arguments,
            lambda result: self._ended(lambda: done(result)),
            lambda sentence: self._ended(lambda: (failed or self._messages.warn)(sentence)),
            lambda line: self._view.show_work(line, can_cancel=True),
        )

    def start(self, work: Callable[[], Any], done: Callable[[Any], None], text: str) -> None:
        """Run a function that touches neither MRML nor Qt in a thread; arguments as in `ask`."""
        self._view.show_work(text)
        self._background.start(
            work,
            lambda result: self._ended(lambda: done(result)),
            lambda sentence: self._ended(lambda: self._messages.warn(sentence)),
        )

    def _ended(self, tell: Callable[[], None]) -> None:
        self._view.show_work("")
        self.tried(self._session.refresh)
        tell()

    def tried(self, action: Callable[[], Any]) -> bool:
        """Do something; what is wrong becomes a message. Tells whether it was done."""
        try:
            action()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        return True

    def tick(self) -> None:
        """Deliver what the child process has to say; called by a timer."""
        self._errand.poll()

    def cancel(self) -> None:
        """End the child process; what it finished is kept."""
        self._errand.cancel()
        self._ended(lambda: self._messages.tell(_("Cancelled; what was finished is kept.")))

    def cleanup(self) -> None:
        """End the child process and say nothing."""
        self._errand.cancel()
