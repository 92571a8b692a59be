"""Radiodensity inside the bones: cortex, trabeculae, marrow, and what disease does to them."""

from __future__ import annotations

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Hip, Skeleton
from SemiSegEmbedLib.phantom.labels import bone_box, paint_label
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.shape import Mesh
from SemiSegEmbedLib.phantom.textures import noise_tile, sample_tile, smooth_field, upsample
from SemiSegEmbedLib.phantom.voxels import Grid, coverage, depth

MARROW_HU = -65.0
_LATTICE_MM = 2.0


def blend_bone(
    image: np.ndarray,
    share: np.ndarray,
    depth_mm: np.ndarray,
    cortex_mm: np.ndarray,
    cortex_hu: float,
    spongy_hu: np.ndarray,
    voxel_mm: float,
) -> None:
    """Draw a bone into an image (in place), each voxel as the mean over its extent.

    Args:
        image: HU, (D, H, W).
        share: The bone's share of each voxel.
        depth_mm: Depth below the surface.
        cortex_mm: Thickness of the cortex.
        cortex_hu: Radiodensity of the cortex.
        spongy_hu: Radiodensity under the cortex.
        voxel_mm: The voxels' width.
    """
    half = 0.5 * voxel_mm
    compact = np.minimum(cortex_mm, depth_mm + half) - np.maximum(depth_mm - half, 0.0)
    compact = np.clip(compact / voxel_mm, 0.0, share)
    image *= 1 - share
    image += compact * cortex_hu + (share - compact) * spongy_hu


class BoneTexture:
    """Trabecular noise fixed to the world; finer than the voxels it averages out."""

    def __init__(self, patient: Patient) -> None:
        rng = stream(patient, "trabeculae")
        self._fine = noise_tile(rng, 80, 0.8)
        self._coarse = noise_tile(rng, 48, 1.3)

    def on(self, grid: Grid) -> np.ndarray:
        """Deviation about 1 at 1 mm, (D, H, W)."""
        fade = min(1.0, (1.0 / float(np.mean(grid.spacing))) ** 1.2)
        return 0.75 * fade * sample_tile(self._fine, grid, 0.9) + 0.65 * sample_tile(self._coarse, grid, 2.1)


def _band(distance: np.ndarray, width: float) -> np.ndarray:
    return np.exp(-0.5 * (distance / width) ** 2)


