"""The Study panel: what happens when its buttons are pressed; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.case_rows import CaseRow, case_rows
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.relocation import find_images
from SemiSegEmbedLib.application.settings import Settings
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.study_adding import AddingView, StudyAdding
from SemiSegEmbedLib.application.study_work import StudyWork, WorkView
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.study.newest_model import newest_model
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.store import MANIFEST_NAME
from SemiSegEmbedLib.study.study import Study


class StudyView(AddingView, WorkView, Protocol):
    """What the panel shows, and the signals of its buttons."""

    create_clicked: Signal
    open_clicked: Signal
    recent_chosen: Signal
    case_opened: Signal
    next_clicked: Signal
    role_chosen: Signal
    locate_clicked: Signal
    remove_clicked: Signal
    check_clicked: Signal
    rank_clicked: Signal
    cancel_clicked: Signal

    def label_list(self) -> str:
        """Name of the chosen list of labels."""

    def spacing_mm(self) -> float:
        """Voxel size of the training grid of a new study."""

    def selected_keys(self) -> list[str]:
        """Keys of the selected cases."""

    def show_study(self, study: Study | None) -> None:
        """Name of the study; enables what needs one."""

    def show_model(self, there: bool) -> None:
        """Whether there is a model that can look at scans."""

    def show_recent(self, folders: Sequence[Path]) -> None:
        """Studies that were open before."""

    def show_rows(self, rows: Sequence[CaseRow]) -> None:
        """All cases."""

    def select(self, key: str) -> None:
        """Move the selection to a case."""

    def show_problems(self, problems: Sequence[dict[str, str]] | None) -> None:
        """Findings of the check; None: not checked."""


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
        self._dialogs = dialogs
        self._messages = messages
        self._settings = settings
        self._work = StudyWork(view, self._session, background, messages)
        self._adding = StudyAdding(view, self._session, self._work, lambda: self._dialogs, messages)
        self._connect()
        view.show_recent(settings.recent_studies())
        self._show_study()

    def _connect(self) -> None:
        view, session = self._view, self._session
        view.create_clicked.connect(self.create)
        view.open_clicked.connect(self.choose)
        view.recent_chosen.connect(self.reopen)
        view.case_opened.connect(self._workbench.open)
        view.next_clicked.connect(self.open_next)
        view.role_chosen.connect(self.set_role)
        view.locate_clicked.connect(self.locate)
        view.remove_clicked.connect(self.remove)
        view.check_clicked.connect(self.check)
        view.rank_clicked.connect(self.rank)
        view.cancel_clicked.connect(self._work.cancel)
        session.study_changed.connect(self._show_study)
        session.cases_changed.connect(self._show_rows)
        session.case_changed.connect(self._select_current)

    @property
    def busy(self) -> bool:
        """Whether a child process is at work for this panel."""
        return self._work.busy

    def tick(self) -> None:
        """Deliver what child processes have to say; called by a timer."""
        self._work.tick()
        self._workbench.tick()

    def cleanup(self) -> None:
        """End child processes."""
        self._work.cleanup()
        self._workbench.cleanup()

    def create(self) -> None:
        """Ask for an empty folder and begin a study in it."""
        folder = self._dialogs.ask_folder(_("Folder of the new study"))
        labels, spacing_mm = self._view.label_list(), self._view.spacing_mm()
        if folder is not None and self._switched(lambda: self._session.create(folder, labels, spacing_mm)):
            self._messages.tell(_("The study was made."))

    def choose(self) -> None:
        """Ask for a study and open it."""
        folder = self._dialogs.ask_folder(_("Folder of a study"))
        if folder is not None:
            self.open(folder)

    def open(self, folder: Path) -> bool:
        """Open a study, and tell whether that worked; the one that was open stays if not."""
        return self._switched(lambda: self._session.open(folder))

    def _switched(self, action: Callable[[], None]) -> bool:
        self._workbench.keep_draft()
        if not self._work.tried(action):
            return False
        self._workbench.scene.clear()
        return True

    def reopen(self, folder: Path) -> None:
        """Open a study that was open before; when it has moved, ask where it lies now."""
        if (folder / MANIFEST_NAME).is_file():
            self.open(folder)
            return
        text = _("The study {name} is not where it was: say where it lies now, or reconnect its disk.")
        self._messages.warn(text.format(name=folder.name))
        moved = self._dialogs.ask_folder(_("Where does the study {name} lie now?").format(name=folder.name))
        if moved is not None and self._switched(lambda: self._session.open(moved)):
            self._settings.forget_study(folder)
            self._view.show_recent(self._settings.recent_studies())
            self._messages.tell(_("The study {name} was found again.").format(name=moved.name))

    def _show_study(self) -> None:
        study = self._session.study
        self._view.show_study(study)
        self._view.show_problems(None)
        self._show_rows()
        if study is not None:
            self._settings.remember_study(study.folder)
            self._view.show_recent(self._settings.recent_studies())

    def _show_rows(self) -> None:
        study = self._session.study
        self._view.show_rows([] if study is None else case_rows(study))
        self._view.show_model(study is not None and newest_model(study.models_folder) is not None)
        self._select_current()

    def _select_current(self) -> None:
        if self._session.case is not None:
            self._view.select(self._session.case.key)

    def open_next(self) -> None:
        """Open the case to annotate next."""
        key = self._workbench.next_key()
        if key is None:
            self._messages.tell(_("Every case is annotated."))
        else:
            self._workbench.open(key)

    def set_role(self, role: str) -> None:
        """Change what the selected cases are used for."""
        study = self._session.study
        keys = self._view.selected_keys()
        if study is not None and keys:
            roles = {key: _fitting(study, key, Role(role)) for key in keys}
            self._change(study, lambda one: one.set_roles(roles))

    def _change(self, study: Study, change: Callable[[Study], None]) -> None:
        """Change the manifest in a thread, since another program may hold the study for some seconds."""
        folder, text = study.folder, _("Changing the study ...")
        self._work.start(lambda: change(Study.open(folder)), lambda _nothing: None, text)

    def locate(self) -> None:
        """Ask in which folder the CT scans of the selected cases lie now, and look for them there."""
        study, keys = self._session.study, self._view.selected_keys()
        if study is None or not keys:
            return
        folder = self._dialogs.ask_folder(_("Folder where the CT scans lie now"))
        if folder is not None:
            text = _("Looking for {count} scans ...").format(count=len(keys))
            self._work.start(lambda: find_images(Study.open(study.folder), keys, folder), self._located, text)

    def _located(self, missing: Sequence[str]) -> None:
        if missing:
            text = _("Not found in this folder: {cases}. A scan must be the same file that was added.")
            self._messages.warn(text.format(cases=", ".join(missing)))
        else:
            self._messages.tell(_("Found. The study knows where they lie now."))

    def remove(self) -> None:
        """Take the selected cases out of the study; their files stay."""
        study, keys = self._session.study, self._view.selected_keys()
        question = _("Take {count} cases out of the study? Files of CT scans and labels stay on disk.")
        if study is None or not keys or not self._dialogs.confirm(question.format(count=len(keys))):
            return
        if self._session.case is not None and self._session.case.key in keys:
            self._workbench.leave()
        self._change(study, lambda one: one.remove_cases(keys))

    def check(self) -> None:
        """Look for problems before training, in a child process."""
        self._view.show_problems(None)
        self._ask(["study", "check"], self._view.show_problems, _("Checking the study ..."))

    def rank(self) -> None:
        """Let the newest model say how sure it is of each case that is not annotated."""
        self._ask(["suggest"], self._ranked, _("Looking at the cases ..."))

    def _ask(self, command: list[str], done: Any, text: str) -> None:
        if self._session.study is not None:
            self._work.ask([*command, str(self._session.study.folder)], done, text)

    def _ranked(self, cases: Sequence[dict[str, Any]]) -> None:
        if cases:
            self._view.select(cases[0]["case"])
        text = _("Cases ranked: {count}. Next case opens the most uncertain one.")
        self._messages.tell(text.format(count=len(cases)))


def _fitting(study: Study, key: str, role: Role) -> Role:
    """Training means annotated where there is a label."""
    if role is Role.UNANNOTATED and study.case(key).label is not None:
        return Role.ANNOTATED
    return role
