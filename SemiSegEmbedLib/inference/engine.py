"""A network made ready to segment: prepared torch, or OpenVINO where that is installed and faster.

Both return what the network itself returns in evaluation mode. Batch normalisation is folded into the convolutions
exactly, and on a processor up-convolutions are merged into the convolutions after them; weights are kept in the
precision of the run, so that no call converts them again.
"""

from __future__ import annotations

import copy
import importlib.util
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.merged import merge_up_convolutions
from SemiSegEmbedLib.learning.network import DIVISOR, ConvBlock, UNet3D

Engine = Callable[[Tensor], tuple[Tensor, Tensor | None]]
"""(B, 1, d, h, w) normalised float32 -> logits and embeddings; embeddings are None where nobody asked for them.

An engine that was given a `layer` returns what that makes of the embeddings."""

ENGINES = ("auto", "torch", "openvino")
TRACED = (2 * DIVISOR,) * 3
"""Window that a network is traced with; small, so that tracing takes no time. The sizes in use are set afterwards."""
WORTHWHILE_WINDOWS = 16
"""With fewer windows OpenVINO takes longer to compile the network than it saves."""


def make_engine(
    network: UNet3D,
    device: torch.device,
    dtype: torch.dtype | None,
    patch: Sequence[int],
    *,
    embeddings: bool,
    windows: int,
    kind: str = "auto",
    layer: nn.Module | None = None,
) -> Engine:
    """The fastest engine there is for so many windows, or the one named.

    Args:
        network: Is copied, not changed.
        device: OpenVINO serves processors; elsewhere "auto" is torch.
        dtype: Of the convolutions, or None for fp32.
        patch: Window size in voxels.
        embeddings: Whether embeddings are wanted besides logits.
        windows: How many windows there are at most; OpenVINO first needs some seconds to compile.
        kind: One of `ENGINES`.
        layer: What to make of the embeddings; they then stay inside of OpenVINO.

    Raises:
        BadInputError: OpenVINO is asked for and not installed, or the device is no processor.
    """
    if uses_openvino(kind, device, windows):
        return OpenVinoEngine(network, dtype, patch, embeddings=embeddings, layer=layer)
    return TorchEngine(network, device, dtype, layer)


def uses_openvino(kind: str, device: torch.device, windows: int) -> bool:
    """Whether OpenVINO is asked for, or there and worth its start; raises as `make_engine`."""
    usable = device.type == "cpu" and has_openvino()
    if kind == "openvino" and not usable:
        raise BadInputError(
            "The engine 'openvino' needs a processor and the package openvino: install it, or choose another engine."
        )
    return kind == "openvino" or (usable and kind == "auto" and windows >= WORTHWHILE_WINDOWS)


def has_openvino() -> bool:
    """Whether OpenVINO is installed; asks without importing it."""
    return importlib.util.find_spec("openvino") is not None


