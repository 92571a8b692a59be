"""Random textures, and linear operators that act along one axis of a volume as small matrices."""

from __future__ import annotations

import numpy as np
import torch

from SemiSegEmbedLib.phantom.voxels import Grid

_LATTICE = 20


def apply_axes(volume: np.ndarray, matrices: tuple[np.ndarray | None, ...]) -> np.ndarray:
    """Multiply a volume (D, H, W) by a matrix along each axis (None: leave it); a matrix is (new, old)."""
    data = torch.from_numpy(np.ascontiguousarray(volume, dtype=np.float32))
    along_z, along_y, along_x = (None if m is None else torch.from_numpy(m.astype(np.float32)) for m in matrices)
    if along_z is not None:
        data = (along_z @ data.reshape(data.shape[0], -1)).reshape(-1, *data.shape[1:])
    if along_y is not None:
        data = along_y @ data
    if along_x is not None:
        data = data @ along_x.T
    return data.numpy()


def linear_matrix(target: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Matrix (T, S) of linear interpolation from sorted positions to positions; constant beyond the ends."""
    if len(source) == 1:
        return np.ones((len(target), 1), np.float32)
    place = np.clip(np.interp(target, source, np.arange(len(source))), 0, len(source) - 1)
    low = np.minimum(place.astype(np.int64), len(source) - 2)
    matrix = np.zeros((len(target), len(source)), np.float32)
    rows = np.arange(len(target))
    matrix[rows, low] = 1 - (place - low)
    matrix[rows, low + 1] += place - low
    return matrix


def kernel_matrix(size: int, kernel: np.ndarray) -> np.ndarray:
    """Matrix (size, size) of a convolution with an odd kernel, renormalised at the ends."""
    reach = len(kernel) // 2
    matrix = np.zeros((size, size), np.float32)
    for shift, value in zip(range(-reach, reach + 1), kernel, strict=True):
        matrix += value * np.eye(size, k=shift, dtype=np.float32)
    return matrix / matrix.sum(1, keepdims=True)


def gaussian_kernel(deviation: float) -> np.ndarray:
    """Normalised odd Gaussian kernel; deviation in voxels."""
    reach = max(1, int(np.ceil(3.5 * deviation)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(deviation, 1e-3)) ** 2)
    return (kernel / kernel.sum()).astype(np.float32)


def upsample(field: np.ndarray, source: Grid, target: Grid) -> np.ndarray:
    """Linear interpolation of a field from one grid to another, float32."""
    return apply_axes(field, tuple(linear_matrix(target.axis(a), source.axis(a)) for a in range(3)))


def normal_numbers(rng: np.random.Generator, shape: tuple[int, ...]) -> torch.Tensor:
    """Standard normal float32 numbers, the same on every machine."""
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))


def noise_tile(rng: np.random.Generator, size: int, scale: float, anisotropy: tuple[float, float, float] = (1, 1, 1)):
    """A periodic cube (size³) of Gaussian-correlated noise, mean 0 and deviation 1, as float32.

    Args:
        rng: Source of the white noise.
        size: Edge in samples.
        scale: Deviation of the correlating Gaussian in samples.
        anisotropy: Factors on the scale, (z, y, x).
    """
    spectrum = torch.fft.rfftn(normal_numbers(rng, (size, size, size)))
    z, y = (torch.fft.fftfreq(size) * scale * a for a in anisotropy[:2])
    x = torch.fft.rfftfreq(size) * scale * anisotropy[2]
    squared = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2
    tile = torch.fft.irfftn(spectrum * torch.exp(-2 * np.pi**2 * squared), s=(size, size, size))
    return ((tile - tile.mean()) / tile.std()).numpy()


def smooth_field(rng: np.random.Generator, grid: Grid, wavelength_mm: float) -> np.ndarray:
    """Smooth noise in the world, deviation about 1, on a grid: interpolated from a periodic lattice.

    The lattice is fixed to the world, so the same stream gives the same field on every grid; it repeats after
    eight wavelengths.
    """
    step = wavelength_mm / 2.5
    lattice = rng.standard_normal((_LATTICE,) * 3).astype(np.float32)
    matrices = []
    for axis in range(3):
        place = grid.axis(axis) / step
        low = np.floor(place).astype(np.int64)
        matrix = np.zeros((len(place), _LATTICE), np.float32)
        matrix[np.arange(len(place)), low % _LATTICE] = 1 - (place - low)
        matrix[np.arange(len(place)), (low + 1) % _LATTICE] = place - low
        matrices.append(matrix)
    return 1.7 * apply_axes(lattice, tuple(matrices))


def sample_tile(tile: np.ndarray, grid: Grid, pitch_mm: float) -> np.ndarray:
    """Repeat a periodic tile over a grid, fixed to the world (nearest sample), (D, H, W)."""
    index = [np.round(grid.axis(a) / pitch_mm).astype(np.int64) % tile.shape[a] for a in range(3)]
    return tile[np.ix_(*index)]
