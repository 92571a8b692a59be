"""Inside the pelvis: bladder, rectum, bowel with its contents, vessels with contrast and calcification."""

from __future__ import annotations

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Skeleton
from SemiSegEmbedLib.phantom.muscles import Chain
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.textures import smooth_field
from SemiSegEmbedLib.phantom.voxels import Grid

_GAS_HU = -980.0


def _share(depth: np.ndarray, grid: Grid) -> np.ndarray:
    return np.clip(0.5 + depth / float(np.mean(grid.spacing)), 0.0, 1.0)


def _box(grid: Grid, points: np.ndarray, reach: float) -> tuple[slice, slice, slice]:
    return grid.box(points.min(0) - reach, points.max(0) + reach)


def ellipsoid(grid: Grid, centre: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Approximate depth in mm below the surface, (D, H, W), negative outside; centre and radii are (x, y, z)."""
    z, y, x = grid.axes()
    ratio = np.sqrt(sum(((v - c) / r) ** 2 for v, c, r in zip((x, y, z), centre, radii, strict=True)))
    return (1 - ratio) * float(min(radii))


def paint(image: np.ndarray, grid: Grid, depth: np.ndarray, value: float | np.ndarray) -> None:
    """Draw what lies below a surface into the image, in place; depth in mm, value in HU."""
    image += _share(depth, grid) * (value - image)


def _tube(
    image: np.ndarray,
    grid: Grid,
    chain: Chain,
    wall_mm: float,
    wall_hu: float,
    content: tuple[float, float],
    gas: float,
    rng: np.random.Generator,
) -> None:
    """A hollow organ in place: wall, fluid of (value, patchiness) HU, and gas above the fluid (to the front)."""
    box = _box(grid, chain.points, float(chain.radii.max()) + 2.0)
    part = grid.part(box)
    if min(part.shape) == 0:
        return
    view = image[box]
    depth = chain.depth(part)
    paint(view, part, depth, wall_hu)
    inner = depth - wall_mm
    y = part.axes()[1]
    pattern = smooth_field(rng, part, 20.0)
    paint(view, part, inner, content[0] + content[1] * pattern)
    if gas > 0:
        level = chain.points[:, 1].mean() + (2 * gas - 1) * chain.radii.mean()
        paint(view, part, np.minimum(inner, level - y + 3.0 * pattern), _GAS_HU)


def paint_bowel(
    image: np.ndarray, grid: Grid, patient: Patient, rng: np.random.Generator, low: np.ndarray, high: np.ndarray
) -> None:
    """Draw loops of bowel within a box of the world into the image, in place; low and high are (x, y, z) mm."""
    for _ in range(rng.integers(11, 19)):
        point = rng.uniform(low, high)
        heading = rng.standard_normal(3)
        points = [point]
        for _ in range(rng.integers(4, 9)):
            heading = 0.55 * heading / np.linalg.norm(heading) + 0.6 * rng.standard_normal(3)
            point = np.clip(point + 16.0 * heading / np.linalg.norm(heading), low, high)
            points.append(point)
        radius = rng.uniform(8.0, 15.0)
        chain = Chain(np.stack(points), radius * rng.uniform(0.8, 1.15, len(points)))
        contrast = patient.oral_contrast * rng.uniform(120.0, 330.0) * (rng.random() < 0.7)
        gas = rng.random() * (rng.random() < patient.bowel_gas)
        _tube(image, grid, chain, rng.uniform(1.8, 3.0), rng.uniform(45, 75), (18.0 + contrast, 12.0), gas, rng)


def _rectum(image: np.ndarray, grid: Grid, patient: Patient, skeleton: Skeleton) -> None:
    rng = stream(patient, "rectum")
    back, top = skeleton.sacrum_back, skeleton.promontory
    ischium = np.mean([h.ischium for h in skeleton.hips.values()], axis=0)
    points = np.stack(
        [
            [0.0, ischium[1] + 18.0, ischium[2] - 5.0],
            [0.0, back[1] - 44.0, ischium[2] + 42.0],
            [4.0, back[1] - 46.0, 0.5 * (back[2] + ischium[2]) + 25.0],
            [rng.normal(0, 10), back[1] - 52.0, back[2] + 12.0],
            [25.0 + rng.normal(0, 8), top[1] + 2.0, top[2] - 12.0],
            [55.0, top[1] - 10.0, top[2] + 15.0],
            [72.0, top[1] - 6.0, top[2] + 60.0],
        ]
    )
    chain = Chain(points, np.array([8.0, 14.0, 17.0, 15.0, 13.0, 14.0, 15.0]) * rng.uniform(0.8, 1.2))
    gas = rng.uniform(0.2, 0.8) * (rng.random() < 0.4 + patient.bowel_gas)
    _tube(image, grid, chain, 3.0, 50.0, (15.0, 35.0), gas, rng)


def _bladder(image: np.ndarray, grid: Grid, patient: Patient, skeleton: Skeleton) -> float:
    """Bladder and the organ behind it (prostate or uterus); returns the height of the bladder's dome."""
    rng = stream(patient, "bladder")
    pubis = np.mean([h.pubis for h in skeleton.hips.values()], axis=0)
    radius = (patient.bladder_ml * 1000.0 * 3 / (4 * np.pi)) ** (1 / 3)
    radii = radius * np.array([1.2, 0.95, 0.88])
    # A full bladder that would reach the rectum grows to the sides and upward instead.
    room = max(0.5 * (skeleton.sacrum_back[1] - 98.0 - pubis[1]), 14.0)
    squeeze = min(1.0, room / radii[1])
    radii = radii * np.array([squeeze**-0.5, squeeze, squeeze**-0.5])
    centre = np.array([rng.normal(0, 4), pubis[1] + 22.0 + radii[1], pubis[2] + 6.0 + radii[2]])
    behind = centre + np.array([0.0, radii[1] + 8.0, -0.35 * radii[2]])
    size = np.array([24.0, 15.0, 20.0]) * rng.uniform(0.85, 1.3)
    for middle, extent, value in (
        (behind, size, rng.uniform(45, 85)),
        (centre, radii + 3.0, 42.0),
        (centre, radii, rng.uniform(0, 14)),
    ):
        box = grid.box(middle - extent - 6, middle + extent + 6)
        part = grid.part(box)
        if min(part.shape):
            field = ellipsoid(part, middle, extent) + 1.5 * smooth_field(stream(patient, "bladder shape"), part, 40.0)
            paint(image[box], part, field, value)
    return float(centre[2] + radii[2])


def _vessels(image: np.ndarray, grid: Grid, patient: Patient, skeleton: Skeleton) -> None:
    rng = stream(patient, "vessels")
    top = skeleton.promontory
    for hip in skeleton.hips.values():
        o = np.array([hip.out, 1.0, 1.0])
        femoral = hip.head + o * [-8.0, -hip.head_radius - 22.0, 6.0]
        path = np.stack(
            [
                top + o * [10.0, -14.0, 60.0],
                top + o * [20.0, -14.0, 22.0],
                top + o * [38.0, -10.0, -14.0],
                0.5 * (top + femoral) + o * [30.0, -6.0, -6.0],
                femoral + o * [-4.0, 4.0, 26.0],
                femoral,
                femoral + o * [-2.0, 2.0, -50.0],
                femoral + o * [-8.0, 12.0, -130.0],
            ]
        )
        branch = np.stack([path[2], path[2] + o * [4.0, 34.0, -18.0], path[2] + o * [14.0, 60.0, -42.0]])
        path = path + rng.normal(0, 2.0, path.shape)
        beside = o * np.array([-10.0, 7.0, -2.0])
        tubes = [
            (Chain(path + beside, np.linspace(6.5, 5.0, len(path))), patient.vein_hu),
            (Chain(branch + beside * 0.7, np.array([4.5, 4.0, 3.0])), patient.vein_hu),
            (Chain(path, np.linspace(5.8, 3.8, len(path))), patient.artery_hu),
            (Chain(branch, np.array([3.6, 3.2, 2.4])), patient.artery_hu),
        ]
        for chain, value in tubes:
            box = _box(grid, chain.points, 9.0)
            part = grid.part(box)
            if min(part.shape) == 0:
                continue
            view, depth = image[box], chain.depth(part)
            paint(view, part, depth + 0.8, 45.0)
            paint(view, part, depth, value)
        calcify(image, grid, patient.calcification, path, rng)


def calcify(image: np.ndarray, grid: Grid, grade: float, path: np.ndarray, rng: np.random.Generator) -> None:
    """Draw calcifications in an artery's wall into the image, in place; path is (N, 3) in LPS mm."""
    for _ in range(round(14 * grade)):
        place = rng.uniform(0, len(path) - 1.001)
        low = int(place)
        centre = (
            path[low] + (place - low) * (path[low + 1] - path[low]) + 4.5 * rng.standard_normal(3) * [0.8, 0.8, 0.3]
        )
        radii = rng.uniform(0.7, 2.2, 3) * [1, 1, 2.0]
        box = grid.box(centre - 6, centre + 6)
        part = grid.part(box)
        if min(part.shape):
            paint(image[box], part, ellipsoid(part, centre, radii), rng.uniform(350.0, 900.0))


def paint_organs(image: np.ndarray, grid: Grid, patient: Patient, skeleton: Skeleton) -> None:
    """Draw everything inside the pelvis into the image, in place."""
    dome = _bladder(image, grid, patient, skeleton)
    _rectum(image, grid, patient, skeleton)
    top = skeleton.promontory
    low = np.array([-68.0, top[1] - 66.0, min(dome + 14.0, top[2] - 5.0)])
    paint_bowel(image, grid, patient, stream(patient, "bowel"), low, np.array([68.0, top[1] - 6.0, top[2] + 70.0]))
    _vessels(image, grid, patient, skeleton)
