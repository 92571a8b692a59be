"""Everything around the bones: skin, fat, muscles, the joint's cartilage and capsule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Skeleton
from SemiSegEmbedLib.phantom.muscles import muscle_fields
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.textures import noise_tile, sample_tile, smooth_field, upsample
from SemiSegEmbedLib.phantom.voxels import Grid

AIR_HU, FAT_HU, MUSCLE_HU, SKIN_HU = -1000.0, -105.0, 58.0, 25.0
CARTILAGE_HU = 85.0


@dataclass(frozen=True, eq=False)
class Body:
    """The trunk's outline: parameters of the superellipses per height, and of the thighs; all mm."""

    centre: np.ndarray
    half_width: float
    front: float
    back: float
    fat: float
    crotch: float
    thighs: tuple[tuple[np.ndarray, float], ...]

    def front_at(self, z: np.ndarray) -> np.ndarray:
        """Distance of the front skin from the centre: the belly bulges above the pubis."""
        return self.front + 0.35 * self.fat * np.tanh((z - self.crotch - 110.0) / 40.0)

    def depth(self, grid: Grid) -> np.ndarray:
        """Depth below the skin in mm on a lattice, (D, H, W), negative outside."""
        z, y, x = grid.axes()
        y = y - self.centre[1] - 4.0
        x = np.abs(x - self.centre[0])
        waist = self.half_width * (1 - 0.07 * np.tanh(np.maximum(z - self.crotch - 150.0, 0.0) / 60.0))
        # The trunk tapers into the thighs.
        tapering = np.clip((z - self.crotch + 10.0) / 95.0, 0.0, 1.0)
        tapering = tapering * tapering * (3 - 2 * tapering)
        thigh = 1.12 * self.thighs[0][1]
        front = thigh + 8.0 + tapering * (self.front_at(z) - thigh - 8.0)
        buttock = np.exp(-0.5 * ((z - self.crotch - 55.0) / 65.0) ** 2)
        back = thigh + tapering**0.5 * (self.back * (0.86 + 0.14 * buttock) - thigh)
        extent = np.where(y < 0, front, back)
        ratio = ((x / waist) ** 2.5 + (np.abs(y) / extent) ** 2.5) ** 0.4
        trunk = (1 - ratio) * 0.9 * np.minimum(waist, extent)
        cleft = 26.0 * buttock * np.exp(-0.5 * (x / 9.0) ** 2) * np.clip(y / back, 0.0, 1.0) ** 2
        trunk = trunk - cleft
        below = self.crotch - z
        trunk = np.minimum(trunk, 60.0 - 1.4 * np.maximum(below, -30.0) - 42.0)
        legs = np.full(grid.shape, -1e3, np.float32)
        zc, yc, xc = grid.axes()
        for middle, radius in self.thighs:
            taper = radius - 0.08 * np.maximum(middle[2] - zc, 0.0) - 0.5 * np.maximum(zc - self.crotch, 0.0)
            legs = np.maximum(legs, taper - np.sqrt((xc - middle[0]) ** 2 + ((yc - middle[1]) / 1.12) ** 2))
        legs = np.where(zc > self.crotch + 60, -1e3, legs)
        return np.logaddexp(np.clip(trunk, -200, 200) / 8.0, np.clip(legs, -200, 200) / 8.0).astype(np.float32) * 8.0

    def ring(self, inset_mm: float, angles: np.ndarray) -> np.ndarray:
        """x and y in mm, (N, 2), of points below the skin of the upper abdomen.

        Args:
            inset_mm: Depth below the skin.
            angles: Radians from the middle of the back; positive to the left.
        """
        width = 0.93 * self.half_width - inset_mm
        extent = np.where(np.cos(angles) > 0, 0.86 * self.back, self.front_at(np.array(np.inf))) - inset_mm
        # The same superellipse as the skin's.
        round_off = (np.abs(np.sin(angles)) ** 2.5 + np.abs(np.cos(angles)) ** 2.5) ** -0.4
        x, y = width * np.sin(angles), extent * np.cos(angles)
        return np.column_stack([self.centre[0] + round_off * x, self.centre[1] + 4.0 + round_off * y])


def make_body(patient: Patient, skeleton: Skeleton) -> Body:
    """Fit the outline to the bones, the muscles' size and the fat."""
    vertices = np.concatenate([mesh.vertices for name, mesh in skeleton.bones.items() if name.startswith("hip")])
    hips = list(skeleton.hips.values())
    trochanter = max(abs(h.greater_trochanter[0]) for h in hips)
    flesh = 16.0 + 40.0 * (patient.muscle - 1.0)
    lowest = min(h.pubis[2] for h in hips) - 28.0
    centre = np.array([0.0, 0.5 * (vertices[:, 1].min() + skeleton.sacrum_back[1]), 0.0])
    radius = 66.0 + 60.0 * (patient.muscle - 1.0) + 0.8 * patient.fat_mm
    thighs = tuple(
        (np.array([h.out * (radius + 4.0), 0.4 * h.shaft[1] + 0.6 * centre[1], h.shaft[2]]), radius) for h in hips
    )
    return Body(
        centre=centre,
        half_width=trochanter + flesh + 0.9 * patient.fat_mm,
        front=centre[1] - vertices[:, 1].min() + 22.0 + patient.fat_mm,
        back=skeleton.sacrum_back[1] - centre[1] + 26.0 + 0.9 * patient.fat_mm,
        fat=patient.fat_mm,
        crotch=lowest,
        thighs=thighs,
    )


