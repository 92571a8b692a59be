"""From a patient to a CT and its exact label."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.abdomen import paint_abdomen
from SemiSegEmbedLib.phantom.anatomy import Skeleton, build_skeleton
from SemiSegEmbedLib.phantom.artefacts import add_metal
from SemiSegEmbedLib.phantom.bone import BoneTexture, paint_bone
from SemiSegEmbedLib.phantom.implants import paint_implants
from SemiSegEmbedLib.phantom.organs import paint_organs
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.scanner import add_noise, blur, paint_table, quantise, resample_slices
from SemiSegEmbedLib.phantom.shape import BONES, LABEL_VALUES
from SemiSegEmbedLib.phantom.soft_tissue import make_body, paint_soft_tissue
from SemiSegEmbedLib.phantom.spine import paint_ribs, paint_spine
from SemiSegEmbedLib.phantom.voxels import Grid

FIELDS = ("pelvis", "abdomen", "body")
ABDOMEN_MM = 180.0
"""The field "abdomen" reaches up to this far above the hip bones."""
_LATTICE_MM = 3.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """A rendered CT.

    Attributes:
        image: HU, int16 (D, H, W).
        label: 1 hip_left, 2 hip_right, 3 femur_left, 4 femur_right, 5 sacrum; uint8 (D, H, W).
        spacing: mm, (z, y, x).
        origin: Centre of the first voxel, LPS mm, (z, y, x). Axes run to S, P and L.
        facts: Voxels per bone and what a table may want to group by.
    """

    image: np.ndarray
    label: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    facts: dict[str, object] = field(default_factory=dict)


def field_of_view(patient: Patient, skeleton: Skeleton, spacing: tuple[float, float, float], name: str) -> Grid:
    """The grid of a field of view.

    "pelvis" is cropped around the bones; "abdomen" is so too, but most patients' reaches up to `ABDOMEN_MM` above the
    hip bones; "body" holds the whole cross-section of the pelvis.
    """
    crests = max(h.crest[2] for h in skeleton.hips.values())
    bottom = min(h.head[2] for h in skeleton.hips.values()) - patient.below_mm
    above_mm = stream(patient, "abdomen").uniform(8.0, ABDOMEN_MM) if name == "abdomen" else 8.0
    top = min(crests + above_mm, max(h.head[2] for h in skeleton.hips.values()) + patient.above_mm)
    vertices = np.concatenate([mesh.vertices for mesh in skeleton.bones.values()])
    vertices = vertices[vertices[:, 2] > bottom]
    low, high = vertices.min(0), vertices.max(0)
    if name == "body":
        body = make_body(patient, skeleton)
        half = max(body.half_width, *(abs(c[0]) + r for c, r in body.thighs)) + 12.0
        low = np.array([-half, body.centre[1] - body.front - 0.4 * body.fat - 12.0, 0.0])
        high = np.array([half, body.centre[1] + body.back + 45.0, 0.0])
    else:
        margin = np.array([patient.margin_mm[0], patient.margin_mm[1], 0.0])
        low, high = low - margin, high + margin
    origin = (bottom, low[1], low[0])
    extent = (top - bottom, high[1] - low[1], high[0] - low[0])
    shape = tuple(max(2, int(np.ceil(e / s))) for e, s in zip(extent, spacing, strict=True))
    return Grid(tuple(float(o) for o in origin), spacing, shape)  # type: ignore[arg-type]


def render(
    patient: Patient,
    spacing_mm: float | tuple[float, float, float] = 1.0,
    *,
    field_name: str = "pelvis",
    skeleton: Skeleton | None = None,
) -> Phantom:
    """Render a patient's CT and its label.

    Args:
        patient: From `draw_patient`; the same patient gives the same voxels every time.
        spacing_mm: Voxel size, one number or (z, y, x).
        field_name: "pelvis" (cropped around the bones), "abdomen" (likewise, with spine, ribs and organs above them)
            or "body" (the whole cross-section with the table).
        skeleton: The patient's own, when it is known already.

    Returns:
        The phantom. A label voxel is the bone whose mesh holds the voxel's centre.

    Raises:
        BadInputError: The spacing is not between 0.4 and 6 mm or the field is unknown.
    """
    values = tuple(float(s) for s in np.broadcast_to(np.asarray(spacing_mm, float), (3,)))
    if not all(0.4 <= s <= 6.0 for s in values):
        raise BadInputError(f"A phantom's spacing must lie between 0.4 and 6 mm, not {spacing_mm}.")
    if field_name not in FIELDS:
        raise BadInputError(f"A phantom has no field of view {field_name!r}; choose one of {', '.join(FIELDS)}.")
    skeleton = skeleton or build_skeleton(patient)
    grid = field_of_view(patient, skeleton, values, field_name)  # type: ignore[arg-type]
    image = paint_soft_tissue(grid, patient, skeleton, grid.coarser(_LATTICE_MM))
    paint_organs(image, grid, patient, skeleton)
    body = make_body(patient, skeleton)
    if field_name == "abdomen":
        paint_abdomen(image, grid, patient, skeleton, body)
    label = np.zeros(grid.shape, np.uint8)
    occupied = np.zeros(grid.shape, np.float32)
    texture = BoneTexture(patient)
    for name in BONES:
        paint_bone(image, label, occupied, grid, patient, skeleton, name, texture)
    paint_spine(image, occupied, grid, patient, skeleton, texture, whole=field_name == "abdomen")
    if field_name == "abdomen":
        paint_ribs(image, occupied, grid, patient, skeleton, body, texture)
    metal = paint_implants(image, grid, patient, skeleton)
    if patient.table:
        paint_table(image, grid, body.centre[1] + body.back)
    image = blur(image, grid, patient)
    if metal is not None:
        add_metal(image, metal, grid, patient)
    outside = 0.0 if field_name == "body" else max(body.half_width - 0.5 * grid.shape[2] * grid.spacing[2], 0.0)
    add_noise(image, grid, patient, outside)
    image = resample_slices(image, grid, patient)
    facts = {
        "seed": patient.seed,
        "voxels": {name: int((label == value).sum()) for name, value in LABEL_VALUES.items()},
        "implant": list(patient.implant),
        "field": field_name,
    }
    return Phantom(quantise(image), label, grid.spacing, grid.origin, facts)
