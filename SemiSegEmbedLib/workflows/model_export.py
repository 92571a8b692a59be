"""From the checkpoints of a run to model files, and from a model file to the beginning of another run."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.model_file import Model, load_model, save_model
from SemiSegEmbedLib.inference.reference_bank import build_bank
from SemiSegEmbedLib.jobs.run_folder import RunFolder
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.methods import Method, create_method
from SemiSegEmbedLib.study.files import utc_now
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.models import SUFFIX
from SemiSegEmbedLib.workflows.preparation import TrainingData


def export_models(
    study: Study, run: RunFolder, config: TrainingConfig, data: TrainingData, device: torch.device
) -> list[Path]:
    """Writes `models/<run>.ssemodel` (selected by validation) and `models/<run>-last.ssemodel` (the last step)."""
    last = run.checkpoints / "last.pt"
    best = run.checkpoints / "best.pt"
    chosen = [(run.run_id, best if best.exists() else last)]
    if best.exists() and last.exists():
        chosen.append((f"{run.run_id}-last", last))
    paths = []
    for name, checkpoint in reversed(chosen):  # the selected one last, so that it is the newest
        state = load_checkpoint(checkpoint, device)
        model = make_model(study, config, data, state, device)
        paths.append(study.models_folder / f"{name}{SUFFIX}")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        save_model(model, paths[-1])
    return paths


def make_model(
    study: Study, config: TrainingConfig, data: TrainingData, state: dict[str, Any], device: torch.device
) -> Model:
    """The networks of a checkpoint with everything that segmenting with them needs."""
    config = TrainingConfig.from_dict(state["config"])  # its patches may be smaller than planned
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
        facts=training_facts(config, data, state),
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
        "torch": str(torch.__version__),
        "configuration": config.to_dict(),
    }


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
