"""The Annotate panel: drawing the labels of the case in view; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.scene import WINDOWS, CaseScene
from SemiSegEmbedLib.application.settings import Settings
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.newest_model import newest_model
from SemiSegEmbedLib.study.records import Case
from SemiSegEmbedLib.study.study import Study


class AnnotateView(Protocol):
    """What the panel shows, and the signals of its controls."""

    save_clicked: Signal
    save_next_clicked: Signal
    prefill_clicked: Signal
    take_back_clicked: Signal
    window_chosen: Signal
    protect_toggled: Signal
    bone_only_toggled: Signal
    partial_toggled: Signal
    mark_slice_clicked: Signal

    def annotator(self) -> str:
        """Name or initials as typed."""

    def protects(self) -> bool:
        """Whether other labels are protected."""

    def draws_bone_only(self) -> bool:
        """Whether only bone can be drawn."""

    def show_annotator(self, name: str) -> None:
        """Fill in the name typed last."""

    def show_case(self, case: Case | None, scene: CaseScene) -> None:
        """Put the case into the editor, or None."""

    def show_slices(self, partial: bool, marked: set[int]) -> None:
        """Partial annotation and the slices that are marked as finished."""

    def show_prefill(self, possible: bool) -> None:
        """Whether there is a model, or a result of one, to start from."""

    def show_finished(self, finished: bool) -> None:
        """Whether the case in view was saved, so that this can be taken back."""

    def save_undo_state(self) -> None:
        """Let the editor's undo come back to what is drawn now."""


