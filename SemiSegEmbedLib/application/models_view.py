"""The Models panel on its widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.signal import Signal

COLUMNS = ("model", "created", "method", "steps", "annotated", "unannotated", "hd95", "mebibytes")


class ModelsWidgets:
    """Implements `models_presenter.ModelsView`.

    Args:
        ui: The named widgets of ModelsPanel.ui.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._ids: list[str] = []
        self.import_clicked = Signal()
        self.export_clicked = Signal()
        self.delete_clicked = Signal()
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
        """Facts of each model, the newest first."""
        table = self._ui.modelsTable
        table.blockSignals(True)
        self._ids = [str(row["model"]) for row in rows]
        table.rowCount = len(rows)
        for index, row in enumerate(rows):
            for column, name in enumerate(COLUMNS):
                text = _text(row.get(name))
                if name == "hd95" and row.get("optimistic"):
                    text = _("{score} (optimistic)").format(score=text)
                table.setItem(index, column, qt.QTableWidgetItem(text))
        table.resizeColumnsToContents()
        table.clearSelection()
        table.blockSignals(False)
        self._show_selection()

    def _show_selection(self) -> None:
        chosen = self.selected() is not None
        self._ui.modelsExportButton.enabled = self._ui.modelsDeleteButton.enabled = chosen


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)