def _wall(body: Body, depth: np.ndarray, skeleton: Skeleton, grid: Grid) -> np.ndarray:
    """Depth in the muscles of the abdominal wall: a shell under the fat, above the pubis, open at the back."""
    z, y, x = grid.axes()
    outward = np.abs(x - body.centre[0])
    pubis = max(h.pubis[2] for h in skeleton.hips.values())
    spine_y = min(h.spine[1] for h in skeleton.hips.values())
    rectus = np.exp(-0.5 * ((outward - 34.0) / 26.0) ** 2)
    side = np.clip((z - pubis - 45.0) / 40.0, 0.0, 1.0) * np.clip((outward - 70.0) / 20.0, 0.0, 1.0)
    width = 11.0 * rectus * np.clip((z - pubis + 10.0) / 30.0, 0.0, 1.0) + 19.0 * side
    start = body.fat * np.clip(0.75 + 0.25 * (outward / 90.0), 0.6, 1.1)
    shell = np.minimum(depth - start, start + width - depth)
    shell = np.minimum(shell, outward - 3.0)
    return np.minimum(shell, np.where(y < spine_y + 60.0, 50.0, 0.0) - 0.8 * np.maximum(y - spine_y - 20.0, 0.0))


def paint_soft_tissue(grid: Grid, patient: Patient, skeleton: Skeleton, lattice: Grid) -> np.ndarray:
    """Air, skin, fat and muscles.

    Returns:
        The image in HU, float32 (D, H, W).
    """
    body = make_body(patient, skeleton)
    rng = stream(patient, "soft tissue")
    skin = body.depth(lattice) + 2.5 * smooth_field(rng, lattice, 90.0)
    muscle, lead = muscle_fields(patient, skeleton, lattice, _wall(body, skin, skeleton, lattice))
    # Muscles stay under the subcutaneous fat.
    muscle = np.minimum(muscle, skin - 0.45 * patient.fat_mm)
    septa = smooth_field(rng, lattice, 28.0)
    voxel = float(np.mean(grid.spacing))
    grain = sample_tile(noise_tile(stream(patient, "grain"), 64, 1.2, (2.4, 0.7, 1.2)), grid, 1.5)
    depth = upsample(skin, lattice, grid)
    # Fat planes between muscles are 0.5 to 3 mm wide.
    plane = 0.7 + 0.8 * patient.muscle_fat + 0.7 * np.clip(septa, -1.0, 1.8)
    inside = np.minimum(upsample(muscle, lattice, grid), 0.8 * upsample(lead - plane, lattice, grid))
    share = np.clip(0.5 + inside / max(voxel, 1.0), 0.0, 1.0)
    tone = MUSCLE_HU - 22.0 * patient.muscle_fat + upsample(3.0 * septa, lattice, grid)
    tone += (3.0 + 10.0 * patient.muscle_fat) * grain
    tone -= (20.0 + 60.0 * patient.muscle_fat) * np.maximum(grain - 1.2 + 0.8 * patient.muscle_fat, 0.0)
    fat = FAT_HU + 6.0 * grain + 50.0 * np.maximum(grain - 1.7, 0.0)
    image = fat + share * (tone - fat)
    skin_share = np.clip(0.5 + (2.0 - depth) / voxel, 0.0, 1.0)
    image += skin_share * (SKIN_HU - image)
    body_share = np.clip(0.5 + depth / voxel, 0.0, 1.0)
    image = AIR_HU + body_share * (image - AIR_HU)
    paint_joints(image, grid, skeleton)
    return image.astype(np.float32)


def paint_joints(image: np.ndarray, grid: Grid, skeleton: Skeleton) -> None:
    """Cartilage and capsule around the heads, and the disc of the symphysis, in place."""
    voxel = float(np.mean(grid.spacing))
    for hip in skeleton.hips.values():
        reach = hip.head_radius + 8.0
        box = grid.box(hip.head - reach, hip.head + reach)
        z, y, x = grid.part(box).axes()
        radius = np.sqrt((z - hip.head[2]) ** 2 + (y - hip.head[1]) ** 2 + (x - hip.head[0]) ** 2)
        for thickness, value in ((7.0, 48.0), (3.5, CARTILAGE_HU)):
            share = np.clip(0.5 + (hip.head_radius + thickness - radius) / voxel, 0.0, 1.0)
            image[box] += share * (value - image[box])
    left, right = (skeleton.hips[s].pubis for s in ("left", "right"))
    middle = 0.5 * (left + right) + [0, 8.0, -4.0]
    disc = np.array([9.0, 15.0, 24.0])
    box = grid.box(middle - disc, middle + disc)
    z, y, x = grid.part(box).axes()
    ratio = np.sqrt(((x - middle[0]) / 7.0) ** 2 + ((y - middle[1]) / 12.0) ** 2 + ((z - middle[2]) / 21.0) ** 2)
    share = np.clip(0.5 + 7.0 * (1 - ratio) / voxel, 0.0, 1.0)
    image[box] += share * (80.0 - image[box])
