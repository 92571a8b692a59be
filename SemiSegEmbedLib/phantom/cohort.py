"""Many patients from one seed."""

from __future__ import annotations

import zlib

import numpy as np

from SemiSegEmbedLib.phantom.parameters import IMPLANTS, Patient, draw_patient


def draw_cohort(
    n: int, seed: int = 0, *, severity: float = 1.0, implants_share: float = 0.1, **overrides: object
) -> list[Patient]:
    """Draw n patients whose parameters vary independently.

    Args:
        n: How many.
        seed: Seed of the cohort; the first patients stay the same when n grows.
        severity: Spread of shape, pose and pathology (see `draw_patient`).
        implants_share: Share of the patients with metal in one hip (one in five of these in both).
        **overrides: Parameters that are the same for all patients.

    Returns:
        The patients; their seeds differ, within the cohort and between cohorts.
    """
    patients = []
    for index in range(n):
        patient_seed = int(np.random.SeedSequence([seed, index, zlib.crc32(b"cohort")]).generate_state(1)[0])
        chosen = dict(overrides)
        rng = np.random.default_rng([patient_seed, zlib.crc32(b"implant")])
        if "implant" not in chosen and rng.random() < implants_share:
            chosen["implant"] = draw_implants(rng)
        patients.append(draw_patient(patient_seed, severity=severity, **chosen))
    return patients


def draw_implants(rng: np.random.Generator) -> tuple[str, str]:
    """Metal for a patient who has some: in one hip, or in one of five in both."""
    kinds = [str(kind) for kind in rng.choice(IMPLANTS[1:], 2)]
    if rng.random() >= 0.2:
        kinds[rng.integers(2)] = "none"
    return kinds[0], kinds[1]
