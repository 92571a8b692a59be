"""Which cases train and which validate: whole patients, never one patient on two sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.records import Case, Role, Split

VALIDATE_FROM = 6
"""From so many annotated cases on, whole patients are held out for validation."""

PATIENTS_PER_VALIDATION = 5
"""One patient in so many validates."""


def make_split(cases: Sequence[Case], *, seed: int = 0, validation: Sequence[str] | None = None) -> Split:
    """Divide the cases of a study.

    A case counts as annotated by its role and a label; one whose label is an accepted result of a model trains, and
    never validates. Held-out patients, and the other scans of validation
    patients, take no part at all, not even as unannotated ones. Which patients validate depends on the seed and
    on their keys alone, so one more case hardly changes it.

    Args:
        cases: All cases of the study.
        seed: Another seed chooses other patients.
        validation: Keys of the cases that validate, instead of the choice by seed; empty for none.

    Returns:
        The split; `optimistic` when no case is left to validate on.

    Raises:
        BadInputError: Nothing is annotated, or `validation` names cases that cannot validate or leaves none to
            train on.
    """
    closed = {case.patient_key for case in cases if case.role is Role.HELD_OUT}
    usable = [case for case in cases if case.role is not Role.EXCLUDED and case.patient_key not in closed]
    annotated = [case for case in usable if case.role is Role.ANNOTATED and case.labels]
    if not annotated:
        raise BadInputError("No case is annotated for training: annotate at least one and try again.")
    # An accepted result of a model says nothing about how good a model is.
    drawn = [case for case in annotated if case.label is not None and not case.label.accepted_from]
    chosen = _chosen(drawn, seed) if validation is None else _named(drawn, validation)
    patients = {case.patient_key for case in chosen}
    training = [case for case in usable if case.patient_key not in patients]
    train_annotated = tuple(case.key for case in annotated if case.patient_key not in patients)
    if not train_annotated:
        raise BadInputError("Every annotated patient would validate and none train: choose fewer for validation.")
    taken = set(train_annotated)
    unannotated = tuple(case.key for case in training if case.key not in taken)
    validating = tuple(case.key for case in chosen)
    used = {*train_annotated, *unannotated, *validating}
    excluded = tuple(case.key for case in cases if case.key not in used)
    return Split(train_annotated, unannotated, validating, optimistic=not validating, excluded=excluded)


def _chosen(annotated: Sequence[Case], seed: int) -> list[Case]:
    patients = {case.patient_key for case in annotated}
    if len(annotated) < VALIDATE_FROM or len(patients) < 2:
        return []
    ranked = sorted(patients, key=lambda patient: hashlib.sha256(f"{seed}:{patient}".encode()).digest())
    held = set(ranked[: max(1, round(len(patients) / PATIENTS_PER_VALIDATION))])
    return [case for case in annotated if case.patient_key in held]


def _named(annotated: Sequence[Case], keys: Sequence[str]) -> list[Case]:
    by_key = {case.key: case for case in annotated}
    for key in keys:
        if key not in by_key:
            raise BadInputError(f"{key[:40]} cannot validate because it is not an annotated case: choose another.")
    wanted = set(keys)
    return [case for case in annotated if case.key in wanted]
