"""The Study panel on its widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.case_rows import CaseRow
from SemiSegEmbedLib.application.explained import Explained
from SemiSegEmbedLib.application.sentences import localised
from SemiSegEmbedLib.application.series_choice import SeriesChoice
from SemiSegEmbedLib.application.series_dialog import SeriesDialog
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.tables import select_row
from SemiSegEmbedLib.study.presets import LABEL_LISTS
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study

KEY_COLUMN, NAME_COLUMN, STATUS_COLUMN, BY_COLUMN, REVIEWED_COLUMN, UNCERTAINTY_COLUMN, CHANGED_COLUMN = range(7)


class StudyWidgets:
    """Implements `study_presenter.StudyView`.

    Args:
        ui: The named widgets of StudyPanel.ui.
        icons: Status icons by name.
    """

    def __init__(self, ui: Any, icons: dict[str, Any]) -> None:
        self._ui = ui
        self._icons = icons
        self._rows: list[CaseRow] = []
        self._shown: dict[str, CaseRow] = {}
        self._hidden: set[str] = set()
        self._has_model = False
        self._rank = Explained(ui.studyRankButton)
        self._series_dialog: SeriesDialog | None = None
        self._recent: list[Path] = []
        self._problem_keys: list[str] = []
        self._roles = [role.value for role in (Role.UNANNOTATED, Role.HELD_OUT, Role.EXCLUDED)]
        self.create_clicked = Signal()
        self.open_clicked = Signal()
        self.recent_chosen = Signal()
        self.add_loaded_clicked = Signal()
        self.add_files_clicked = Signal()
        self.add_folder_clicked = Signal()
        self.add_dicom_clicked = Signal()
        self.case_opened = Signal()
        self.next_clicked = Signal()
        self.role_chosen = Signal()
        self.locate_clicked = Signal()
        self.remove_clicked = Signal()
        self.check_clicked = Signal()
        self.rank_clicked = Signal()
        self.cancel_clicked = Signal()
        self._fill_choices()
        self._connect()

    def _fill_choices(self) -> None:
        names = {"hip-bones": _("Hip bones (both sides)"), "hip-sides": _("Hip bones, femora and sacrum")}
        for name in LABEL_LISTS:
            self._ui.studyLabelListCombo.addItem(names[name])
        for text in (_("Choose ..."), _("training"), _("held out for testing"), _("nothing (left out)")):
            self._ui.studyRoleCombo.addItem(text)
        self._ui.studyAdvancedFold.collapsed = True
        header = self._ui.studyCaseTable.horizontalHeader()
        header.highlightSections = False
        rows = self._ui.studyCaseTable.verticalHeader()
        rows.defaultSectionSize = round(1.6 * self._ui.studyCaseTable.fontMetrics().height())
        self._fit_columns()

    def _connect(self) -> None:
        ui = self._ui
        ui.studyCreateButton.clicked.connect(lambda *_args: self.create_clicked.emit())
        ui.studyOpenButton.clicked.connect(lambda *_args: self.open_clicked.emit())
        # The index is asked for, because in Qt 5 `activated` delivers a text or an index.
        ui.studyRecentCombo.activated.connect(lambda *_args: self._choose_recent(ui.studyRecentCombo.currentIndex))
        ui.studyAddLoadedButton.clicked.connect(lambda *_args: self.add_loaded_clicked.emit())
        ui.studyAddFilesButton.clicked.connect(lambda *_args: self.add_files_clicked.emit())
        ui.studyAddFolderButton.clicked.connect(lambda *_args: self.add_folder_clicked.emit())
        ui.studyAddDicomButton.clicked.connect(lambda *_args: self.add_dicom_clicked.emit())
        ui.studyFilterEdit.textChanged.connect(lambda *_args: self._filter())
        ui.studyCaseTable.cellActivated.connect(lambda *_args: self._open_selected())
        ui.studyCaseTable.itemSelectionChanged.connect(self._show_selection)
        ui.studyOpenCaseButton.clicked.connect(lambda *_args: self._open_selected())
        ui.studyNextCaseButton.clicked.connect(lambda *_args: self.next_clicked.emit())
        ui.studyRoleCombo.activated.connect(lambda *_args: self._choose_role(ui.studyRoleCombo.currentIndex))
        ui.studyLocateButton.clicked.connect(lambda *_args: self.locate_clicked.emit())
        ui.studyRemoveButton.clicked.connect(lambda *_args: self.remove_clicked.emit())
        ui.studyCheckButton.clicked.connect(lambda *_args: self.check_clicked.emit())
        ui.studyRankButton.clicked.connect(lambda *_args: self.rank_clicked.emit())
        ui.studyCancelButton.clicked.connect(lambda *_args: self.cancel_clicked.emit())
        ui.studyProblemList.itemActivated.connect(lambda *_args: self._go_to_problem())
        ui.studyProblemList.currentRowChanged.connect(lambda *_args: self._show_problem_selection())
        ui.studyGoToProblemButton.clicked.connect(lambda *_args: self._go_to_problem())

    def label_list(self) -> str:
        """Name of the chosen list of labels."""
        return list(LABEL_LISTS)[max(0, self._ui.studyLabelListCombo.currentIndex)]

    def spacing_mm(self) -> float:
        """Voxel size of the training grid of a new study."""
        return round(self._ui.studySpacingSpin.value, 2)

    def patient(self) -> str:
        """What was typed as the patient."""
        return self._ui.studyPatientEdit.text.strip()

    def forget_patient(self) -> None:
        """The scans of this patient are in: the next ones may be of somebody else."""
        self._ui.studyPatientEdit.text = ""

    def chosen_volume(self) -> Any:
        """The chosen volume node, or None."""
        return self._ui.studyVolumeSelector.currentNode()

    def ask_series(
        self,
        choices: Sequence[SeriesChoice],
        columns: Sequence[str],
        chosen: Callable[[list[SeriesChoice]], None],
    ) -> None:
        """Let the user choose series; see `SeriesDialog`."""
        # Kept, because a dialog without a reference would vanish.
        self._series_dialog = SeriesDialog(self._ui.studyContent.window(), choices, columns, chosen)
        self._series_dialog.open()

    def selected_keys(self) -> list[str]:
        """Keys of the selected cases, without those that the filter hides."""
        table = self._ui.studyCaseTable
        rows = sorted({index.row() for index in table.selectionModel().selectedRows()})
        return [table.item(row, KEY_COLUMN).text() for row in rows if not table.isRowHidden(row)]

    def show_study(self, study: Study | None) -> None:
        """Name of the study and its segments, and what can be done with it; without one, how to begin."""
        self._ui.studyNameLabel.text = study.name if study else _("No study is open")
        self._ui.studyNameLabel.toolTip = _named(study) if study else ""
        self._ui.studyContent.visible = study is not None
        self._ui.studyWelcomeLabel.visible = study is None
        self._ui.studySpacingSpin.value = 1.0  # the next new study is to be as usual again

    def show_model(self, there: bool) -> None:
        """Whether there is a model that can look at scans."""
        self._has_model = there
        self._show_selection()

    def show_recent(self, folders: Sequence[Path]) -> None:
        """Studies that were open before."""
        self._recent = list(folders)
        combo = self._ui.studyRecentCombo
        combo.clear()
        combo.addItem(_("Choose ...") if folders else _("none yet"))
        for folder in folders:
            combo.addItem(f"{folder.name}  ({folder.parent})")
        combo.enabled = bool(folders)

    def show_rows(self, rows: Sequence[CaseRow]) -> None:
        """All cases; the selection stays where it can, and rows that did not change are left alone."""
        selected = self.selected_keys()
        self._rows = list(rows)
        table = self._ui.studyCaseTable
        table.blockSignals(True)
        # Sorting while filling would move the rows that are being filled.
        table.sortingEnabled = False
        if list(self._shown) == [row.key for row in self._rows]:
            self._refill()
        else:
            self._fill()
        table.sortingEnabled = True
        table.blockSignals(False)
        self._shown = {row.key: row for row in self._rows}
        self._filter()
        if selected:
            self.select(selected[0])
        self._show_selection()

    def _fill(self) -> None:
        self._hidden = set()
        table = self._ui.studyCaseTable
        table.rowCount = 0
        table.rowCount = len(self._rows)
        for index, row in enumerate(self._rows):
            self._fill_row(index, row)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """As wide as their texts; a column in which nothing stands yet is left out."""
        table = self._ui.studyCaseTable
        for column, used in (
            (BY_COLUMN, any(row.annotated_by for row in self._rows)),
            (REVIEWED_COLUMN, any(row.reviewed_by for row in self._rows)),
            (UNCERTAINTY_COLUMN, any(row.uncertainty is not None for row in self._rows)),
        ):
            table.setColumnHidden(column, not used)
        # The first rows tell how wide columns should be; asking all of a thousand takes a while.
        table.horizontalHeader().setResizeContentsPrecision(100)
        table.resizeColumnsToContents()

    def _refill(self) -> None:
        changed = {row.key: row for row in self._rows if self._shown[row.key] != row}
        if changed:
            for index, key in enumerate(self._table_keys()):
                if key in changed:
                    self._fill_row(index, changed[key])
            self._fit_columns()

    def _table_keys(self) -> list[str]:
        """Keys in the order of the table, which the user may have sorted."""
        table = self._ui.studyCaseTable
        return [table.item(index, KEY_COLUMN).text() for index in range(table.rowCount)]

    def _fill_row(self, index: int, row: CaseRow) -> None:
        texts = (row.key, row.name, row.status, row.annotated_by, row.reviewed_by, "", row.changed)
        for column, text in enumerate(texts):
            self._ui.studyCaseTable.setItem(index, column, qt.QTableWidgetItem(text))
        self._ui.studyCaseTable.item(index, STATUS_COLUMN).setIcon(self._icons[row.icon])
        if row.uncertainty is not None:
            # A number and not a text, so that the column sorts as numbers do.
            item = self._ui.studyCaseTable.item(index, UNCERTAINTY_COLUMN)
            item.setData(qt.Qt.DisplayRole, round(100 * row.uncertainty, 1))

    def _filter(self) -> None:
        text = self._ui.studyFilterEdit.text
        hidden = {row.key for row in self._rows if not row.matches(text)}
        for index, key in enumerate(self._table_keys()):
            if (key in hidden) != (key in self._hidden):
                self._ui.studyCaseTable.setRowHidden(index, key in hidden)
        self._hidden = hidden
        self._show_selection()

    def select(self, key: str) -> None:
        """Move the selection to a case."""
        table, keys = self._ui.studyCaseTable, self._table_keys()
        if key in keys:
            select_row(table, keys.index(key))
            table.scrollToItem(table.item(keys.index(key), KEY_COLUMN))

    def show_problems(self, problems: Sequence[dict[str, str]] | None) -> None:
        """Findings of the check; None: not checked."""
        listing = self._ui.studyProblemList
        listing.clear()
        self._problem_keys = []
        listing.visible = problems is not None
        for problem in problems or ():
            word = _("Error") if problem["severity"] == "error" else _("Warning")
            case = problem["case"] or _("study")
            listing.addItem(f"{word} · {case} · {localised(problem['sentence'])}")
            listing.item(listing.count - 1).setIcon(self._icons[problem["severity"]])
            self._problem_keys.append(problem["case"] or "")
        if problems is not None and not problems:
            listing.addItem(_("No problems found."))
            listing.item(0).setIcon(self._icons["reviewed"])
            self._problem_keys.append("")
        self._ui.studyGoToProblemButton.visible = any(self._problem_keys)
        self._show_problem_selection()

    def show_work(self, text: str, can_cancel: bool = False) -> None:
        """What is under way, or an empty text, and whether it can be cancelled."""
        self._ui.studyCancelButton.visible = can_cancel
        self._ui.studyWorkLabel.text = text
        for button in ("AddLoaded", "AddFiles", "AddFolder", "AddDicom"):
            getattr(self._ui, f"study{button}Button").enabled = not text
        self._show_selection()

    def _show_selection(self) -> None:
        some = bool(self.selected_keys())
        for name in ("studyOpenCaseButton", "studyRoleCombo", "studyLocateButton", "studyRemoveButton"):
            getattr(self._ui, name).enabled = some
        self._ui.studyNextCaseButton.enabled = bool(self._rows)
        idle = bool(self._rows) and not self._ui.studyWorkLabel.text
        self._ui.studyCheckButton.enabled = idle
        no_model = "" if self._has_model else _("There is no model yet: train first.")
        self._rank.allow(no_model if idle else _("Wait until what is under way has ended."))

    def _open_selected(self) -> None:
        keys = self.selected_keys()
        if keys:
            self.case_opened.emit(keys[0])

    def _choose_recent(self, index: int) -> None:
        if index > 0:
            self.recent_chosen.emit(self._recent[index - 1])

    def _choose_role(self, index: int) -> None:
        if index > 0:
            self.role_chosen.emit(self._roles[index - 1])
        self._ui.studyRoleCombo.currentIndex = 0

    def _problem_key(self) -> str:
        row = self._ui.studyProblemList.currentRow
        return self._problem_keys[row] if 0 <= row < len(self._problem_keys) else ""

    def _show_problem_selection(self) -> None:
        self._ui.studyGoToProblemButton.enabled = bool(self._problem_key())

    def _go_to_problem(self) -> None:
        key = self._problem_key()
        if key:
            self.select(key)
            self.case_opened.emit(key)


def _named(study: Study) -> str:
    segments = _("Segments: {names}").format(names=", ".join(label.name for label in study.labels))
    return f"{study.folder}\n{segments}\n" + _("Training grid: {size} mm").format(size=f"{study.spacing_mm:g}")
