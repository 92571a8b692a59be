"""The 3D U-Net (Cicek et al., 2016) with half the filters (paper, sections 2.1 and 3.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.dropout import Dropout

LEVELS = 4
"""Resolutions of the network; it pools three times."""
DIVISOR = 2 ** (LEVELS - 1)


class InstanceNorm(nn.InstanceNorm3d):
    """`torch.nn.InstanceNorm3d` that knows channels-last maps.

    Torch's own copies such maps to the plain layout and back, which costs more than it computes, and for a batch of
    one its gradient on a CPU is wrong when the incoming gradient is channels-last (seen in torch 2.13). For one
    image, batch normalisation with the statistics of the batch is the same function and knows both layouts. A
    compiler fuses torch's own form, and is given that.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) -> the same shape and layout."""
        if torch.compiler.is_compiling() or x[0, 0].numel() == 1:
            return super().forward(x)
        images = [
            functional.batch_norm(image, None, None, self.weight, self.bias, True, 0.0, self.eps)
            for image in x.split(1)
        ]
        return images[0] if len(images) == 1 else torch.cat(images)


class MaxPool(nn.MaxPool3d):
    """`torch.nn.MaxPool3d` that keeps 16-bit maps.

    With torch's own, autocast on a processor takes them to fp32 and back, though a maximum is exact in any type: two
    to three times as slow in training. The form with indices, which torch computes anyhow, is left alone.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, D, H, W) -> (B, C, D/2, H/2, W/2) for a kernel of 2, type and layout as they are."""
        return functional.max_pool3d(x, self.kernel_size, self.stride, return_indices=True)[0]


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "instance": lambda channels: InstanceNorm(channels, affine=True),
    "batch": nn.BatchNorm3d,
    "group": lambda channels: nn.GroupNorm(math.gcd(8, channels), channels),
    "none": lambda channels: nn.Identity(),
}
DROPOUTS: dict[str, Callable[[float], nn.Module]] = {"element": Dropout, "channel": nn.Dropout3d}


class ConvBlock(nn.Sequential):
    """Convolution, normalisation, ReLU, dropout."""

    def __init__(self, channels_in: int, channels_out: int, dropout: float, norm: str, dropout_kind: str) -> None:
        super().__init__(
            # A bias would be cancelled by, or double, that of the normalisation.
            nn.Conv3d(channels_in, channels_out, 3, padding=1, bias=norm == "none"),
            NORMS[norm](channels_out),
            nn.ReLU(inplace=True),
            DROPOUTS[dropout_kind](dropout),
        )


