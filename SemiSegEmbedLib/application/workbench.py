"""Opening, drawing, saving and leaving a case; nothing that was drawn is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.case_rows import newest_results, uncertainty_of
from SemiSegEmbedLib.application.display_arrays import Voxels, image_voxels, label_voxels, map_voxels
from SemiSegEmbedLib.application.drawing import Drawing
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.preparation import Preparation
from SemiSegEmbedLib.application.scene import CaseScene
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.study.records import Case, Role
from SemiSegEmbedLib.study.study import Study

AHEAD = 3
"""So many cases that may come next are prepared for display."""


@dataclass(frozen=True, eq=False)
class _Writing:
    """A drawing on its way to the disk: as a draft, or by way of the draft as a label."""

    drawing: Drawing
    draft: Path
    is_draft: bool


class Workbench:
    """The case on the table.

    Attributes:
        partial: Only some slices are annotated; the others are saved as `IGNORE`.
        marked_slices: Slices that are finished although nothing is drawn in them.
        opened: Emitted after a case was loaded into the scene.
        saved: Emitted after a label was saved.
    """

    def __init__(self, session: Session, scene: CaseScene, background: Background, messages: Messages) -> None:
        self.session = session
        self.scene = scene
        self.partial = False
        self.marked_slices: set[int] = set()
        self.opened = Signal()
        self.saved = Signal()
        self._ignored: np.ndarray | None = None
        self._writing: list[_Writing] = []
        self._stranded: dict[Path, Drawing] = {}
        self._background = background
        self._messages = messages
        self._preparation = Preparation(session)
        session.study_changed.connect(self.look_ahead)
        session.cases_changed.connect(self.look_ahead)

    def open(self, key: str) -> bool:
        """Bring a case into view; what was drawn in the one before is kept as a draft.

        Returns:
            Whether it is there. If not, the user was told why and the case before stays, or the case is being
            prepared in a child process and opens by itself.
        """
        study = self.session.study
        if study is None:
            return False
        self.keep_draft()
        try:
            case = study.case(key)
            image = self._image(study, case)
            if image is None:
                return False
            label, restored = self._newest_label(study, case)
            drawn = self.scene.load(image, label, study.labels, case.key)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        if self._stranded.pop(_draft(study, key), None) is not None:
            self.scene.mark_unsaved()
        slices = None if drawn is None else drawn.annotated_slices
        self.partial = slices is not None
        self.marked_slices = set(slices or ())
        self._ignored = None if drawn is None else drawn.ignored
        self.session.show(key)
        self.opened.emit()
        self.look_ahead()
        if restored:
            self._messages.tell(_("Your unsaved work on {case} was restored.").format(case=case.name))
        return True

    def _image(self, study: Study, case: Case) -> Path | Voxels | None:
        """Where to load the CT from; None: it is being prepared."""
        path = study.image_path(case)
        if not path.exists():
            text = _("The CT of {case} is not where it was: put it back, or say where it lies now with Locate.")
            raise BadInputError(text.format(case=case.name))
        voxels = image_voxels(study, case)
        if voxels is None and self._preparation.helps(study, case):
            self._messages.tell(_("Preparing {case} ... it opens by itself.").format(case=case.name))
            self._preparation.prepare(case.key, lambda problem: self._prepared(study, case, problem))
            return None
        if voxels is None and path.is_dir():
            raise BadInputError(
                _("The DICOM series of {case} could not be prepared: check it.").format(case=case.name)
            )
        return voxels or path

    def _prepared(self, study: Study, case: Case, problem: str) -> None:
        if self.session.study is not study:
            return
        if problem and study.image_path(case).is_dir():
            self._messages.warn(problem)
        else:
            # A file that could not be prepared, because the disk is full for example, is read itself.
            self.open(case.key)

    def look_ahead(self) -> None:
        """Have the case in view and those that may come next prepared for display."""
        current = [] if self.session.case is None else [self.session.case.key]
        self._preparation.warm([*current, *self._next_keys()[:AHEAD]])

    def tick(self) -> None:
        """Deliver what the child process that prepares cases has to say; called by a timer."""
        self._preparation.tick()

    def cleanup(self) -> None:
        """End the child process, and let go of the Segment Editor, which another window may use after this one."""
        self._preparation.cancel()
        self.scene.protection.watch(None, None)

    def next_key(self) -> str | None:
        """The case to annotate next: the one the model is least sure of, else the next in the table."""
        return next(iter(self._next_keys()), None)

    def _next_keys(self) -> list[str]:
        study, current = self.session.study, self.session.case
        if study is None:
            return []
        waiting = [case.key for case in study.cases if case.role is Role.UNANNOTATED and case.label is None]
        if current is not None and current.key in waiting:
            position = waiting.index(current.key)
            waiting = waiting[position + 1 :] + waiting[:position]
        newest = newest_results(study)
        return sorted(waiting, key=lambda key: uncertainty_of(newest.get(key)) or 0.0, reverse=True)

    def save(self, annotated_by: str, then: Callable[[], None] | None = None) -> None:
        """Save what is drawn as the newest label of the case, in the background.

        Args:
            annotated_by: Name or initials.
            then: Called on the main thread once it is on disk.
        """
        study, case = self.session.study, self.session.case
        if study is None or case is None or self.scene.segmentation is None:
            self._messages.warn(_("Open a case first."))
            return
        try:
            drawing = self._drawing(study)
        except BadInputError as error:
            self._messages.warn(str(error))
            return
        self.scene.mark_saved()
        draft, folder, key = _draft(study, case.key), study.folder, case.key

        def work() -> None:
            drawing.write(draft)
            Study.open(folder).add_label(key, draft, annotated_by=annotated_by, complete=drawing.complete)
            draft.unlink(missing_ok=True)

        def done() -> None:
            self.session.refresh()
            self._messages.tell(_("Saved the labels of {case}.").format(case=case.name))
            self.saved.emit()
            if then is not None:
                then()

        self._write(_Writing(drawing, draft, is_draft=False), work, done)

    def take_back(self) -> None:
        """The case in view was saved too early: it waits for its drawing again, which stays as work not saved."""
        study, case = self.session.study, self.session.case
        if study is None or case is None or case.label is None:
            return
        self.scene.mark_unsaved()
        self.keep_draft()
        text = _("{case} counts as not finished again: save it once it is.").format(case=case.name)

        def done(_result: object) -> None:
            self.session.refresh()
            self._messages.tell(text)

        self._background.start(lambda: Study.open(study.folder).take_back_label(case.key), done, self._messages.warn)

    def keep_draft(self) -> None:
        """Write what is drawn beside the study, in the background, if it changed."""
        for draft in list(self._stranded):
            self._write_draft(self._stranded.pop(draft), draft)
        study, case = self.session.study, self.session.case
        if study is None or case is None or not self.scene.modified:
            return
        try:
            drawing = self._drawing(study)
        except BadInputError as error:
            # Rather out of its transform than lost.
            self.scene.free()
            self._messages.warn(str(error))
            drawing = self._drawing(study)
        self.scene.mark_saved()
        self._write_draft(drawing, _draft(study, case.key))

    def _write_draft(self, drawing: Drawing, draft: Path) -> None:
        self._write(_Writing(drawing, draft, is_draft=True), lambda: drawing.write(draft), lambda: None)

    def _write(self, writing: _Writing, work: Callable[[], None], then: Callable[[], None]) -> None:
        """Write in the background; a drawing that cannot be written stays in the scene, or else in memory."""
        draft = writing.draft

        def done(_result: object) -> None:
            self._writing.remove(writing)
            then()

        def failed(sentence: str) -> None:
            self._writing.remove(writing)
            study, case = self.session.study, self.session.case
            if study is not None and case is not None and _draft(study, case.key) == draft:
                self.scene.mark_unsaved()
            elif self._being_written(draft) is None:
                self._stranded[draft] = writing.drawing
            self._messages.warn(sentence)

        self._writing.append(writing)
        self._background.start(work, done, failed)

    def _being_written(self, draft: Path) -> _Writing | None:
        """The newest drawing of a case that is on its way to the disk."""
        return next((one for one in reversed(self._writing) if one.draft == draft), None)

    def leave(self) -> None:
        """Take the case out of the scene; a draft of unsaved work is kept."""
        self.keep_draft()
        self.scene.clear()
        self.session.show(None)

    def result_label(self, folder: Path) -> Path | Voxels | None:
        """The label of a result of the case in view, from its display array where there is one."""
        study, case, path = self.session.study, self.session.case, folder / "label.nii.gz"
        if study is None or case is None or not path.is_file():
            return None
        return map_voxels(study, case, path) or path

    def _drawing(self, study: Study) -> Drawing:
        snapshot = self.scene.snapshot(study.labels)
        if not self.partial:
            return Drawing(snapshot)
        return Drawing(snapshot, frozenset(self.marked_slices), self._ignored)

    def _newest_label(self, study: Study, case: Case) -> tuple[Path | Voxels | None, bool]:
        label, draft = study.label_path(case), _draft(study, case.key)
        if draft in self._stranded:
            return self._stranded[draft].voxels(), True
        writing = self._being_written(draft)
        if writing is not None:
            # From memory, because waiting for the disk would hold up the window.
            return writing.drawing.voxels(), writing.is_draft
        if draft.is_file() and _is_newer(draft, label):
            return draft, True
        return label_voxels(study, case) or label, False

    def drafts(self) -> list[Case]:
        """Cases with work that was never saved, in the order of the study."""
        study = self.session.study
        if study is None:
            return []
        files = set((study.folder / "drafts").glob("*.nrrd")) - {one.draft for one in self._writing}
        return [
            case
            for case in study.cases
            if (draft := _draft(study, case.key)) in self._stranded
            or (draft in files and _is_newer(draft, study.label_path(case)))
        ]


def _is_newer(draft: Path, label: Path | None) -> bool:
    try:
        return label is None or draft.stat().st_mtime >= label.stat().st_mtime
    except OSError:
        return False  # saved and deleted just now


def _draft(study: Study, key: str) -> Path:
    """Where unsaved work on a case is kept."""
    return study.folder / "drafts" / f"{key}.nrrd"
