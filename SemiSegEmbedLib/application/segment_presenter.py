"""The Segment panel: one or many CT scans through a model, with a state for each; no Qt here."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.image_files import images_in, title_of, unused_path
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.model_text import model_name
from SemiSegEmbedLib.application.result_files import ResultExport, take_result
from SemiSegEmbedLib.application.result_scene import show_result, show_surfaces
from SemiSegEmbedLib.application.scan_list import Scan, ScanList, ScanState, percent_in
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.volumes import as_hu, loaded_voxels, unchanged_file
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.manifest import labels_from
from SemiSegEmbedLib.study.newest_model import MODEL_SUFFIX, is_last_step, models_by_age


class SegmentView(Protocol):
    """What the panel shows, and the signals of its controls."""

    add_loaded_clicked: Signal
    add_files_clicked: Signal
    add_folder_clicked: Signal
    clear_clicked: Signal
    start_clicked: Signal
    cancel_clicked: Signal
    show_clicked: Signal
    show_3d_clicked: Signal
    export_clicked: Signal
    export_cancel_clicked: Signal

    def chosen_volume(self) -> Any:
        """The chosen volume node, or None."""

    def model(self) -> str:
        """Id of the chosen model, empty if there is none."""

    def options(self) -> list[str]:
        """Options of the terminal door."""

    def selected(self) -> int | None:
        """Index of the selected scan."""

    def export_format(self) -> str:
        """One of `result_files.FORMATS`."""

    def smoothing(self) -> float:
        """Of surfaces, 0 to 1."""

    def show_models(self, ids: Sequence[str], chosen: str) -> None:
        """Models of the study, the newest first, and the one to choose; empty: the one chosen before."""

    def show_scans(self, scans: ScanList, running: bool) -> None:
        """All scans and whether one is being segmented."""

    def select(self, index: int) -> None:
        """Select a scan."""

    def show_export(self, percent: int | None) -> None:
        """How far the export is; None: none is under way."""


class SegmentPresenter:
    """Works through a list of scans, one child process each, so that a failure ends nothing but itself.

    Attributes:
        scans: The list.
        showing: Emitted before a result comes into view.
    """

    def __init__(self, view: SegmentView, session: Session, dialogs: Dialogs, messages: Messages) -> None:
        self._view = view
        self._session = session
        self._dialogs = dialogs
        self._messages = messages
        self.scans = ScanList()
        self.showing = Signal()
        self._errand = Errand()
        self._output = Path()
        self._model = Path()
        self._copies = Background()
        self._export = ResultExport(self._exported, self._export_failed, self._export_progressed)
        self._temporary: Path | None = None
        self._connect()
        self._show_models()

    def _connect(self) -> None:
        view, session = self._view, self._session
        view.add_loaded_clicked.connect(self.add_loaded)
        view.add_files_clicked.connect(self.add_files)
        view.add_folder_clicked.connect(self.add_folder)
        view.clear_clicked.connect(self.clear)
        view.start_clicked.connect(self.start)
        view.cancel_clicked.connect(self.cancel)
        view.show_clicked.connect(self.show)
        view.show_3d_clicked.connect(self.show_in_3d)
        view.export_clicked.connect(self.export)
        view.export_cancel_clicked.connect(self.cancel_export)
        session.study_changed.connect(self._show_models)
        session.cases_changed.connect(self._show_models)

    @property
    def running(self) -> bool:
        """Whether a scan is being segmented."""
        return self._errand.running

    def _show(self) -> None:
        self._view.show_scans(self.scans, self.running)

    def _show_models(self, chosen: str = "") -> None:
        study = self._session.study
        models = [] if study is None else [path.stem for path in models_by_age(study.models_folder)]
        # A stable sort: both halves stay in the order of their age.
        self._view.show_models(sorted(models, key=is_last_step), chosen)
        self._show()

    def choose_model(self, model: str) -> None:
        """Segment with this model from now on."""
        self._show_models(model)
        self._messages.tell(_("The next scans are segmented with {model}.").format(model=model_name(model)))

    def add_files(self) -> None:
        """Ask for CT files."""
        self._add(self._dialogs.ask_files(_("CT scans to segment")))

    def add_folder(self) -> None:
        """Ask for a folder: its image files, or the folder itself as a DICOM series."""
        folder = self._dialogs.ask_folder(_("Folder with CT scans, or with one DICOM series"))
        if folder is not None:
            self._add(images_in(folder) or [folder])

    def _add(self, paths: Sequence[Path]) -> None:
        self.scans.add([Scan(path, title_of(path.name)) for path in paths])
        self._show()

    def add_loaded(self) -> None:
        """Add the chosen volume; one that exists in Slicer alone is written to a temporary file first."""
        volume = self._view.chosen_volume()
        if volume is None:
            self._messages.warn(_("Choose a loaded volume first."))
            return
        path = unchanged_file(volume)
        if path is not None:
            self._added(Scan(path, volume.GetName(), volume_id=volume.GetID()))
            return
        try:
            voxels, grid = loaded_voxels(volume)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="SemiSegEmbed-"))
        copy = self._temporary / f"{self.scans.count:03d}.nrrd"
        scan = Scan(copy, volume.GetName(), volume_id=volume.GetID())
        self._copies.start(
            lambda: write_nrrd(copy, as_hu(voxels), grid), lambda _nothing: self._added(scan), self._messages.warn
        )

    def _added(self, scan: Scan) -> None:
        self.scans.add([scan])
        self._show()

    def clear(self) -> None:
        """Empty the list; results stay on disk."""
        self.scans.clear()
        self._show()

    def start(self) -> None:
        """Ask where results go, then segment all scans that have none yet; failed ones are tried again."""
        output, study = self._dialogs.ask_folder(_("Folder for the results")), self._session.study
        if output is None or study is None or self.running:
            return
        # Kept until the list is done, whatever study is opened meanwhile.
        self._output, self._model = output, study.models_folder / f"{self._view.model()}{MODEL_SUFFIX}"
        self.scans.begin()
        self._next()

    def _next(self) -> None:
        scan = self.scans.next()
        if scan is None:
            self._summarise()
        else:
            self._segment(scan)
        self._show()

    def _segment(self, scan: Scan) -> None:
        # A folder for each scan: two scans of one name must not overwrite each other.
        folder = unused_path(self._output, scan.name)
        arguments = ["segment", str(self._model), str(scan.path), "--output", str(folder), *self._view.options()]
        scan.state = ScanState.RUNNING

        def done(outcomes: Sequence[dict[str, Any]]) -> None:
            outcome = outcomes[0]
            if outcome["error"]:
                failed(outcome["error"])
                return
            scan.finish(Path(outcome["label"]), labels_from([("label", entry) for entry in outcome["labels"]]))
            self._next()

        def failed(sentence: str) -> None:
            scan.fail(sentence)
            self._next()

        def progress(line: str) -> None:
            scan.note_progress(line)
            self._show()

        self._errand.start(arguments, done, failed, progress)

    def _summarise(self) -> None:
        done, failed = self.scans.finished()
        if failed:
            text = _("Segmented: {done}, failed: {failed}. See the table; Start tries those again.")
            self._messages.warn(text.format(done=len(done), failed=failed))
            return
        self._messages.tell(_("Scans segmented: {done}.").format(done=len(done)))
        if len(done) == 1:
            self._view.select(done[0])
            self.show()

    def cancel(self) -> None:
        """End the scan at work with everything it started; finished ones stay."""
        self._errand.cancel()
        self.scans.interrupt()
        self._messages.tell(_("Cancelled. Finished scans are kept; Start goes on with the others."))
        self._show()

    def show(self) -> None:
        """Show the selected scan with its result in the slice views."""
        self._with_result(lambda node, _scan: None)

    def show_in_3d(self) -> None:
        """Make the surfaces of the selected result and show them."""
        self._with_result(lambda node, _scan: show_surfaces(node, self._view.smoothing()))

    def export(self) -> None:
        """Write the selected result in the chosen format, beside the main thread."""
        folder = None if self._export.running else self._dialogs.ask_folder(_("Folder for the files"))
        if folder is not None:
            self._with_result(lambda node, scan: self._start_export(node, scan, folder))

    def _start_export(self, node: Any, scan: Scan, folder: Path) -> None:
        result, view = take_result(node, scan.labels), self._view
        self._messages.tell(_("Exporting {name} ...").format(name=scan.name))
        view.show_export(0)
        self._export.start(result, folder, view.export_format(), view.smoothing())

    def _exported(self, files: Sequence[Path], left_out: Sequence[str]) -> None:
        self._view.show_export(None)
        text = _("Written: {names}").format(names=", ".join(file.name for file in files))
        if left_out:
            note = _("Left out, because the study has no value for them: {segments}")
            text += ". " + note.format(segments=", ".join(left_out))
        self._messages.tell(text)

    def _export_failed(self, sentence: str) -> None:
        self._view.show_export(None)
        self._messages.warn(sentence)

    def _export_progressed(self, line: str) -> None:
        percent = percent_in(line)
        if percent is not None:
            self._view.show_export(percent)

    def cancel_export(self) -> None:
        """End the export; nothing of it stays in the folder."""
        if self._export.cancel():
            self._view.show_export(None)
            self._messages.tell(_("The export was cancelled; no file was written."))

    def _with_result(self, use: Callable[[Any, Scan], None]) -> None:
        index = self._view.selected()
        scan = None if index is None else self.scans[index]
        if scan is None or scan.label is None:
            self._messages.warn(_("Select a scan that is done."))
            return
        volume = slicer.mrmlScene.GetNodeByID(scan.volume_id) if scan.volume_id else None
        self.showing.emit()
        try:
            use(show_result(scan.path, scan.label, scan.labels, scan.name, volume), scan)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))

    def tick(self) -> None:
        """Deliver what threads and child processes have to say."""
        self._copies.poll()
        self._errand.poll()
        self._export.poll()

    def cleanup(self) -> None:
        """End child processes and delete temporary copies."""
        self._errand.cancel()
        self._export.cleanup()
        self._copies.finish()
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)
