"""The process that works on a run: prepare, train, answer requests, leave a model and the reason it ended."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib.errors import StoppedError
from SemiSegEmbedLib.jobs.local import WRITING_TASK
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.learning import processes
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.effort import mean_step_effort, step_effort
from SemiSegEmbedLib.learning.trainer import Outcome, Trainer
from SemiSegEmbedLib.study.files import temporary_folder
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device, leave_room_for_display
from SemiSegEmbedLib.workflows.failures import explain_failure, report_traceback
from SemiSegEmbedLib.workflows.model_export import (
    export_models,
    export_unfinished_model,
    load_weights,
    network_facts,
)
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.preparation import TrainingData, prepare_training, record_of
from SemiSegEmbedLib.workflows.run_contact import RunContact
from SemiSegEmbedLib.workflows.time_budget import PROBE_STEPS, measure_step, steps_within
from SemiSegEmbedLib.workflows.validation import Validator

STOPPED_MESSAGE = "The run was stopped; it can be resumed."


class RunWorker:
    """Works on one run folder. Under torchrun the first process leads and alone writes; the others compute along.

    Args:
        run: The folder; `config.json` says what to do.
        on_event: Called with each event as it is written.
    """

    def __init__(self, run: RunFolder, on_event: Callable[[dict[str, Any]], None] | None = None) -> None:
        self.run = run
        self.contact = RunContact(run, lambda: getattr(self.trainer, "step", None), on_event)
        self.leads = self.contact.leads
        self.study = Study.open(run.path.parent.parent)
        self.trainer: Trainer | None = None
        self.data: TrainingData | None = None
        self.device = torch.device("cpu")
        self._free_bytes: int | None = None
        self._left_model: str | None = None

    def execute(self) -> RunState:
        """Works until the end, from the last checkpoint where there is one.

        Every ending leaves a state, a last event and, if it failed, one sentence.

        Raises:
            SemiSegEmbedError: Another process works on this run; nothing of it is touched.
        """
        with self.run.work_lock() if self.leads else contextlib.nullcontext(), self.contact.hearing_signals():
            return self.contact.end(*self._ending())

    def _ending(self) -> tuple[RunState, str]:
        """Works, and says how it ended."""
        try:
            self.contact.status(RunState.RUNNING)
            outcome = self._work()
        except StoppedError:
            return RunState.STOPPED, STOPPED_MESSAGE
        except Exception as error:
            report_traceback(error)
            return RunState.FAILED, explain_failure(error)
        if outcome.state == "stopped":
            kept = "" if self._left_model is None else f" Its model so far is kept as {self._left_model}."
            return RunState.STOPPED, STOPPED_MESSAGE + kept
        return RunState.FINISHED, outcome.reason

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
                progress=self.contact.progress,
            )
        if self.leads and begun is None:
            self.run.write_split(record_of(self.data.split))
        self.contact.event(
            event="prepared",
            annotated=len(self.data.split.annotated),
            unannotated=len(self.data.split.unannotated),
            left_out=list(self.data.left_out),
            device=str(self.device),
        )
        config = self._plan(config, request["minutes"], request["steps"])
        validator = Validator(self.data, self._patch_size, self.device, self.contact.is_to_stop)
        self.trainer = self._make_trainer(config, self.run.checkpoints, validator)
        if request["continue_from"] is not None:
            self.trainer.initial = load_weights(
                resolve_model(self.study, request["continue_from"]), network_facts(config, self.data.classes)
            )
        outcome = self.trainer.run(resume=processes.agreed((self.run.checkpoints / "last.pt").exists()))
        if not self.leads:
            return outcome
        self.contact.event(event="progress", task=WRITING_TASK, fraction=0.0)
        if outcome.state == "stopped":
            self._left_model = export_unfinished_model(self.study, self.run, self.data, self.device)
        else:
            export_models(self.study, self.run, self.data, self.device)
        self.contact.event(event="progress", task=WRITING_TASK, fraction=1.0)
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
            report=(lambda event: self.contact.event(**event)) if validate is not None else (lambda event: None),
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
            self.contact.event(event="planned", steps=steps, message=message)
        return config.replace(steps=steps)

    def _steps_for(self, config: TrainingConfig, minutes: float) -> int:
        """As many steps as fit into `minutes`; the first process alone measures, and the others answer 0."""
        self.contact.progress("Measuring the speed", 0.0)
        begin = time.perf_counter()
        with temporary_folder(self.run.path if self.leads else Path(tempfile.gettempdir())) as folder:
            probe = self._make_trainer(config.replace(steps=PROBE_STEPS, supervised_start=0.0), folder, None)
            step_s = measure_step(probe, self.device, minutes, self._should_stop)
        if not self.leads:
            return 0
        self.contact.progress("Measuring the speed", 1.0)
        if step_s is None:
            raise StoppedError("The run was stopped.")
        mean_step_s = step_s * mean_step_effort(config) / step_effort(config)
        return steps_within(minutes, mean_step_s, time.perf_counter() - begin)

    def _should_stop(self) -> bool:
        """Asked before every step: whoever waits for something is served."""
        if self.contact.look():
            self._answer_requests()
        return self.contact.is_to_stop()

    def _patch_size(self) -> tuple[int, int, int]:
        """Of the run as it is now; its models are used with windows of this size too."""
        assert self.trainer is not None
        return self.trainer.config.patch_size

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
