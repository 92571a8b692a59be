"""The live preview: what the teacher of a live run makes of the case in view, asked through the run's folder."""

from __future__ import annotations

import time
from pathlib import Path

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.overlays import PREVIEW, Overlay
from SemiSegEmbedLib.application.run_follower import RunFollower
from SemiSegEmbedLib.application.sentences import localised
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.errors import SemiSegEmbedError

LEAST_PAUSE_S = 20.0
PAUSE_BY_DURATION = 9.0
"""Between an answer and the next question, so many times what the answer took: a tenth of the training at most."""


class LivePreview:
    """On or off; while it is on it asks, waits, shows, and after a pause asks again.

    Attributes:
        on: Whether the user wants it.
        text: Where it stands, for the panel.
        changed: Emitted when `on` or `text` changed.
    """

    def __init__(self, session: Session, overlay: Overlay) -> None:
        self.on = False
        self.text = ""
        self.changed = Signal()
        self._session = session
        self._overlay = overlay
        self._case = ""
        self._request: str | None = None
        self._asked = self._ask_again_at = 0.0
        overlay.changed.connect(self._overlay_changed)
        session.case_changed.connect(self._case_changed)

    def turn(self, on: bool) -> None:
        """Begin to ask, or stop and take the overlay away."""
        if on == self.on:
            return
        self.on, self._request, self._ask_again_at = on, None, 0.0
        if not on and self._overlay.name == PREVIEW:
            self._overlay.hide()
        self._say("")

    def tick(self, follower: RunFollower | None) -> None:
        """Ask and look for answers; reads one small file at most.

        Args:
            follower: The run, or None.
        """
        if not self.on:
            return
        if follower is None or not follower.live:
            self.turn(False)
            return
        try:
            if self._request is None:
                self._ask(follower)
            else:
                self._look(follower)
        except SemiSegEmbedError as error:
            self._fail(str(error))

    def _ask(self, follower: RunFollower) -> None:
        case = self._session.case
        if case is None or time.monotonic() < self._ask_again_at:
            return
        self._request = follower.run.ask("preview", case=case.key)
        self._case, self._asked = case.key, time.monotonic()
        self._say(self.text or _("Asked the run for a preview ..."))

    def _look(self, follower: RunFollower) -> None:
        assert self._request is not None
        answer = follower.run.read_answer(self._request)
        if answer is None:
            return
        self._request = None
        took = time.monotonic() - self._asked
        self._ask_again_at = time.monotonic() + max(LEAST_PAUSE_S, PAUSE_BY_DURATION * took)
        if "error" in answer:
            self._fail(str(answer["error"]))
        elif self._session.case is not None and self._session.case.key == self._case:
            # The name alone: a run folder from elsewhere must not lead out of itself.
            label = follower.run.path / "requests" / Path(str(answer.get("label", ""))).name
            self._show(label, answer.get("step"))

    def _show(self, label: Path, step: object) -> None:
        study = self._session.study
        if study is None:
            return
        self._overlay.show(PREVIEW, label, study.labels)
        self._say(_("Teacher after step {step}.").format(step=step))

    def _fail(self, sentence: str) -> None:
        self.turn(False)
        self._say(localised(sentence))

    def _case_changed(self) -> None:
        """Another case: what was asked is of no use any more, what is shown lies elsewhere."""
        if not self.on:
            return
        self._request, self._ask_again_at = None, 0.0
        if self._overlay.name == PREVIEW:
            self._overlay.hide()
        self._say("")

    def _overlay_changed(self, name: str | None) -> None:
        """Another overlay takes the place of the preview: the user wants to see that one."""
        if self.on and name is not None and name != PREVIEW:
            self.turn(False)

    def _say(self, text: str) -> None:
        self.text = text
        self.changed.emit()
