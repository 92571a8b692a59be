"""Every number of a training run in one frozen record, with the presets.

Citations: "paper" is "Semi-Supervised Segmentation via Embedding Matching" (arXiv 2407.04638).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config_checks import check_choices, check_numbers, check_types

PAPER_STEPS = 40 * 6216 // 2
"""40 epochs (section 3.2), an epoch being one pass over the 6216 unlabelled patches of "Subset 50", two a step."""


@dataclass(frozen=True)
class TrainingConfig:
    """What a run does, and nothing about where: no path, no device, no case.

    The defaults are the paper's values; where the paper is silent, the choice is named in docs/methods.md.

    Attributes:
        method: Name in `methods.METHODS`.
        steps: T_N of eq. 1, optimiser steps of the whole run.
        seed: Of every random number of the run.
        patch_size: Voxels (z, y, x), each divisible by 8 (three poolings).
        labelled_per_batch: Labelled patches a step.
        unlabelled_per_batch: Unlabelled patches a step; the same number (section 2.1).
        supervised_start: Share of the steps, at the beginning, that learn from labelled patches alone: then as many as
            both kinds together (see `Method.supervised_step`). Schedules count all steps.
        accumulation: Parts that a step's batch is cut into when memory is short; gradients are averaged.
        teacher_chunk: Patches in one forward of the teacher; 0 is all passes of all patches at once.
        foreground_share: Share of labelled patches drawn around the surface of an object, the others anywhere.
        bone_share: Share of unlabelled patches drawn around a voxel above `bone_hu`, the others anywhere.
        bone_hu: HU from which an unlabelled voxel looks like bone.
        base_filters: Filters of the first level; 16 is half of the original 3D U-Net.
        norm: Normalisation layers of the network.
        split_norm: With batch normalisation, each half of a batch is normalised by its own statistics, and the running
            ones come from the labelled half; in `embedding_matching`, `mean_teacher` and `uamt`.
        dropout: Probability, on every convolution but the last (section 3.2).
        learning_rate: Of Adam (section 3.2).
        betas: Of Adam (section 3.2; 0.99, not 0.999).
        schedule: Of the learning rate over the run.
        warmup_steps: Steps over which the learning rate rises linearly.
        gradient_clip: Largest norm of the gradient; 0 leaves it alone.
        ema_decay: Of the teacher (section 3.2).
        passes: M of eq. 2.
        noise_teacher: Standard deviation of the noise on the teacher's normalised input (section 3.2).
        noise_student: The same for the student.
        uncertainty_form: Eq. 2 as printed, or the entropy of the mean prediction (UA-MT's code).
        threshold_start: lambda at step 0 in units of ln C.
        threshold_end: lambda at the last step in units of ln C; below 1 the unreliable mask never empties.
        ua_weight: Final weight of L_UA in eq. 5.
        ps_weight: Final weight of L_NN + L_EN in eq. 5.
        use_ua: Whether L_UA takes part (Table 2).
        use_nn: Whether L_NN takes part (Table 2).
        use_en: Whether L_EN takes part (Table 2).
        k: Voxels of a reference set (section 3.2).
        l: Reference sets of the ensemble (section 3.2).
        kernel: Similarity (Appendix B).
        reduce: Over the k references (Appendix B).
        centre: Similarities are seen from the centre of the references, so that no class is favoured for having
            more uniform embeddings (see `similarity.class_similarities`).
        band_mm: References lie within this distance of the surface, on either side.
        reference_margin: Voxels at the faces of a patch that never are references (padding reaches them).
        reference_scope: "pair": image i of the labelled half serves image i of the unlabelled half; "pool": the
            whole labelled half serves all; "bank": a queue of references over the last steps serves all.
        bank_size: References of each group in the bank.
        prototypes: P > 0 sums the bank up as P prototypes of each group (see `prototypes`), and the similarity to a
            class is the largest to one of its prototypes; 0 draws l sets of k references.
        hard_negatives: Adds a group of references of the background class far from every surface that look
            like bone (above `bone_hu`); the background's similarity is the larger of its two groups'.
        query: Whose embeddings are matched with the references: the "student"'s (section 2.3.1) or the "teacher"'s.
        nn_margin: L_NN acts where the similarities to the two nearest classes differ by at least this.
        ps_floor: Share of the voxels below which L_NN, and L_EN on unreliable voxels, fall in proportion, so that a
            handful of voxels cannot steer a step; 0 is the plain mean of eq. 3.
        en_mask: Voxels on which L_EN acts; eq. 4 has no indicator.
        en_temperature: Divides the similarities in eq. 4.
        distance_weight: Weight of a signed distance head on labelled patches, as in `dtc`, in `supervised` and
            `embedding_matching`; 0 is no such head.
        consistency_weight: Final weight of the squared error of `mean_teacher`, `uamt` and `cct`.
        consistency_noise: Standard deviation of the teacher's noise in `mean_teacher` and `uamt`, clipped at twice
            that; the student's is 0.
        consistency_passes: Stochastic passes of `uamt`.
        mtc_mode: "alternating" steps of segmentation and reconstruction, or the weighted sum, "joint".
        mtc_detach_targets: Whether the targets of the reconstruction are cut off from the gradient.
        cct_supervise_auxiliary: Whether the auxiliary decoders of `cct` learn from labels too, on perturbed features
            (SSL4MIS), so that L_S is the mean over all decoders; its paper's do not.
        dtc_weight: Final weight of the consistency of `dtc`.
        dtc_dice_alone: Whether the segmentation of `dtc` learns from Dice alone (its paper) or from L_S.
        augmentation: "none", "flip" (mirroring), "intensity" (that, and nnU-Net's changes of intensity for the student
            alone), or "strong" (that, and its rotation and scaling, shared by student and teacher).
        mirror_axes: Axes of (z, y, x) that may be mirrored.
        cutmix: Probability that a box of each unlabelled image comes from another one, with its pseudo labels.
        labelled_cutmix: Probability that a box of it comes from a labelled image, with its labels.
        copy_paste: Probability that the labelled objects of another image are pasted into a labelled one, and into
            the student's view of an unlabelled one.
        precision: Of the convolutions; losses are always fp32. "auto": bf16 where the device has it (on a
            processor: `precision.training_dtype`).
        channels_last: Memory layout of the convolutions.
        compile: Whether torch's compiler fuses what lies between convolutions: "on", "off", or "auto" for long runs on
            a GPU. Where there is no compiler the run does without.
        memory_gib: Most memory that a run on a GPU may use; the step is cut into smaller parts until it fits. 0 is
            what is free.
        validate_every: Steps.
        checkpoint_every: Steps.
        log_every: Steps; the only steps at which the host waits for the device.
        selection: What makes a checkpoint the best one in validation: the lowest "hd95" (section 3.2), or the
            highest "iou".
        divergence_drop: A validation IoU this much below the best one is a fall.
        divergence_patience: So many falls in a row end the run as diverged.
    """

    method: str = "embedding_matching"
    steps: int = PAPER_STEPS
    seed: int = 0
    patch_size: tuple[int, int, int] = (96, 96, 96)
    labelled_per_batch: int = 2
    unlabelled_per_batch: int = 2
    supervised_start: float = 0.0
    accumulation: int = 1
    teacher_chunk: int = 0
    foreground_share: float = 1.0
    bone_share: float = 1.0
    bone_hu: float = 150.0
    base_filters: int = 16
    norm: str = "batch"
    split_norm: bool = False
    dropout: float = 0.15
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    schedule: str = "constant"
    warmup_steps: int = 0
    gradient_clip: float = 0.0
    ema_decay: float = 0.99
    passes: int = 5
    noise_teacher: float = 0.01
    noise_student: float = 0.02
    uncertainty_form: str = "mean_of_entropies"
    threshold_start: float = 0.75
    threshold_end: float = 1.0
    ua_weight: float = 0.25
    ps_weight: float = 0.125
    use_ua: bool = True
    use_nn: bool = True
    use_en: bool = True
    k: int = 16
    l: int = 5  # noqa: E741  (the paper's letter)
    kernel: str = "cosine"
    reduce: str = "mean"
    centre: bool = False
    band_mm: float = 3.0
    reference_margin: int = 4
    reference_scope: str = "pair"
    bank_size: int = 2048
    prototypes: int = 0
    hard_negatives: bool = False
    query: str = "student"
    nn_margin: float = 0.0
    ps_floor: float = 0.0
    en_mask: str = "dense"
    en_temperature: float = 1.0
    distance_weight: float = 0.0
    consistency_weight: float = 0.1
    consistency_noise: float = 0.1
    consistency_passes: int = 8
    mtc_mode: str = "alternating"
    mtc_detach_targets: bool = False
    cct_supervise_auxiliary: bool = False
    dtc_weight: float = 1.0
    dtc_dice_alone: bool = True
    augmentation: str = "none"
    mirror_axes: tuple[int, ...] = (2,)
    cutmix: float = 0.0
    labelled_cutmix: float = 0.0
    copy_paste: float = 0.0
    precision: str = "auto"
    channels_last: bool = True
    compile: str = "auto"
    memory_gib: float = 0.0
    validate_every: int = 500
    checkpoint_every: int = 500
    log_every: int = 20
    selection: str = "hd95"
    divergence_drop: float = 0.25
    divergence_patience: int = 3

    def __post_init__(self) -> None:
        """Raises `BadInputError` naming the first value that cannot be."""
        check_types(self)
        check_choices(self)
        check_numbers(self)

    @property
    def supervised_steps(self) -> int:
        """Steps that `supervised_start` stands for."""
        return round(self.supervised_start * self.steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainingConfig:
        """The inverse of `to_dict`; raises `BadInputError` for a name it does not know."""
        _check_names(values)
        plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**plain)

    def replace(self, **changes: Any) -> TrainingConfig:
        """A copy with some values changed; raises `BadInputError` like the constructor."""
        _check_names(changes)
        return dataclasses.replace(self, **changes)


PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "robust": {
        "steps": 6000,
        "supervised_start": 0.5,
        "norm": "instance",
        "foreground_share": 2 / 3,
        "bone_share": 0.8,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "warmup_steps": 100,
        "gradient_clip": 12.0,
        "uncertainty_form": "entropy_of_mean",
        "threshold_end": 0.9,
        "use_nn": False,
        "reference_scope": "bank",
        "hard_negatives": True,
        "centre": True,
        "en_mask": "unreliable",
        "augmentation": "strong",
        "selection": "iou",
        "validate_every": 250,
        "checkpoint_every": 250,
    },
}
PRESETS["quick"] = {
    **PRESETS["robust"],
    "steps": 300,
    "base_filters": 8,
    "patch_size": (40, 40, 40),
    "passes": 3,
    "consistency_passes": 3,
    "norm": "batch",
    "ema_decay": 0.95,
    "ua_weight": 0.1,
    "ps_weight": 0.025,
    "augmentation": "flip",
    "learning_rate": 2e-3,
    "warmup_steps": 20,
    "validate_every": 100,
    "checkpoint_every": 100,
    "log_every": 5,
}


def preset(name: str, **overrides: Any) -> TrainingConfig:
    """A ready configuration with some values changed.

    "paper" is literal (section 3.2, Appendix B); "robust" adds what makes few labels go further; "quick" is
    "robust" at a size for two CPU cores. Raises `BadInputError` for an unknown name or value.
    """
    if name not in PRESETS:
        raise BadInputError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS)}.")
    _check_names(overrides)
    return TrainingConfig(**{**PRESETS[name], **overrides})


def _check_names(values: dict[str, Any]) -> None:
    unknown = sorted(set(values) - {f.name for f in fields(TrainingConfig)})
    if unknown:
        raise BadInputError(f"The training configuration has no setting {unknown[0]!r}; correct or remove it.")
