"""What metal does to a reconstruction: beam hardening and photon starvation, in projection space."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse

from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.textures import apply_axes, linear_matrix, upsample
from SemiSegEmbedLib.phantom.voxels import Grid

# Three energies of a 120 kV spectrum: share of the photons, attenuation of water and of titanium per mm.
_SHARES = np.array([0.30, 0.42, 0.28])
_WATER = np.array([0.0227, 0.0193, 0.0171])
_TITANIUM = np.array([0.40, 0.22, 0.11])
_REFERENCE = 1
_PHOTONS = 2.0e6
_ANGLES = 180
_PITCH_MM = 2.0
METAL_HU = 5500.0


@lru_cache(maxsize=2)
def _projector(height: int, width: int) -> tuple[sparse.csr_matrix, int]:
    """Parallel-beam projection of a slice as a matrix (angles × detectors, pixels), in pixels of path; detectors.

    Each pixel is shared between its two nearest detectors, so that the transpose interpolates linearly.
    """
    detectors = int(np.ceil(np.hypot(height, width))) + 3
    y, x = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    rows, weights = [], []
    for index, angle in enumerate(np.pi * np.arange(_ANGLES) / _ANGLES):
        place = (x * np.cos(angle) + y * np.sin(angle)).ravel() + (detectors - 1) / 2
        low = np.floor(place).astype(np.int32)
        rows += [index * detectors + low, index * detectors + low + 1]
        weights += [1 - (place - low), place - low]
    columns = np.tile(np.arange(height * width, dtype=np.int32), 2 * _ANGLES)
    matrix = sparse.csr_matrix(
        (np.concatenate(weights).astype(np.float32), (np.concatenate(rows), columns)),
        shape=(_ANGLES * detectors, height * width),
    )
    return matrix, detectors


def _back_project(matrix: sparse.csr_matrix, detectors: int, projections: np.ndarray) -> np.ndarray:
    """Filtered back projection (ramp with a Hann window) of (angles × detectors, slices), per mm."""
    size = 2 * detectors
    frequency = np.fft.rfftfreq(size, _PITCH_MM)
    ramp = frequency * (0.5 + 0.5 * np.cos(np.pi * frequency / frequency[-1]))
    spectrum = np.fft.rfft(projections.reshape(_ANGLES, detectors, -1), size, axis=1)
    filtered = np.fft.irfft(spectrum * ramp[None, :, None], size, axis=1)[:, :detectors]
    return (np.pi / _ANGLES) * (matrix.T @ filtered.reshape(_ANGLES * detectors, -1).astype(np.float32))


def projection_error(
    water_mm: np.ndarray, metal_mm: np.ndarray, density: float, rng: np.random.Generator
) -> np.ndarray:
    """Measured minus ideal line integral behind metal.

    Args:
        water_mm: Path through tissue in mm of water.
        metal_mm: Path through metal, same shape.
        density: Strength of the metal's attenuation relative to titanium.
        rng: Photon noise.

    Returns:
        The error after the scanner's water correction, zero where no metal is in the way.
    """
    exponent = -(water_mm[..., None] * _WATER + metal_mm[..., None] * _TITANIUM * density)
    transmitted = np.maximum((np.exp(exponent) * _SHARES).sum(-1), 1e-12)
    count = _PHOTONS * transmitted
    noisy = np.maximum(count + np.sqrt(count) * rng.standard_normal(count.shape), 0.6)
    path = np.linspace(0.0, 1500.0, 600)
    measured_water = -np.log((np.exp(-path[:, None] * _WATER) * _SHARES).sum(-1))
    corrected = np.interp(-np.log(noisy / _PHOTONS), measured_water, path * _WATER[_REFERENCE])
    ideal = water_mm * _WATER[_REFERENCE] + metal_mm * _TITANIUM[_REFERENCE] * density
    return np.where(metal_mm > 0.2, corrected - ideal, 0.0)


def add_metal(image: np.ndarray, metal: np.ndarray, grid: Grid, patient: Patient) -> None:
    """Put metal and its streaks into an image, in place; only slices with metal change.

    Args:
        image: Blurred HU without metal, (D, H, W).
        metal: The metal's share of each voxel, (D, H, W).
        grid: Their grid.
        patient: Gives the metal's strength.
    """
    levels = np.nonzero(metal.any(axis=(1, 2)))[0]
    box = (slice(int(levels[0]), int(levels[-1]) + 1), slice(0, grid.shape[1]), slice(0, grid.shape[2]))
    part = grid.part(box)
    coarse = part.coarser(_PITCH_MM)
    height, width = (int(np.ceil(part.shape[a] * part.spacing[a] / _PITCH_MM)) for a in (1, 2))
    isotropic = Grid(coarse.origin, (coarse.spacing[0], _PITCH_MM, _PITCH_MM), (coarse.shape[0], height, width))
    tissue = np.clip(_averaged(image[box], part, isotropic) + 1000.0, 0.0, 2600.0) / 1000.0
    steel = _averaged(metal[box], part, isotropic)
    matrix, detectors = _projector(*isotropic.shape[1:])
    stack = [v.reshape(len(v), -1).T.astype(np.float32) for v in (tissue * (1 - steel), steel)]
    water_mm, metal_mm = (_PITCH_MM * (matrix @ s) for s in stack)
    error = projection_error(water_mm, metal_mm, patient.metal_density, stream(patient, "starvation"))
    change = _back_project(matrix, detectors, error).T.reshape(isotropic.shape) * (1000.0 / _WATER[_REFERENCE])
    image[box] += np.clip(upsample(change, isotropic, part), -1200.0, 2500.0)
    image[box] += metal[box] * (METAL_HU * patient.metal_density - image[box])


def _averaged(volume: np.ndarray, source: Grid, target: Grid) -> np.ndarray:
    """Linear resampling to a coarser grid that keeps the total of small things: rows of the adjoint, normalised."""
    matrices = []
    for axis in range(3):
        if target.spacing[axis] <= 1.01 * source.spacing[axis]:
            matrices.append(linear_matrix(target.axis(axis), source.axis(axis)))
            continue
        spread = linear_matrix(source.axis(axis), target.axis(axis)).T
        matrices.append(spread / np.maximum(spread.sum(1, keepdims=True), 1e-6))
    return apply_axes(volume, tuple(matrices))
