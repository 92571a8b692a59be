"""The Train panel: start, follow, stop, resume and continue runs; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.continuing import continuing
from SemiSegEmbedLib.application.installer import Installer
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.overlays import PREVIEW, Entry, Overlay, legend
from SemiSegEmbedLib.application.run_follower import RunFollower, preset_of
from SemiSegEmbedLib.application.run_plot import RunPlot
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.train_machine import MachineView, TrainMachine
from SemiSegEmbedLib.application.train_preview import LivePreview
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.local import stop
from SemiSegEmbedLib.jobs.run_folder import RunState, newest_run
from SemiSegEmbedLib.study.records import Role

STOP_GRACE_S = 60.0
RESUMABLE = (RunState.STOPPED, RunState.FAILED, RunState.LOST)


class TrainView(MachineView, Protocol):
    """What the panel shows, and the signals of its controls."""

    start_clicked: Signal
    continue_clicked: Signal
    stop_clicked: Signal
    resume_clicked: Signal
    curves_clicked: Signal
    preview_toggled: Signal
    log_opened: Signal

    def choose_preset(self, name: str | None) -> None:
        """Choose a preset; unknown ones change nothing."""

    def curves(self) -> str:
        """Which curves to show: "quality" or "distance"."""

    def show_cases(self, annotated: int, unannotated: int) -> None:
        """How many cases would train."""

    def show_run(self, follower: RunFollower | None, class_names: Mapping[str, str]) -> None:
        """The run and its numbers by class."""

    def show_log(self, text: str) -> None:
        """What the training process printed."""

    def show_preview(self, possible: bool, on: bool, text: str, entries: Sequence[Entry]) -> None:
        """The live preview: whether it can be had, whether it is on, where it stands, and its legend."""

    def show_actions(self, start: str, continue_: str, stop: str, resume: str) -> None:
        """Why each button cannot be pressed; empty: it can."""

    def show_continue_note(self, text: str) -> None:
        """What to know before training goes on from the last model."""


class TrainPresenter:
    """Connects the panel with run folders and child processes."""

    def __init__(
        self, view: TrainView, session: Session, overlay: Overlay, messages: Messages, installer: Installer
    ) -> None:
        self._view = view
        self._session = session
        self._overlay = overlay
        self._messages = messages
        self._plot = RunPlot()
        # Stopping may wait for a minute: it must not keep labels from being saved.
        self._stopping = Background(lent=False)
        self._starting = Errand()
        self.machine = TrainMachine(view, messages, installer)
        self._preview = LivePreview(session, overlay)
        self._follower: RunFollower | None = None
        self._failed_log = ""
        self._connect()
        self._show_study()

    def _connect(self) -> None:
        view = self._view
        view.start_clicked.connect(self.start)
        view.continue_clicked.connect(self.continue_from_model)
        view.stop_clicked.connect(self.stop)
        view.resume_clicked.connect(self.resume)
        view.curves_clicked.connect(self.show_curves)
        view.preview_toggled.connect(self._preview.turn)
        view.log_opened.connect(self._show_log)
        self.machine.changed.connect(self._show_actions)
        self._preview.changed.connect(self._show_preview)
        self._overlay.changed.connect(lambda _name: self._show_preview())
        self._session.study_changed.connect(self._show_study)
        self._session.cases_changed.connect(self._show_cases)
        self._session.case_changed.connect(self._show_preview)

    def _show_study(self) -> None:
        """Adopt the newest run of the study, whoever started it."""
        study = self._session.study
        self._follow(None if study is None else newest_run(study.runs_folder))
        self._show_cases()

    def _follow(self, folder: Path | None) -> None:
        self._preview.turn(False)
        self._follower = None if folder is None else RunFollower(folder)
        if self._follower is not None:
            # Continuing in another window goes on as the run began, unless somebody chooses otherwise.
            self._view.choose_preset(preset_of(self._follower.run))
            self._follower.poll()
        self._show_run()

    def _show_run(self) -> None:
        self._view.show_run(self._follower, self._class_names())
        self._show_log()
        self._show_preview()
        self._show_actions()

    def _class_names(self) -> dict[str, str]:
        """What the classes of the network are called: labels that share a class are named together."""
        study = self._session.study
        names: dict[str, list[str]] = {}
        for label in study.labels if study else ():
            names.setdefault(str(study.classes()[label.value]), []).append(label.name)
        return {key: ", ".join(labels) for key, labels in names.items()}

    def _show_cases(self) -> None:
        cases = [] if self._session.study is None else self._session.study.cases
        annotated = sum(case.role is Role.ANNOTATED for case in cases)
        self._view.show_cases(annotated, sum(case.role is Role.UNANNOTATED for case in cases))
        self._show_actions()

    def _show_actions(self) -> None:
        follower, onward = self._follower, continuing(self._session.study)
        start, no_stop, no_resume = self._why_not(), "", self._busy()
        if not self.live:
            no_stop = _("No training runs.")
        elif self._stopping.busy:
            no_stop = _("Training is being stopped.")
        if follower is None or follower.status.state not in RESUMABLE:
            no_resume = _("No training was stopped or broke off.")
        self._view.show_actions(start, start or onward.obstacle, no_stop, no_resume)
        self._view.show_continue_note("" if start else onward.note)

    def _why_not(self) -> str:
        """Why training cannot be started, or an empty text."""
        study = self._session.study
        if study is None:
            return _("Create or open a study first.")
        if not any(case.role is Role.ANNOTATED for case in study.cases):
            return _("Annotate at least one case first.")
        return _("Training runs already: stop it first.") if self.live else self._busy()

    def _busy(self) -> str:
        if self.machine.lacks_torch:
            return _("Press Install first.")
        return _("Training is being prepared ...") if self._starting.running else ""

    def _show_preview(self) -> None:
        study, preview = self._session.study, self._preview
        possible = self.live and self._session.case is not None
        shown = study is not None and self._overlay.name == PREVIEW
        self._view.show_preview(possible, preview.on, preview.text, legend(PREVIEW, study.labels) if shown else ())

    def _show_log(self) -> None:
        if self._failed_log or self._follower is not None:
            self._view.show_log(self._failed_log or self._follower.log_tail())

    def start(self) -> None:
        """Train from the beginning."""
        self._start([])

    def continue_from_model(self) -> None:
        """Train on with the weights of the newest model."""
        model = continuing(self._session.study).model
        if model is not None:
            self._start(["--continue-from", model.stem])

    def _start(self, more: list[str]) -> None:
        view, folder = self._view, str(self._session.study.folder)
        options = ["--preset", view.preset(), "--minutes", f"{view.minutes():g}", "--device", view.device()]
        self._launch(["train", folder, "--background", *options, *more], _("Training is being prepared ..."))

    def _launch(self, arguments: list[str], sentence: str) -> None:
        self._messages.tell(sentence)
        self._failed_log = ""
        self._starting.start(arguments, self._started, self._start_failed)
        self._show_actions()

    def _started(self, result: dict[str, Any]) -> None:
        self._messages.tell(_("Training runs in the background: Slicer may be closed and opened again."))
        self._refresh()
        self._follow(Path(result["folder"]))

    def _start_failed(self, sentence: str) -> None:
        self._messages.warn(sentence)
        self._failed_log = self._starting.log
        self._show_log()
        self._show_actions()

    def _refresh(self) -> None:
        try:
            self._session.refresh()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))

    def resume(self) -> None:
        """Go on with a run that was stopped or broke off."""
        self._launch(["resume", str(self._follower.run.path), "--background"], _("Training goes on ..."))

    def stop(self) -> None:
        """Ask the run to stop; if it does not react it is ended with everything it started."""
        run = self._follower.run
        try:
            run.request_stop()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
            return
        self._messages.tell(_("Training stops at the next step and can be resumed."))
        self._stopping.start(lambda: stop(run, grace_s=STOP_GRACE_S), self._stopped, self._messages.warn)
        self._show_actions()

    def _stopped(self, _state: RunState) -> None:
        if self._follower is not None:
            was_live = self.live
            self._follower.look()
            self._show_progress(was_live)

    @property
    def live(self) -> bool:
        """Whether the run in view is at work."""
        return self._follower is not None and self._follower.live

    @property
    def state(self) -> RunState | None:
        """Where the run in view stands."""
        return None if self._follower is None else self._follower.status.state

    def show_curves(self) -> None:
        """Bring the curves into a Slicer plot view."""
        if self._follower is not None:
            self._plot.show(self._view.curves(), self._follower.progress, self._class_names())

    def tick(self) -> None:
        """Read what the run wrote; called by a timer."""
        self._stopping.poll()
        self._starting.poll()
        self.machine.tick()
        self._preview.tick(self._follower)
        if self._follower is not None:
            was_live = self.live
            if self._follower.poll():
                self._show_progress(was_live)

    def _show_progress(self, was_live: bool) -> None:
        self._show_run()
        self._plot.update(self._follower.progress, self._class_names())
        if was_live and not self.live:
            self._ended()

    def _ended(self) -> None:
        status = self._follower.status
        if status.state is RunState.FINISHED:
            self._messages.tell(_("Training is finished: there is a new model."))
        elif status.state is RunState.STOPPED:
            self._messages.tell(_("Training was stopped; what was learned is kept. Resume goes on."))
        self._refresh()
        if status.state not in (RunState.FINISHED, RunState.STOPPED):
            # Last, so that no other sentence hides it.
            self._messages.warn(status.reason or _("Training broke off: look into its log."))

    def cleanup(self) -> None:
        """Let go of runs (they go on) and end short child processes."""
        self._preview.turn(False)
        self._starting.cancel()
        self.machine.cleanup()