class Encoder(nn.Module):
    """Four levels of two convolutions with a pooling between levels; level i ends with `2^(i+1) * base` channels."""

    def __init__(self, in_channels: int, base_filters: int, dropout: float, norm: str, dropout_kind: str) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        for i in range(LEVELS):
            half = base_filters * 2**i
            self.levels.append(
                nn.Sequential(
                    ConvBlock(in_channels if i == 0 else half, half, dropout, norm, dropout_kind),
                    ConvBlock(half, 2 * half, dropout, norm, dropout_kind),
                )
            )
        self.pool = MaxPool(2)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, I, D, H, W) -> the feature map of each level, finest first."""
        skips = []
        for i, level in enumerate(self.levels):
            x = level(x if i == 0 else self.pool(x))
            skips.append(x)
        return skips


class Decoder(nn.Module):
    """Three steps up, each a 2x2x2 up-convolution, a skip connection (if wanted) and two convolutions."""

    def __init__(self, base_filters: int, dropout: float, norm: str, dropout_kind: str, skips: bool = True) -> None:
        super().__init__()
        self.takes_skips = skips
        self.ups = nn.ModuleList()
        self.levels = nn.ModuleList()
        for i in reversed(range(1, LEVELS)):
            deep, fine = base_filters * 2 ** (i + 1), base_filters * 2**i
            self.ups.append(nn.ConvTranspose3d(deep, deep, 2, stride=2))
            self.levels.append(
                nn.Sequential(
                    ConvBlock(deep + fine * skips, fine, dropout, norm, dropout_kind),
                    ConvBlock(fine, fine, dropout, norm, dropout_kind),
                )
            )

    def forward(self, skips: Sequence[Tensor]) -> Tensor:
        """What `Encoder` returns -> dense feature map, (B, 2 * base, D, H, W)."""
        x = skips[-1]
        for up, level, skip in zip(self.ups, self.levels, reversed(skips[:-1]), strict=True):
            x = level(torch.cat((skip, up(x)), 1) if self.takes_skips else up(x))
        return x


class UNet3D(nn.Module):
    """3D U-Net that also returns its embeddings, the input of the output layer (paper, section 2.3.1).

    With one input channel, two classes and 16 base filters it has 4.77 M parameters and 32-channel embeddings.
    Methods with auxiliary tasks add a `new_head`, fed with the embeddings, or a `new_decoder`, fed with `encode(x)`.
    Both belong to the method and not to this network, so that inference needs this network alone.

    Args:
        in_channels: Channels of the image.
        classes: C, background included.
        base_filters: Filters of the first convolution; 32 in the original, 16 in the paper.
        dropout: Probability after every 3x3x3 convolution (section 3.2); the output layer has none.
        norm: "instance" (affine), "batch", "group" (up to 8 groups) or "none".
        dropout_kind: "element" drops single values, "channel" whole feature maps.

    Raises:
        BadInputError: A name or number is not one of the above.
    """

    def __init__(
        self,
        in_channels: int,
        classes: int,
        base_filters: int = 16,
        dropout: float = 0.15,
        norm: str = "instance",
        *,
        dropout_kind: str = "element",
    ) -> None:
        super().__init__()
        _check_choice("norm", norm, NORMS)
        _check_choice("dropout kind", dropout_kind, DROPOUTS)
        if min(in_channels, base_filters) < 1 or classes < 2 or not 0 <= dropout < 1:
            raise BadInputError(
                "The network needs at least 1 input channel, 2 classes and 1 base filter, and a dropout from 0 up to "
                f"but not 1, not {in_channels}, {classes}, {base_filters} and {dropout}."
            )
        self.norm = norm
        self._decoder_arguments = (base_filters, dropout, norm, dropout_kind)
        self.embed_dim = 2 * base_filters
        self.encoder = Encoder(in_channels, base_filters, dropout, norm, dropout_kind)
        self.decoder = Decoder(*self._decoder_arguments)
        self.output = nn.Conv3d(self.embed_dim, classes, 1)
        he_initialise(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and embeddings of an image.

        Args:
            x: Image, (B, I, D, H, W), sizes divisible by 8.

        Returns:
            Logits (B, C, D, H, W) and embeddings (B, 2 * base, D, H, W), after ReLU and dropout.

        Raises:
            BadInputError: A size is not divisible by 8.
        """
        return self.decode(self.encode(x))

    def encode(self, x: Tensor) -> list[Tensor]:
        """The feature maps of the four levels, finest first; input and errors as in `forward`."""
        self._check_size(x)
        return self.encoder(x)

    def decode(self, skips: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """What `encode` returns -> logits and embeddings."""
        embeddings = self.decoder(skips)
        return self.output(embeddings), embeddings

    def new_head(self, outputs: int) -> nn.Conv3d:
        """A second output layer with its own weights: embeddings (B, 2 * base, D, H, W) -> (B, outputs, D, H, W)."""
        head = nn.Conv3d(self.embed_dim, outputs, 1)
        he_initialise(head)
        return head

    def new_decoder(self, outputs: int, *, skips: bool = True) -> nn.Sequential:
        """A second decoder and output layer with their own weights: what `encode` returns -> (B, outputs, D, H, W).

        Args:
            outputs: Channels.
            skips: Whether the finer feature maps are used, or the coarsest alone.
        """
        decoder = Decoder(*self._decoder_arguments, skips)
        he_initialise(decoder)
        return nn.Sequential(decoder, self.new_head(outputs))

    def _check_size(self, x: Tensor) -> None:
        size = tuple(x.shape[2:])
        if x.ndim != 5 or any(n < DIVISOR or n % DIVISOR for n in size):
            raise BadInputError(
                f"The network takes patches whose three sizes are multiples of {DIVISOR}, not {size}; "
                "change the patch size or pad the image."
            )
        lonely = self.norm == "instance" or (self.norm == "batch" and self.training and len(x) == 1)
        if lonely and set(size) == {DIVISOR}:
            raise BadInputError(
                f"A patch of {DIVISOR} voxels a side is too small for {self.norm} normalisation; "
                f"make at least one side {2 * DIVISOR}."
            )


def he_initialise(network: nn.Module) -> None:
    """Normal weights with variance 2 / fan-in and biases 0 (He et al., 2015; paper, section 3.2)."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.ConvTranspose3d):
            # With stride = kernel size each output voxel sums over the input channels of one voxel alone.
            nn.init.normal_(module.weight, std=math.sqrt(2.0 / module.in_channels))
        if isinstance(module, nn.Conv3d | nn.ConvTranspose3d) and module.bias is not None:
            nn.init.zeros_(module.bias)


@contextmanager
def mc_dropout(network: nn.Module) -> Iterator[nn.Module]:
    """Within it dropout is active while everything else is in evaluation mode (Monte Carlo dropout, section 2.2).

    Normalisation layers stay deterministic, so several passes in one batch equal passes one by one; the modes are
    restored on leaving.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    for module, _ in modes:
        if isinstance(module, nn.Dropout | nn.Dropout3d):
            module.train()
    try:
        yield network
    finally:
        for module, training in modes:
            module.training = training


def _check_choice(what: str, name: str, allowed: dict[str, Callable]) -> None:
    if name not in allowed:
        raise BadInputError(f"The {what} of the network must be one of {', '.join(allowed)}, not {name!r}.")
