"""The M stochastic passes of the teacher over one window, and their uncertainty (paper, section 2.2, eq. 2).

On a processor drawing dropout masks would take longer than the convolutions. There the masks come from one long random
sequence that is drawn once (`MaskPool`), and OpenVINO takes them as inputs. Elsewhere torch's own dropout is used and
seeded for each pass: as many passes are made at once as there is memory for, and the masks stay the same.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from SemiSegEmbedLib.inference.engine import (
    TRACED,
    TorchEngine,
    fold_batch_norm,
    openvino_model,
    openvino_request,
    prepared,
    uses_openvino,
)
from SemiSegEmbedLib.inference.map_settings import MapSettings
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.sliding_window import fit_batch
from SemiSegEmbedLib.learning.dropout import Dropout, kept_values
from SemiSegEmbedLib.learning.memory import available_bytes, unless_out_of_memory
from SemiSegEmbedLib.learning.network import ConvBlock, UNet3D, mc_dropout
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.uncertainty import EntropyAccumulator

SEED_STEP = 1_000_003
MOST_PASSES, MOST_DRAWS = 2**12, 2**6
"""Seeds are kept apart for so many passes of a window, and so many draws of a pass."""
POOL_STARTS = 2**23
"""At how many places of the random sequence a mask may begin."""


class _Forward(Protocol):
    """Noisy normalised images (m, 1, d, h, w) -> logits of m stochastic passes; draws from torch's generator."""

    def __call__(self, noisy: Tensor) -> Tensor: ...


class Passes:
    """Uncertainty of eq. 2 of single windows.

    Args:
        model: Its teacher passes.
        settings: Passes, noise, form, seed, precision and engine.
        device: Where.
        patch: The largest window.
        windows: About how many windows there will be.
    """

    def __init__(
        self, model: Model, settings: MapSettings, device: torch.device, patch: Sequence[int], windows: int
    ) -> None:
        self.settings, self.device, self.patch = settings, device, patch
        self.base_filters = model.teacher.embed_dim // 2
        self._at_once = 0
        self._forward = _make_forward(model.teacher, settings, device, patch, windows)

    def __call__(self, image: Tensor, number: int) -> Tensor:
        """One normalised window, (1, 1, d, h, w), and its running number -> nats, (1, d, h, w), float32.

        The number seeds noise and dropout, so neither batches nor the order of windows change the result.
        """
        seed = self.settings.seed * SEED_STEP + number
        torch.manual_seed(seed)
        entropies, done = EntropyAccumulator(self.settings.uncertainty_form), 0
        # Asked at the first window, when everything else that is kept on a GPU lies there.
        self._at_once = self._at_once or self._fitting()
        while done < self.settings.passes:
            count = min(self._at_once, self.settings.passes - done)
            seeds = [(seed * MOST_PASSES + i) * MOST_DRAWS % 2**63 for i in range(done, done + count)]
            compute = partial(self._probabilities, image, seeds)
            found = compute() if count == 1 else unless_out_of_memory(compute, self.device)
            if found is None:
                self._at_once = count // 2
                continue
            entropies.add(found[:, None])
            done += count
        return entropies.entropy()

    def _fitting(self) -> int:
        """How many passes to make at once."""
        if self.device.type == "cpu":
            return 1  # a batch is no faster there
        if self.device.type != "cuda":
            return self.settings.passes
        size = 4 if autocast_dtype(self.settings.precision, self.device) is None else 2
        free = available_bytes(self.device)
        return fit_batch(self.patch, self.base_filters, free, bytes_per_value=size, most=self.settings.passes)[1]

    def _probabilities(self, image: Tensor, seeds: Sequence[int]) -> Tensor:
        """Of as many passes as there are seeds, (m, C, d, h, w)."""
        if isinstance(self._forward, _PlainForward):
            noisy = []
            for seed in seeds:
                torch.manual_seed(seed)
                noisy.append(self._with_noise(image))
            logits = self._forward(torch.cat(noisy), seeds)
        else:
            # One pass after the other goes on in the random numbers of the window.
            logits = self._forward(self._with_noise(image))
        return torch.softmax(logits.float(), 1)

    def _with_noise(self, image: Tensor) -> Tensor:
        return image + self.settings.noise * torch.randn_like(image)


