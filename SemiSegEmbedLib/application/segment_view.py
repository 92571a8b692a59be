"""The Segment panel on its widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.explained import Explained
from SemiSegEmbedLib.application.model_text import model_name
from SemiSegEmbedLib.application.result_files import FORMATS, VOLUMES
from SemiSegEmbedLib.application.scan_list import Scan, ScanList, ScanState
from SemiSegEmbedLib.application.sentences import localised
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.tables import select_row
from SemiSegEmbedLib.application.time_left import TimeLeft

NAME_COLUMN, STATE_COLUMN, RESULT_COLUMN = range(3)
ICONS = {
    ScanState.WAITING: "to_do",
    ScanState.RUNNING: "partial",
    ScanState.DONE: "annotated",
    ScanState.FAILED: "error",
}


class SegmentWidgets:
    """Implements `segment_presenter.SegmentView`.

    Args:
        ui: The named widgets of SegmentPanel.ui.
        icons: Status icons by name.
    """

    def __init__(self, ui: Any, icons: dict[str, Any]) -> None:
        self._ui = ui
        self._icons = icons
        self._models: list[str] = []
        self._start = Explained(ui.segmentStartButton)
        self._time_left: TimeLeft | None = None
        self._done: list[bool] = []
        self.add_loaded_clicked = Signal()
        self.add_files_clicked = Signal()
        self.add_folder_clicked = Signal()
        self.clear_clicked = Signal()
        self.start_clicked = Signal()
        self.cancel_clicked = Signal()
        self.show_clicked = Signal()
        self.show_3d_clicked = Signal()
        self.export_clicked = Signal()
        self.export_cancel_clicked = Signal()
        self._exporting = False
        self._fill_choices()
        self._connect()

    def _fill_choices(self) -> None:
        volumes = (_("NIfTI (.nii.gz)"), _("Segmentation (.seg.nrrd)"))
        surfaces = (_("Surfaces (.stl)"), _("Surfaces (.obj)"), _("Surfaces (.ply)"))
        for text in volumes:
            self._ui.segmentFormatCombo.addItem(text)
        for text in (*volumes, *surfaces):
            self._ui.segmentExportCombo.addItem(text)
        table = self._ui.segmentScanTable
        table.horizontalHeader().setSectionResizeMode(STATE_COLUMN, qt.QHeaderView.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(RESULT_COLUMN, qt.QHeaderView.Stretch)
        table.verticalHeader().defaultSectionSize = round(1.6 * table.fontMetrics().height())

    def _connect(self) -> None:
        ui = self._ui
        for widget, signal in (
            (ui.segmentAddLoadedButton, self.add_loaded_clicked),
            (ui.segmentAddFilesButton, self.add_files_clicked),
            (ui.segmentAddFolderButton, self.add_folder_clicked),
            (ui.segmentClearButton, self.clear_clicked),
            (ui.segmentStartButton, self.start_clicked),
            (ui.segmentCancelButton, self.cancel_clicked),
            (ui.segmentShowButton, self.show_clicked),
            (ui.segmentShow3DButton, self.show_3d_clicked),
            (ui.segmentExportButton, self.export_clicked),
            (ui.segmentExportCancelButton, self.export_cancel_clicked),
        ):
            widget.clicked.connect(lambda *_args, signal=signal: signal.emit())
        ui.segmentScanTable.itemSelectionChanged.connect(self._show_selection)

    def chosen_volume(self) -> Any:
        """The chosen volume node, or None."""
        return self._ui.segmentVolumeSelector.currentNode()

    def model(self) -> str:
        """Id of the chosen model, empty if there is none."""
        index = self._ui.segmentModelCombo.currentIndex
        return self._models[index] if 0 <= index < len(self._models) else ""

    def options(self) -> list[str]:
        """Options of the terminal door."""
        ui = self._ui
        options = ["--format", VOLUMES[max(0, ui.segmentFormatCombo.currentIndex)]]
        options += ["--island", str(ui.segmentIslandSpin.value)]
        options += [] if ui.segmentMapsCheck.checked else ["--passes", "0"]
        options += [] if ui.segmentSidesCheck.checked else ["--join-sides"]
        return [*options, "--largest"] if ui.segmentLargestCheck.checked else options

    def selected(self) -> int | None:
        """Index of the selected scan."""
        row = self._ui.segmentScanTable.currentRow()
        return row if 0 <= row < len(self._done) else None

    def select(self, index: int) -> None:
        """Select a scan."""
        select_row(self._ui.segmentScanTable, index)

    def export_format(self) -> str:
        """One of `result_files.FORMATS`."""
        return FORMATS[max(0, self._ui.segmentExportCombo.currentIndex)]

    def smoothing(self) -> float:
        """Of surfaces, 0 to 1."""
        return self._ui.segmentSmoothingSpin.value / 100

    def show_models(self, ids: Sequence[str], chosen: str) -> None:
        """Models of the study, the newest first; without a choice the one before stays where it can."""
        chosen = chosen or self.model()
        combo = self._ui.segmentModelCombo
        if list(ids) != self._models or not combo.count:
            self._models = list(ids)
            combo.clear()
            for model in self._models:
                combo.addItem(model_name(model))
            if not self._models:
                combo.addItem(_("none yet: train one first"))
        combo.currentIndex = self._models.index(chosen) if chosen in self._models else 0

    def show_scans(self, scans: ScanList, running: bool) -> None:
        """All scans and whether one is being segmented."""
        table = self._ui.segmentScanTable
        table.rowCount = scans.count
        for row, scan in enumerate(scans):
            self._show_scan(row, scan)
        self._done = [scan.state is ScanState.DONE for scan in scans]
        waiting = any(scan.state in (ScanState.WAITING, ScanState.FAILED) for scan in scans)
        self._start.allow(self._why_not(waiting, running))
        self._ui.segmentCancelButton.enabled = running
        self._ui.segmentClearButton.enabled = scans.count > 0 and not running
        self._show_progress(scans.percent, running)
        self._show_selection()

    def _why_not(self, waiting: bool, running: bool) -> str:
        if running:
            return _("Wait until what is under way has ended.")
        if not self._models:
            return _("There is no model yet: train first.")
        return "" if waiting else _("Put scans on the list first.")

    def _show_progress(self, percent: int, running: bool) -> None:
        bar = self._ui.segmentProgressBar
        if running and self._time_left is None:
            self._time_left = TimeLeft()
        elif not running:
            self._time_left = None
        bar.visible = running
        bar.value = percent
        left = "" if self._time_left is None else self._time_left.note(percent / 100)
        bar.format = f"%p %, {left}" if left else "%p %"

    def _show_scan(self, row: int, scan: Scan) -> None:
        words = {
            ScanState.WAITING: _("waiting"),
            ScanState.RUNNING: _("running, {percent} %").format(percent=scan.percent),
            ScanState.DONE: _("done"),
            ScanState.FAILED: _("failed"),
        }
        problem = localised(scan.problem)
        result = (problem, problem) if scan.label is None else (scan.label.name, str(scan.label))
        state, table = words[scan.state], self._ui.segmentScanTable
        for column, (text, tip) in enumerate(((scan.name, scan.name), (state, state), result)):
            item = table.item(row, column)
            if item is None or item.text() != text or item.toolTip() != tip:
                table.setItem(row, column, qt.QTableWidgetItem(text))
                table.item(row, column).setData(qt.Qt.ToolTipRole, tip)
        table.item(row, STATE_COLUMN).setIcon(self._icons[ICONS[scan.state]])

    def _show_selection(self) -> None:
        """Results can be used where the selected scan has one."""
        index = self.selected()
        ui, done = self._ui, index is not None and self._done[index]
        for widget in (ui.segmentShowButton, ui.segmentShow3DButton):
            widget.enabled = done
        ui.segmentExportButton.enabled = done and not self._exporting

    def show_export(self, percent: int | None) -> None:
        """How far the export is; None: none is under way."""
        self._exporting = percent is not None
        bar = self._ui.segmentExportProgressBar
        bar.visible = self._exporting
        bar.value = percent or 0
        self._ui.segmentExportCancelButton.enabled = self._exporting
        self._show_selection()
