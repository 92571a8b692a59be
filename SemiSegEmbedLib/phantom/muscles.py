"""The muscles of the hip and the trunk as chains of flattened, tapering capsules between landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Hip, Skeleton
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.textures import smooth_field
from SemiSegEmbedLib.phantom.voxels import Grid

# Muscles that border on the pelvic cavity or lie free in fat keep their size; the others fill their compartment.
_INNER = {"psoas", "iliacus", "obturator_internus", "piriformis", "sartorius", "gracilis", "quadratus_lumborum"}


@dataclass(frozen=True, eq=False)
class Chain:
    """A tube along a polyline: points (N, 3) in LPS mm, radii (N,), flattened by a factor along a direction."""

    points: np.ndarray
    radii: np.ndarray
    across: tuple[float, float, float] = (0.0, 1.0, 0.0)
    flat: float = 1.0

    def depth(self, grid: Grid) -> np.ndarray:
        """Approximate depth in mm below the tube's surface, (D, H, W), negative outside."""
        z, y, x = grid.axes()
        normal = np.asarray(self.across) / np.linalg.norm(self.across)
        result = np.full(grid.shape, -1e3, np.float32)
        for a, b, ra, rb in zip(self.points[:-1], self.points[1:], self.radii[:-1], self.radii[1:], strict=True):
            axis = (b - a) / max(float((b - a) @ (b - a)), 1e-6)
            px, py, pz = x - np.float32(a[0]), y - np.float32(a[1]), z - np.float32(a[2])
            t = np.clip(px * np.float32(axis[0]) + py * np.float32(axis[1]) + pz * np.float32(axis[2]), 0, 1)
            dx, dy, dz = (p - t * np.float32(c) for p, c in zip((px, py, pz), b - a, strict=True))
            square = dx * dx + dy * dy + dz * dz
            if self.flat != 1.0:
                out = dx * np.float32(normal[0]) + dy * np.float32(normal[1]) + dz * np.float32(normal[2])
                square += np.float32(self.flat**2 - 1.0) * out * out
            # Dividing by the mean stretch keeps the field's slope near one on average.
            np.maximum(result, (ra + t * (rb - ra) - np.sqrt(square)) / np.float32(0.5 + 0.5 * self.flat), out=result)
        return result


def _at(base: np.ndarray, x: float, y: float, z: float) -> np.ndarray:
    return base + np.array([x, y, z])