def _make_forward(
    teacher: UNet3D, settings: MapSettings, device: torch.device, patch: Sequence[int], windows: int
) -> _PlainForward | _Forward:
    dtype = autocast_dtype(settings.precision, device)
    dropouts = [module for module in teacher.modules() if isinstance(module, nn.Dropout | nn.Dropout3d)]
    if device.type != "cpu" or not all(isinstance(module, Dropout) and module.p > 0 for module in dropouts):
        return _PlainForward(teacher, device, dtype)
    generator = torch.Generator().manual_seed(settings.seed)
    pool = MaskPool(dropouts[0].p, teacher.embed_dim * math.prod(patch), generator)
    if uses_openvino(settings.engine, device, settings.passes * windows):
        return _OpenVinoForward(teacher, dtype, pool)
    return _PooledForward(teacher, dtype, pool)


class _PlainForward:
    """Torch's own dropout, drawn for each pass of a batch from the pass's seed."""

    def __init__(self, teacher: UNet3D, device: torch.device, dtype: torch.dtype | None) -> None:
        network = copy.deepcopy(teacher)
        for number, block in enumerate(m for m in network.modules() if isinstance(m, ConvBlock)):
            block[3] = _Seeded(block[3], number + 1)  # the seed itself is that of the noise
        self.engine = TorchEngine(network, device, dtype)
        self._dropouts = [module for module in self.engine.network.modules() if isinstance(module, _Seeded)]

    def __call__(self, noisy: Tensor, seeds: Sequence[int]) -> Tensor:
        for dropout in self._dropouts:
            dropout.seeds = seeds
        with mc_dropout(self.engine.network):
            return self.engine(noisy)[0]


class _Seeded(nn.Module):
    """A dropout that is seeded for each image of a batch, so that masks do not depend on what else is in the batch."""

    def __init__(self, dropout: nn.Module, number: int) -> None:
        super().__init__()
        self.dropout, self.number = dropout, number
        self.seeds: Sequence[int] = ()

    def forward(self, x: Tensor) -> Tensor:
        """(m, C, d, h, w), changed in place, so that one mask is there at a time."""
        for image, seed in zip(x.split(1), self.seeds, strict=True):
            torch.manual_seed(seed + self.number)
            image.copy_(self.dropout(image))
        return x


class MaskPool:
    """A sequence of independent "kept" (1) and "dropped" (0) that masks are cut from at random places.

    A mask cut from it is a mask of independent draws. Two masks, of two layers or two passes, are the same sequence
    seen from two of `POOL_STARTS` places: a value of one has nothing to do with the value of the other at the same
    voxel, but with one far away.

    Args:
        probability: Of being dropped.
        longest: Values of the largest mask.
        generator: Draws the sequence.

    Attributes:
        share: Exact expectation of the sequence; kept values are divided by it.
    """

    def __init__(self, probability: float, longest: int, generator: torch.Generator) -> None:
        kept, self.share = kept_values(longest + POOL_STARTS, probability, generator=generator)
        self.values = kept.to(torch.uint8)

    def to(self, dtype: torch.dtype) -> MaskPool:
        """The same sequence as numbers of another type."""
        other = copy.copy(self)
        other.values = self.values.to(dtype)
        return other

    def mask(self, shape: Sequence[int]) -> Tensor:
        """A mask of a shape, uint8 or what `to` made of it; its place comes from torch's generator."""
        start = int(torch.randint(POOL_STARTS, ()))
        return self.values[start : start + math.prod(shape)].view(*shape)


