"""Choosing among DICOM series, in a dialog of plain widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.series_choice import SeriesChoice
from SemiSegEmbedLib.application.tables import select_row


class SeriesDialog:
    """A table of series; modal to its window, while timers and child processes go on.

    Args:
        parent: The widget that it belongs to.
        choices: One row each.
        columns: Titles: of the description, then of the details.
        chosen: Called with the choices when Add is pressed.
    """

    def __init__(
        self,
        parent: Any,
        choices: Sequence[SeriesChoice],
        columns: Sequence[str],
        chosen: Callable[[list[SeriesChoice]], None],
    ) -> None:
        self._choices = list(choices)
        self._chosen = chosen
        self.dialog = qt.QDialog(parent)
        self.dialog.objectName = "seriesDialog"
        self.dialog.windowTitle = _("Choose CT series")
        layout = qt.QVBoxLayout(self.dialog)
        self._filter = qt.QLineEdit()
        self._table = self._filled_table(columns)
        self._add = self._button(_("&Add to the study"), _("Add each selected series as a case."), self._accept)
        cancel = self._button(_("&Cancel"), _("Add nothing."), self.dialog.reject)
        self._prepare_filter()
        buttons = qt.QHBoxLayout()
        buttons.addStretch(1)
        for button in (self._add, cancel):
            buttons.addWidget(button)
        for widget in (self._filter, self._table):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self._show_selection()
        self.dialog.resize(760, 420)

    def open(self) -> None:
        """Show it and return at once."""
        self.dialog.open()

    def _filled_table(self, columns: Sequence[str]) -> Any:
        table = qt.QTableWidget(len(self._choices), len(columns))
        table.objectName = "seriesTable"
        table.setHorizontalHeaderLabels(list(columns))
        table.selectionBehavior = qt.QAbstractItemView.SelectRows
        table.selectionMode = qt.QAbstractItemView.ExtendedSelection
        table.editTriggers = qt.QAbstractItemView.NoEditTriggers
        table.alternatingRowColors = True
        table.verticalHeader().visible = False
        table.accessibleName = _("CT series")
        table.toolTip = _("Select one or more series; double click adds one.")
        for row, choice in enumerate(self._choices):
            for column, text in enumerate((choice.description or _("without a name"), *choice.details)):
                table.setItem(row, column, qt.QTableWidgetItem(text))
        table.resizeColumnsToContents()
        table.horizontalHeader().stretchLastSection = True
        if len(self._choices) == 1:
            select_row(table, 0)
        table.itemSelectionChanged.connect(self._show_selection)
        table.cellActivated.connect(lambda *_args: self._accept())
        return table

    def _prepare_filter(self) -> None:
        self._filter.objectName = "seriesFilter"
        self._filter.placeholderText = _("Filter by patient or description")
        self._filter.accessibleName = _("Filter series")
        self._filter.toolTip = _("Show only series that contain all of these words.")
        self._filter.clearButtonEnabled = True
        self._filter.textChanged.connect(lambda *_args: self._show_matches())

    def _button(self, text: str, tip: str, pressed: Callable[[], Any]) -> Any:
        button = qt.QPushButton(text)
        button.toolTip = tip
        button.clicked.connect(lambda *_args: pressed())
        return button

    def _selected(self) -> list[SeriesChoice]:
        rows = sorted({index.row() for index in self._table.selectionModel().selectedRows()})
        return [self._choices[row] for row in rows if not self._table.isRowHidden(row)]

    def _show_selection(self) -> None:
        self._add.enabled = bool(self._selected())

    def _show_matches(self) -> None:
        for row, choice in enumerate(self._choices):
            self._table.setRowHidden(row, not choice.matches(self._filter.text))
        self._show_selection()

    def _accept(self) -> None:
        chosen = self._selected()
        if chosen:
            self.dialog.accept()
            self._chosen(chosen)
