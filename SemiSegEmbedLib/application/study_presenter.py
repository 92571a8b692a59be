"""The Study panel: what happens when its buttons are pressed; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.case_rows import CaseRow, case_rows
from SemiSegEmbedLib.application.child import Child
from SemiSegEmbedLib.application.image_files import images_in
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.scene import unchanged_file, volume_copy
from SemiSegEmbedLib.application.settings import Settings
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.files import remove, temporary_beside
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study


class StudyView(Protocol):
    """What the panel shows, and the signals of its buttons."""

    create_clicked: Signal
    open_clicked: Signal
    recent_chosen: Signal
    add_loaded_clicked: Signal
    add_files_clicked: Signal
    add_folder_clicked: Signal
    case_opened: Signal
    next_clicked: Signal
    role_chosen: Signal
    remove_clicked: Signal
    check_clicked: Signal
    rank_clicked: Signal
    cancel_clicked: Signal

    def label_list(self) -> str:
        """Name of the chosen list of labels."""

    def patient(self) -> str:
        """What was typed as the patient."""

    def chosen_volume(self) -> Any:
        """The chosen volume node, or None."""

    def selected_keys(self) -> list[str]:
        """Keys of the selected cases."""

    def show_study(self, study: Study | None) -> None:
        """Name of the study; enables what needs one."""

    def show_recent(self, folders: Sequence[Path]) -> None:
        """Studies that were open before."""

    def show_rows(self, rows: Sequence[CaseRow]) -> None:
        """All cases."""

    def select(self, key: str) -> None:
        """Move the selection to a case."""

    def show_problems(self, problems: Sequence[dict[str, str]] | None) -> None:
        """Findings of the check; None: not checked."""

    def show_work(self, text: str, can_cancel: bool = False) -> None:
        """What is under way, or an empty text, and whether it can be cancelled."""


class StudyPresenter:
    """Connects the panel with study, scene and child processes."""

    def __init__(
        self,
        view: StudyView,
        workbench: Workbench,
        background: Background,
        dialogs: Dialogs,
        messages: Messages,
        settings: Settings,
    ) -> None:
        self._view = view
        self._workbench = workbench
        self._session = workbench.session
        self._background = background
        self._dialogs = dialogs
        self._messages = messages
        self._settings = settings
        self._child: Child | None = None
        self._connect()
        view.show_recent(settings.recent_studies())
        self._show_study()

    def _connect(self) -> None:
        view, session = self._view, self._session
        view.create_clicked.connect(self.create)
        view.open_clicked.connect(self.choose)
        view.recent_chosen.connect(self.open)
        view.add_loaded_clicked.connect(self.add_loaded)
        view.add_files_clicked.connect(self.add_files)
        view.add_folder_clicked.connect(self.add_folder)
        view.case_opened.connect(self._workbench.open)
        view.next_clicked.connect(self.open_next)
        view.role_chosen.connect(self.set_role)
        view.remove_clicked.connect(self.remove)
        view.check_clicked.connect(self.check)
        view.rank_clicked.connect(self.rank)
        view.cancel_clicked.connect(self.cancel)
        session.study_changed.connect(self._show_study)
        session.cases_changed.connect(self._show_rows)
        session.case_changed.connect(self._select_current)

    def tick(self) -> None:
        """Deliver what child processes have to say; called by a timer."""
        if self._child is not None:
            self._child.poll()

    def cleanup(self) -> None:
        """End child processes."""
        if self._child is not None:
            self._child.cancel()

    def create(self) -> None:
        """Ask for an empty folder and begin a study in it."""
        folder = self._dialogs.ask_folder(_("Folder of the new study"))
        if folder is not None and self._tried(lambda: self._session.create(folder, self._view.label_list())):
            self._messages.tell(_("Study created. Next: add CT scans."))

    def choose(self) -> None:
        """Ask for a study and open it."""
        folder = self._dialogs.ask_folder(_("Folder of a study"))
        if folder is not None:
            self.open(folder)

    def open(self, folder: Path) -> None:
        """Open a study."""
        self._workbench.keep_draft()
        self._tried(lambda: self._session.open(folder))

    def _tried(self, action: Callable[[], Any]) -> bool:
        try:
            action()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return False
        return True

    def _show_study(self) -> None:
        study = self._session.study
        self._view.show_study(study)
        self._view.show_problems(None)
        self._show_rows()
        if study is not None:
            self._settings.remember_study(study.folder)
            self._view.show_recent(self._settings.recent_studies())

    def _show_rows(self) -> None:
        self._view.show_rows([] if self._session.study is None else case_rows(self._session.study))
        self._select_current()

    def _select_current(self) -> None:
        if self._session.case is not None:
            self._view.select(self._session.case.key)

    def add_files(self) -> None:
        """Ask for CT files and add them."""
        files = self._dialogs.ask_files(_("CT scans (NIfTI, NRRD, MHA)"))
        if files:
            self._add(files)

    def add_folder(self) -> None:
        """Ask for a folder: its image files are added, or else the folder itself as a DICOM series."""
        folder = self._dialogs.ask_folder(_("Folder with CT scans, or with one DICOM series"))
        if folder is None:
            return
        self._add(images_in(folder) or [folder])

    def add_loaded(self) -> None:
        """Add the volume that is chosen among those loaded in Slicer."""
        volume = self._view.chosen_volume()
        if volume is None:
            self._messages.warn(_("Choose a loaded volume first."))
            return
        path = unchanged_file(volume)
        if path is not None:
            self._add([path])
        else:
            self._tried(lambda: self._copy_in(volume))

    def _copy_in(self, volume: Any) -> None:
        voxels, grid = volume_copy(volume)
        folder, name, patient = self._session.study.folder, volume.GetName(), self._view.patient() or None
        temporary = temporary_beside(folder / "incoming.nrrd")

        def work() -> None:
            try:
                write_nrrd(temporary, voxels, grid)
                Study.open(folder).add_case(temporary, copy=True, name=name, patient=patient)
            finally:
                remove(temporary)

        self._view.show_work(_("Copying {name} into the study ...").format(name=name))
        self._background.start(work, lambda _result: self._added(1), self._failed)

    def _add(self, paths: Sequence[Path]) -> None:
        arguments = ["study", "add", str(self._session.study.folder), *(str(path) for path in paths)]
        if self._view.patient():
            arguments += ["--patient", self._view.patient()]
        self._ask(
            arguments, lambda cases: self._added(len(cases)), _("Adding {count} scans ...").format(count=len(paths))
        )

    def _added(self, count: int) -> None:
        self._view.show_work("")
        self._tried(self._session.refresh)
        self._messages.tell(_("{count} added. Next: open a case and annotate it.").format(count=count))

    def _failed(self, sentence: str) -> None:
        self._view.show_work("")
        self._tried(self._session.refresh)
        self._messages.warn(sentence)

    def _ask(self, arguments: Sequence[str], done: Callable[[Any], None], work: str) -> None:
        if self._child is not None and self._child.running:
            self._messages.warn(_("Something is still under way: wait until it is done."))
            return
        self._view.show_work(work, can_cancel=True)
        self._child = Child(arguments, done, self._failed, lambda line: self._view.show_work(line, can_cancel=True))

    def open_next(self) -> None:
        """Open the case to annotate next."""
        key = self._workbench.next_key()
        if key is None:
            self._messages.tell(_("Every case is annotated. Next: train."))
        else:
            self._workbench.open(key)

    def set_role(self, role: str) -> None:
        """Change what the selected cases are used for."""
        study = self._session.study
        keys = self._view.selected_keys()
        if study is not None and keys:
            self._tried(lambda: _each(keys, lambda key: study.set_role(key, _fitting(study, key, Role(role)))))
            self._session.cases_changed.emit()

    def remove(self) -> None:
        """Take the selected cases out of the study; their files stay."""
        study, keys = self._session.study, self._view.selected_keys()
        question = _("Take {count} cases out of the study? Files of CT scans and labels stay on disk.")
        if study is None or not keys or not self._dialogs.confirm(question.format(count=len(keys))):
            return
        if self._session.case is not None and self._session.case.key in keys:
            self._workbench.leave()
        self._tried(lambda: _each(keys, study.remove_case))
        self._session.cases_changed.emit()

    def check(self) -> None:
        """Look for problems before training, in a child process."""
        self._view.show_problems(None)
        self._ask(["study", "check", str(self._session.study.folder)], self._checked, _("Checking the study ..."))

    def rank(self) -> None:
        """Let the newest model say how sure it is of each case that is not annotated."""
        arguments = ["suggest", str(self._session.study.folder)]
        self._ask(arguments, self._ranked, _("Looking at the cases ..."))

    def _ranked(self, cases: Sequence[dict[str, Any]]) -> None:
        self._view.show_work("")
        self._tried(self._session.refresh)
        if cases:
            self._view.select(cases[0]["case"])
        self._messages.tell(
            _("Ranked {count} cases. Next case opens the most uncertain one.").format(count=len(cases))
        )

    def cancel(self) -> None:
        """End the child process; what it finished is kept."""
        if self._child is not None:
            self._child.cancel()
        self._view.show_work("")
        self._tried(self._session.refresh)
        self._messages.tell(_("Cancelled; what was finished is kept."))

    def _checked(self, problems: Sequence[dict[str, str]]) -> None:
        self._view.show_work("")
        self._view.show_problems(problems)


def _each(keys: Sequence[str], action: Callable[[str], None]) -> None:
    for key in keys:
        action(key)


def _fitting(study: Study, key: str, role: Role) -> Role:
    """Training means annotated where there is a label."""
    if role is Role.UNANNOTATED and study.case(key).label is not None:
        return Role.ANNOTATED
    return role
