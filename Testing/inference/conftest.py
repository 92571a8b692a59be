"""A small model that has learned a toy problem: bright balls in soft tissue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.reference_bank import ReferenceBank, build_bank
from SemiSegEmbedLib.learning.losses import supervised_loss
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

NETWORK = {"in_channels": 1, "classes": 2, "base_filters": 4, "dropout": 0.15, "norm": "batch"}
NORMALISATION = Normalisation(mean=100.0, std=250.0)
PATCH = (24, 24, 24)
SPACING = (2.0, 1.0, 1.5)


def toy_volume(
    number: int, shape: tuple[int, int, int] = (24, 32, 40), *, doubtful: bool = False, radius: float = 8
) -> Volume:
    """A ball of 800 HU in tissue of 0 HU with noise; a doubtful one has a second ball whose HU fade from 800 to 0."""
    generator = np.random.default_rng(number)
    grid = np.indices(shape)
    centre = generator.uniform(0.4, 0.6, 3) * shape
    label = ((grid - centre[:, None, None, None]) ** 2).sum(0) < radius**2
    image = np.where(label, 800.0, 0.0)
    if doubtful:
        second = ((grid - np.array([12, 8, 8])[:, None, None, None]) ** 2).sum(0) < 7**2
        image = np.where(second & ~label, 800.0 - 53 * grid[2], image)
    image = (image + generator.normal(0, 120, shape)).round().clip(-1000, 2000).astype(np.float16)
    return Volume(f"case-{number:04d}", image, label.astype(np.uint8), SPACING)


@contextmanager
def one_thread() -> Iterator[None]:
    """Windows this small are computed faster by one thread than by several that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def small_windows() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="session")
def trained() -> UNet3D:
    """Trained for a few seconds on three balls, and on tissue alone."""
    with one_thread():
        torch.manual_seed(0)
        network = UNet3D(**NETWORK)
        optimiser = torch.optim.Adam(network.parameters(), 6e-3)
        volumes = [*(toy_volume(number) for number in (1, 2, 3)), toy_volume(4, radius=0)]
        for step in range(60):
            volume = volumes[step % 4]
            start = (0, *torch.randint(0, 9, (2,)).tolist())
            box = tuple(slice(s, s + p) for s, p in zip(start, PATCH, strict=True))
            images = normalise(torch.from_numpy(volume.image[box].copy()), NORMALISATION)[None, None]
            labels = torch.from_numpy(volume.label[box].copy())[None].long()
            loss = supervised_loss(network(images)[0], labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval()


@pytest.fixture(scope="session")
def bank(trained: UNet3D) -> ReferenceBank:
    return build_bank(trained, [toy_volume(n) for n in (1, 2, 3)], NORMALISATION, 2, k=8, l=3, patch=PATCH)


@pytest.fixture
def model(trained: UNet3D, bank: ReferenceBank) -> Model:
    """Student and teacher differ a little, as they do in training."""
    student = UNet3D(**NETWORK)
    generator = torch.Generator().manual_seed(1)
    student.load_state_dict(
        {n: v + 0.01 * torch.randn(v.shape, generator=generator) * v for n, v in trained.state_dict().items()}
    )
    labels = [{"name": "ball", "value": 1, "color": [230, 220, 170], "training_class": 1}]
    facts = {"method": "embedding_matching", "steps": 60, "patch_size": list(PATCH)}
    return Model(student.eval(), trained, NETWORK, NORMALISATION, 1.0, 2, labels, bank, facts)


@pytest.fixture(scope="session")
def toy():
    """`toy_volume`, for tests that make their own."""
    return toy_volume
