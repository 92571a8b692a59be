"""The Train panel on its widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import qt
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.explained import Explained
from SemiSegEmbedLib.application.legend_label import show_legend
from SemiSegEmbedLib.application.overlays import Entry
from SemiSegEmbedLib.application.run_follower import RunFollower
from SemiSegEmbedLib.application.run_progress import RunProgress, Validation
from SemiSegEmbedLib.application.sentences import localised, localised_part
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.train_expectation import spoken
from SemiSegEmbedLib.jobs.run_folder import RunState

PRESETS = ("robust", "paper", "quick")
CURVES = ("quality", "distance")
MAXIMUM_TABLE_HEIGHT = 160


class TrainWidgets:
    """Implements `train_presenter.TrainView`.

    Args:
        ui: The named widgets of TrainPanel.ui.
    """

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._devices: list[str] = ["auto"]
        self._log = ""
        self.preset_is_chosen = False
        buttons = (ui.trainStartButton, ui.trainContinueButton, ui.trainStopButton, ui.trainResumeButton)
        self._actions = [Explained(button) for button in buttons]
        self.start_clicked = Signal()
        self.continue_clicked = Signal()
        self.stop_clicked = Signal()
        self.resume_clicked = Signal()
        self.install_clicked = Signal()
        self.devices_clicked = Signal()
        self.curves_clicked = Signal()
        self.preview_toggled = Signal()
        self.plan_changed = Signal()
        self.log_opened = Signal()
        self._fill_choices()
        self._connect()

    def _fill_choices(self) -> None:
        texts = (_("Robust (recommended)"), _("As in the paper"), _("Quick look (small network)"))
        for text in texts:
            self._ui.trainPresetCombo.addItem(text)
        for text in (_("Loss, overlap, unsure share"), _("Distance (HD95)")):
            self._ui.trainCurvesCombo.addItem(text)
        self._ui.trainDeviceCombo.addItem(_("Automatic"))
        header = self._ui.trainValidationTable.horizontalHeader()
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, qt.QHeaderView.Stretch)
        self._ui.trainLogFold.collapsed = True

    def _connect(self) -> None:
        ui = self._ui
        for widget, signal in (
            (ui.trainStartButton, self.start_clicked),
            (ui.trainContinueButton, self.continue_clicked),
            (ui.trainStopButton, self.stop_clicked),
            (ui.trainResumeButton, self.resume_clicked),
            (ui.trainInstallButton, self.install_clicked),
            (ui.trainDevicesButton, self.devices_clicked),
            (ui.trainCurvesButton, self.curves_clicked),
        ):
            widget.clicked.connect(lambda *_args, signal=signal: signal.emit())
        ui.trainPreviewButton.toggled.connect(self.preview_toggled.emit)
        ui.trainPresetCombo.activated.connect(lambda *_args: self._note_choice())
        for changed in (
            ui.trainPresetCombo.currentIndexChanged,
            ui.trainDeviceCombo.currentIndexChanged,
            ui.trainMinutesSpin.valueChanged,
        ):
            changed.connect(lambda *_args: self.plan_changed.emit())
        ui.trainLogFold.contentsCollapsed.connect(lambda folded: None if folded else self.log_opened.emit())

    def preset(self) -> str:
        """Name of the chosen preset."""
        return PRESETS[max(0, self._ui.trainPresetCombo.currentIndex)]

    def _note_choice(self) -> None:
        self.preset_is_chosen = True

    def choose_preset(self, name: str | None) -> None:
        """Choose a preset for the user; unknown ones change nothing."""
        if name in PRESETS:
            self._ui.trainPresetCombo.currentIndex = PRESETS.index(name)

    def minutes(self) -> float:
        """The time budget."""
        return float(self._ui.trainMinutesSpin.value)

    def device(self) -> str:
        """The chosen device."""
        return self._devices[max(0, self._ui.trainDeviceCombo.currentIndex)]

    def curves(self) -> str:
        """Which curves to show."""
        return CURVES[max(0, self._ui.trainCurvesCombo.currentIndex)]

    def show_devices(self, devices: Sequence[dict[str, Any]]) -> None:
        """What can be computed on, with its free memory; what was chosen stays chosen."""
        combo = self._ui.trainDeviceCombo
        chosen = self.device()
        combo.blockSignals(True)
        combo.clear()
        combo.addItem(_("Automatic"))
        self._devices = ["auto"]
        for device in devices:
            free = _("{size:.1f} GiB free").format(size=device["free_bytes"] / 2**30)
            combo.addItem(f"{localised_part(device['name'])} ({free})")
            self._devices.append(device["device"])
        combo.currentIndex = self._devices.index(chosen) if chosen in self._devices else 0
        combo.blockSignals(False)

    def show_expectation(self, text: str) -> None:
        """What to expect of a run on this computer."""
        self._ui.trainDeviceLabel.text = text
        self._ui.trainDeviceLabel.visible = bool(text)

    def show_missing(self, packages: Sequence[str]) -> None:
        """Packages that must be installed before training."""
        self._ui.trainInstallRow.visible = bool(packages)
        text = _("To train and to segment, free packages must be installed once: {packages}.")
        self._ui.trainInstallLabel.text = text.format(packages=", ".join(packages))

    def show_cases(self, annotated: int, unannotated: int) -> None:
        """How many cases would train."""
        text = _("{annotated} annotated and {unannotated} other cases will train.")
        if annotated == 0:
            text = _("Annotate at least one case first.")
        elif annotated < 6:
            text += " " + _("With fewer than six annotated cases the scores flatter the model.")
        self._ui.trainCasesLabel.text = text.format(annotated=annotated, unannotated=unannotated)

    def show_actions(self, start: str, continue_: str, stop: str, resume: str) -> None:
        """Why each button cannot be pressed; empty: it can."""
        for button, reason in zip(self._actions, (start, continue_, stop, resume), strict=True):
            button.allow(reason)

    def show_continue_note(self, text: str) -> None:
        """What to know before training goes on from the last model."""
        self._ui.trainContinueLabel.text = text
        self._ui.trainContinueLabel.visible = bool(text)

    def show_run(self, follower: RunFollower | None, class_names: Mapping[str, str]) -> None:
        """The run and its numbers by class."""
        self._ui.trainRunContent.visible = follower is not None
        if follower is None:
            return
        progress = follower.progress
        total = progress.total_steps or follower.status.total_steps
        step = max(progress.step, follower.status.step if not follower.live else 0)
        self._ui.trainProgressBar.maximum = 1000
        fraction = progress.task_fraction if follower.live and progress.task else (step / total if total else 0.0)
        finished = follower.status.state is RunState.FINISHED
        self._ui.trainProgressBar.value = 1000 if finished else round(1000 * min(1.0, fraction))
        self._ui.trainStateLabel.text = state_text(follower)
        self._show_validations(progress, class_names)

    def _show_validations(self, progress: RunProgress, class_names: Mapping[str, str]) -> None:
        table = self._ui.trainValidationTable
        newest = progress.validations[-1] if progress.validations else None
        rows = [] if newest is None else _validation_rows(newest, class_names)
        table.visible = bool(rows)
        table.rowCount = len(rows)
        for index, texts in enumerate(rows):
            for column, text in enumerate(texts):
                table.setItem(index, column, qt.QTableWidgetItem(text))
                table.item(index, column).setData(qt.Qt.ToolTipRole, text)
        table.resizeRowsToContents()
        rows_height = min(table.verticalHeader().length(), MAXIMUM_TABLE_HEIGHT)
        table.minimumHeight = table.maximumHeight = table.horizontalHeader().sizeHint.height() + rows_height + 4
        note = _("Optimistic: measured on parts of scans whose other parts train. Expect less on new patients.")
        self._ui.trainOptimisticLabel.visible = newest is not None and newest.optimistic
        self._ui.trainOptimisticLabel.text = note

    def show_log(self, text: str) -> None:
        """What the training process printed; nothing is done while the log is folded."""
        if self._ui.trainLogFold.collapsed or text == self._log:
            return
        self._log = text
        self._ui.trainLogText.plainText = text
        bar = self._ui.trainLogText.verticalScrollBar()
        bar.value = bar.maximum

    def show_preview(self, possible: bool, on: bool, text: str, entries: Sequence[Entry]) -> None:
        """The live preview: whether it can be had, whether it is on, where it stands, and its legend."""
        button = self._ui.trainPreviewButton
        button.enabled = possible or on
        button.blockSignals(True)
        button.checked = on
        button.blockSignals(False)
        self._ui.trainPreviewLabel.text = text
        show_legend(self._ui.trainPreviewLegendLabel, entries)


def state_text(follower: RunFollower) -> str:
    """Where a run stands, in one line."""
    progress, status = follower.progress, follower.status
    words = {
        RunState.WAITING: _("starting"),
        RunState.RUNNING: _("running"),
        RunState.STOPPED: _("stopped"),
        RunState.FINISHED: _("finished"),
        RunState.FAILED: _("failed"),
        RunState.LOST: _("broke off"),
    }
    parts = [words[status.state]]
    if follower.live and not progress.task and progress.seconds_left is not None:
        parts.append(_("about {time} left").format(time=spoken(progress.seconds_left / 3600)))
    if follower.live and progress.task:
        parts.append(f"{localised_part(progress.task)} {100 * progress.task_fraction:.0f} %")
    elif progress.total_steps:
        parts.append(_("step {step} of {total}").format(step=progress.step, total=progress.total_steps))
        if progress.losses:
            parts.append(_("loss {loss:.3f}").format(loss=progress.losses[-1][1]))
    if not follower.live and status.state is not RunState.FINISHED and status.reason:
        parts.append(localised(status.reason))
    elif progress.message:
        parts.append(localised(progress.message))
    return " · ".join(parts)


def _validation_rows(validation: Validation, names: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    rows = [
        (names.get(name, name), _score(values.get("iou"), ""), _score(values.get("hd95"), " mm"))
        for name, values in sorted(validation.per_class.items())
    ]
    if len(rows) != 1:
        rows.append((_("mean"), _score(validation.iou, ""), _score(validation.hd95, " mm")))
    return [(*row, str(validation.step)) for row in rows]


def _score(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.3f}" if not unit else f"{value:.1f}{unit}"
