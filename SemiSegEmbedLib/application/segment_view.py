"""The Segment panel on its widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.segment_presenter import Scan, ScanState
from SemiSegEmbedLib.application.signal import Signal

FORMATS = ("nii.gz", "seg.nrrd")
SURFACES = ("STL", "OBJ")


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
        self._count = 0
        self.add_loaded_clicked = Signal()
        self.add_files_clicked = Signal()
        self.add_folder_clicked = Signal()
        self.clear_clicked = Signal()
        self.start_clicked = Signal()
        self.cancel_clicked = Signal()
        self.show_clicked = Signal()
        self.export_clicked = Signal()
        for text in (_("NIfTI (.nii.gz)"), _("Segmentation (.seg.nrrd)")):
            ui.segmentFormatCombo.addItem(text)
        for text in SURFACES:
            ui.segmentSurfaceCombo.addItem(text)
        ui.segmentScanTable.horizontalHeader().setSectionResizeMode(2, qt.QHeaderView.Stretch)
        self._connect()

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
            (ui.segmentExportButton, self.export_clicked),
        ):
            widget.clicked.connect(lambda *_args, signal=signal: signal.emit())

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
        options = ["--format", FORMATS[max(0, ui.segmentFormatCombo.currentIndex)]]
        options += ["--island", str(ui.segmentIslandSpin.value)]
        options += [] if ui.segmentMapsCheck.checked else ["--passes", "0"]
        return [*options, "--largest"] if ui.segmentLargestCheck.checked else options

    def selected(self) -> int | None:
        """Index of the selected scan."""
        row = self._ui.segmentScanTable.currentRow()
        return row if 0 <= row < self._count else None

    def surface_format(self) -> str:
        """The chosen format of surfaces."""
        return SURFACES[max(0, self._ui.segmentSurfaceCombo.currentIndex)]

    def show_models(self, ids: Sequence[str]) -> None:
        """Models of the study, the newest first; the choice stays where it can."""
        if list(ids) == self._models and self._ui.segmentModelCombo.count:
            return
        chosen = self.model()
        self._models = list(ids)
        combo = self._ui.segmentModelCombo
        combo.clear()
        for model in self._models or [_("none yet: train one first")]:
            combo.addItem(model)
        combo.currentIndex = self._models.index(chosen) if chosen in self._models else 0

    def show_scans(self, scans: Sequence[Scan], running: bool) -> None:
        """All scans and whether one is being segmented."""
        words = {
            ScanState.WAITING: ("to_do", _("waiting")),
            ScanState.RUNNING: ("partial", _("running")),
            ScanState.DONE: ("annotated", _("done")),
            ScanState.FAILED: ("error", _("failed")),
        }
        table = self._ui.segmentScanTable
        table.rowCount = self._count = len(scans)
        for row, scan in enumerate(scans):
            icon, word = words[scan.state]
            note = str(scan.label) if scan.label is not None else scan.note
            for column, text in enumerate((scan.name, word, note)):
                table.setItem(row, column, qt.QTableWidgetItem(text))
            table.item(row, 1).setIcon(self._icons[icon])
            table.item(row, 2).setData(qt.Qt.ToolTipRole, note)
        open_scans = any(scan.state in (ScanState.WAITING, ScanState.FAILED) for scan in scans)
        some_done = any(scan.state is ScanState.DONE for scan in scans)
        self._ui.segmentStartButton.enabled = open_scans and not running and bool(self._models)
        self._ui.segmentCancelButton.enabled = running
        self._ui.segmentClearButton.enabled = bool(scans) and not running
        self._ui.segmentShowButton.enabled = self._ui.segmentExportButton.enabled = some_done
