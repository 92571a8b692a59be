"""The Segment panel: one or many CT scans through a model, with a state for each; no Qt here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Child
from SemiSegEmbedLib.application.image_files import images_in
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.result_scene import export_surfaces, show_result
from SemiSegEmbedLib.application.scene import unchanged_file, volume_copy
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.errors import SemiSegEmbedError


class ScanState(Enum):
    """What has become of one scan."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Scan:
    """One line of the table.

    Attributes:
        path: The CT.
        name: What it is called.
        state: What has become of it.
        note: Progress, or one sentence on why it failed.
        label: The result.
    """

    path: Path
    name: str
    state: ScanState = ScanState.WAITING
    note: str = ""
    label: Path | None = None


class SegmentView(Protocol):
    """What the panel shows, and the signals of its controls."""

    add_loaded_clicked: Signal
    add_files_clicked: Signal
    add_folder_clicked: Signal
    clear_clicked: Signal
    start_clicked: Signal
    cancel_clicked: Signal
    show_clicked: Signal
    export_clicked: Signal

    def chosen_volume(self) -> Any:
        """The chosen volume node, or None."""

    def model(self) -> str:
        """Id of the chosen model, empty if there is none."""

    def options(self) -> list[str]:
        """Options of the terminal door."""

    def selected(self) -> int | None:
        """Index of the selected scan."""

    def surface_format(self) -> str:
        """STL or OBJ."""

    def show_models(self, ids: Sequence[str]) -> None:
        """Models of the study, the newest first."""

    def show_scans(self, scans: Sequence[Scan], running: bool) -> None:
        """All scans and whether one is being segmented."""


