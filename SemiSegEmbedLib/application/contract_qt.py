"""What the product relies on in `qt`; see `contract`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import qt
import slicer

from SemiSegEmbedLib.application.series_choice import SeriesChoice
from SemiSegEmbedLib.application.series_dialog import SeriesDialog
from SemiSegEmbedLib.application.tables import select_row

PATIENCE_S = 5.0


class QtContract:
    """Statements about plain Qt widgets."""

    def that_properties_are_read_and_assigned_as_attributes(self) -> None:
        button = qt.QPushButton("a")
        button.text, button.toolTip, button.enabled, button.accessibleName = "b", "tip", False, "name"
        assert (button.text, button.toolTip, button.enabled, button.accessibleName) == ("b", "tip", False, "name")
        spin = qt.QSpinBox()
        spin.maximum, spin.value = 50, 30
        assert spin.value == 30
        label = qt.QLabel()
        label.styleSheet, label.visible = "font-weight: bold", False
        assert "bold" in label.styleSheet
        bar = qt.QProgressBar()
        bar.maximum, bar.value = 1000, 400
        assert (bar.maximum, bar.value) == (1000, 400)
        text = qt.QPlainTextEdit()
        text.plainText = "log"
        scroll = text.verticalScrollBar()
        scroll.value = scroll.maximum
        assert text.plainText == "log"

    def that_an_unknown_attribute_is_refused(self) -> None:
        try:
            qt.QPushButton().nosuch = 3
        except AttributeError:
            return
        raise AssertionError("it was accepted")

    def that_tables_fill_sort_hide_and_select_rows(self) -> None:
        table = qt.QTableWidget()
        table.rowCount, table.columnCount = 3, 2
        table.selectionBehavior = qt.QAbstractItemView.SelectRows
        for row, number in enumerate((10, 9, 100)):
            table.setItem(row, 0, qt.QTableWidgetItem(str(number)))
            item = qt.QTableWidgetItem("")
            table.setItem(row, 1, item)
            table.item(row, 1).setData(qt.Qt.DisplayRole, float(number))
        table.sortItems(1)
        assert [table.item(row, 0).text() for row in range(table.rowCount)] == ["9", "10", "100"]
        table.setRowHidden(0, True)
        assert table.isRowHidden(0)
        select_row(table, 1)
        assert [index.row() for index in table.selectionModel().selectedRows()] == [1]
        assert table.currentRow() == 1
        table.item(1, 0).setIcon(qt.QIcon())
        table.item(1, 0).setData(qt.Qt.ToolTipRole, "tip")
        assert table.item(2, 1).text() == "100"
        assert table.item(0, 5) is None
        table.horizontalHeader().setSectionResizeMode(1, qt.QHeaderView.Stretch)
        table.verticalHeader().defaultSectionSize = round(1.6 * table.fontMetrics().height())

    def that_columns_hide_and_fit_their_texts(self) -> None:
        table = qt.QTableWidget(2, 3)
        table.setHorizontalHeaderLabels(["a", "b", "c"])
        table.editTriggers = qt.QAbstractItemView.NoEditTriggers
        table.selectionMode = qt.QAbstractItemView.ExtendedSelection
        table.horizontalHeader().setResizeContentsPrecision(100)
        table.horizontalHeader().highlightSections = False
        table.resizeColumnsToContents()
        table.resizeRowsToContents()
        table.setColumnHidden(1, True)
        assert table.isColumnHidden(1)
        assert not table.isColumnHidden(0)

    def that_widgets_know_their_family_and_their_font(self) -> None:
        owner = qt.QWidget()
        layout = qt.QHBoxLayout(owner)
        label, bar = qt.QLabel("text"), qt.QProgressBar()
        layout.addStretch(1)
        for widget in (label, bar):
            layout.addWidget(widget)
        assert label.parent().inherits("QWidget")
        assert not label.parent().inherits("QScrollArea")
        assert owner.parent() is None
        assert owner.isAncestorOf(label)
        label.minimumHeight = 2 * label.fontMetrics().lineSpacing()
        assert label.minimumHeight >= label.fontMetrics().height()
        bar.format = "%p %"
        assert bar.format == "%p %"
        font = label.font
        font.setBold(True)
        label.font = font
        assert label.font.bold()

    def that_a_scroll_area_brings_a_widget_into_sight(self) -> None:
        owner, area = qt.QWidget(), qt.QScrollArea()
        layout = qt.QVBoxLayout(owner)
        buttons = [qt.QPushButton(str(number)) for number in range(40)]
        for button in buttons:
            layout.addWidget(button)
        area.setWidget(owner)
        area.show()
        buttons[-1].setFocus()
        area.ensureWidgetVisible(buttons[-1])
        assert area.verticalScrollBar().value > 0

    def that_a_dialog_of_plain_widgets_is_shown_and_goes(self) -> None:
        chosen: list[SeriesChoice] = []
        owner = qt.QWidget()
        dialog = SeriesDialog(owner, [SeriesChoice("1.2", "CT hip", ("9",))], ["Series", "Slices"], chosen.extend)
        dialog.open()
        assert dialog.dialog.visible
        dialog.dialog.reject()
        assert not dialog.dialog.visible
        assert chosen == []

    def that_an_icon_is_made_of_a_picture(self) -> None:
        icon = qt.QIcon()
        icon.addPixmap(qt.QPixmap("no such file.png"), qt.QIcon.Selected)
        assert icon.isNull()

    def that_blocked_tables_say_nothing(self) -> None:
        table, seen = qt.QTableWidget(), []
        table.rowCount, table.columnCount = 1, 1
        table.setItem(0, 0, qt.QTableWidgetItem("x"))
        table.itemSelectionChanged.connect(lambda: seen.append(1))
        table.blockSignals(True)
        select_row(table, 0)
        table.blockSignals(False)
        table.clearSelection()
        assert seen == [1]

    def that_lists_have_their_count_and_row_as_attributes(self) -> None:
        listing, seen = qt.QListWidget(), []
        listing.currentRowChanged.connect(lambda row: seen.append(row))
        for text in "ab":
            listing.addItem(text)
        listing.currentRow = 1
        assert (listing.count, listing.currentRow, seen[-1]) == (2, 1, 1)
        listing.item(0).setIcon(qt.QIcon())
        listing.clear()
        assert listing.count == 0

    def that_combo_boxes_choose_by_index(self) -> None:
        combo, seen = qt.QComboBox(), []
        combo.currentIndexChanged.connect(lambda *_values: seen.append(combo.currentIndex))
        for text in "ab":
            combo.addItem(text)
        combo.currentIndex = 1
        assert (combo.count, combo.currentIndex, combo.currentText, combo.itemText(0)) == (2, 1, "b", "a")
        assert seen[-1] == 1

    def that_slots_take_as_much_as_they_want(self) -> None:
        button, seen = qt.QPushButton("a"), []
        button.checkable = True
        button.clicked.connect(lambda: seen.append("none"))
        button.clicked.connect(lambda *values: seen.append(values))
        button.toggled.connect(lambda on: seen.append(on))
        button.click()
        assert "none" in seen
        assert any(isinstance(entry, tuple) for entry in seen)
        assert True in seen

    def that_connecting_twice_fires_twice(self) -> None:
        button, seen = qt.QPushButton(), []

        def slot(*_values: Any) -> None:
            seen.append(1)

        button.clicked.connect(slot)
        button.clicked.connect(slot)
        button.click()
        assert seen == [1, 1]

    def that_a_timer_with_a_parent_fires(self) -> None:
        owner, seen = qt.QWidget(), []
        timer = qt.QTimer(owner)
        timer.interval = 10
        timer.timeout.connect(lambda: seen.append(1))
        timer.start()
        assert timer.active
        self._wait(lambda: bool(seen))
        timer.stop()
        assert not timer.active

    def that_settings_keep_text(self) -> None:
        key = "SemiSegEmbed/contract"
        qt.QSettings().setValue(key, '["a"]')
        assert slicer.util.settingsValue(key, "", str) == '["a"]'
        qt.QSettings().setValue(key, True)
        assert slicer.util.settingsValue(key, False, slicer.util.toBool) is True
        qt.QSettings().remove(key)
        assert slicer.util.settingsValue(key, "default", str) == "default"

    def that_the_wait_cursor_goes_on_and_off(self) -> None:
        qt.QApplication.setOverrideCursor(qt.Qt.WaitCursor)
        qt.QApplication.restoreOverrideCursor()

    @staticmethod
    def _wait(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, "nothing happened"
            slicer.app.processEvents()
            time.sleep(0.005)
