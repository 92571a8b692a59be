"""The Models panel on its widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.case_rows import local_time
from SemiSegEmbedLib.application.model_text import model_name
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.tables import select_row


class ModelsWidgets:
    """Implements `models_presenter.ModelsView`.

    Args:
        ui: The named widgets of ModelsPanel.ui.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._ids: list[str] = []
        self.selection_changed = Signal()
        self.use_clicked = Signal()
        self.import_clicked = Signal()
        self.export_clicked = Signal()
        self.delete_clicked = Signal()
        table = ui.modelsTable
        table.verticalHeader().defaultSectionSize = round(1.6 * table.fontMetrics().height())
        ui.modelsUseButton.clicked.connect(lambda *_args: self.use_clicked.emit())
        ui.modelsImportButton.clicked.connect(lambda *_args: self.import_clicked.emit())
        ui.modelsExportButton.clicked.connect(lambda *_args: self.export_clicked.emit())
        ui.modelsDeleteButton.clicked.connect(lambda *_args: self.delete_clicked.emit())
        ui.modelsTable.itemSelectionChanged.connect(self._show_selection)

    def selected(self) -> str | None:
        """Id of the selected model."""
        rows = self._ui.modelsTable.selectionModel().selectedRows()
        return self._ids[rows[0].row()] if rows and rows[0].row() < len(self._ids) else None

    def show_study(self, open_: bool) -> None:
        """Whether a study is open."""
        self._ui.modelsImportButton.enabled = open_

    def show_models(self, rows: Sequence[dict[str, Any]]) -> None:
        """Facts of each model, the newest first; the selection stays where it can, else the newest is selected."""
        table, chosen = self._ui.modelsTable, self.selected()
        table.blockSignals(True)
        self._ids = [str(row["model"]) for row in rows]
        table.rowCount = len(rows)
        for index, row in enumerate(rows):
            for column, text in enumerate(_texts(row)):
                table.setItem(index, column, qt.QTableWidgetItem(text))
        table.resizeColumnsToContents()
        table.clearSelection()
        if rows:
            select_row(table, self._ids.index(chosen) if chosen in self._ids else 0)
        table.blockSignals(False)
        self._show_selection()

    def show_description(self, text: str) -> None:
        """What the selected model is."""
        self._ui.modelsDescriptionLabel.text = text or _("Models appear here when a training run has ended.")

    def _show_selection(self) -> None:
        ui, chosen = self._ui, self.selected() is not None
        for button in (ui.modelsUseButton, ui.modelsExportButton, ui.modelsDeleteButton):
            button.enabled = chosen
        self.selection_changed.emit()


def _texts(row: dict[str, Any]) -> tuple[str, ...]:
    """One line of the table."""
    distance = _number(row.get("hd95"), 1)
    if row.get("optimistic"):
        distance = _("{score} (optimistic)").format(score=distance)
    created = local_time(str(row.get("created") or "–"))
    return (
        model_name(str(row["model"])),
        created,
        _number(row.get("iou"), 3),
        distance,
        _number(row.get("mebibytes"), 1),
    )


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else "–"
