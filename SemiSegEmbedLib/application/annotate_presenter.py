"""The Annotate panel: drawing the labels of the case in view; no Qt here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.scene import WINDOWS, CaseScene
from SemiSegEmbedLib.application.settings import Settings
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.records import Case

RESULT_LABEL = "label.nii.gz"


class AnnotateView(Protocol):
    """What the panel shows, and the signals of its controls."""

    save_clicked: Signal
    save_next_clicked: Signal
    prefill_clicked: Signal
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
        """Whether the model has a result to start from."""


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
        view.show_annotator(settings.annotator)
        self._connect()
        self._show_case()

    def _connect(self) -> None:
        view, scene = self._view, self._workbench.scene
        view.save_clicked.connect(self.save)
        view.save_next_clicked.connect(self.save_and_next)
        view.prefill_clicked.connect(self.prefill)
        view.window_chosen.connect(self.choose_window)
        view.protect_toggled.connect(scene.protect_other_labels)
        view.bone_only_toggled.connect(scene.draw_bone_only)
        view.partial_toggled.connect(self.set_partial)
        view.mark_slice_clicked.connect(self.mark_slice)
        self._session.case_changed.connect(self._show_case)
        self._session.cases_changed.connect(self._show_prefill)

    def _show_case(self) -> None:
        case, scene = self._session.case, self._workbench.scene
        if case is not None:
            scene.protect_other_labels(self._view.protects())
            scene.draw_bone_only(self._view.draws_bone_only())
        self._view.show_case(case, scene)
        self._view.show_slices(self._workbench.partial, self._workbench.marked_slices)
        self._show_prefill()

    def _show_prefill(self) -> None:
        self._view.show_prefill(self._result_label() is not None)

    def _result_label(self) -> Any:
        study, case = self._session.study, self._session.case
        result = self._session.result(case.key) if case is not None else None
        if study is None or result is None:
            return None
        path = study.result_path(result) / RESULT_LABEL
        return path if path.is_file() else None

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save what is drawn as the newest label."""
        name = self._view.annotator()
        self._settings.annotator = name
        self._workbench.save(name, then)

    def save_and_next(self) -> None:
        """Save, then open the case to annotate next."""

        def open_next() -> None:
            key = self._workbench.next_key()
            if key is None:
                self._messages.tell(_("Saved. Every case is annotated. Next: train."))
            else:
                self._workbench.open(key)

        self.save(open_next)

    def prefill(self) -> bool:
        """Replace what is drawn by the model's result, as a starting point; tells whether it was done."""
        path, scene = self._result_label(), self._workbench.scene
        if path is None or self._session.study is None:
            return False
        question = _("Replace what is drawn by the model's result? Saved versions are kept.")
        if self._has_drawing() and not self._dialogs.confirm(question):
            return False
        try:
            scene.fill(path, self._session.study.labels)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        self._view.show_case(self._session.case, scene)
        self._messages.tell(_("The model's result is on the table: correct it, then save."))
        return True

    def _has_drawing(self) -> bool:
        snapshot = self._workbench.scene.snapshot(self._session.study.labels)
        return any(layer.voxels.any() for layer in snapshot.layers)

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
        if self._workbench.scene.volume is None:
            return
        marked, index = self._workbench.marked_slices, self._workbench.scene.slice_index()
        marked.symmetric_difference_update({index})
        self._view.show_slices(self._workbench.partial, marked)
