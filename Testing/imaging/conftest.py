"""Small synthetic scans, and the shared real data where this machine has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.imaging.geometry import IDENTITY

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def shared() -> Path:
    """The shared data; the test is skipped where they are absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data lie beside the repository on the developers' machines alone")
    return SHARED


@pytest.fixture
def make_image():
    """Build an image from an array (z, y, x)."""

    def make(array, spacing=(1.0, 1.0, 1.0), direction=IDENTITY, origin=(0.0, 0.0, 0.0)) -> sitk.Image:
        image = sitk.GetImageFromArray(np.asarray(array))
        image.SetSpacing(spacing)
        image.SetDirection(direction)
        image.SetOrigin(origin)
        return image

    return make


@pytest.fixture
def body():
    """A crude CT: air, a body of fat and muscle, two balls of bone; and the label of the balls (values 1, 2)."""

    def make(shape=(48, 56, 64), spacing=(2.0, 2.0, 2.0), seed=0) -> tuple[np.ndarray, np.ndarray]:
        z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in shape), indexing="ij")
        z, y, x = z * spacing[2], y * spacing[1], x * spacing[0]
        width, depth = shape[2] * spacing[0], shape[1] * spacing[1]
        inside = (2.2 * x / width) ** 2 + (2.3 * y / depth) ** 2 < 1
        image = np.where(inside, np.where((2.6 * x / width) ** 2 + (2.9 * y / depth) ** 2 < 1, 45.0, -95.0), -1000.0)
        label = np.zeros(shape, np.uint8)
        for value, side in ((1, 1), (2, -1)):
            ball = (x - side * 0.2 * width) ** 2 + y**2 + z**2 < (0.13 * width) ** 2
            image[ball] = 420
            label[ball] = value
        image += np.random.default_rng(seed).normal(0, 12, shape)
        return np.round(image).astype(np.int16), label

    return make
