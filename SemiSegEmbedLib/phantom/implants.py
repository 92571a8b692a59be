"""Metal in the hip: nail with lag screw, cannulated screws, and the total hip with stem, head and cup."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Hip, Skeleton
from SemiSegEmbedLib.phantom.muscles import Chain
from SemiSegEmbedLib.phantom.parameters import Patient
from SemiSegEmbedLib.phantom.shape import Mesh
from SemiSegEmbedLib.phantom.voxels import Grid

_LINER_HU = -70.0


@dataclass(frozen=True, eq=False)
class Cut:
    """The plane in which the surgeon cut the neck: the bone on the side of the normal is gone."""

    point: np.ndarray
    normal: np.ndarray

    def kept(self, grid: Grid) -> np.ndarray:
        """Share of each voxel on the side that stays, (D, H, W)."""
        z, y, x = grid.axes()
        beyond = sum((v - p) * n for v, p, n in zip((x, y, z), self.point, self.normal, strict=True))
        return np.clip(0.5 - beyond / float(np.mean(grid.spacing)), 0.0, 1.0)


def _shaft_axis(femur: Mesh, hip: Hip) -> tuple[np.ndarray, np.ndarray]:
    """A point on the shaft's axis (100 mm below the head) and the axis's direction downward."""
    heights = femur.vertices[:, 2] - hip.head[2]
    upper, lower = (femur.vertices[np.abs(heights - level) < 8.0].mean(0) for level in (-100.0, -150.0))
    direction = lower - upper
    return upper, direction / np.linalg.norm(direction)


def neck_cut(patient: Patient, skeleton: Skeleton, name: str) -> Cut | None:
    """Where the neck of a femur was cut for a stem; None for the others."""
    side = 0 if name == "left" else 1
    if patient.implant[side] != "stem":
        return None
    hip = skeleton.hips[name]
    axis = hip.head - hip.neck
    axis = axis / np.linalg.norm(axis)
    return Cut(hip.head - 1.25 * hip.head_radius * axis, axis)


def _metal_chains(kind: str, femur: Mesh, hip: Hip) -> list[Chain]:
    point, down = _shaft_axis(femur, hip)
    axis = hip.head - hip.neck
    axis = axis / np.linalg.norm(axis)
    lateral = hip.head - axis * 3.7 * hip.head_radius
    if kind == "nail":
        entry = point - down * (point[2] - hip.greater_trochanter[2] - 8.0) / down[2]
        tip = hip.head + 0.55 * hip.head_radius * axis
        return [
            Chain(np.stack([entry, point + 90.0 * down]), np.array([6.5, 5.5])),
            Chain(np.stack([lateral, tip]), np.array([5.2, 5.2])),
        ]
    if kind == "screws":
        across = np.cross(axis, [0.0, 1.0, 0.0])
        across /= np.linalg.norm(across)
        back = np.cross(axis, across)
        shifts = [7.5 * across, -4.0 * across + 6.5 * back, -4.0 * across - 6.5 * back]
        tip = hip.head + 0.6 * hip.head_radius * axis
        return [Chain(np.stack([lateral + s, tip + s]), np.array([2.6, 3.4])) for s in shifts]
    top = point - down * (point[2] - hip.lesser_trochanter[2] - 14.0) / down[2]
    return [
        Chain(np.stack([top, top + 45.0 * down, top + 125.0 * down]), np.array([9.5, 8.0, 5.0])),
        Chain(np.stack([hip.head, top]), np.array([5.5, 8.5])),
        Chain(np.stack([hip.head, hip.head + 0.1]), np.array([14.0, 14.0])),
    ]


def _cup(hip: Hip, gap_mm: float, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Depth in the cup's metal shell and in its plastic liner, mm."""
    z, y, x = grid.axes()
    dx, dy, dz = x - hip.head[0], y - hip.head[1], z - hip.head[2]
    radius = np.sqrt(dx**2 + dy**2 + dz**2)
    opening = 0.72 * hip.out * dx - 0.25 * dy - 0.65 * dz
    outer = hip.head_radius + gap_mm - 0.6
    shell = np.minimum(np.minimum(outer - radius, radius - (outer - 3.0)), -opening)
    liner = np.minimum(np.minimum(outer - 3.0 - radius, radius - 14.0), -opening)
    return shell, liner


def paint_implants(image: np.ndarray, grid: Grid, patient: Patient, skeleton: Skeleton) -> np.ndarray | None:
    """Draw the plastic and clear the place of the metal, in place; the metal itself is the scanner's business.

    Returns:
        The metal's share of each voxel, float32 (D, H, W), or None without metal in the field.
    """
    if set(patient.implant) == {"none"}:
        return None
    metal = np.zeros(grid.shape, np.float32)
    voxel = float(np.mean(grid.spacing))
    for side, name in enumerate(("left", "right")):
        kind = patient.implant[side]
        if kind == "none":
            continue
        hip = skeleton.hips[name]
        for chain in _metal_chains(kind, skeleton.bones[f"femur_{name}"], hip):
            reach = chain.radii.max() + 3.0
            box = grid.box(chain.points.min(0) - reach, chain.points.max(0) + reach)
            part = grid.part(box)
            if min(part.shape):
                np.maximum(metal[box], np.clip(0.5 + chain.depth(part) / voxel, 0, 1), out=metal[box])
        if kind == "stem":
            reach = hip.head_radius + 12.0
            box = grid.box(hip.head - reach, hip.head + reach)
            shell, liner = _cup(hip, skeleton.gaps[name], grid.part(box))
            image[box] += np.clip(0.5 + liner / voxel, 0, 1) * (_LINER_HU - image[box])
            np.maximum(metal[box], np.clip(0.5 + shell / voxel, 0, 1), out=metal[box])
    return metal if metal.any() else None
