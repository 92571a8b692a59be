"""The spine above the sacrum, and the ribs: bone that is background."""

from __future__ import annotations

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Skeleton
from SemiSegEmbedLib.phantom.bone import BoneTexture, paint_density
from SemiSegEmbedLib.phantom.muscles import Chain
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.soft_tissue import Body
from SemiSegEmbedLib.phantom.voxels import Grid

LUMBAR = 5
"""Vertebrae below the first one with ribs."""
_VERTEBRAE = 10
_LATTICE_MM = 2.0
# Pedicles, laminae, spinous process, transverse processes and facets: points in mm from the body's centre, radius.
_ARCH = (
    (((-16, 10, 4), (-18, 30, 2), (0, 44, -4)), 4.5),
    (((16, 10, 4), (18, 30, 2), (0, 44, -4)), 4.5),
    (((0, 44, -4), (0, 70, -10)), 4.0),
    (((-18, 26, 3), (-44, 30, 6)), 3.6),
    (((18, 26, 3), (44, 30, 6)), 3.6),
    (((-20, 32, 14), (-20, 36, -18)), 6.0),
    (((20, 32, 14), (20, 36, -18)), 6.0),
)
# What makes the arch as large as it is: laminae, larger facets, and the plate of the spinous process, which is flat.
_PLATES = (
    (((-9, 40, 8), (-9, 43, -14)), 4.5),
    (((9, 40, 8), (9, 43, -14)), 4.5),
    (((-22, 32, 15), (-22, 37, -20)), 8.0),
    (((22, 32, 15), (22, 37, -20)), 8.0),
)
_SPINOUS, _SPINOUS_RADIUS, _SPINOUS_FLAT = ((0, 46, -6), (0, 70, -10)), 11.0, 2.75
# Where a rib ends, in degrees around the trunk from the back: those of the last thoracic vertebrae from below.
_RIB_ENDS = (75.0, 105.0, 135.0, 145.0, 150.0)


def vertebra(patient: Patient, skeleton: Skeleton, level: int) -> tuple[np.ndarray, float]:
    """Centre of a vertebral body in LPS mm and its size factor; level 0 is the lowest lumbar vertebra."""
    # Upward the spine bends forward and back again, and the vertebrae become smaller.
    lordosis = 15.0 - 3.0 * level + 0.75 * level * (level - 1)
    size = patient.scale * (1.0 - 0.03 * max(level - 1, 0))
    return skeleton.promontory + patient.scale * np.array([0.0, lordosis, 22.0 + 37.0 * level]), size


def paint_spine(
    image: np.ndarray,
    occupied: np.ndarray,
    grid: Grid,
    patient: Patient,
    skeleton: Skeleton,
    texture: BoneTexture,
    *,
    whole: bool,
) -> None:
    """Vertebrae above the sacrum and their discs, in place.

    `whole` draws all of them; else only the two lowest, with slender arches, as the benchmark's images have them.
    """
    arch = (*_ARCH, *_PLATES) if whole else _ARCH
    for level in range(_VERTEBRAE if whole else 2):
        centre, size = vertebra(patient, skeleton, level)
        box = grid.box(centre - size * 50.0, centre + size * np.array([50.0, 85.0, 50.0]))
        part = grid.part(box)
        if min(part.shape) == 0:
            continue
        z, y, x = (v - c for v, c in zip(part.axes(), centre[::-1], strict=True))
        rim = 1.0 - 0.08 * np.cos(np.clip(z / (14.0 * size), -1, 1) * np.pi)
        ratio = np.sqrt((x / (25.0 * rim * size)) ** 2 + (y / (17.0 * rim * size)) ** 2)
        around = (1.0 - ratio) * 17.0 * size
        disc = np.minimum(around + 1.5, 19.0 * patient.scale - np.abs(z))
        share = np.clip(0.5 + disc / float(np.mean(part.spacing)), 0, 1) * (1 - occupied[box])
        image[box] += share * (78.0 - image[box])
        depth_mm = np.minimum(around, 13.5 * patient.scale - np.abs(z))
        for points, radius in arch:
            chain = Chain(centre + size * np.asarray(points), np.full(len(points), radius * size))
            depth_mm = np.maximum(depth_mm, chain.depth(part))
        if whole:
            radii = np.full(len(_SPINOUS), _SPINOUS_RADIUS * size)
            plate = Chain(centre + size * np.asarray(_SPINOUS), radii, (1.0, 0.0, 0.0), _SPINOUS_FLAT)
            depth_mm = np.maximum(depth_mm, plate.depth(part))
        _paint(image, occupied, box, part, depth_mm, patient, texture, f"lumbar {level}", 0.5)


def paint_ribs(
    image: np.ndarray,
    occupied: np.ndarray,
    grid: Grid,
    patient: Patient,
    skeleton: Skeleton,
    body: Body,
    texture: BoneTexture,
) -> None:
    """The lowest ribs on both sides, under the fat and running down to the front, in place."""
    rng = stream(patient, "ribs")
    for number, end in enumerate(_RIB_ENDS):
        centre, size = vertebra(patient, skeleton, LUMBAR + number)
        for out in (1.0, -1.0):
            angles = np.deg2rad(np.arange(30.0, end + rng.normal(0.0, 6.0), 12.0))
            ring = body.ring(0.75 * patient.fat_mm + 14.0, out * angles)
            drop = (82.0 + rng.normal(0.0, 6.0)) * (angles / (0.5 * np.pi))
            around = np.column_stack([ring, centre[2] + 15.0 - drop])
            points = np.vstack([centre + size * np.array([out * 20.0, 24.0, 8.0]), around])
            chain = Chain(points, np.full(len(points), 5.5 * size))
            box = grid.box(points.min(0) - 10.0, points.max(0) + 10.0)
            part = grid.part(box)
            if min(part.shape):
                _paint(
                    image, occupied, box, part, chain.depth(part), patient, texture, f"rib {number} {out:+.0f}", 0.4
                )


def _paint(
    image: np.ndarray,
    occupied: np.ndarray,
    box: tuple[slice, slice, slice],
    part: Grid,
    depth_mm: np.ndarray,
    patient: Patient,
    texture: BoneTexture,
    name: str,
    density: float,
) -> None:
    share = np.clip(0.5 + depth_mm / float(np.mean(part.spacing)), 0, 1) * (1 - occupied[box])
    occupied[box] += share
    lattice = part.coarser(_LATTICE_MM)
    densities, thickness = np.full(lattice.shape, density, np.float32), np.full(lattice.shape, 0.55, np.float32)
    paint_density(image[box], share, depth_mm, part, lattice, patient, densities, thickness, texture, name)
