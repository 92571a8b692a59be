"""A device beside the processor, simulated: its tensors compute as the processor's do and refuse to meet those.

torch's "meta" device, which `test_one_device.py` uses, has no values and lets products, indices and copies of both
devices pass. Here everything has values, so whole runs and maps are computed. Importing this changes torch for good.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing

CPU = torch.device("cpu")


class _Backend(backend_registration._DummyBackendModule):
    """Torch's own stand-in for the module of a device, and what autocast asks of it."""

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]


backend_registration._setup_privateuseone_for_python_backend("simulated", backend_module=_Backend())
torch.__future__.set_swap_module_params_on_conversion(True)
DEVICE = torch.device("simulated", 0)


class Elsewhere(torch.Tensor):
    """A tensor on the simulated device; `values` holds its numbers."""

    values: torch.Tensor

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> Elsewhere:
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, values.size(), strides=values.stride(), storage_offset=values.storage_offset(), dtype=values.dtype,
            device=DEVICE,
        )  # fmt: skip
        made.values = values
        return made

    def __repr__(self, **_: object) -> str:
        return f"Elsewhere({self.values})"

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        copied: torch.Tensor = Elsewhere(self.values.detach().clone())
        if isinstance(self, torch.nn.Parameter):
            copied = torch.nn.Parameter(copied, self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.values.detach().__reduce_ex__(protocol)  # checkpoints are read to the processor first

    def tolist(self) -> Any:
        return self.values.tolist()

    def numpy(self, **_: object) -> Any:
        raise TypeError("numpy cannot read a tensor of another device")

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


def _is_there(device: Any) -> bool:
    return device is not None and torch.device(device).type == DEVICE.type


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, list | tuple | dict):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(part)
    else:
        yield tree


def _each(change: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _each(change, part) for name, part in tree.items()}
    return type(tree)(_each(change, part) for part in tree) if isinstance(tree, list | tuple) else change(tree)


def _compute(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    name, given = func.overloadpacket.__name__, list(_leaves([args, kwargs]))
    there = [x for x in given if isinstance(x, Elsewhere)]
    here = [x for x in given if isinstance(x, torch.Tensor) and not isinstance(x, Elsewhere) and x.dim()]
    if there and here and name != "copy_":
        raise AssertionError(f"{func} mixes devices: {[tuple(x.shape) for x in here]} is on the processor")
    device = kwargs.get("device")
    stays = _is_there(device) if device is not None else bool(there)
    if name == "copy_":
        stays = isinstance(args[0], Elsewhere)
    if stays and any(isinstance(x, torch.Generator) for x in given):
        raise AssertionError(f"{func} draws on the device with a generator of the processor")

    def plain(x: Any) -> Any:
        return x.values if isinstance(x, Elsewhere) else CPU if isinstance(x, torch.device) and _is_there(x) else x

    def moved(x: Any) -> Any:
        return Elsewhere(x) if isinstance(x, torch.Tensor) and not isinstance(x, Elsewhere) else x

    result = func(*_each(plain, args), **_each(plain, kwargs))
    if not stays:
        return result
    result = _each(moved, result)
    return return_and_correct_aliasing(func, args, kwargs, result) if there or name == "copy_" else result


class _Operators(TorchDispatchMode):
    """Catches operators that are given the device alone, such as `zeros`."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        return _compute(func, args, kwargs or {})


class _Functions(TorchFunctionMode):
    """Catches functions that move numbers without an operator in between."""

    def __torch_function__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (torch.tensor, torch.as_tensor) and _is_there(kwargs.get("device")):
            return func(*args, **{**kwargs, "device": CPU}).to(DEVICE)
        if func is torch.Tensor.new_tensor and isinstance(args[0], Elsewhere):
            return func(args[0].values, *args[1:], **kwargs).to(DEVICE)
        return func(*args, **kwargs)


@contextlib.contextmanager
def simulated() -> Iterator[torch.device]:
    """The device, while it works. Tensors made of tensors know no inference mode, so `no_grad` stands for it."""
    inference_mode, torch.inference_mode = torch.inference_mode, torch.no_grad  # type: ignore[assignment,misc]
    try:
        with _Operators(), _Functions():
            yield DEVICE
    finally:
        torch.inference_mode = inference_mode  # type: ignore[misc]