def _joint_density(hip: Hip, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the head's centre in head radii, and the load-bearing direction's cosine (up and inward)."""
    z, y, x = grid.axes()
    dz, dy, dx = z - hip.head[2], y - hip.head[1], x - hip.head[0]
    distance = np.sqrt(dz**2 + dy**2 + dx**2)
    cosine = (0.94 * dz - 0.3 * hip.out * dx) / np.maximum(distance, 1.0)
    return distance / hip.head_radius, cosine


def _femur_density(hip: Hip, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Relative trabecular density, and the cortex's thickness in units of the hip bone's."""
    z, y, x = grid.axes()
    r = hip.head_radius
    dz, dx, dy = z - hip.head[2], hip.out * (x - hip.head[0]), y - hip.head[1]
    distance, _ = _joint_density(hip, grid)
    head = 1 / (1 + np.exp((distance - 1.0) / 0.12))
    below = np.clip(-dz / r, 0.0, 6.0)
    base = 0.55 * np.exp(-(np.maximum(below - 0.6, 0.0) ** 2) / 1.6)
    compressive = _band(dx + 0.28 * dz + 0.1 * dy, 0.33 * r) * (dz > -2.0 * r)
    arc = np.sqrt((dx - 0.9 * r) ** 2 + (dz + 1.75 * r) ** 2)
    tensile = 0.45 * _band(arc - 1.85 * r, 0.22 * r) * (dz > -2.2 * r)
    lateral = 0.35 * _band(np.sqrt((dx - 2.2 * r) ** 2 + (dz + 0.4 * r) ** 2), 0.8 * r)
    density = np.maximum(base * (1 - head), 0.72 * head) + 0.6 * compressive + tensile * (1 - 0.5 * head) + lateral
    shaft = np.clip((below - 2.0) / 2.4, 0.0, 1.0)
    neck = np.exp(-0.5 * ((below - 1.3) / 0.7) ** 2) * (distance > 1.1)
    thickness = 0.75 + 0.35 * neck + 3.4 * shaft * shaft * (3 - 2 * shaft)
    return density * (1 - 0.9 * shaft), thickness


def _hip_density(hip: Hip, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    distance, cosine = _joint_density(hip, grid)
    beneath = np.exp(-np.maximum(distance - 1.1, 0.0) / 0.45)
    density = 0.42 + (0.35 + 0.65 * np.clip(cosine, 0.0, 1.0)) * beneath
    thickness = 1.0 + 0.35 * np.clip(cosine, 0.0, 1.0) * beneath + 0.25 * (distance > 2.0)
    return density, thickness


def _disease(patient: Patient, hip: Hip, side: int, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Arthritis: added radiodensity (sclerosis and the cysts' rims), and the cysts' share."""
    grade = patient.arthritis[side]
    distance, cosine = _joint_density(hip, grid)
    loaded = np.clip(cosine - 0.25, 0.0, 1.0)
    added = 420.0 * grade * loaded * _band(np.abs(distance - 1.1), 0.22)
    cysts = np.zeros(grid.shape, np.float32)
    rng = stream(patient, f"cysts {side}")
    z, y, x = grid.axes()
    for _ in range(round(grade * int(rng.integers(2, 7)))):
        direction = rng.standard_normal(3) * [0.6, 0.5, 0.3] + [0, 0, 0.9]
        centre = hip.head + hip.head_radius * rng.choice([0.78, 1.35]) * direction / np.linalg.norm(direction)
        radius = rng.uniform(1.5, 4.5)
        gap = np.sqrt((z - centre[2]) ** 2 + (y - centre[1]) ** 2 + (x - centre[0]) ** 2) - radius
        cysts = np.maximum(cysts, np.clip(0.5 - gap / float(np.mean(grid.spacing)), 0.0, 1.0))
        added = added + 260.0 * _band(gap - 1.0, 0.9)
    return added, cysts


def paint_bone(
    image: np.ndarray,
    label: np.ndarray,
    occupied: np.ndarray,
    grid: Grid,
    patient: Patient,
    skeleton: Skeleton,
    name: str,
    texture: BoneTexture,
) -> None:
    """Draw one bone into image and label, in place; voxels (or shares of them) that are occupied stay as they are."""
    mesh: Mesh = skeleton.bones[name]
    box = bone_box(mesh, grid)
    part = grid.part(box)
    if min(part.shape) == 0:
        return
    kept = paint_label(label[box], part, patient, skeleton, name)
    share = np.minimum(coverage(mesh, part, 2 if max(grid.spacing) < 1.6 else 3), 1 - occupied[box]) * kept
    occupied[box] += share
    lattice = part.coarser(_LATTICE_MM)
    depth_mm = upsample(depth(mesh, lattice), lattice, part)
    side = 0 if name.endswith("left") else 1
    hip = skeleton.hips["left" if side == 0 else "right"]
    if name == "sacrum":
        density = np.full(lattice.shape, 0.4, np.float32)
        thickness = np.full(lattice.shape, 0.75, np.float32)
    else:
        density, thickness = (_femur_density if name.startswith("femur") else _hip_density)(hip, lattice)
    paint_density(image[box], share, depth_mm, part, lattice, patient, density, thickness, texture, name)
    if name != "sacrum" and patient.arthritis[side] > 0:
        near = part.box(hip.head - 2.2 * hip.head_radius, hip.head + 2.2 * hip.head_radius)
        added, cysts = _disease(patient, hip, side, part.part(near))
        view, share = image[box][near], share[near]
        view += added * share
        view += cysts * share * (depth_mm[near] > 0.8) * (35.0 - view)


def paint_density(
    image: np.ndarray,
    share: np.ndarray,
    depth_mm: np.ndarray,
    part: Grid,
    lattice: Grid,
    patient: Patient,
    density: np.ndarray,
    thickness: np.ndarray,
    texture: BoneTexture,
    name: str,
) -> None:
    """Draw a bone from relative density and relative cortical thickness given on a lattice; image in place."""
    loss = patient.osteoporosis
    wobble = smooth_field(stream(patient, f"cortex {name}"), lattice, 25.0)
    cortex = patient.cortex_mm * (1 - 0.35 * loss) * np.clip(thickness * (1 + 0.33 * wobble), 0.3, None)
    patchy = 1 + 0.18 * smooth_field(stream(patient, f"density {name}"), lattice, 30.0)
    density = np.clip(density * patchy, 0.0, None) * (1 - 0.4 * loss)
    spongy = upsample(MARROW_HU + density * (patient.trabecular_hu - MARROW_HU), lattice, part)
    cortex = upsample(cortex, lattice, part)
    grain = 0.28 * (1 + 0.6 * loss) * (spongy - MARROW_HU)
    spongy += grain * texture.on(part)
    # The inner face of the cortex frays into trabeculae.
    fringe = 0.35 * (1 - 0.5 * loss) * patient.trabecular_hu + 60.0
    spongy += fringe * np.exp(-np.maximum(depth_mm - cortex, 0) / 2.0)
    np.clip(spongy, MARROW_HU - 40.0, 1100.0, out=spongy)
    blend_bone(
        image, share, depth_mm, cortex, patient.cortex_hu * (1 - 0.12 * loss), spongy, float(np.mean(part.spacing))
    )
