"""The Review panel: where the model is unsure in the case in view, and what a person decides; no Qt here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.child import Child
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.overlays import Entry, Overlay, legend
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.study.records import Case, ResultRecord


class ReviewView(Protocol):
    """What the panel shows, and the signals of its controls."""

    segment_clicked: Signal
    cancel_clicked: Signal
    overlay_clicked: Signal
    opacity_changed: Signal
    place_chosen: Signal
    decided: Signal

    def show_case(self, case: Case | None, result: ResultRecord | None, places: Sequence[dict[str, Any]]) -> None:
        """The case, its newest result and the most uncertain places in it."""

    def show_overlay(self, name: str | None, entries: Sequence[Entry]) -> None:
        """Which overlay is shown, and its legend."""

    def show_work(self, text: str) -> None:
        """How far segmenting is, or an empty text."""


class ReviewPresenter:
    """Connects the panel with results of models.

    Args:
        view: The panel.
        workbench: The case on the table.
        messages: Where sentences appear.
        edit: Puts the model's result into the Segment Editor; tells whether it did.
    """

    def __init__(self, view: ReviewView, workbench: Workbench, messages: Messages, edit: Callable[[], bool]) -> None:
        self._view = view
        self._workbench = workbench
        self._session = workbench.session
        self._messages = messages
        self._edit = edit
        self._overlay = Overlay()
        self._child: Child | None = None
        self._places: list[dict[str, Any]] = []
        view.segment_clicked.connect(self.segment)
        view.cancel_clicked.connect(self.cancel)
        view.overlay_clicked.connect(self.toggle_overlay)
        view.opacity_changed.connect(self._overlay.set_opacity)
        view.place_chosen.connect(self.go_to_place)
        view.decided.connect(self.decide)
        self._session.case_changed.connect(self._show_other_case)
        self._session.cases_changed.connect(self._show)
        self._show()

    def _result(self) -> ResultRecord | None:
        case = self._session.case
        return None if case is None else self._session.result(case.key)

    def _folder(self) -> Path | None:
        result, study = self._result(), self._session.study
        return None if result is None or study is None else study.result_path(result)

    def _show_other_case(self) -> None:
        self.hide_overlay()
        self._show()

    def _show(self) -> None:
        try:
            folder = self._folder()
            self._places = [] if folder is None else read_places(folder / "places.json")
        except SemiSegEmbedError as error:
            self._places = []
            self._messages.warn(str(error))
        self._view.show_case(self._session.case, self._result(), self._places)

    def hide_overlay(self) -> None:
        """Take the overlay out of the views."""
        self._overlay.hide()
        self._view.show_overlay(None, [])

    def segment(self) -> None:
        """Let the newest model segment the case in view, in a child process."""
        case, study = self._session.case, self._session.study
        if case is None or study is None or (self._child is not None and self._child.running):
            return
        self._view.show_work(_("Segmenting ..."))
        arguments = ["segment", str(study.folder), case.key]
        self._child = Child(arguments, self._segmented, self._segment_failed, self._view.show_work)

    def _segmented(self, outcomes: Sequence[dict[str, Any]]) -> None:
        self._view.show_work("")
        problem = next((outcome["error"] for outcome in outcomes if outcome["error"]), "")
        self.hide_overlay()
        self._session.refresh()
        if problem:
            self._messages.warn(problem)
        else:
            self._messages.tell(_("Segmented. Look at the most uncertain places first."))

    def _segment_failed(self, sentence: str) -> None:
        self._view.show_work("")
        self._messages.warn(sentence)

    def cancel(self) -> None:
        """End segmenting."""
        if self._child is not None and self._child.running:
            self._child.cancel()
            self._view.show_work("")
            self._messages.tell(_("Segmenting was cancelled."))

    def toggle_overlay(self, name: str) -> None:
        """Show an overlay, or hide it if it is the one that is shown."""
        shown, folder, study = self._overlay.name, self._folder(), self._session.study
        self.hide_overlay()
        if shown == name or folder is None or study is None:
            return
        annotation = None
        if name == "difference":
            annotation = self._workbench.scene.snapshot(study.labels).label_volume()
        try:
            self._overlay.show(name, folder, study.labels, annotation)
        except BadInputError as error:
            self._messages.warn(str(error))
            return
        self._view.show_overlay(name, legend(name, study.labels))

    def go_to_place(self, index: int) -> None:
        """Move all views to one of the uncertain places."""
        if 0 <= index < len(self._places):
            self._workbench.scene.jump_to(self._places[index]["position_lps_mm"])

    def decide(self, status: str) -> None:
        """Keep what a person decided; "edited" first puts the result into the Segment Editor."""
        result, study = self._result(), self._session.study
        if result is None or study is None or (status == "edited" and not self._edit()):
            return
        try:
            study.set_result_status(result.case_key, result.model_id, status)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return
        self._session.cases_changed.emit()

    def tick(self) -> None:
        """Deliver what the child process has to say."""
        if self._child is not None:
            self._child.poll()

    def cleanup(self) -> None:
        """End the child process and take the overlay out of the scene."""
        if self._child is not None:
            self._child.cancel()
        self._overlay.hide()


def read_places(path: Path) -> list[dict[str, Any]]:
    """The most uncertain places of a result, damaged entries left out; none if there is no file."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [entry for entry in entries if _is_place(entry)] if isinstance(entries, list) else []


def _is_place(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    position = entry.get("position_lps_mm")
    numbers = [entry.get("size_mm3"), entry.get("mean_uncertainty"), *(position if isinstance(position, list) else [])]
    return len(numbers) == 5 and all(isinstance(value, int | float) for value in numbers)