def _leg(h: Hip, s: Skeleton) -> dict[str, Chain]:
    """The muscles of one side; offsets are (outward, back, up) in mm."""
    o = h.out

    def near(base: np.ndarray, out: float, back: float, up: float) -> np.ndarray:
        return _at(base, o * out, back, up)

    def chain(points: list[np.ndarray], radii: list[float], across=(0.0, 1.0, 0.0), flat: float = 1.0) -> Chain:
        return Chain(np.stack(points), np.asarray(radii), across, flat)

    # The plate of the ilium faces outward and backward.
    plate, rim, fossa = (0.8 * o, 0.58, 0.1), 0.5 * (h.crest + h.spine), (h.crest + h.spine + h.head) / 3
    p, low = s.promontory, h.shaft + (h.shaft - h.head) * [0.05, 0.1, 0.35]
    return {
        "psoas": chain(
            [
                near(p, 44, 14, 60),
                near(p, 50, 4, 5),
                near(h.head, -12, -36, 40),
                near(h.head, 0, -36, 2),
                near(h.lesser_trochanter, 2, -8, 2),
            ],
            [24, 23, 19, 17, 9],
        ),
        "iliacus": chain(
            [near(rim, -18, -8, -16), near(fossa, -13, -14, 0), near(h.head, 4, -33, 32)], [19, 30, 19], plate, 1.5
        ),
        "gluteus_medius": chain(
            [near(rim, 16, 18, -20), near(fossa, 30, 18, 2), near(h.greater_trochanter, 2, 0, 14)],
            [30, 44, 17],
            plate,
            1.5,
        ),
        "gluteus_minimus": chain(
            [near(h.spine, 2, 38, 5), near(h.head, 22, -2, 42), near(h.greater_trochanter, -4, -12, 4)],
            [19, 24, 11],
            (o, 0.0, 0.3),
            1.5,
        ),
        "gluteus_maximus": chain(
            [
                near(s.sacrum_back, 34, 0, 44),
                near(s.sacrum_back, 58, 4, 0),
                near(h.greater_trochanter, -18, 52, -22),
                near(h.shaft, 8, 34, 10),
            ],
            [15, 35, 40, 20],
            (o * 0.35, 0.9, 0.0),
            1.4,
        ),
        "tensor": chain(
            [near(h.spine, 6, 2, -8), near(h.head, 46, -44, -10), near(h.shaft, 40, -30, 0)],
            [8, 14, 9],
            (o, -0.4, 0.0),
            1.5,
        ),
        "sartorius": chain([near(h.spine, 0, -4, -6), near(h.head, 10, -62, -20), near(low, -42, -62, 0)], [6, 9, 10]),
        "rectus_femoris": chain(
            [near(h.head, 14, -44, 18), near(h.head, 26, -54, -40), near(low, -2, -54, 0)], [6, 15, 19]
        ),
        "vastus_lateralis": chain(
            [near(h.greater_trochanter, -4, -12, -28), near(h.shaft, 24, -10, 0), near(low, 26, -12, 0)], [11, 24, 28]
        ),
        "vastus_medialis": chain([near(h.lesser_trochanter, 6, -34, -4), near(low, -8, -22, 0)], [13, 28]),
        "pectineus": chain(
            [near(h.pubis, 26, -4, 8), near(h.lesser_trochanter, -8, -16, 0)], [13, 12], (0.0, 1.0, 0.3), 1.3
        ),
        "adductor_longus": chain([near(h.pubis, 14, 0, -12), near(low, -38, -24, 0)], [10, 19]),
        "adductor_magnus": chain([near(h.ischium, -4, -22, 4), near(low, -36, 10, 0)], [17, 32], (0.3, 1.0, 0), 1.2),
        "gracilis": chain([near(h.pubis, 8, 12, -22), near(low, -62, 4, 0)], [8, 10], (1.0, 0.0, 0.0), 1.5),
        "hamstrings": chain(
            [near(h.ischium, 2, 8, 6), near(h.shaft, -22, 44, -5), near(low, -20, 52, 0)], [10, 19, 25]
        ),
        "quadratus_femoris": chain(
            [near(h.ischium, 12, -2, 12), near(h.greater_trochanter, -14, 14, -30)], [12, 11], (0.0, 1.0, 0.0), 1.3
        ),
        "obturator_externus": chain(
            [near(h.pubis, 24, 22, -10), near(h.head, 12, 24, -26)], [14, 8], (0.2, 1.0, 0.0), 1.3
        ),
        "obturator_internus": chain(
            [
                near(h.pubis, 28, 26, 4),
                near(h.head, -30, 26, 6),
                near(h.head, -20, 46, 0),
                near(h.greater_trochanter, -12, 14, 6),
            ],
            [12, 18, 12, 7],
            (o, 0.2, 0),
            1.4,
        ),
        "piriformis": chain(
            [near(s.sacrum_back, 28, -18, 0), near(h.head, -18, 46, 28), near(h.greater_trochanter, -10, 8, 8)],
            [11, 12, 6],
        ),
        "erector": chain(
            [near(s.sacrum_back, 26, -22, 110), near(s.sacrum_back, 20, -6, 40), near(s.sacrum_back, 14, 2, 10)],
            [27, 17, 7],
        ),
        "quadratus_lumborum": chain([near(p, 62, 30, 80), near(p, 70, 38, 38)], [15, 12]),
    }


def muscle_fields(patient: Patient, skeleton: Skeleton, grid: Grid, wall: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Depth in the muscles and half the lead of the deepest muscle over the next, both mm on a lattice.

    Args:
        patient: Gives the muscles' size and their individual shapes.
        skeleton: Landmarks.
        grid: A lattice of about 3 mm.
        wall: Depth in the muscles of the abdominal wall on the lattice.

    Returns:
        The first field is negative in fat; the second is small on the fat planes between neighbouring muscles.
    """
    first = wall.astype(np.float32)
    second = np.full(grid.shape, -1e3, np.float32)
    growth = 18.0 * (patient.muscle - 1.0)
    for side, hip in skeleton.hips.items():
        rng = stream(patient, f"muscles {side}")
        for key, chain in _leg(hip, skeleton).items():
            jitter = rng.normal(0.0, 2.5, chain.points.shape)
            size = growth + rng.normal(0.0, 1.2) + (0.0 if key in _INNER else 6.5 * chain.flat)
            reach = float(chain.radii.max()) + 30.0
            box = grid.box(chain.points.min(0) - reach, chain.points.max(0) + reach)
            part = grid.part(box)
            if min(part.shape) == 0:
                continue
            field = Chain(chain.points + jitter, chain.radii + size, chain.across, chain.flat).depth(part)
            field += 1.6 * smooth_field(rng, part, 45.0) + 1.3 * smooth_field(rng, part, 22.0)
            best, next_best = first[box], second[box]
            np.maximum(next_best, np.minimum(best, field), out=next_best)
            np.maximum(best, field, out=best)
    return first, np.minimum(0.5 * (first - second), 20.0)
