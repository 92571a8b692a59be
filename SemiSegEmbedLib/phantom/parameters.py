"""What a phantom patient is made of: named parameters, each drawn from its own random stream."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.shape import MODE_COUNT

IMPLANTS = ("none", "nail", "screws", "stem")
Pair = tuple[float, float]


@dataclass(frozen=True)
class Patient:
    """One virtual patient on one virtual scanner. Pairs are (left, right); grades run from 0 (none) to 1 (severe).

    Attributes:
        seed: Drives every random detail that has no parameter of its own (textures, bowel, noise ...).
        shape_weights: 25 weights of the shape model's modes, in standard deviations.
        scale: Size factor of the whole skeleton.
        deformation_mm: Root mean square of a smooth displacement of all bones, outside the model's span.
        deformation_wavelength_mm: Its typical wavelength.
        roughness_mm: Root mean square of the small-scale relief of the bone surfaces.
        pelvic_tilt_deg: Rotation of the pelvis about x, positive forward.
        pelvic_obliquity_deg: Rotation about y.
        pelvic_rotation_deg: Rotation about z.
        flexion_deg, abduction_deg, rotation_deg: Pose of each femur; rotation positive inward.
        neck_shaft_deg, anteversion_deg: Change of the neck's angles from the model's.
        joint_gap_mm: Width of the joint space before arthritis.
        arthritis: Grade: narrow gap, osteophytes, subchondral sclerosis and cysts.
        dysplasia: Grade: shallow socket, head shifted outward and upward.
        osteoporosis: Grade: thin cortex, sparse trabeculae, fatty marrow.
        cortex_mm: Typical thickness of the hip bone's cortex.
        cortex_hu: Radiodensity of compact bone.
        trabecular_hu: Mean radiodensity of spongy bone in the femoral head.
        fat_mm: Typical thickness of the subcutaneous fat.
        muscle: Size factor of the muscles.
        muscle_fat: Grade of fatty infiltration of the muscles.
        bladder_ml: Volume of the bladder.
        bowel_gas: Share of the bowel's content that is gas.
        oral_contrast: Grade of positive contrast in the bowel.
        artery_hu, vein_hu: Radiodensity of the vessels' blood.
        calcification: Grade of arterial calcification.
        implant: Metal of each hip: "none", "nail", "screws" or "stem" (with head and cup).
        metal_density: Strength of the metal's artefact, about 1 for titanium and 2 for steel.
        noise_hu: Noise in the middle of the pelvis of a patient of usual size.
        kernel: Reconstruction kernel, 0 soft to 1 sharp (bone).
        blur_mm: In-plane standard deviation of the point spread of the softest kernel.
        slice_mm: Slice thickness and distance of the acquisition; images on a finer grid are interpolated from it.
        margin_mm: Rim of the field of view around the bones (x, y) in the cropped field.
        below_mm: How far the field reaches below the hip joints.
        above_mm: How far the field reaches above the hip joints, at most to just above the iliac crests; smaller
            values cut the wings of the ilium.
        table: Whether the patient lies on a table that may be in the picture.
    """

    seed: int
    shape_weights: tuple[float, ...]
    scale: float
    deformation_mm: float
    deformation_wavelength_mm: float
    roughness_mm: float
    pelvic_tilt_deg: float
    pelvic_obliquity_deg: float
    pelvic_rotation_deg: float
    flexion_deg: Pair
    abduction_deg: Pair
    rotation_deg: Pair
    neck_shaft_deg: Pair
    anteversion_deg: Pair
    joint_gap_mm: Pair
    arthritis: Pair
    dysplasia: Pair
    osteoporosis: float
    cortex_mm: float
    cortex_hu: float
    trabecular_hu: float
    fat_mm: float
    muscle: float
    muscle_fat: float
    bladder_ml: float
    bowel_gas: float
    oral_contrast: float
    artery_hu: float
    vein_hu: float
    calcification: float
    implant: tuple[str, str]
    metal_density: float
    noise_hu: float
    kernel: float
    blur_mm: float
    slice_mm: float
    margin_mm: Pair
    below_mm: float
    above_mm: float
    table: bool


Draw = Callable[[np.random.Generator, float], object]


def _normal(mean: float, deviation: float, low: float, high: float) -> Draw:
    return lambda rng, severity: float(np.clip(rng.normal(mean, deviation * severity), low, high))


def _uniform(low: float, high: float) -> Draw:
    return lambda rng, severity: float(rng.uniform(low, high))


def _grade(share: float) -> Draw:
    """Zero for most, otherwise a grade of up to the severity."""
    return lambda rng, severity: float(min(rng.uniform(0.25, 1.0) * severity, 1.0) * (rng.random() < share))


def _pair(draw: Draw) -> Draw:
    return lambda rng, severity: (draw(rng, severity), draw(rng, severity))


def _one_of(*draws: Draw) -> Draw:
    return lambda rng, severity: draws[rng.integers(len(draws))](rng, severity)


def _scaled(low: float, high: float) -> Draw:
    return lambda rng, severity: float(rng.uniform(low, high) * severity)


_DRAWS: dict[str, Draw] = {
    "shape_weights": lambda rng, severity: tuple(
        float(w) for w in np.clip(rng.standard_normal(MODE_COUNT) * severity, -2.5, 2.5)
    ),
    "scale": _normal(1.0, 0.03, 0.9, 1.1),
    "deformation_mm": _scaled(0.5, 2.0),
    "deformation_wavelength_mm": _uniform(60.0, 140.0),
    "roughness_mm": _uniform(0.1, 0.4),
    "pelvic_tilt_deg": _normal(0.0, 7.0, -25.0, 25.0),
    "pelvic_obliquity_deg": _normal(0.0, 2.5, -10.0, 10.0),
    "pelvic_rotation_deg": _normal(0.0, 3.0, -12.0, 12.0),
    "flexion_deg": _pair(_normal(4.0, 7.0, -10.0, 25.0)),
    "abduction_deg": _pair(_normal(2.0, 5.0, -10.0, 15.0)),
    "rotation_deg": _pair(_normal(-5.0, 10.0, -25.0, 20.0)),
    "neck_shaft_deg": _pair(_normal(0.0, 4.0, -12.0, 12.0)),
    "anteversion_deg": _pair(_normal(0.0, 5.0, -15.0, 15.0)),
    "joint_gap_mm": _pair(_normal(3.2, 0.6, 2.0, 5.0)),
    "arthritis": _pair(_grade(0.35)),
    "dysplasia": _pair(_grade(0.15)),
    "osteoporosis": _grade(0.4),
    "cortex_mm": _normal(1.25, 0.2, 0.8, 1.9),
    "cortex_hu": _normal(1250.0, 120.0, 950.0, 1600.0),
    "trabecular_hu": _normal(225.0, 45.0, 130.0, 350.0),
    "fat_mm": lambda rng, severity: float(np.clip(rng.gamma(4.0, 6.0), 8.0, 60.0)),
    "muscle": _normal(1.0, 0.1, 0.75, 1.25),
    "muscle_fat": lambda rng, severity: float(np.clip(rng.beta(1.5, 4.0) * severity, 0.0, 1.0)),
    "bladder_ml": _uniform(40.0, 400.0),
    "bowel_gas": _uniform(0.0, 0.7),
    "oral_contrast": lambda rng, severity: float(rng.uniform(0.3, 1.0) * (rng.random() < 0.3)),
    "artery_hu": _one_of(_normal(45, 4, 30, 60), _normal(170, 40, 90, 260), _normal(270, 30, 200, 340)),
    "vein_hu": _one_of(_normal(42, 4, 30, 55), _normal(130, 20, 80, 190)),
    "calcification": _grade(0.4),
    "implant": lambda rng, severity: ("none", "none"),
    "metal_density": _uniform(0.9, 2.2),
    "noise_hu": _uniform(10.0, 36.0),
    "kernel": lambda rng, severity: float(rng.beta(1.2, 2.0)),
    "blur_mm": _uniform(0.6, 1.15),
    "slice_mm": lambda rng, severity: float(rng.choice([0.75, 1.0, 1.5, 2.0, 3.0], p=[0.2, 0.3, 0.2, 0.15, 0.15])),
    "margin_mm": _pair(_uniform(8.0, 24.0)),
    "below_mm": _uniform(85.0, 125.0),
    "above_mm": lambda rng, severity: float(rng.choice([rng.uniform(110.0, 140.0), 400.0], p=[0.3, 0.7])),
    "table": lambda rng, severity: True,
}
_PAIRS = {field.name for field in fields(Patient) if field.type in ("Pair", "tuple[str, str]")}


def draw_patient(seed: int, *, severity: float = 1.0, **overrides: object) -> Patient:
    """Draw a patient; each parameter has its own random stream, so an override leaves the others as they were.

    Args:
        seed: Any integer from 0 on.
        severity: Factor on the spread of shape, pose and pathology; 0 is the mean, healthy anatomy.
        **overrides: Values for parameters of `Patient`; one value for a (left, right) parameter goes to both.

    Raises:
        BadInputError: An override is not a parameter of a patient, or an implant is unknown.
    """
    unknown = sorted(set(overrides) - set(_DRAWS))
    if unknown:
        raise BadInputError(f"A phantom patient has no parameter {unknown[0]!r}; choose one of {', '.join(_DRAWS)}.")
    values = {
        name: draw(np.random.default_rng([seed, zlib.crc32(name.encode())]), severity)
        for name, draw in _DRAWS.items()
        if name not in overrides
    }
    for name, value in overrides.items():
        single = name in _PAIRS and not isinstance(value, tuple | list)
        values[name] = (value, value) if single else tuple(value) if isinstance(value, list) else value
    patient = Patient(seed=seed, **values)  # type: ignore[arg-type]
    for kind in patient.implant:
        if kind not in IMPLANTS:
            raise BadInputError(f"A phantom has no implant {kind!r}; choose one of {', '.join(IMPLANTS)}.")
    if len(patient.shape_weights) != MODE_COUNT:
        raise BadInputError(f"A phantom needs {MODE_COUNT} shape weights, not {len(patient.shape_weights)}.")
    return patient


def stream(patient: Patient, purpose: str) -> np.random.Generator:
    """The random stream of one purpose of one patient; purposes do not disturb one another."""
    return np.random.default_rng([patient.seed, zlib.crc32(purpose.encode()), 1])
