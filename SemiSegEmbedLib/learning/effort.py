"""How much the steps of a run compute, in forwards of the student through one patch: for expected times."""

from __future__ import annotations

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.memory import further_decoders

DECODER_SHARE = 0.86
"""A decoder's part of a forward: 356 of 413 GFLOP for 96 x 96 x 96 voxels."""
WITH_BACKWARD = 3
"""A backward costs about two forwards."""


def supervised_step_effort(config: TrainingConfig) -> float:
    """A step on labelled patches alone: forward and backward of the student."""
    return WITH_BACKWARD * (config.labelled_per_batch + config.unlabelled_per_batch)


def step_effort(config: TrainingConfig) -> float:
    """A step of the method itself: some patches go again through further decoders, and those of methods with a
    teacher M times through it (unlabelled ones) or once (labelled ones), forward alone.
    """
    further = DECODER_SHARE * further_decoders(config)
    if config.method == "mtc" and config.mtc_mode == "alternating":
        further /= 2  # every other step
    teacher = {
        "mean_teacher": config.unlabelled_per_batch,
        "uamt": (config.consistency_passes + 1) * config.unlabelled_per_batch,
        "embedding_matching": config.passes * config.unlabelled_per_batch + config.labelled_per_batch,
    }.get(config.method, 0)
    return supervised_step_effort(config) + WITH_BACKWARD * further + teacher


def effort_until(config: TrainingConfig, step: int) -> float:
    """All steps before number `step`; those of the supervised start are cheaper."""
    supervised = min(step, config.supervised_steps)
    return supervised * supervised_step_effort(config) + (step - supervised) * step_effort(config)


def mean_step_effort(config: TrainingConfig) -> float:
    """Mean over the whole run."""
    return effort_until(config, config.steps) / config.steps
