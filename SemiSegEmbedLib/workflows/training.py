"""A training run from request to model file: the folder is created here, worked on here, and stopped by anyone."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib import __version__
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.model_file import describe
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.study.files import utc_now
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device, estimate_step_seconds, list_devices
from SemiSegEmbedLib.workflows.models import import_model, resolve_model

OnEvent = Callable[[dict[str, Any]], None]

MINIMUM_STEPS = 50
"""Fewer steps than this teach nothing, whatever the time budget says."""


@dataclass(frozen=True)
class TrainingRequest:
    """What a person asks for; everything else follows from the preset and the study.

    Attributes:
        preset: "paper", "robust" or "quick".
        method: None: the preset's.
        steps: None: the preset's, or as many as `minutes` allow; with `minutes` it is the most.
        minutes: Time budget; the steps are chosen from the measured speed of this machine.
        seed: Of everything random.
        overrides: Other values of `TrainingConfig`; texts are read as JSON.
        continue_from: A model (id or file) whose weights are the beginning.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        ignore_problems: Leave cases with problems out instead of refusing to train.
        validation: Cases to validate on; None: see `study.splits.make_split`.
    """

    preset: str = "robust"
    method: str | None = None
    steps: int | None = None
    minutes: float | None = None
    seed: int = 0
    overrides: Mapping[str, Any] = field(default_factory=dict)
    continue_from: str | None = None
    device: str = "auto"
    ignore_problems: bool = False
    validation: tuple[str, ...] | None = None


def configure(request: TrainingRequest) -> TrainingConfig:
    """The training configuration of a request.

    Raises:
        BadInputError: It names a preset, setting or value that does not exist.
    """
    changes = {name: parse_value(name, value) for name, value in request.overrides.items()}
    if request.method is not None:
        changes["method"] = request.method
    if request.steps is not None:
        changes["steps"] = request.steps
    return preset(request.preset, **{"seed": request.seed, **changes})


def parse_value(name: str, value: Any) -> Any:
    """A setting typed as text in the type that the configuration wants; one number stands for three equal ones."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return value
    default = next((f.default for f in fields(TrainingConfig) if f.name == name), None)
    if isinstance(default, tuple):
        parts = value if isinstance(value, list | tuple) else [value] * len(default)
        return tuple(parts)
    return float(value) if isinstance(default, float) and isinstance(value, int) else value


def describe_expectation(request: TrainingRequest) -> str:
    """One sentence on where the run will compute and, without a GPU, how long that takes."""
    device = choose_device(request.device)
    if device.type != "cpu":
        name = next((one.name for one in list_devices() if one.id == str(device)), str(device))
        return f"Training on {name}."
    if request.minutes is not None:
        return f"No GPU is used: training on the processor for about {request.minutes:g} minutes."
    config = configure(request)
    hours = estimate_step_seconds(config, device) * config.steps / 3600
    spent = f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.0f} minutes"
    return (
        f"No GPU is used: {config.steps} steps on the processor will take about {spent}; "
        "--minutes sets a time budget, and --preset quick is made for this."
    )


def create_run(study: Study, request: TrainingRequest) -> RunFolder:
    """Creates the folder of a run that `execute_run` works on, in this process or another one.

    Raises:
        BadInputError: The request names something that does not exist, or nothing is annotated.
    """
    config = configure(request)
    if not any(case.label is not None for case in study.cases):
        raise BadInputError("No case is annotated: annotate at least one scan of the study, then train.")
    if request.continue_from is not None:
        request = replace(request, continue_from=model_of_study(study, request.continue_from))
        config = with_network_of(resolve_model(study, request.continue_from), config, request.overrides)
    record = {
        "request": asdict(request) | {"overrides": dict(request.overrides)},
        "training": config.to_dict(),
        "versions": versions(),
        "inputs": [
            {"case": case.key, "image": case.image.sha256, "label": case.label.sha256 if case.label else None}
            for case in study.cases
        ],
    }
    run = RunFolder.create(study.runs_folder, record)
    study.add_run(run.run_id, utc_now(), config.method, request.preset)
    return run


def with_network_of(model: Path, config: TrainingConfig, overrides: Mapping[str, Any]) -> TrainingConfig:
    """The configuration with the shape of a model's network, except for what a person asked for by name."""
    network = describe(model)["network"]
    return config.replace(**{name: network[name] for name in ("base_filters", "norm") if name not in overrides})


def model_of_study(study: Study, model: str) -> str:
    """The id of a model; a file from elsewhere is copied into the study, since a run's folder holds no paths."""
    path = resolve_model(study, model)
    return path.stem if path.parent == study.models_folder else import_model(study, path)


def versions() -> dict[str, str]:
    """What a run was made with."""
    found = {"semisegembed": __version__, "python": platform.python_version(), "torch": torch.__version__}
    if torch.cuda.is_available():
        found["cudnn"] = str(torch.backends.cudnn.version())
        found["gpu"] = torch.cuda.get_device_name()
    return found


def execute_run(run: RunFolder, *, on_event: OnEvent | None = None) -> RunState:
    """Works on a run, from its last checkpoint where there is one, until it ends, and returns how it ended.

    Failures become its state and one sentence.
    """
    from SemiSegEmbedLib.workflows.run_worker import RunWorker

    return RunWorker(run, on_event).execute()