class AnnotatePresenter:
    """Connects the panel with the workbench."""

    def __init__(
        self, view: AnnotateView, workbench: Workbench, dialogs: Dialogs, messages: Messages, settings: Settings
    ) -> None:
        self._view = view
        self._workbench = workbench
        self._session = workbench.session
        self._dialogs = dialogs
        self._messages = messages
        self._settings = settings
        self._errand = Errand()
        view.show_annotator(settings.annotator)
        self._connect()
        self._show_case()

    def _connect(self) -> None:
        view, scene = self._view, self._workbench.scene
        view.save_clicked.connect(self.save)
        view.save_next_clicked.connect(self.save_and_next)
        view.prefill_clicked.connect(self.start_from_model)
        view.take_back_clicked.connect(self._workbench.take_back)
        view.window_chosen.connect(self.choose_window)
        view.protect_toggled.connect(scene.protect_other_labels)
        view.bone_only_toggled.connect(scene.draw_bone_only)
        view.partial_toggled.connect(self.set_partial)
        view.mark_slice_clicked.connect(self.mark_slice)
        self._session.case_changed.connect(self._show_case)
        self._session.cases_changed.connect(self._show_prefill)
        scene.protection.refused.connect(self._tell_finished)

    def _show_case(self) -> None:
        case, scene = self._session.case, self._workbench.scene
        if case is not None:
            scene.protect_other_labels(self._view.protects())
            scene.draw_bone_only(self._view.draws_bone_only())
        self._view.show_case(case, scene)
        self._view.show_slices(self._workbench.partial, self._workbench.marked_slices)
        self._show_prefill()

    def _show_prefill(self) -> None:
        possible = self._result_folder() is not None or self._newest_model() is not None
        self._view.show_prefill(possible and not self._errand.running)
        label = None if self._session.case is None else self._session.case.label
        # What was accepted in Review is taken back there, with the decision.
        self._view.show_finished(label is not None and not label.accepted_from)

    def _tell_finished(self, name: str) -> None:
        text = _("{segment} is marked as completed and cannot be drawn in: change its status in the table to go on.")
        self._messages.tell(text.format(segment=name))

    def _result_folder(self) -> Path | None:
        """Where the newest result of the case in view lies."""
        study, case = self._session.study, self._session.case
        result = None if case is None else self._session.result(case.key)
        return None if study is None or result is None else study.result_path(result)

    def _newest_model(self) -> str | None:
        """Id of the model that segments the case in view, if there are both."""
        study = self._session.study
        model = None if study is None or self._session.case is None else newest_model(study.models_folder)
        return None if model is None else model.stem

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save what is drawn as the newest label; asks first when nothing is drawn."""
        bench, case = self._workbench, self._session.case
        nothing = case is not None and bench.scene.is_empty and not (bench.partial and bench.marked_slices)
        question = _("Nothing is drawn in {case}. Save it as a scan in which no segment can be seen?")
        if nothing and not self._dialogs.confirm(question.format(case=case.name if case else "")):
            return
        name = self._view.annotator()
        self._settings.annotator = name
        bench.save(name, then)

    def save_and_next(self) -> None:
        """Save, then open the case to annotate next."""
        saved = self._session.case

        def open_next() -> None:
            if saved is None or self._session.case is None or self._session.case.key != saved.key:
                return  # the user went elsewhere meanwhile
            key = self._workbench.next_key()
            if key is None:
                self._messages.tell(_("Saved. Every case is annotated."))
            else:
                self._workbench.open(key)

        self.save(open_next)

    def start_from_model(self) -> None:
        """Put the result of the newest model on the table; segments the case first when it has not been yet."""
        study, case, model = self._session.study, self._session.case, self._newest_model()
        if study is None or case is None:
            return
        result = self._session.result(case.key)
        if model is None or (result is not None and result.model_id == model):
            self.prefill()
        elif self._agreed():
            self._segment(study, case)

    def _segment(self, study: Study, case: Case) -> None:
        def done(outcomes: Sequence[dict[str, Any]]) -> None:
            self._session.refresh()
            if outcomes[0]["error"]:
                self._messages.warn(outcomes[0]["error"])
            elif self._session.case is not None and self._session.case.key == case.key:
                self._fill()

        def failed(sentence: str) -> None:
            self._show_prefill()
            self._messages.warn(sentence)

        self._messages.tell(_("The newest model segments this case ..."))
        self._errand.start(["segment", str(study.folder), case.key], done, failed, self._messages.tell)
        self._show_prefill()

    def prefill(self) -> bool:
        """Replace what is drawn by the newest result, as a starting point; tells whether it was done."""
        return self._agreed() and self._fill()

    def _agreed(self) -> bool:
        question = _("Replace what is drawn by the model's result? Saved versions are kept.")
        return self._workbench.scene.is_empty or self._dialogs.confirm(question)

    def _fill(self) -> bool:
        folder, study, scene = self._result_folder(), self._session.study, self._workbench.scene
        label = None if folder is None else self._workbench.result_label(folder)
        if label is None or study is None:
            return False
        self._view.save_undo_state()
        try:
            scene.fill(label, study.labels)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        self._messages.tell(_("The model's result is on the table: correct it, then save. Undo takes it back."))
        return True

    def tick(self) -> None:
        """Deliver what the child process has to say; called by a timer."""
        self._errand.poll()

    def cleanup(self) -> None:
        """End the child process."""
        self._errand.cancel()

    def choose_window(self, name: str) -> None:
        """Grey window and level by name, see `scene.WINDOWS`."""
        if self._workbench.scene.volume is not None:
            self._workbench.scene.set_window(*WINDOWS[name])

    def set_partial(self, on: bool) -> None:
        """Whether only some slices are annotated."""
        self._workbench.partial = on
        self._view.show_slices(on, self._workbench.marked_slices)

    def mark_slice(self) -> None:
        """Mark the axial slice in view as finished, or take the mark back."""
        marked, index = self._workbench.marked_slices, self._workbench.scene.slice_index()
        if index is None:
            self._messages.warn(_("The axial view shows no slice of this CT: scroll to one first."))
            return
        marked.symmetric_difference_update({index})
        self._view.show_slices(self._workbench.partial, marked)
