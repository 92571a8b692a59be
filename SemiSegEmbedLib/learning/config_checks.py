"""What a training configuration may hold; each complaint is one sentence."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

from SemiSegEmbedLib.errors import BadInputError

if TYPE_CHECKING:
    from SemiSegEmbedLib.learning.config import TrainingConfig

CHOICES: dict[str, tuple[str, ...]] = {
    "method": ("supervised", "mean_teacher", "uamt", "cct", "mtc", "dtc", "embedding_matching"),
    "norm": ("batch", "instance", "group", "none"),
    "schedule": ("constant", "cosine", "poly"),
    "uncertainty_form": ("mean_of_entropies", "entropy_of_mean"),
    "kernel": ("cosine", "euclidean"),
    "reduce": ("mean", "max"),
    "reference_scope": ("pair", "pool", "bank"),
    "query": ("student", "teacher"),
    "en_mask": ("dense", "unreliable"),
    "mtc_mode": ("alternating", "joint"),
    "augmentation": ("none", "flip", "intensity", "strong"),
    "precision": ("auto", "fp32", "bf16", "fp16"),
    "compile": ("auto", "on", "off"),
    "selection": ("hd95", "iou"),
}

_INF = math.inf
_RANGES: tuple[tuple[str, float, float], ...] = (
    ("steps", 1, _INF),
    ("seed", 0, 2**63 - 1),
    ("labelled_per_batch", 1, _INF),
    ("supervised_start", 0, 1),
    ("accumulation", 1, _INF),
    ("teacher_chunk", 0, _INF),
    ("foreground_share", 0, 1),
    ("bone_share", 0, 1),
    ("base_filters", 1, 512),
    ("dropout", 0, 0.95),
    ("learning_rate", 1e-9, 10),
    ("warmup_steps", 0, _INF),
    ("gradient_clip", 0, _INF),
    ("ema_decay", 0, 1),
    ("passes", 1, 1000),
    ("noise_teacher", 0, _INF),
    ("noise_student", 0, _INF),
    ("threshold_start", 0, 1),
    ("threshold_end", 0, 1),
    ("ua_weight", 0, _INF),
    ("ps_weight", 0, _INF),
    ("k", 1, 100_000),
    ("l", 1, 1000),
    ("band_mm", 0.01, 1000),
    ("reference_margin", 0, _INF),
    ("bank_size", 1, 10_000_000),
    ("prototypes", 0, 1000),
    ("nn_margin", 0, 2),
    ("ps_floor", 0, 1),
    ("distance_weight", 0, _INF),
    ("en_temperature", 1e-6, _INF),
    ("consistency_weight", 0, _INF),
    ("consistency_noise", 0, _INF),
    ("consistency_passes", 1, 1000),
    ("dtc_weight", 0, _INF),
    ("cutmix", 0, 1),
    ("labelled_cutmix", 0, 1),
    ("copy_paste", 0, 1),
    ("memory_gib", 0, _INF),
    ("validate_every", 1, _INF),
    ("checkpoint_every", 1, _INF),
    ("log_every", 1, _INF),
    ("divergence_drop", 0, 1),
    ("divergence_patience", 1, _INF),
)


def check_types(config: TrainingConfig) -> None:
    """Each value has the type of its default and is finite."""
    for f in fields(config):
        value, default = getattr(config, f.name), f.default
        kinds: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
        parts = value if isinstance(value, tuple) else (value,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and not isinstance(default, bool)):
            raise BadInputError(f"The setting {f.name!r} must be a {type(default).__name__}, not {value!r}.")
        if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
            raise BadInputError(f"The setting {f.name!r} must be a finite number, not {value!r}.")


def check_choices(config: TrainingConfig) -> None:
    """Each name is one of those known."""
    for name, allowed in CHOICES.items():
        if getattr(config, name) not in allowed:
            raise BadInputError(
                f"The setting {name!r} must be one of {', '.join(allowed)}, not {getattr(config, name)!r}."
            )


def check_numbers(config: TrainingConfig) -> None:
    """Each number can be, alone and together with the others."""
    size = config.patch_size
    if len(size) != 3 or any(not isinstance(n, int) or n < 8 or n % 8 for n in size):
        raise BadInputError(f"The patch size must be three multiples of 8, for example 96 96 96, not {size}.")
    if len(config.betas) != 2 or any(not 0 <= b < 1 for b in config.betas):
        raise BadInputError(f"The setting 'betas' must be two numbers from 0 up to but not 1, not {config.betas}.")
    if any(axis not in (0, 1, 2) for axis in config.mirror_axes):
        raise BadInputError(f"The setting 'mirror_axes' must hold 0 (z), 1 (y) or 2 (x), not {config.mirror_axes}.")
    for name, low, high in _RANGES:
        if not low <= getattr(config, name) <= high:
            limit = f"from {low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
            raise BadInputError(f"The setting {name!r} must be {limit}, not {getattr(config, name)!r}.")
    if config.labelled_per_batch != config.unlabelled_per_batch:
        raise BadInputError(
            "A batch needs as many labelled as unlabelled patches, "
            f"not {config.labelled_per_batch} and {config.unlabelled_per_batch}."
        )
    if config.labelled_per_batch % config.accumulation:
        raise BadInputError(
            f"The setting 'accumulation' must divide the {config.labelled_per_batch} labelled patches of a step, "
            f"not {config.accumulation}."
        )
    if config.prototypes and config.reference_scope != "bank":
        raise BadInputError("The setting 'prototypes' needs 'reference_scope' to be bank.")
    if config.threshold_end < config.threshold_start:
        raise BadInputError("The setting 'threshold_end' must not lie below 'threshold_start'.")
