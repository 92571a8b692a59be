"""The labels of one network alone, for validation and previews: no bank, no uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.inference.engine import TorchEngine
from SemiSegEmbedLib.inference.map_result import largest
from SemiSegEmbedLib.inference.sliding_window import sliding_window
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.volumes import Normalisation


def predict_classes(
    network: UNet3D,
    image: np.ndarray,
    normalisation: Normalisation,
    *,
    patch_size: Sequence[int],
    device: torch.device | str,
    overlap: float = 0.25,
    precision: str = "auto",
    should_stop: Callable[[], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """The most probable class of each voxel.

    Args:
        network: A copy of it computes.
        image: HU on the training grid, (D, H, W); may be a memory map.
        normalisation: Of the training.
        patch_size: Window, as in training.
        device: Where to compute.
        overlap: Share that neighbouring windows share.
        precision: Of the convolutions, as in training.
        should_stop: Asked before every window.
        progress: Called with (windows done, windows in all).

    Returns:
        Classes, uint8, (D, H, W).

    Raises:
        StoppedError: If `should_stop` says so.
    """
    device = torch.device(device)
    engine = TorchEngine(network, device, autocast_dtype(precision, device))
    classes = np.empty(image.shape, np.uint8)

    def predict(windows: Tensor, _: Sequence[int]) -> Tensor:
        return torch.softmax(engine(normalise(windows, normalisation))[0].float(), 1)

    def finish(first: int, end: int, blended: Tensor) -> None:
        classes[first:end] = largest(blended)[0].cpu().numpy()

    sliding_window(
        predict,
        image,
        patch_size,
        overlap,
        1,
        channels=network.output.out_channels,
        device=device,
        pad_value=normalisation.low,
        finish=finish,
        should_stop=should_stop,
        progress=progress,
    )
    return classes