class TorchEngine:
    """A prepared copy of a network, channels last, its convolutions in the precision of the run.

    Attributes:
        network: The copy, in evaluation mode; `mc_dropout` works on it.
    """

    def __init__(
        self,
        network: UNet3D,
        device: torch.device,
        dtype: torch.dtype | None,
        layer: nn.Module | None = None,
    ) -> None:
        self.device, self.dtype = device, dtype
        self.layer = None if layer is None else layer.to(device)
        self.network = prepared(network, device).to(device)
        for module in self.network.modules():
            if isinstance(module, nn.Conv3d | nn.ConvTranspose3d):
                module.to(dtype=dtype, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See `Engine`."""
        with torch.autocast(self.device.type, self.dtype or torch.bfloat16, enabled=self.dtype is not None):
            logits, embeddings = self.network(images.contiguous(memory_format=torch.channels_last_3d))
        return logits, embeddings if self.layer is None else self.layer(embeddings.float())


class OpenVinoEngine:
    """A network compiled by OpenVINO for the processor, one window at a time.

    The model is converted in memory by OpenVINO's own reader of traced networks; its conversion tool, which may report
    usage over the internet, is not used. Threads are as many as torch's.
    """

    def __init__(
        self,
        network: UNet3D,
        dtype: torch.dtype | None,
        patch: Sequence[int],
        *,
        embeddings: bool,
        layer: nn.Module | None = None,
    ) -> None:
        self.embeddings = embeddings
        outputs = _Outputs(prepared(network, torch.device("cpu")), embeddings, layer or nn.Identity())
        model = openvino_model(outputs, [torch.zeros(1, 1, *TRACED)])
        self._request = openvino_request(model, [[1, 1, *patch]], dtype)

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """See `Engine`."""
        rows = [self._one(np.ascontiguousarray(image[None].numpy())) for image in images]
        logits = torch.cat([row[0] for row in rows])
        return logits, torch.cat([row[1] for row in rows]) if self.embeddings else None

    def _one(self, image: np.ndarray) -> list[Tensor]:
        # The results lie in memory of the request, which the next window writes over.
        return [torch.from_numpy(value.copy()) for value in self._request.infer([image]).values()]


class _Outputs(nn.Module):
    """Logits, and what is made of embeddings if that is wanted, as a plain tuple for tracing."""

    def __init__(self, network: UNet3D, embeddings: bool, layer: nn.Module) -> None:
        super().__init__()
        self.network, self.embeddings, self.layer = network, embeddings, layer

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        logits, embeddings = self.network(images)
        return (logits, self.layer(embeddings)) if self.embeddings else (logits,)


def openvino_model(module: nn.Module, examples: Sequence[Tensor]) -> Any:
    """A module as OpenVINO's graph.

    Args:
        module: On the processor, in fp32, returns a tuple of tensors.
        examples: Small inputs that it is traced with; see `openvino_request` for the sizes in use.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with torch.inference_mode(False), torch.no_grad():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # checks of sizes are constants here, as they should be
            traced = torch.jit.trace(module, tuple(examples), check_trace=False)
        # Each object is held until the model is there, since the reader calls back into them.
        manager, decoder = FrontEndManager(), TorchScriptPythonDecoder(traced)
        reader = manager.load_by_framework("pytorch")
        return reader.convert(reader.load(decoder))


def openvino_request(model: Any, shapes: Sequence[Sequence[int]], dtype: torch.dtype | None) -> Any:
    """A graph compiled for inputs of these shapes, with the convolutions in bf16, or in fp32 for None."""
    import openvino

    hints = {
        "INFERENCE_PRECISION_HINT": "bf16" if dtype == torch.bfloat16 else "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",
    }
    ports = zip(model.inputs, shapes, strict=True)
    model.reshape({port: openvino.PartialShape(list(shape)) for port, shape in ports})
    return openvino.Core().compile_model(model, "CPU", hints).create_infer_request()


def prepared(network: UNet3D, device: torch.device) -> UNet3D:
    """A copy for inference alone: batch normalisation folded, and merged where a processor computes it."""
    folded = fold_batch_norm(network).eval().requires_grad_(False)
    # A GPU's library has fast 3x3x3 convolutions, and its transposed ones are slow.
    return merge_up_convolutions(folded).requires_grad_(False) if device.type == "cpu" else folded


def fold_batch_norm(network: UNet3D) -> UNet3D:
    """A copy whose batch normalisations in evaluation mode are part of the convolutions before them.

    (W x - mean) gamma / sqrt(var + eps) + beta is a convolution with W gamma / sqrt(var + eps) and a bias. Dropout
    and every other kind of normalisation stay as they are.
    """
    folded = copy.deepcopy(network)
    for block in folded.modules():
        if isinstance(block, ConvBlock) and isinstance(block[1], _BatchNorm):
            _fold(block[0], block[1])
            block[1] = nn.Identity()
    return folded


@torch.no_grad()
def _fold(convolution: nn.Module, norm: _BatchNorm) -> None:
    assert isinstance(convolution, nn.Conv3d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    weight, bias = convolution.weight, 0.0 if convolution.bias is None else convolution.bias.double()
    # In float64, so that folding itself adds no rounding.
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    shifted = norm.bias.double() + (bias - norm.running_mean.double()) * scale
    convolution.weight = nn.Parameter((weight.double() * scale.view(-1, 1, 1, 1, 1)).to(weight.dtype))
    convolution.bias = nn.Parameter(shifted.to(weight.dtype))