class Keep(nn.Module):
    """Dropout with a given mask; what is kept was scaled before."""

    def __init__(self) -> None:
        super().__init__()
        self.mask: Callable[[Tensor], Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(1, C, d, h, w), changed in place; `mask` takes it and gives (1, C, d, h, w) of zeros and ones."""
        return x if self.mask is None else x.mul_(self.mask(x))


def maskable(network: UNet3D, share: float) -> UNet3D:
    """A folded copy whose dropouts are `Keep`.

    Since relu(a x) = a relu(x) for a > 0, the layer before the ReLU is multiplied by 1 / share, and not what is kept.

    Args:
        network: As it was trained.
        share: Expectation of a mask.
    """
    folded = fold_batch_norm(network)
    for block in folded.modules():
        if isinstance(block, ConvBlock):
            _scale(block[0] if isinstance(block[1], nn.Identity) else block[1], 1.0 / share)
            block[3] = Keep()
    return folded


@torch.no_grad()
def _scale(layer: nn.Module, factor: float) -> None:
    for parameter in layer.parameters():
        parameter.mul_(factor)


def keeps_of(network: UNet3D) -> list[Keep]:
    """In the order in which an image meets them."""
    return [module for module in network.modules() if isinstance(module, Keep)]


class _PooledForward:
    """Torch on a processor."""

    def __init__(self, teacher: UNet3D, dtype: torch.dtype | None, pool: MaskPool) -> None:
        self.engine = TorchEngine(maskable(teacher, pool.share), torch.device("cpu"), dtype)
        # In the type of the maps, so that no pass converts masks.
        self.pool = pool.to(dtype or torch.float32)
        for keep in keeps_of(self.engine.network):
            keep.mask = self._mask

    def _mask(self, x: Tensor) -> Tensor:
        return self.pool.mask((1, *x.shape[2:], x.shape[1])).permute(0, 4, 1, 2, 3)

    def __call__(self, noisy: Tensor) -> Tensor:
        return torch.cat([self.engine(one)[0] for one in noisy.split(1)])


class _OpenVinoForward:
    """OpenVINO, which is handed the masks with the image; compiled for the size of the last window alone.

    Sizes that may change from call to call would take twice as long.
    """

    def __init__(self, teacher: UNet3D, dtype: torch.dtype | None, pool: MaskPool) -> None:
        module = _Masked(prepared(maskable(teacher, pool.share), torch.device("cpu")))
        self.pool, self.dtype, self.layers = pool, dtype, module.layers()
        examples = [torch.ones(shape, dtype=torch.uint8) for shape in self._mask_shapes(TRACED)]
        self._model = openvino_model(module, [torch.zeros(1, 1, *TRACED), *examples])
        self._size: tuple[int, ...] = ()
        self._request: Any = None

    def __call__(self, noisy: Tensor) -> Tensor:
        return torch.cat([self._one(one) for one in noisy.split(1)])

    def _one(self, image: Tensor) -> Tensor:
        size = tuple(image.shape[2:])
        if size != self._size:
            self._request = None  # its memory first
            self._request = openvino_request(self._model, [image.shape, *self._mask_shapes(size)], self.dtype)
            self._size = size
        masks = [self.pool.mask(shape).numpy() for shape in self._mask_shapes(size)]
        found = self._request.infer([image.contiguous().numpy(), *masks], share_inputs=True)
        # The result lies in memory of the request, which the next pass writes over.
        return torch.from_numpy(found[0].copy())

    def _mask_shapes(self, size: Sequence[int]) -> list[tuple[int, ...]]:
        return [(1, *(n // factor for n in size), channels) for channels, factor in self.layers]


class _Masked(nn.Module):
    """Image and masks to logits, for tracing."""

    def __init__(self, network: UNet3D) -> None:
        super().__init__()
        self.network = network
        self.keeps = keeps_of(network)

    def forward(self, image: Tensor, *masks: Tensor) -> tuple[Tensor, ...]:
        for keep, mask in zip(self.keeps, masks, strict=True):
            keep.mask = lambda x, mask=mask: mask.permute(0, 4, 1, 2, 3).to(x.dtype)
        return self.network(image)[:1]

    def layers(self) -> list[tuple[int, int]]:
        """Channels of each mask, and how many times smaller than the image it is along an axis."""
        found: list[tuple[int, int]] = []

        def note(x: Tensor) -> Tensor:
            found.append((x.shape[1], TRACED[0] // x.shape[2]))
            return torch.ones(())

        for keep in self.keeps:
            keep.mask = note
        with torch.no_grad():
            self.network(torch.zeros(1, 1, *TRACED))
        return found
