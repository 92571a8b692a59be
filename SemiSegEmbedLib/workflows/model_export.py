"""From the checkpoints of a run to model files, and from a model file to the beginning of another run."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.model_file import Model, load_model, save_model
from SemiSegEmbedLib.inference.reference_bank import build_bank
from SemiSegEmbedLib.inference.sliding_window import skipping_is_harmless
from SemiSegEmbedLib.jobs.run_folder import RunFolder
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.methods import Method, create_method
from SemiSegEmbedLib.learning.volumes import Volume
from SemiSegEmbedLib.study.files import utc_now
from SemiSegEmbedLib.study.newest_model import MODEL_SUFFIX, models_by_age
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.preparation import TrainingData

OVERLAP = 0.25
"""Of the windows that a model is tried with; the default of segmentation."""


def export_models(study: Study, run: RunFolder, data: TrainingData, device: torch.device) -> list[Path]:
    """Writes `models/<run>.ssemodel` (selected by validation) and `models/<run>-last.ssemodel` (the last step)."""
    last = run.checkpoints / "last.pt"
    best = run.checkpoints / "best.pt"
    chosen = [(run.run_id, best if best.exists() else last)]
    if best.exists() and last.exists():
        chosen.append((f"{run.run_id}-last", last))
    paths = []
    for name, checkpoint in reversed(chosen):  # the selected one last, so that it is the newest
        state = load_checkpoint(checkpoint, device)
        paths.append(_write(study, name, make_model(study, data, state, device, finished=True)))
    _remove_superseded(study, run)
    return paths


def export_unfinished_model(study: Study, run: RunFolder, data: TrainingData, device: torch.device) -> str | None:
    """Writes `models/<run>-step<step>.ssemodel` of a run that was stopped; its facts say that it is unfinished.

    It is the model that validation chose so far. A run stopped before its first validation leaves its last step
    only where the study has no model at all: few steps must not take the place of a model that works.

    Returns:
        The id of the model, or None when nothing was written.
    """
    best, last = run.checkpoints / "best.pt", run.checkpoints / "last.pt"
    if not best.exists() and (models_by_age(study.models_folder) or not last.exists()):
        return None
    state = load_checkpoint(best if best.exists() else last, device)
    name = f"{run.run_id}-step{state['step']}"
    # The same step is the same model: what was segmented with it stays true.
    if not (study.models_folder / f"{name}{MODEL_SUFFIX}").exists():
        _remove_superseded(study, run)
        _write(study, name, make_model(study, data, state, device, finished=False))
    return name


def _write(study: Study, name: str, model: Model) -> Path:
    path = study.models_folder / f"{name}{MODEL_SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(model, path)
    return path


def _remove_superseded(study: Study, run: RunFolder) -> None:
    """Unfinished models of the run that no result was made with; a later one takes their place."""
    study.reload()
    used = {result.model_id for result in study.results}
    for path in study.models_folder.glob(f"{run.run_id}-step*{MODEL_SUFFIX}"):
        if path.stem not in used:
            with suppress(OSError):  # somebody has it open: it stays
                path.unlink()


def make_model(
    study: Study, data: TrainingData, state: dict[str, Any], device: torch.device, *, finished: bool
) -> Model:
    """The networks of a checkpoint with everything that segmenting with them needs."""
    config = TrainingConfig.from_dict(state["config"])  # its patches may be smaller than the run's
    method: Method = create_method(config, data.classes)
    method.load_state_dict(state["method"])
    method.to(device).eval()
    generator = torch.Generator().manual_seed(config.seed)
    bank = build_bank(
        method.teacher,
        [volume for volume in data.volumes if volume.label is not None],
        data.normalisation,
        data.classes,
        k=config.k,
        l=config.l,
        band_mm=config.band_mm,
        generator=generator,
        device=device,
        patch=config.patch_size,
        hard_negatives=config.hard_negatives,
        bone_hu=config.bone_hu,
    )
    return Model(
        student=method.student,
        teacher=method.teacher,
        network=network_facts(config, data.classes),
        normalisation=data.normalisation,
        spacing_mm=study.spacing_mm,
        classes=data.classes,
        labels=label_dicts(study),
        bank=bank,
        facts=training_facts(config, data, state) | {"finished": finished},
    )


def network_facts(config: TrainingConfig, classes: int) -> dict[str, Any]:
    return {
        "in_channels": 1,
        "classes": classes,
        "base_filters": config.base_filters,
        "dropout": config.dropout,
        "norm": config.norm,
    }


def label_dicts(study: Study) -> list[dict[str, Any]]:
    """The study's labels as plain values, each with its training class spelled out."""
    classes = study.classes()
    return [dataclasses.asdict(label) | {"training_class": classes[label.value]} for label in study.labels]


def training_facts(config: TrainingConfig, data: TrainingData, state: dict[str, Any]) -> dict[str, Any]:
    """What a person wants to know of a model; numbers and words, nothing of a patient."""
    selection = state["selection"]
    selected = selection["best_step"] == state["step"]
    return {
        "created": utc_now(),
        "method": config.method,
        "step": state["step"],
        "steps": config.steps,
        "seed": config.seed,
        "annotated": len(data.split.annotated),
        "unannotated": len(data.split.unannotated),
        "validation_cases": len(data.split.validation),
        "validation": selection["best"] if selected else None,
        "selected_by_validation": selected,
        "patch_size": list(config.patch_size),
        "kernel": config.kernel,
        "reduce": config.reduce,
        "centre": config.centre,
        "uncertainty_form": config.uncertainty_form,
        "segment_with": "student",
        "skip_below_hu": harmless_skip(config, data.volumes),
        "torch": str(torch.__version__),
        "configuration": config.to_dict(),
    }


def harmless_skip(config: TrainingConfig, volumes: Sequence[Volume]) -> float | None:
    """The HU below which a whole window may be left out, or None when that would lose annotated objects."""
    for volume in volumes:
        if volume.label is not None and not skipping_is_harmless(
            volume.image, volume.label, config.patch_size, OVERLAP, config.bone_hu
        ):
            return None
    return config.bone_hu


def load_weights(path: Path, wanted: dict[str, Any]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The weights of a model as the beginning of a run.

    Args:
        path: The model file.
        wanted: `network_facts` of the run.

    Returns:
        State dicts of student and teacher.

    Raises:
        BadInputError: The model's network has another shape than the run's.
    """
    model = load_model(path)
    differs = [name for name in ("classes", "base_filters", "norm") if model.network[name] != wanted[name]]
    if differs:
        raise BadInputError(
            f"The model differs from this run in {', '.join(differs)}: continue with the preset it was trained with."
        )
    return model.student.state_dict(), model.teacher.state_dict()
