"""From a study to what a training run is fed with: volumes, statistics, validation cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging import check
from SemiSegEmbedLib.imaging.prepare import prepare_case
from SemiSegEmbedLib.imaging.problems import ERROR
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume, measure_normalisation
from SemiSegEmbedLib.learning.withheld import withheld_boxes
from SemiSegEmbedLib.study.records import IGNORE, Case, Role, Split
from SemiSegEmbedLib.study.splits import make_split
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.progress import Progress, silent

WITHHELD_FRACTION = 0.15
"""Share of an annotated volume that the "optimistic" validation keeps from training."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Everything that `Trainer` and the validation need; arrays may be memory maps of the cache."""

    volumes: tuple[Volume, ...]
    validation: tuple[Volume, ...]
    normalisation: Normalisation
    classes: int
    mirror_classes: tuple[int, ...]
    split: Split
    left_out: tuple[str, ...] = ()


def prepare_training(
    study: Study,
    config: TrainingConfig,
    *,
    ignore_problems: bool = False,
    validation: Sequence[str] | None = None,
    begun: Mapping[str, Sequence[str]] | None = None,
    progress: Progress = silent,
) -> TrainingData:
    """Checks, splits, resamples and caches the cases of a study.

    Args:
        study: The study.
        config: Of the run.
        ignore_problems: Leave cases with problems out instead of refusing to train.
        validation: Cases to validate on; None: see `make_split`.
        begun: What `record_of` gave of the run's first split when the run is resumed: its parts stay what they were.
        progress: Told how far it is.

    Raises:
        BadInputError: No case is annotated, or cases have problems and `ignore_problems` is False; the
            message names every one of them.
    """
    broken = find_broken_cases(study, progress)
    if begun is not None:
        taking_part = {key for keys in begun.values() for key in keys}
        broken = {key: sentences for key, sentences in broken.items() if key in taking_part}
    if broken and not ignore_problems:
        problems = " ".join(f"{key}: {sentence}" for key, sentences in broken.items() for sentence in sentences)
        raise BadInputError(f"Training did not begin because of these problems. {problems}")
    usable = [case for case in study.cases if case.key not in broken]
    if begun is not None:
        usable, validation = as_begun(usable, begun), begun["validation"]
    split = make_split(usable, seed=config.seed, validation=validation)
    volumes = load_volumes(study, split, config, progress)
    return TrainingData(
        volumes=volumes,
        validation=validation_volumes(study, split, volumes, config),
        normalisation=measure_normalisation(volumes),
        classes=study.class_count,
        mirror_classes=study.mirror_classes(),
        split=split,
        left_out=tuple(broken),
    )


def record_of(split: Split) -> dict[str, Sequence[str]]:
    """The parts of a split by name, as plain values."""
    return {"annotated": split.annotated, "unannotated": split.unannotated, "validation": split.validation}


def as_begun(cases: Sequence[Case], begun: Mapping[str, Sequence[str]]) -> list[Case]:
    """The cases of a run that goes on: later ones take no part, and what was annotated meanwhile teaches the next run.

    Else a case that trained until now could validate from now on. Cases that are held out meanwhile are held out.
    """
    known = {key for keys in begun.values() for key in keys}
    later = set(begun["unannotated"])
    return [
        replace(case, role=Role.UNANNOTATED) if case.key in later and case.role is Role.ANNOTATED else case
        for case in cases
        if case.key in known or case.role is Role.HELD_OUT
    ]


def find_broken_cases(study: Study, progress: Progress = silent) -> dict[str, list[str]]:
    """Cases with a problem that forbids training on them, with its sentences."""
    broken: dict[str, list[str]] = {}
    for key, problem in check.check_study(study, progress=lambda fraction: progress("Checking the scans", fraction)):
        if problem.severity == ERROR:
            broken.setdefault(key, []).append(problem.sentence)
    return broken


def load_volumes(study: Study, split: Split, config: TrainingConfig, progress: Progress) -> tuple[Volume, ...]:
    keys = [*split.annotated, *split.unannotated]
    volumes = []
    for index, key in enumerate(keys):
        progress("Preparing the scans", index / len(keys))
        volume = load_volume(study, study.case(key), with_label=key in split.annotated)
        if split.optimistic and volume.label is not None:
            boxes = withheld_boxes(
                volume.label, fraction=WITHHELD_FRACTION, patch=config.patch_size, seed=config.seed + index
            )
            volume = Volume(volume.key, volume.image, volume.label, volume.spacing, tuple(boxes))
        volumes.append(volume)
    progress("Preparing the scans", 1.0)
    return tuple(volumes)


def load_volume(study: Study, case: Case, *, with_label: bool) -> Volume:
    """A case on the training grid, from the cache where it is there."""
    prepared = prepare_case(study, case, with_label=with_label)
    return Volume(case.key, prepared.image, prepared.label, prepared.spacing)


def validation_volumes(
    study: Study, split: Split, volumes: Sequence[Volume], config: TrainingConfig
) -> tuple[Volume, ...]:
    """Held-out cases, or with few annotations the withheld blocks of the training cases with some context.

    Where no label is large enough to withhold a part of it, the training cases themselves: better than nothing, and
    as optimistic as it is called.
    """
    if split.optimistic:
        crops = tuple(crop for volume in volumes for crop in crop_withheld(volume, config.patch_size))
        return crops or tuple(volume for volume in volumes if volume.label is not None)
    return tuple(load_volume(study, study.case(key), with_label=True) for key in split.validation)


def crop_withheld(volume: Volume, patch_size: tuple[int, int, int]) -> list[Volume]:
    """One small volume for each withheld box; voxels around the box are context and not compared."""
    crops = []
    for number, (low, high) in enumerate(volume.withheld):
        start = [max(0, a - size // 2) for a, size in zip(low, patch_size, strict=True)]
        stop = [min(n, b + size // 2) for n, b, size in zip(volume.image.shape, high, patch_size, strict=True)]
        window = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
        inside = tuple(slice(a - s, b - s) for a, b, s in zip(low, high, start, strict=True))
        assert volume.label is not None  # only annotated volumes have withheld boxes
        label = np.full([b - a for a, b in zip(start, stop, strict=True)], IGNORE, np.uint8)
        label[inside] = volume.label[window][inside]
        crops.append(Volume(f"{volume.key}/{number}", np.asarray(volume.image[window]), label, volume.spacing))
    return crops
