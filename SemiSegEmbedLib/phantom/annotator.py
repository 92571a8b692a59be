"""What two annotators would have drawn: the bones' surfaces displaced by a spatially correlated error.

The benchmark's labels carry this error because the paper's do (Appendix C: annotator 1 segments, annotator 2
reviews and may correct); the exact label stays known.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Skeleton, wave_field
from SemiSegEmbedLib.phantom.parameters import Patient, stream

WAVELENGTHS_MM = (45.0, 12.0)
"""Of the first annotator's error: a habit that spans a region, and the wobble of the hand."""
SHARES = (0.75, 0.66)
"""Root mean square of the two parts as shares of the whole (their squares add up to 1)."""


def surface_error(patient: Patient, points: np.ndarray, rms_mm: float, review_mm: float) -> np.ndarray:
    """How far outward the annotators drew the surface at some points of a patient.

    Args:
        patient: Its stream of random numbers freezes the error.
        points: (N, 3) mm.
        rms_mm: Root mean square of the first annotator's error.
        review_mm: The second annotator leaves no error larger than this; smaller ones pass almost unchanged.

    Returns:
        (N,) mm, between -review_mm and review_mm.
    """
    rng = stream(patient, "annotator")
    error = np.zeros(len(points))
    for wavelength, share in zip(WAVELENGTHS_MM, SHARES, strict=True):
        error += share * wave_field(rng, wavelength, 48)(points)[:, 0]
    return review_mm * np.tanh(rms_mm / review_mm * error)


def annotated_skeleton(patient: Patient, skeleton: Skeleton, rms_mm: float, review_mm: float) -> Skeleton:
    """The skeleton with every surface where the annotators drew it (see `surface_error`)."""
    bones = {}
    for name, mesh in skeleton.bones.items():
        error = surface_error(patient, mesh.vertices, rms_mm, review_mm)
        bones[name] = mesh.moved(mesh.vertices + error[:, None] * mesh.normals())
    return replace(skeleton, bones=bones)
