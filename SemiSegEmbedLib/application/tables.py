"""What the views share about tables."""

from __future__ import annotations

from typing import Any

import qt


def select_row(table: Any, row: int) -> None:
    """Select one row of a QTableWidget and nothing else.

    Unlike `selectRow`, which adds to the selection or takes away from it while Ctrl or Shift is held: a shortcut
    that opens the next case has just been pressed then.
    """
    only = qt.QItemSelectionModel.ClearAndSelect | qt.QItemSelectionModel.Rows
    table.selectionModel().setCurrentIndex(table.model().index(row, 0), only)