class SegmentPresenter:
    """Works through a list of scans, one child process each, so that a failure ends nothing but itself."""

    def __init__(self, view: SegmentView, session: Session, dialogs: Dialogs, messages: Messages) -> None:
        self._view = view
        self._session = session
        self._dialogs = dialogs
        self._messages = messages
        self._scans: list[Scan] = []
        self._child: Child | None = None
        self._output = Path()
        self._model = Path()
        self._copies = Background()
        self._temporary: Path | None = None
        view.add_loaded_clicked.connect(self.add_loaded)
        view.add_files_clicked.connect(self.add_files)
        view.add_folder_clicked.connect(self.add_folder)
        view.clear_clicked.connect(self.clear)
        view.start_clicked.connect(self.start)
        view.cancel_clicked.connect(self.cancel)
        view.show_clicked.connect(self.show)
        view.export_clicked.connect(self.export)
        session.study_changed.connect(self._show_models)
        session.cases_changed.connect(self._show_models)
        self._show_models()
        self._show()

    @property
    def running(self) -> bool:
        """Whether a scan is being segmented."""
        return self._child is not None and self._child.running

    def _show(self) -> None:
        self._view.show_scans(self._scans, self.running)

    def _show_models(self) -> None:
        study = self._session.study
        files = [] if study is None else list(study.models_folder.glob("*.ssemodel"))
        files.sort(key=lambda path: (not path.stem.endswith("-last"), path.stat().st_mtime), reverse=True)
        self._view.show_models([path.stem for path in files])
        self._show()

    def add_files(self) -> None:
        """Ask for CT files."""
        self._add(self._dialogs.ask_files(_("CT scans to segment")))

    def add_folder(self) -> None:
        """Ask for a folder: its image files, or the folder itself as a DICOM series."""
        folder = self._dialogs.ask_folder(_("Folder with CT scans, or with one DICOM series"))
        if folder is not None:
            self._add(images_in(folder) or [folder])

    def _add(self, paths: Sequence[Path]) -> None:
        known = {scan.path for scan in self._scans}
        self._scans += [Scan(path, path.name) for path in dict.fromkeys(paths) if path not in known]
        self._show()

    def add_loaded(self) -> None:
        """Add the chosen volume; one that exists in Slicer alone is written to a temporary file first."""
        volume = self._view.chosen_volume()
        if volume is None:
            self._messages.warn(_("Choose a loaded volume first."))
            return
        path = unchanged_file(volume)
        if path is not None:
            self._add([path])
            return
        try:
            voxels, grid = volume_copy(volume)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="SemiSegEmbed-"))
        copy = self._temporary / f"{len(self._scans):03d}.nrrd"
        scan = Scan(copy, volume.GetName())
        self._copies.start(lambda: write_nrrd(copy, voxels, grid), lambda _r: self._copied(scan), self._messages.warn)

    def _copied(self, scan: Scan) -> None:
        self._scans.append(scan)
        self._show()

    def clear(self) -> None:
        """Empty the list; results stay on disk."""
        self._scans = [scan for scan in self._scans if scan.state is ScanState.RUNNING]
        self._show()

    def start(self) -> None:
        """Ask where results go, then segment all scans that have none yet; failed ones are tried again."""
        output, study = self._dialogs.ask_folder(_("Folder for the results")), self._session.study
        if output is None or study is None:
            return
        # Kept until the list is done, whatever study is opened meanwhile.
        self._output, self._model = output, study.models_folder / f"{self._view.model()}.ssemodel"
        for scan in self._scans:
            if scan.state is ScanState.FAILED:
                scan.state, scan.note = ScanState.WAITING, ""
        self._next()

    def _next(self) -> None:
        scan = next((scan for scan in self._scans if scan.state is ScanState.WAITING), None)
        if scan is None:
            self._child = None
            self._summarise()
        else:
            self._segment(scan)
        self._show()

    def _segment(self, scan: Scan) -> None:
        # A folder for each scan: two scans of one name must not overwrite each other.
        folder = free_folder(self._output, scan.name)
        arguments = ["segment", str(self._model), str(scan.path), "--output", str(folder), *self._view.options()]
        scan.state = ScanState.RUNNING

        def done(outcomes: Sequence[dict[str, Any]]) -> None:
            outcome = outcomes[0]
            if outcome["error"]:
                failed(outcome["error"])
                return
            scan.state, scan.note, scan.label = ScanState.DONE, "", Path(outcome["label"])
            self._next()

        def failed(sentence: str) -> None:
            scan.state, scan.note = ScanState.FAILED, sentence
            self._next()

        def progress(line: str) -> None:
            scan.note = line
            self._show()

        self._child = Child(arguments, done, failed, progress)

    def _summarise(self) -> None:
        failed = sum(scan.state is ScanState.FAILED for scan in self._scans)
        done = sum(scan.state is ScanState.DONE for scan in self._scans)
        if failed:
            text = _("{done} scans segmented, {failed} failed: see the table; Start tries those again.")
            self._messages.warn(text.format(done=done, failed=failed))
        else:
            self._messages.tell(_("{done} scans segmented.").format(done=done))

    def cancel(self) -> None:
        """End the scan at work with everything it started; finished ones stay."""
        if self._child is not None:
            self._child.cancel()
            self._child = None
        for scan in self._scans:
            if scan.state is ScanState.RUNNING:
                scan.state, scan.note = ScanState.WAITING, ""
        self._messages.tell(_("Cancelled. Finished scans are kept; Start goes on with the others."))
        self._show()

    def show(self) -> None:
        """Load the selected scan and its result, and show the surfaces in 3D."""
        self._with_result(lambda node: None)

    def export(self) -> None:
        """Write the surfaces of the selected result, one file a segment."""
        folder = self._dialogs.ask_folder(_("Folder for the surfaces"))
        if folder is not None:
            self._with_result(lambda node: self._export(node, folder))

    def _export(self, node: Any, folder: Path) -> None:
        count = export_surfaces(node, folder, self._view.surface_format())
        self._messages.tell(_("{count} surfaces written.").format(count=count))

    def _with_result(self, use: Any) -> None:
        index, study = self._view.selected(), self._session.study
        scan = None if index is None else self._scans[index]
        if scan is None or study is None or scan.label is None:
            self._messages.warn(_("Select a scan that is done."))
            return
        try:
            use(show_result(scan.path, scan.label, study.labels, scan.name))
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))

    def tick(self) -> None:
        """Deliver what threads and child processes have to say."""
        self._copies.poll()
        if self._child is not None:
            self._child.poll()

    def cleanup(self) -> None:
        """End the child process and delete temporary copies."""
        if self._child is not None:
            self._child.cancel()
        self._copies.finish()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def free_folder(parent: Path, name: str) -> Path:
    """A folder for one scan that is not there yet: "hip", "hip-2" and so on."""
    base = "".join(letter if letter.isalnum() or letter in "-_ ." else "_" for letter in name).split(".")[0] or "scan"
    folder, number = parent / base, 2
    while folder.exists():
        folder, number = parent / f"{base}-{number}", number + 1
    return folder
