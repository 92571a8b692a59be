"""The process that works on a run: prepare, train, answer requests, leave a model and the reason it ended."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError, StoppedError
from SemiSegEmbedLib.jobs.local import WRITING_TASK
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.learning import processes
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.trainer import Outcome, Trainer
from SemiSegEmbedLib.study.files import temporary_folder
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device, leave_room_for_display
from SemiSegEmbedLib.workflows.failures import MOVED_MESSAGE, explain_failure, report_traceback
from SemiSegEmbedLib.workflows.model_export import (
    export_models,
    export_unfinished_model,
    load_weights,
    network_facts,
)
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.preparation import TrainingData, prepare_training, record_of
from SemiSegEmbedLib.workflows.training import MINIMUM_STEPS
from SemiSegEmbedLib.workflows.validation import Validator

LOOK_EVERY_S = 0.5
PROBE_WARM_UP = 3
"""The first steps of a process are slow: they are not measured."""
PROBE_STEPS = 16
"""At most so many steps are measured ..."""
PROBE_SHARE = 0.01
"""... and no more, once this share of the time budget is spent on them: a step may take a minute on a processor."""
STOPPED_MESSAGE = "The run was stopped; it can be resumed."
BUDGET_FOR_STEPS = 0.85
"""Share of a time budget that goes to steps; the rest is for validation and for writing the model."""


class RunWorker:
    """Works on one run folder. Under torchrun the first process leads and alone writes; the others compute along.

    Args:
        run: The folder; `config.json` says what to do.
        on_event: Called with each event as it is written.
    """

    def __init__(self, run: RunFolder, on_event: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.run = run
        self.leads = processes.rank() == 0
        self.study = Study.open(run.path.parent.parent)
        self.on_event = on_event
        self.trainer: Trainer | None = None
        self.data: TrainingData | None = None
        self.device = torch.device("cpu")
        self._free_bytes: int | None = None
        self._last_look = 0.0
        self._left_model: str | None = None
        self._stop = threading.Event()
        self._position = (0, 0)

    def execute(self) -> RunState:
        """Works until the end, from the last checkpoint where there is one.

        Every ending leaves a state, a last event and, if it failed, one sentence.

        Raises:
            SemiSegEmbedError: Another process works on this run; nothing of it is touched.
        """
        with self.run.work_lock() if self.leads else contextlib.nullcontext():
            return self._execute()

    def _execute(self) -> RunState:
        restore = self._catch_signals()
        try:
            self._status(RunState.RUNNING)
            outcome = self._work()
        except StoppedError:
            return self._end(RunState.STOPPED, STOPPED_MESSAGE)
        except Exception as error:
            report_traceback(error)
            return self._end(RunState.FAILED, explain_failure(error))
        finally:
            restore()
        if outcome.state == "stopped":
            kept = "" if self._left_model is None else f" Its model so far is kept as {self._left_model}."
            return self._end(RunState.STOPPED, STOPPED_MESSAGE + kept)
        return self._end(RunState.FINISHED, outcome.reason)

    def _work(self) -> Outcome:
        request = self.run.config["request"]
        config = TrainingConfig.from_dict(self.run.config["training"])
        self.device = processes.own_device(choose_device(request["device"]))
        self._free_bytes = leave_room_for_display(self.device)
        begun = processes.agreed(self.run.split if self.leads else None)
        with processes.first_one_first():
            self.data = prepare_training(
                self.study,
                config,
                ignore_problems=request["ignore_problems"],
                validation=request["validation"],
                begun=begun,
                progress=self._progress,
            )
        if self.leads and begun is None:
            self.run.write_split(record_of(self.data.split))
        self._event(
            event="prepared",
            annotated=len(self.data.split.annotated),
            unannotated=len(self.data.split.unannotated),
            left_out=list(self.data.left_out),
            device=str(self.device),
        )
        config = self._plan(config, request["minutes"], request["steps"])
        validator = Validator(self.data, self._patch_size, self.device, self._is_to_stop)
        self.trainer = self._make_trainer(config, self.run.checkpoints, validator)
        if request["continue_from"] is not None:
            self.trainer.initial = load_weights(
                resolve_model(self.study, request["continue_from"]), network_facts(config, self.data.classes)
            )
        outcome = self.trainer.run(resume=processes.agreed((self.run.checkpoints / "last.pt").exists()))
        if not self.leads:
            return outcome
        self._event(event="progress", task=WRITING_TASK, fraction=0.0)
        if outcome.state == "stopped":
            self._left_model = export_unfinished_model(self.study, self.run, self.data, self.device)
        else:
            export_models(self.study, self.run, self.data, self.device)
        self._event(event="progress", task=WRITING_TASK, fraction=1.0)
        return outcome

    def _make_trainer(self, config: TrainingConfig, checkpoints: Path, validate: Validator | None) -> Trainer:
        assert self.data is not None
        return Trainer(
            config,
            self.data.volumes,
            self.data.normalisation,
            self.data.classes,
            device=self.device,
            checkpoints=checkpoints,
            report=(lambda event: self._event(**event)) if validate is not None else (lambda event: None),
            validate=validate,
            should_stop=self._should_stop,
            mirror_classes=self.data.mirror_classes,
            free_bytes=self._free_bytes,
        )

    def _plan(self, config: TrainingConfig, minutes: float | None, most: int | None) -> TrainingConfig:
        """The configuration with its number of steps; a time budget is turned into steps once in a run's life."""
        if minutes is None:
            return config
        events = self.run.events()[0] if self.leads else []
        planned = processes.agreed([event["steps"] for event in events if event["event"] == "planned"])
        steps = planned[0] if planned else min(processes.agreed(self._steps_for(config, minutes)), most or sys.maxsize)
        if not planned:
            message = f"{steps} steps were chosen for a budget of {minutes:g} minutes."
            if minutes == 1:
                message = f"{steps} steps were chosen for a budget of one minute."
            self._event(event="planned", steps=steps, message=message)
        return config.replace(steps=steps)

    def _steps_for(self, config: TrainingConfig, minutes: float) -> int:
        """As many steps as fit into `minutes`, from the time of a few real ones."""
        self._progress("Measuring the speed", 0.0)
        begin = time.perf_counter()
        moments: list[float] = []

        def enough() -> bool:
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            moments.append(time.perf_counter())
            measured = moments[PROBE_WARM_UP:]
            long_enough = len(measured) > 2 and measured[-1] - measured[0] > PROBE_SHARE * 60 * minutes
            return long_enough or self._should_stop()

        with temporary_folder(self.run.path if self.leads else Path(tempfile.gettempdir())) as folder:
            probe = self._make_trainer(config.replace(steps=PROBE_WARM_UP + PROBE_STEPS), folder, None)
            probe.should_stop = enough
            probe.run(resume=False)
        if not self.leads:  # the first process measures
            return 0
        self._progress("Measuring the speed", 1.0)
        measured = moments[PROBE_WARM_UP:]
        if len(measured) < 2:
            raise StoppedError("The run was stopped.")
        step_seconds = max(1e-4, (measured[-1] - measured[0]) / (len(measured) - 1))
        left = 60 * minutes * BUDGET_FOR_STEPS - (time.perf_counter() - begin)
        return max(MINIMUM_STEPS, int(left / step_seconds))

    def _should_stop(self) -> bool:
        """Asked before every step: whoever waits for something is served."""
        if self._look():
            self._answer_requests()
        return self._stop.is_set()

    def _is_to_stop(self) -> bool:
        """Asked within a validation, when nobody else is served."""
        self._look()
        return self._stop.is_set()

    def _patch_size(self) -> tuple[int, int, int]:
        """Of the run as it is now; its models are used with windows of this size too."""
        assert self.trainer is not None
        return self.trainer.config.patch_size

    def _look(self) -> bool:
        """A sign of life and a look at the stop file, at most every half second; whether it was time for that."""
        now = time.monotonic()
        if not self.leads or now - self._last_look <= LOOK_EVERY_S:
            return False
        self._last_look = now
        self._status(RunState.RUNNING)
        if self.run.stop_requested():
            self._stop.set()
        return True

    def _answer_requests(self) -> None:
        from SemiSegEmbedLib.workflows.preview import answer_preview

        if self.trainer is None:  # still preparing: questions wait until there is something to show
            return
        for request in self.run.pending_requests():
            try:
                if request["kind"] == "checkpoint":
                    self.trainer.save_checkpoint()
                    self.run.answer(request["id"], step=self.trainer.step)
                elif request["kind"] == "preview":
                    self.run.answer(request["id"], **answer_preview(self, request))
                else:
                    self.run.answer(request["id"], error="A run is asked for a preview or for a checkpoint.")
            except Exception as error:  # a viewer's wish must never end the training
                report_traceback(error)
                self.run.answer(request["id"], error=explain_failure(error))

    def tell_preview(self, done: int, total: int) -> None:
        """How far a preview is: a sign of life every second, since no step is done meanwhile."""
        now = time.monotonic()
        if now - self._last_look > 1.0 or done == total:
            self._last_look = now
            self._status(RunState.RUNNING)
            self._event(event="progress", task="Preview", fraction=round(done / total, 4))

    def _event(self, **fields: Any) -> None:
        if not self.leads:
            return
        if fields["event"] == "step":
            self._position = (fields["step"], fields["total_steps"])
        self.run.append_event(**fields)
        if self.on_event is not None:
            self.on_event(fields)

    def _progress(self, task: str, fraction: float, detail: str = "") -> None:
        if self._should_stop():
            raise StoppedError("The run was stopped.")
        self._event(event="progress", task=task, fraction=round(fraction, 4))

    def _status(self, state: RunState, reason: str = "") -> None:
        if not self.leads:
            return
        # The trainer is further than its last logged step.
        step = getattr(self.trainer, "step", self._position[0])
        self.run.write_status(state, reason=reason, step=step, total_steps=self._position[1])

    def _end(self, state: RunState, message: str) -> RunState:
        """The last state and, with it, the last event.

        Raises:
            SemiSegEmbedError: They could not be written; the terminal door puts the sentence into the log.
        """
        if not self.run.path.is_dir():
            raise SemiSegEmbedError(MOVED_MESSAGE)
        try:
            self._status(state, reason=message)
        except SemiSegEmbedError as error:
            raise SemiSegEmbedError(message or str(error)) from error
        if self.on_event is not None:
            self.on_event({"event": "end", "state": state.value, "message": message})
        return state

    def _catch_signals(self) -> Callable[[], None]:
        """Ctrl-C and SIGTERM ask for a stop that saves; a second one ends at once. Returns what undoes this."""
        if not self.leads or threading.current_thread() is not threading.main_thread():
            return lambda: None

        def ask(number: int, frame: FrameType | None) -> None:
            if self._stop.is_set():
                raise KeyboardInterrupt
            self._stop.set()

        previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}

        def restore() -> None:
            for number, handler in previous.items():
                signal.signal(number, handler)

        return restore
