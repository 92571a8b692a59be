"""The virtual scanner: point spread, noise of filtered back projection, slices, table, quantisation."""

from __future__ import annotations

import numpy as np
import torch

from SemiSegEmbedLib.phantom.parameters import Patient, stream
from SemiSegEmbedLib.phantom.textures import apply_axes, gaussian_kernel, kernel_matrix, linear_matrix, normal_numbers
from SemiSegEmbedLib.phantom.voxels import Grid

_WATER_PER_MM = 0.0195
HU_LOW, HU_HIGH = -1024, 3071


def _attenuation(image: np.ndarray) -> np.ndarray:
    """Linear attenuation per mm."""
    return np.maximum(image + 1000.0, 0.0) * (_WATER_PER_MM / 1000.0)


def blur(image: np.ndarray, grid: Grid, patient: Patient) -> np.ndarray:
    """Point spread in plane (softer or sharper by the kernel) and along z by the slice thickness."""
    deviation = patient.blur_mm * (1 - 0.35 * patient.kernel)
    matrices = []
    for axis in range(3):
        width = 0.3 * max(patient.slice_mm, 0.8) if axis == 0 else deviation
        # The voxels' own averaging is already in the picture.
        rest = np.sqrt(max(width**2 - (0.25 * grid.spacing[axis]) ** 2, 0.0)) / grid.spacing[axis]
        matrices.append(kernel_matrix(grid.shape[axis], gaussian_kernel(rest)) if rest > 0.15 else None)
    blurred = apply_axes(image, tuple(matrices))
    if patient.kernel > 0.3:
        soft = [kernel_matrix(grid.shape[a], gaussian_kernel(1.1 / grid.spacing[a])) for a in (1, 2)]
        blurred += 0.9 * (patient.kernel - 0.3) * (blurred - apply_axes(blurred, (None, *soft)))
    return blurred


def _noise_pattern(rng: np.random.Generator, grid: Grid, kernel: float) -> torch.Tensor:
    """Noise with the ramp-filtered spectrum of a reconstruction, unit deviation, independent between slices."""
    height, width = grid.shape[1:]
    white = torch.fft.rfft2(normal_numbers(rng, grid.shape))
    fy = torch.fft.fftfreq(height) / grid.spacing[1]
    fx = torch.fft.rfftfreq(width) / grid.spacing[2]
    frequency = torch.sqrt(fy[:, None] ** 2 + fx[None, :] ** 2)
    cutoff = 0.28 + 0.3 * kernel
    shape = torch.sqrt(frequency + 0.01) * torch.exp(-((frequency / cutoff) ** 2))
    pattern = torch.fft.irfft2(white * shape, s=(height, width))
    return pattern / pattern.std()


def add_noise(image: np.ndarray, grid: Grid, patient: Patient, above_field_mm: float) -> None:
    """Add noise in place, stronger along rows and columns that attenuate much, and the band between the hips.

    Args:
        image: HU, changed.
        grid: The image's grid.
        patient: Gives dose and kernel.
        above_field_mm: Width of soft tissue on either side that the field of view leaves out.
    """
    rng = stream(patient, "noise")
    attenuation = _attenuation(image)
    lateral = attenuation.sum(2) * grid.spacing[2] + 2 * above_field_mm * _WATER_PER_MM
    sagittal = attenuation.sum(1) * grid.spacing[1]
    # Photons that arrive fall exponentially; half the exponent is the noise's, tempered by tube current modulation.
    rows = np.exp(0.22 * np.clip(lateral - 6.5, -5.0, 4.0))
    columns = np.exp(0.22 * np.clip(sagittal - 4.5, -5.0, 4.0))
    smooth = kernel_matrix(grid.shape[1], gaussian_kernel(6.0 / grid.spacing[1]))
    rows = rows @ smooth.T
    columns = columns @ kernel_matrix(grid.shape[2], gaussian_kernel(6.0 / grid.spacing[2])).T
    body = 0.35 + 0.65 * np.clip((image + 700.0) / 400.0, 0.0, 1.0)
    level = patient.noise_hu * (0.6 + 0.8 * patient.kernel) / max(patient.slice_mm, float(grid.spacing[0])) ** 0.5
    strength = torch.from_numpy((level * 0.5 * (rows[:, :, None] + columns[:, None, :]) * body).astype(np.float32))
    noise = _noise_pattern(rng, grid, patient.kernel)
    noise *= strength
    excess = np.clip(rows - 1.15, 0.0, 2.0)[:, :, None].astype(np.float32) * level * body
    streaks = rng.standard_normal(grid.shape, dtype=np.float32)
    streaks = apply_axes(streaks, (None, None, kernel_matrix(grid.shape[2], gaussian_kernel(14.0 / grid.spacing[2]))))
    # What water correction leaves of beam hardening: a darker band along rows through both hips.
    image -= (14.0 * np.clip(rows - 1.0, 0.0, 1.5))[:, :, None].astype(np.float32) * body
    image += noise.numpy()
    image += excess * (0.9 * streaks / max(float(streaks.std()), 1e-6))


def resample_slices(image: np.ndarray, grid: Grid, patient: Patient) -> np.ndarray:
    """An acquisition with coarser slices than the grid: keep these and interpolate between them."""
    if patient.slice_mm <= 1.25 * grid.spacing[0]:
        return image
    z = grid.axis(0)
    slices = np.arange(z[0], z[-1] + patient.slice_mm, patient.slice_mm)
    back = linear_matrix(z, slices) @ linear_matrix(slices, z)
    return apply_axes(image, (back, None, None))


def paint_table(image: np.ndarray, grid: Grid, back_y: float) -> None:
    """A curved table top of carbon fibre over foam under the back, in place."""
    _, y, x = grid.axes()
    surface = back_y + 16.0 - (x[0] / 210.0) ** 2 * 34.0
    below = (y[0] - surface)[None]
    shell = np.clip(0.5 + (1.5 - np.abs(below)) / float(np.mean(grid.spacing)), 0.0, 1.0)
    foam = np.clip(below, 0.0, 1.0) * (below < 45.0)
    add = np.maximum(shell * 950.0, foam * 60.0) * (np.abs(x) < 215.0)
    image += np.where(image < -900.0, add, 0.0)


def quantise(image: np.ndarray) -> np.ndarray:
    """Whole HU in the 12-bit range of a scanner, int16."""
    return np.clip(np.rint(image), HU_LOW, HU_HIGH).astype(np.int16)
