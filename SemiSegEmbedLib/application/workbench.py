"""Opening, drawing, saving and leaving a case; nothing that was drawn is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.case_rows import uncertainty_of
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.scene import CaseScene
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.snapshot import Snapshot, ignore_other_slices
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.files import explain
from SemiSegEmbedLib.study.records import Case, Role
from SemiSegEmbedLib.study.study import Study


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
        self._background = background
        self._messages = messages

    def open(self, key: str) -> bool:
        """Bring a case into view; what was drawn in the one before is kept as a draft.

        Returns:
            Whether it could be loaded; if not, the user was told why and the case before stays.
        """
        study = self.session.study
        if study is None:
            return False
        self.keep_draft()
        self._background.finish()
        try:
            case = study.case(key)
            label, restored = self._newest_label(study, case)
            slices = self.scene.load(study.image_path(case), label, study.labels, case.key)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        self.partial = slices is not None
        self.marked_slices = slices or set()
        self.session.show(key)
        self.opened.emit()
        if restored:
            self._messages.tell(_("Your unsaved work on {case} was restored.").format(case=case.name))
        return True

    def next_key(self) -> str | None:
        """The case to annotate next: the one the model is least sure of, else the next in the table."""
        study, current = self.session.study, self.session.case
        if study is None:
            return None
        waiting = [case.key for case in study.cases if case.role is Role.UNANNOTATED and case.label is None]
        if current is not None and current.key in waiting:
            position = waiting.index(current.key)
            waiting = waiting[position + 1 :] + waiting[:position]
        if not waiting:
            return None
        return max(waiting, key=lambda key: uncertainty_of(self.session.result(key)) or 0.0)

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
        snapshot = self.scene.snapshot(study.labels)
        self.scene.mark_saved()
        draft, slices, folder, key = self._draft(study, case), self._slices(), study.folder, case.key

        def work() -> None:
            _write(snapshot, slices, draft)
            Study.open(folder).add_label(key, draft, annotated_by=annotated_by, complete=slices is None)
            draft.unlink(missing_ok=True)

        def done(_result: object) -> None:
            self.session.refresh()
            self._messages.tell(_("Saved the labels of {case}.").format(case=case.name))
            self.saved.emit()
            if then is not None:
                then()

        self._background.start(work, done, self._save_failed)

    def keep_draft(self) -> None:
        """Write what is drawn beside the study, in the background, if it changed."""
        study, case = self.session.study, self.session.case
        if study is None or case is None or not self.scene.modified:
            return
        snapshot, slices, draft = self.scene.snapshot(study.labels), self._slices(), self._draft(study, case)
        self.scene.mark_saved()
        self._background.start(lambda: _write(snapshot, slices, draft), lambda _result: None, self._save_failed)

    def leave(self) -> None:
        """Take the case out of the scene; a draft of unsaved work is kept."""
        self.keep_draft()
        self.scene.clear()
        self.session.show(None)

    def _save_failed(self, sentence: str) -> None:
        self.scene.mark_unsaved()
        self._messages.warn(sentence)

    def _slices(self) -> set[int] | None:
        return set(self.marked_slices) if self.partial else None

    @staticmethod
    def _draft(study: Study, case: Case) -> Path:
        return study.folder / "drafts" / f"{case.key}.nrrd"

    def _newest_label(self, study: Study, case: Case) -> tuple[Path | None, bool]:
        label, draft = study.label_path(case), self._draft(study, case)
        if draft.is_file() and (label is None or draft.stat().st_mtime >= label.stat().st_mtime):
            return draft, True
        return label, False


def _write(snapshot: Snapshot, slices: set[int] | None, path: Path) -> None:
    label = snapshot.label_volume()
    if slices is not None:
        ignore_other_slices(label, slices)
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise explain(error, "Your drawing could not be saved") from error
    write_nrrd(path, label, snapshot.grid)
