"""The Review panel: where the model is unsure in the case in view, and what a person decides; no Qt here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.acceptance import Acceptance, is_accepted
from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.display_arrays import Voxels, map_voxels
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.overlays import FILES, OVERLAYS, Entry, Overlay, difference, legend
from SemiSegEmbedLib.application.review_cases import Ranking, rank_cases
from SemiSegEmbedLib.application.segmentation import label_voxels_of
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.snapshot import ignore_other_slices
from SemiSegEmbedLib.application.volumes import load_label, remove_node
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.newest_model import newest_model
from SemiSegEmbedLib.study.records import Case, ResultRecord
from SemiSegEmbedLib.study.study import Study

NOTHING_RANKED = Ranking((), 0)


class ReviewView(Protocol):
    """What the panel shows, and the signals of its controls."""

    segment_clicked: Signal
    cancel_clicked: Signal
    overlay_clicked: Signal
    opacity_changed: Signal
    place_chosen: Signal
    decided: Signal
    take_back_clicked: Signal
    rank_clicked: Signal
    case_chosen: Signal

    def show_case(
        self, case: Case | None, result: ResultRecord | None, places: Sequence[dict[str, Any]], classes: int = 2
    ) -> None:
        """The case, its newest result and the most uncertain places in it, among so many classes."""

    def show_model(self, why_not: str) -> None:
        """Why the case in view cannot be segmented; empty: it can."""

    def show_overlay(self, name: str | None, entries: Sequence[Entry]) -> None:
        """Which overlay is shown, and its legend."""

    def show_ranking(self, ranking: Ranking, why_not: str, classes: int = 2) -> None:
        """Which cases are worth annotating next; why no model can look at more of them, empty if one can."""

    def teaches(self) -> bool:
        """Whether accepted results are to train."""

    def show_work(self, text: str) -> None:
        """How far segmenting is, or an empty text."""


class ReviewPresenter:
    """Connects the panel with results of models.

    Args:
        view: The panel.
        workbench: The case on the table.
        overlay: What lies over the CT; the live preview of the training uses the same one.
        messages: Where sentences appear.
        edit: Puts the model's result into the Segment Editor; tells whether it did.
        reviewer: Gives the name of whoever reviews, possibly empty.
    """

    def __init__(
        self,
        view: ReviewView,
        workbench: Workbench,
        overlay: Overlay,
        messages: Messages,
        edit: Callable[[], bool],
        reviewer: Callable[[], str],
    ) -> None:
        self._view = view
        self._workbench = workbench
        self._session = workbench.session
        self._overlay = overlay
        self._messages = messages
        self._edit = edit
        self._acceptance = Acceptance(workbench, messages, reviewer, self._refresh)
        self._errand = Errand()
        self._threads = Background()
        self._places: list[dict[str, Any]] = []
        self._connect()
        self._show()

    def _connect(self) -> None:
        view = self._view
        view.segment_clicked.connect(self.segment)
        view.cancel_clicked.connect(self.cancel)
        view.overlay_clicked.connect(self.toggle_overlay)
        view.opacity_changed.connect(self._overlay.set_opacity)
        view.place_chosen.connect(self.go_to_place)
        view.decided.connect(self.decide)
        view.take_back_clicked.connect(self.take_back)
        view.rank_clicked.connect(self.rank)
        view.case_chosen.connect(self._workbench.open)
        self._overlay.changed.connect(self._show_overlay)
        self._session.case_changed.connect(self._show_other_case)
        self._session.cases_changed.connect(self._show)

    def _result(self) -> ResultRecord | None:
        case = self._session.case
        return None if case is None else self._session.result(case.key)

    def _folder(self) -> Path | None:
        result, study = self._result(), self._session.study
        return None if result is None or study is None else study.result_path(result)

    def _show_other_case(self) -> None:
        self._overlay.hide()
        self._show()

    def _show(self) -> None:
        try:
            folder = self._folder()
            self._places = [] if folder is None else read_places(folder / "places.json")
        except SemiSegEmbedError as error:
            self._places = []
            self._messages.warn(str(error))
        study, case = self._session.study, self._session.case
        classes = 2 if study is None else study.class_count
        self._view.show_case(case, self._result(), self._places, classes)
        ranking = NOTHING_RANKED if study is None else rank_cases(study)
        no_model = ""
        if study is None or newest_model(study.models_folder) is None:
            no_model = _("There is no model yet: train first.")
        self._view.show_model(_("Open a case first.") if case is None else no_model)
        nothing = "" if ranking.cases or ranking.unseen else _("Every case is annotated.")
        self._view.show_ranking(ranking, no_model or nothing, classes)

    def _show_overlay(self, name: str | None) -> None:
        study = self._session.study
        if name in OVERLAYS and study is not None:
            self._view.show_overlay(name, legend(name, study.labels, study.class_count))
        else:
            self._view.show_overlay(None, ())

    def segment(self) -> None:
        """Let the newest model segment the case in view, in a child process."""
        case, study = self._session.case, self._session.study
        if case is not None and study is not None:
            self._ask(["segment", str(study.folder), case.key], self._segmented, _("Segmenting ..."))

    def rank(self) -> None:
        """Let the newest model say how sure it is of each case that is not annotated."""
        if self._session.study is not None:
            self._ask(["suggest", str(self._session.study.folder)], self._ranked, _("Looking at the cases ..."))

    def _ask(self, arguments: list[str], done: Callable[[Any], None], work: str) -> None:
        if self._errand.running:
            self._messages.warn(_("Something is still under way: wait until it is done, or cancel it."))
            return
        self._view.show_work(work)
        self._errand.start(arguments, done, self._failed, self._view.show_work)

    def _segmented(self, outcomes: Sequence[dict[str, Any]]) -> None:
        problem = next((outcome["error"] for outcome in outcomes if outcome["error"]), "")
        self._overlay.hide()
        if problem:
            self._failed(problem)
        elif self._finished():
            self._messages.tell(_("Segmented. Look at the most uncertain places first."))

    def _ranked(self, cases: Sequence[dict[str, Any]]) -> None:
        if self._finished():
            text = _("Cases ranked: {count}. The first one teaches the model most.")
            self._messages.tell(text.format(count=len(cases)))

    def _finished(self) -> bool:
        """Read what the child process wrote; tells whether that was possible."""
        self._view.show_work("")
        return self._refresh()

    def _refresh(self) -> bool:
        try:
            self._session.refresh()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        return True

    def _failed(self, sentence: str) -> None:
        self._finished()
        self._messages.warn(sentence)

    def cancel(self) -> None:
        """End segmenting; cases that were finished keep their results."""
        if self._errand.cancel():
            self._finished()
            self._messages.tell(_("Segmenting was cancelled."))

    def toggle_overlay(self, name: str) -> None:
        """Show an overlay, or hide it if it is the one that is shown."""
        shown = self._overlay.name
        self._overlay.hide()
        self._show_overlay(None)
        folder, study, case = self._folder(), self._session.study, self._session.case
        if shown == name or folder is None or study is None or case is None:
            return
        try:
            path = folder / FILES[name]
            source = map_voxels(study, case, path) or path
            if name == "difference":
                self._compare(source)
            else:
                self._overlay.show(name, source, study.labels, study.class_count)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))

    def _compare(self, source: Path | Voxels) -> None:
        """Compare what is drawn with the prediction in a thread: a whole scan takes longer than a click may."""
        study, case, bench = self._session.study, self._session.case, self._workbench
        predicted = source if isinstance(source, Voxels) else _read_label(source)
        snapshot = bench.scene.snapshot(study.labels)
        slices = set(bench.marked_slices) if bench.partial else None

        def work() -> Voxels:
            annotation = snapshot.label_volume()
            if slices is not None:
                ignore_other_slices(annotation, slices)
            return Voxels(difference(predicted.array, annotation), predicted.grid)

        def done(voxels: Voxels) -> None:
            if self._session.case is not None and self._session.case.key == case.key:
                self._overlay.show("difference", voxels, study.labels)

        self._threads.start(work, done, self._messages.warn)

    def go_to_place(self, index: int) -> None:
        """Move all views to one of the uncertain places."""
        if 0 <= index < len(self._places):
            self._workbench.scene.jump_to(self._places[index]["position_lps_mm"])

    def decide(self, status: str) -> None:
        """Keep what a person decided; "edited" first puts a copy of the result into the Segment Editor."""
        result, study = self._result(), self._session.study
        if result is None or study is None or (status == "edited" and not self._edit()):
            return
        folder, case = study.folder, study.case(result.case_key)
        if status == "accepted" and self._view.teaches():
            self._acceptance.take(self._threads, study, case, result)
        elif status == "rejected" and is_accepted(case, result):
            self._acceptance.take_back(self._threads, study, case, status)
        else:
            # In a thread, since another program may hold the study for some seconds.
            self._threads.start(
                lambda: Study.open(folder).set_result_status(result.case_key, result.model_id, status),
                self._decided,
                self._messages.warn,
            )

    def _decided(self, _nothing: object) -> None:
        self._refresh()

    def take_back(self) -> None:
        """The accepted result is no annotation any more."""
        study, case = self._session.study, self._session.case
        if study is not None and case is not None and case.label is not None and case.label.accepted_from:
            self._acceptance.take_back(self._threads, study, case, "new")

    def tick(self) -> None:
        """Deliver what the child process and the thread have to say."""
        self._errand.poll()
        self._threads.poll()
        self._overlay.poll()

    def cleanup(self) -> None:
        """End the child process and take the overlay out of the scene."""
        self._errand.cancel()
        self._threads.finish()
        self._overlay.finish()


def _read_label(path: Path) -> Voxels:
    node = load_label(path)
    voxels = label_voxels_of(node)
    remove_node(node)
    return Voxels(np.array(voxels.array), voxels.grid)


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
