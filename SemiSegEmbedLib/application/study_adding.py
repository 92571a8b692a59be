"""CT scans on their way into a study: from Slicer's scene, files, folders and the DICOM database; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.dicom_database import database_series, series_folder
from SemiSegEmbedLib.application.image_files import images_in
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.series_choice import SeriesChoice
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.study_work import StudyWork
from SemiSegEmbedLib.application.volumes import CASE_ATTRIBUTE, as_hu, loaded_voxels, unchanged_file
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import remove, temporary_beside
from SemiSegEmbedLib.study.study import Study


class AddingView(Protocol):
    """The part of the panel that adds scans."""

    add_loaded_clicked: Signal
    add_files_clicked: Signal
    add_folder_clicked: Signal
    add_dicom_clicked: Signal

    def patient(self) -> str:
        """What was typed as the patient."""

    def forget_patient(self) -> None:
        """The scans of this patient are in: the next ones may be of somebody else."""

    def chosen_volume(self) -> Any:
        """The chosen volume node, or None."""

    def ask_series(
        self,
        choices: Sequence[SeriesChoice],
        columns: Sequence[str],
        chosen: Callable[[list[SeriesChoice]], None],
    ) -> None:
        """Let the user choose series, and call `chosen` with them; see `SeriesDialog`."""


class StudyAdding:
    """Connects the buttons that add scans."""

    def __init__(
        self, view: AddingView, session: Session, work: StudyWork, dialogs: Callable[[], Dialogs], messages: Messages
    ) -> None:
        self._view = view
        self._session = session
        self._work = work
        self._dialogs = dialogs
        self._messages = messages
        view.add_loaded_clicked.connect(self.add_loaded)
        view.add_files_clicked.connect(self.add_files)
        view.add_folder_clicked.connect(self.add_folder)
        view.add_dicom_clicked.connect(self.add_dicom)

    def add_files(self) -> None:
        """Ask for CT files and add them."""
        files = self._dialogs().ask_files(_("CT scans (NIfTI, NRRD, MHA)"))
        if files:
            self._add(files)

    def add_folder(self) -> None:
        """Ask for a folder: its image files are added, or else the DICOM series in it and below it are offered."""
        folder = self._dialogs().ask_folder(_("Folder with CT scans or DICOM series"))
        if folder is None:
            return
        images = images_in(folder)
        if images:
            self._add(images)
        else:
            self._work.ask(["study", "series", str(folder)], self._offer, _("Looking for DICOM series ..."))

    def _offer(self, found: Sequence[dict[str, Any]]) -> None:
        choices = [_choice(one) for one in found]
        if len(choices) == 1:
            self._add_series(choices)
        else:
            columns = (_("Series"), _("Slices"), _("Slice thickness"), _("Kernel"), _("Folder"))
            self._view.ask_series(choices, columns, self._add_series)

    def add_dicom(self) -> None:
        """Offer the CT series in Slicer's DICOM database."""
        columns = (_("Series"), _("Patient"), _("Date"), _("Study"))
        self._work.tried(lambda: self._view.ask_series(database_series(), columns, self._add_series))

    def _add_series(self, chosen: Sequence[SeriesChoice]) -> None:
        self._work.tried(lambda: self._add_next([(one.folder or series_folder(one.uid), one.uid) for one in chosen]))

    def _add_next(self, waiting: list[tuple[Path, str]], count: int = 0, problem: str = "") -> None:
        """One child process for each series; one that cannot be added does not end the rest."""
        if not waiting:
            self._added(count)
            if problem:
                self._messages.warn(problem)
            return
        (folder, uid), *others = waiting
        self._work.ask(
            self._arguments([folder], "--series", uid),
            lambda cases: self._add_next(others, count + len(cases), problem),
            _("Adding series ... {count} to go").format(count=len(waiting)),
            lambda sentence: self._add_next(others, count, problem or sentence),
        )

    def add_loaded(self) -> None:
        """Add the volume that is chosen among those loaded in Slicer."""
        volume = self._view.chosen_volume()
        if volume is None:
            self._messages.warn(_("Choose a loaded volume first."))
            return
        path = unchanged_file(volume)
        if volume.GetAttribute(CASE_ATTRIBUTE) is not None:
            text = _("This volume is the CT of {case} already: choose another one.")
            self._messages.warn(text.format(case=volume.GetAttribute(CASE_ATTRIBUTE)))
        elif path is not None:
            self._add([path])
        else:
            self._work.tried(lambda: self._copy_in(volume))

    def _copy_in(self, volume: Any) -> None:
        voxels, grid = loaded_voxels(volume)
        folder, name, patient = self._study_folder(), volume.GetName(), self._view.patient() or None
        temporary = temporary_beside(folder / "incoming.nrrd")

        def work() -> None:
            try:
                write_nrrd(temporary, as_hu(voxels), grid)
                Study.open(folder).add_case(temporary, copy=True, name=name, patient=patient)
            finally:
                remove(temporary)

        text = _("Copying {name} into the study ...").format(name=name)
        self._work.start(work, lambda _result: self._added(1), text)

    def _add(self, paths: Sequence[Path]) -> None:
        text = _("Adding {count} scans ...").format(count=len(paths))
        self._work.ask(self._arguments(paths), lambda cases: self._added(len(cases)), text)

    def _arguments(self, paths: Sequence[Path], *options: str) -> list[str]:
        patient = ["--patient", self._view.patient()] if self._view.patient() else []
        return ["study", "add", str(self._study_folder()), *(str(path) for path in paths), *options, *patient]

    def _added(self, count: int) -> None:
        self._view.forget_patient()
        self._messages.tell(_("Scans added: {count}.").format(count=count))

    def _study_folder(self) -> Path:
        if self._session.study is None:
            raise BadInputError(_("Create or open a study first."))
        return self._session.study.folder


def _choice(found: dict[str, Any]) -> SeriesChoice:
    thickness = "" if found["thickness_mm"] is None else _("{size} mm").format(size=f"{found['thickness_mm']:g}")
    folder = Path(found["folder"])
    details = (str(found["slices"]), thickness, found["kernel"], folder.name)
    return SeriesChoice(found["series"], found["description"], details, folder)
