"""Toy volumes for this room's tests: a bright ball among noise, with a smaller bright ball that is not labelled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.learning.volumes import Normalisation, Volume

sys.path.append(str(Path(__file__).parent))  # literal_methods.py lies beside the tests


def make_ball_volume(key: str = "case-0001", size: int = 32, seed: int = 0, labelled: bool = True) -> Volume:
    random = np.random.default_rng(seed)
    grid = np.stack(np.mgrid[:size, :size, :size]).astype(np.float32)
    centre = random.uniform(0.4 * size, 0.6 * size, (3, 1, 1, 1))
    ball = ((grid - centre) ** 2).sum(0) < (0.25 * size) ** 2
    other = ((grid - size * 0.1) ** 2).sum(0) < (0.12 * size) ** 2
    image = np.where(ball, 400.0, np.where(other, 350.0, 40.0)) + random.normal(0, 40, ball.shape)
    return Volume(key, image.astype(np.float16), ball.astype(np.uint8) if labelled else None, (1.0, 1.0, 1.0))


@pytest.fixture
def ball_volume() -> Callable[..., Volume]:
    return make_ball_volume


@pytest.fixture
def normalisation() -> Normalisation:
    return Normalisation(mean=60.0, std=120.0)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
