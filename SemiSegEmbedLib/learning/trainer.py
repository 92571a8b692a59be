"""The loop around a method: optimiser, teacher, precision, log, validation, checkpoints, resume."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError, StoppedError
from SemiSegEmbedLib.learning import memory, processes
from SemiSegEmbedLib.learning.augmentation import Augmentation
from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint, save_checkpoint
from SemiSegEmbedLib.learning.compiling import NOT_COMPILED
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.optimiser import learning_rate_at
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.precision import training_dtype
from SemiSegEmbedLib.learning.progress import StepClock
from SemiSegEmbedLib.learning.selection import Outcome, Selection
from SemiSegEmbedLib.learning.stepper import Stepper
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

Validate = Callable[[UNet3D, UNet3D, int], dict[str, Any]]
"""(student, teacher, step) -> at least "hd95" (mm) and "iou"; both networks are in evaluation mode. It may raise
`StoppedError`: the run then stops, and begins with this validation when it is resumed."""

NONFINITE_PATIENCE = 25
"""So many steps in a row without a finite gradient end a run (fp16's first steps may skip a handful)."""


class Trainer:
    """Trains one method from volumes in memory and leaves `last.pt` and `best.pt`.

    Under torchrun each process makes one with the same arguments; the first one alone reports, validates and writes.

    Args:
        config: See `TrainingConfig`.
        volumes: Training cases on one grid; case keys are the only names that leave the trainer.
        normalisation: Of the training cases.
        classes: C, background included.
        device: Where to train.
        checkpoints: Folder of the two checkpoints.
        report: Receives one dict of plain values for each event; its key "event" is one of "start", "step",
            "validation", "checkpoint", "memory", "warning", "trained"; "message" is a sentence for a person.
        validate: See `Validate`; None trains without selection.
        should_stop: Asked before every step.
        mirror_classes: See `Augmentation`.
        hidden_labels: See `PatchSource`.
        free_bytes: Memory for the run and its scans; None asks a GPU and does not limit the CPU.
        initial: State dicts of student and teacher to begin a new run with; None is He's initialisation.
    """

    def __init__(
        self,
        config: TrainingConfig,
        volumes: Sequence[Volume],
        normalisation: Normalisation,
        classes: int,
        *,
        device: torch.device | str,
        checkpoints: Path,
        report: Callable[[dict[str, Any]], None],
        validate: Validate | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        mirror_classes: tuple[int, ...] | None = None,
        hidden_labels: Mapping[str, np.ndarray] | None = None,
        free_bytes: int | None = None,
        initial: tuple[Mapping[str, Tensor], Mapping[str, Tensor]] | None = None,
    ) -> None:
        self.config, self.volumes, self.normalisation, self.classes = config, volumes, normalisation, classes
        self.device = torch.device(device)
        self.leads = processes.rank() == 0
        self.checkpoints, self.report = Path(checkpoints), report if self.leads else _say_nothing
        self.validate, self.should_stop = validate, should_stop
        self.mirror_classes, self.hidden_labels, self.free_bytes = mirror_classes, hidden_labels, free_bytes
        self.initial = initial

    def run(self, resume: bool = False) -> Outcome:
        """Trains to the last step, a stop, or divergence; the caller's random state is left alone.

        Raises:
            BadInputError: When `resume` finds no fitting checkpoint.
        """
        devices = [self.device] if self.device.type == "cuda" else []
        tuned = torch.backends.cudnn.flags(enabled=True, benchmark=True)  # what is not named here is switched off
        with processes.joined(self.device), torch.random.fork_rng(devices=devices), tuned:
            self._prepare(resume)
            try:
                outcome = self._loop()
            finally:
                self.stepper.leave()
        self.report({"event": "trained", "state": outcome.state, "step": outcome.step, "best_step": outcome.best_step,
                     "reason": outcome.reason})  # fmt: skip
        return outcome

    def _prepare(self, resume: bool) -> None:
        state = load_checkpoint(self.checkpoints / "last.pt") if resume else None
        if state is not None:
            self.config = self._config_of(state)
        processes.check_shares(self.config.labelled_per_batch // self.config.accumulation)
        torch.manual_seed(self.config.seed)
        generator, self.augmentation_generator = torch.Generator(), torch.Generator()
        generator.manual_seed(self.config.seed)
        self.augmentation_generator.manual_seed(self.config.seed + 1)
        room = memory.room_for_run(self.config, self.device, self.free_bytes)
        self.source = PatchSource(
            self.volumes, self.normalisation, self.config, self.classes, self.device, generator,
            hidden_labels=self.hidden_labels, room=room,
        )  # fmt: skip
        if state is None and room is not None:
            self._fit_to_memory(room - self.source.device_bytes)
        self.stepper = Stepper(self.config, self.classes, self.device)
        self.method, self.optimiser = self.stepper.method, self.stepper.optimiser
        self.augmentation = Augmentation(self.config, self.mirror_classes)
        self.selection = Selection(self.config.divergence_drop, self.config.divergence_patience, self.config.selection)
        self.step = 0
        if state is not None:
            self._restore(state)
        elif self.initial is not None:
            self.method.student.load_state_dict(self.initial[0])
            self.method.teacher.load_state_dict(self.initial[1])
        if not self.leads:
            self._draw_own_noise()

    def _draw_own_noise(self) -> None:
        """Noise, dropout and augmentation differ between processes; only the first one's outlast a restart."""
        seed = self.config.seed + 1_000_003 * processes.rank() + self.step
        torch.manual_seed(seed)
        self.augmentation_generator.manual_seed(seed)

    def _loop(self) -> Outcome:
        self.clock = StepClock(self.config, self.step)
        self._report_start()
        while True:
            if self._owes_validation():
                if not self._run_validation():
                    return self._end("stopped")
                if self.selection.diverged:
                    return self._end("diverged", self.selection.reason)
            if self.step >= self.config.steps:
                return self._end("finished")
            if processes.agreed(self.leads and self.should_stop()):
                return self._end("stopped")
            self._guarded_step()
            self.step += 1
            if self._due(self.config.log_every) and self._log() >= NONFINITE_PATIENCE:
                return self._end("diverged", "The loss is no longer a finite number; lower the learning rate.")
            # Before a validation, which may take long. The last step is saved by `_end`, once.
            if self._due(self.config.checkpoint_every) and self.step < self.config.steps:
                self._save("last.pt")

    def _owes_validation(self) -> bool:
        """Also after a resumption, when the validation of the last step was cut off."""
        due = self.step > self.selection.seen and self._due(self.config.validate_every)
        return due and self.validate is not None

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.config.steps

    def _guarded_step(self) -> None:
        """One step; it is tried again smaller where memory runs out, and uncompiled where the compiler fails."""
        while True:
            try:
                return self.stepper.take(self._next_batch, self.step)
            except Exception as error:
                remedy = self._remedy(error)
            # Only here, since the error holds whatever was computed before it.
            self.stepper.give_up_step()
            memory.give_back(self.device)
            remedy()

    def _remedy(self, error: Exception) -> Callable[[], None]:
        """What lets the step be tried again; raises where there is nothing."""
        alone = not processes.together()  # together a step cannot be tried again: the others wait in another place
        compiler = self.method.compiler
        if alone and compiler is not None and compiler.is_at_fault(error):
            return self._stop_compiling
        if not memory.may_be_out_of_memory(error):
            raise error
        smaller = memory.smaller(self.config) if alone else None
        if smaller is not None:
            return partial(self._take_config, *smaller)
        if memory.is_out_of_memory(error):
            raise memory.cannot_shrink(self.config) from None
        raise error

    def _stop_compiling(self) -> None:
        assert self.method.compiler is not None
        self.method.compiler.switch_off()
        self.report({"event": "warning", "step": self.step, "message": NOT_COMPILED})

    def _take_config(self, config: TrainingConfig, sentence: str) -> None:
        self.config = config
        self.stepper.change_config(config)
        self.source.change_config(config)
        self.report({"event": "memory", "step": self.step, "message": sentence})

    def _next_batch(self) -> Batch:
        labelled, unlabelled = self.method.patches_per_step(self.step)
        parts = self.config.accumulation
        batch = self.source.batch(labelled // parts, unlabelled // parts)
        with torch.no_grad():
            return self.augmentation(batch, self.augmentation_generator)

    def _log(self) -> int:
        """The only place that waits for the device; returns the steps in a row without a finite gradient."""
        skipped, in_row = self.optimiser.skipped()
        self.report({
            "event": "step", "step": self.step, "total_steps": self.config.steps,
            **self.stepper.means.take(), "learning_rate": learning_rate_at(self.step - 1, self.config),
            "skipped_steps": skipped, **self.clock.read(self.step),
            "peak_memory_bytes": memory.peak_bytes(self.device),
        })  # fmt: skip
        return in_row

    def _run_validation(self) -> bool:
        """False when it was stopped: the run then owes it."""
        assert self.validate is not None
        metrics: dict[str, Any] | None = None
        if self.leads:
            with suppress(StoppedError), self.evaluation() as (student, teacher):
                metrics = self.validate(student, teacher, self.step)
        metrics = processes.agreed(metrics)
        if metrics is None:
            return False
        best = self.selection.add(self.step, metrics)
        if best:
            self._save("best.pt")
        self.report({"event": "validation", "step": self.step, "best": best, **metrics})
        if self.selection.warning:
            self.report({"event": "warning", "step": self.step, "message": self.selection.warning})
        return True

    @contextmanager
    def evaluation(self) -> Iterator[tuple[UNet3D, UNet3D]]:
        """Student and teacher in evaluation mode between two steps; random numbers and the clock do not notice."""
        self.clock.pause()
        self.method.eval()
        try:
            with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []), torch.no_grad():
                yield self.method.student, self.method.teacher
        finally:
            self.method.train()
            self.clock.go_on()

    def save_checkpoint(self) -> None:
        """Writes `last.pt` as of the last finished step; for whoever asks between two steps."""
        self._save("last.pt")

    def _fit_to_memory(self, free: int) -> None:
        dtype = training_dtype(self.config.precision, self.device)
        self.config, sentence = memory.fit_to_memory(
            self.config, processes.smallest(free), half=dtype is not None, processes=processes.world()
        )
        self.source.change_config(self.config)
        if sentence:
            self.report({"event": "memory", "step": 0, "message": sentence})

    def _report_start(self) -> None:
        if self.stepper.note:
            self.report({"event": "warning", "step": self.step, "message": self.stepper.note})
        count = sum(parameter.numel() for parameter in self.method.student.parameters())
        self.report({
            "event": "start", "step": self.step, "total_steps": self.config.steps, "method": self.config.method,
            "parameters": count, "device": self.device.type, "precision": str(self.method.autocast_dtype or "fp32"),
        })  # fmt: skip

    def _end(self, state: str, reason: str = "") -> Outcome:
        """Keeps the last state, unless it holds numbers that are not finite."""
        if all(bool(torch.isfinite(p).all()) for p in self.method.trainable_parameters()):
            self._save("last.pt")
        return Outcome(state, self.step, self.selection.best_step, self.selection.best, reason)

    def _save(self, name: str) -> None:
        if self.leads:
            save_checkpoint(self.checkpoints / name, self._state())
        self.report({"event": "checkpoint", "step": self.step, "name": name})

    def _state(self) -> dict[str, Any]:
        return {
            "config": self.config.to_dict(),
            "classes": self.classes,
            "step": self.step,
            **self.stepper.state_dict(),
            "source": self.source.state_dict(),
            "augmentation": self.augmentation_generator.get_state(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "selection": self.selection.state_dict(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.stepper.load_state_dict(state)
        self.source.load_state_dict(state["source"])
        self.augmentation_generator.set_state(state["augmentation"])
        self.selection.load_state_dict(state["selection"])
        torch.set_rng_state(state["random"])
        if state["random_cuda"] is not None and self.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_cuda"], self.device)

    def _config_of(self, state: dict[str, Any]) -> TrainingConfig:
        """The checkpoint's configuration, which may be smaller than ours where memory ran short."""
        saved = TrainingConfig.from_dict(state["config"])
        ours = self.config.replace(**{name: getattr(saved, name) for name in memory.SHRINKABLE})
        if ours != saved or state["classes"] != self.classes:
            raise BadInputError(
                "The checkpoint belongs to a run with another configuration; resume it with its own or start anew."
            )
        return saved


def _say_nothing(event: dict[str, Any]) -> None: ...
