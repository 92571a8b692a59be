"""The decoder with fewer operations and the same result, for processors.

Between an up-convolution and the convolution after it lies nothing but a concatenation, so the part of that
convolution which reads the up-convolution is, together with it, one transposed convolution: 2x2x2 of stride 2 and then
3x3x3 is 4x4x4 of stride 2. At the finest level of the paper's network this takes 44 thousand of 115 thousand
multiplications a voxel away, at all levels a third of the network's, and the concatenations are not needed at all.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from SemiSegEmbedLib.learning.network import Decoder, UNet3D


def merge_up_convolutions(network: UNet3D) -> UNet3D:
    """A copy of the network, the same function, in which up-convolutions are merged into what follows them."""
    merged = copy.deepcopy(network)
    assert isinstance(merged.decoder, Decoder)
    assert merged.decoder.takes_skips
    merged.decoder = MergedDecoder(merged.decoder)  # type: ignore[assignment]
    return merged


class MergedDecoder(nn.Module):
    """What `Decoder` computes."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.joins, self.rests = nn.ModuleList(), nn.ModuleList()
        for up, level in zip(decoder.ups, decoder.levels, strict=True):
            assert isinstance(level, nn.Sequential)
            assert isinstance(up, nn.ConvTranspose3d)
            first, second = level
            assert isinstance(first, nn.Sequential)
            convolution, *after = first
            assert isinstance(convolution, nn.Conv3d)
            self.joins.append(MergedUp(up, convolution))
            self.rests.append(nn.Sequential(*after, second))

    def forward(self, skips: Sequence[Tensor]) -> Tensor:
        """See `Decoder.forward`."""
        x = skips[-1]
        for join, rest, skip in zip(self.joins, self.rests, reversed(skips[:-1]), strict=True):
            x = rest(join(skip, x))
        return x


class MergedUp(nn.Module):
    """`convolution(cat(skip, up(x)))` without `up` and without the concatenation.

    The up-convolution's bias reaches as far as the volume, and no farther: near a face fewer of the convolution's
    weights meet it. So it is a map of ones that the same transposed convolution reads (`border`).
    """

    def __init__(self, up: nn.ConvTranspose3d, convolution: nn.Conv3d) -> None:
        super().__init__()
        skip = convolution.in_channels - up.out_channels
        outputs = convolution.out_channels
        # Nothing is drawn: weights are given, and the caller's random numbers are not ours.
        has_bias = convolution.bias is not None
        self.fine = skip_init(nn.Conv3d, skip, outputs, 3, padding=1, bias=has_bias)
        self.fine.weight = nn.Parameter(convolution.weight.detach()[:, :skip].contiguous())
        self.fine.bias = convolution.bias
        self.deep = skip_init(nn.ConvTranspose3d, up.in_channels, outputs, 4, 2, 1, bias=False)
        self.border = skip_init(nn.ConvTranspose3d, 1, outputs, 4, 2, 1, bias=False)
        reader = convolution.weight.detach()[:, skip:]
        assert up.bias is not None
        constant = up.bias.detach().view(1, -1, 1, 1, 1).expand(1, -1, 2, 2, 2)
        self.deep.weight = nn.Parameter(merged_weight(up.weight.detach(), reader))
        self.border.weight = nn.Parameter(merged_weight(constant, reader))
        self._made: Tensor | None = None

    def forward(self, skip: Tensor, x: Tensor) -> Tensor:
        """(B, S, 2d, 2h, 2w) and (B, I, d, h, w) -> (B, O, 2d, 2h, 2w)."""
        return self.fine(skip).add_(self.deep(x)).add_(self._border(x))

    def _border(self, x: Tensor) -> Tensor:
        """What the bias gives at each place; kept for the next image of the same size."""
        if torch.jit.is_tracing():
            return self.border(torch.ones_like(x[:1, :1]))
        made = self._made
        size = tuple(2 * n for n in x.shape[2:])
        if made is None or tuple(made.shape[2:]) != size:
            self._made = made = self.border(torch.ones_like(x[:1, :1]))
        return made


def merged_weight(up: Tensor, convolution: Tensor) -> Tensor:
    """The weight of the transposed convolution that equals two convolutions.

    A coarse voxel i reaches the fine voxels 2i + j, and those reach 2i + j + 1 - t by the tap t of the convolution.
    The transposed convolution with padding 1 reaches 2i - 1 + k. So k = j + 2 - t.

    Args:
        up: (I, M, 2, 2, 2), stride 2.
        convolution: (O, M, 3, 3, 3), padding 1.

    Returns:
        (I, O, 4, 4, 4), for stride 2 and padding 1.
    """
    first, second = up.double(), convolution.double()  # sums in float64, so that merging adds no rounding of its own
    weight = first.new_zeros(len(first), len(second), 4, 4, 4)
    for j in np.ndindex(2, 2, 2):
        for t in np.ndindex(3, 3, 3):
            a, b, c = (p + 2 - q for p, q in zip(j, t, strict=True))
            weight[:, :, a, b, c] += first[:, :, j[0], j[1], j[2]] @ second[:, :, t[0], t[1], t[2]].T
    return weight.to(up.dtype)
