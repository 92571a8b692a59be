"""Above the pelvis: the muscles along the spine, liver, spleen, kidneys, more bowel, and the great vessels."""

from __future__ import annotations

import numpy as np

from SemiSegEmbedLib.phantom.anatomy import Skeleton
from SemiSegEmbedLib.phantom.muscles import Chain
from SemiSegEmbedLib.phantom.organs import calcify, ellipsoid, paint, paint_bowel
from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.soft_tissue import MUSCLE_HU, Body
from SemiSegEmbedLib.phantom.spine import LUMBAR, vertebra
from SemiSegEmbedLib.phantom.textures import smooth_field
from SemiSegEmbedLib.phantom.voxels import Grid

_LEVELS = range(1, LUMBAR + 5)


def paint_abdomen(image: np.ndarray, grid: Grid, patient: Patient, skeleton: Skeleton, body: Body) -> None:
    """Draw what lies above the pelvis into the image, in place; bones come later."""
    rng = stream(patient, "upper abdomen")
    spine = np.stack([vertebra(patient, skeleton, level)[0] for level in _LEVELS])
    top = skeleton.promontory
    # Blood with contrast agent reaches the organs as well.
    enhanced = max(patient.vein_hu - 42.0, 0.0)
    for out in (1.0, -1.0):
        beside = spine + np.array([out * 32.0, 44.0, 0.0])
        _draw(image, grid, Chain(beside, np.full(len(beside), 24.0)), MUSCLE_HU - 22.0 * patient.muscle_fat)
        psoas = spine[:5] + np.array([out * 42.0, 4.0, 0.0])
        _draw(image, grid, Chain(psoas, np.linspace(22.0, 8.0, len(psoas))), MUSCLE_HU - 10.0 * patient.muscle_fat)
    low, high = np.array([-80.0, -75.0, 75.0]), np.array([80.0, -20.0, 150.0])
    paint_bowel(image, grid, patient, rng, top + low, top + high)
    # Liver, spleen and kidneys: where from the promontory, radii, HU.
    organs = [
        ((-72.0, -30.0, 200.0), (78.0, 72.0, 80.0), 55.0 + 0.55 * enhanced),
        ((82.0, 10.0, 205.0), (42.0, 52.0, 58.0), 48.0 + 0.7 * enhanced),
        ((-60.0, 30.0, 130.0), (28.0, 24.0, 54.0), 32.0 + 1.4 * enhanced),
        ((60.0, 30.0, 142.0), (28.0, 24.0, 54.0), 32.0 + 1.4 * enhanced),
    ]
    for offset, extent, value in organs:
        centre = top + np.asarray(offset) + rng.normal(0.0, 6.0, 3)
        radii = np.asarray(extent) * rng.uniform(0.85, 1.15, 3)
        box = grid.box(centre - radii - 6.0, centre + radii + 6.0)
        part = grid.part(box)
        if min(part.shape):
            depth = ellipsoid(part, centre, radii) + 3.0 * smooth_field(rng, part, 60.0)
            depth = np.minimum(depth, body.depth(part) - patient.fat_mm - 18.0)
            paint(image[box], part, depth, value + 4.0 * smooth_field(rng, part, 15.0))
    front = spine - np.array([0.0, 17.0 * patient.scale, 0.0])
    aorta = front + np.array([6.0, -11.0, 0.0]) + rng.normal(0.0, 2.0, spine.shape)
    vena_cava = front + np.array([-15.0, -7.0, 0.0])
    _draw(image, grid, Chain(vena_cava, np.full(len(spine), 10.0)), patient.vein_hu)
    _draw(image, grid, Chain(aorta, np.full(len(spine), rng.uniform(8.0, 12.0))), patient.artery_hu)
    calcify(image, grid, 2.0 * patient.calcification, aorta, rng)


def _draw(image: np.ndarray, grid: Grid, chain: Chain, value: float) -> None:
    reach = float(chain.radii.max()) + 3.0
    box = grid.box(chain.points.min(0) - reach, chain.points.max(0) + reach)
    part = grid.part(box)
    if min(part.shape):
        paint(image[box], part, chain.depth(part), value)
