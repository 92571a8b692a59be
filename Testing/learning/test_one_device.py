"""Every row of the tables augments and computes on the device of its batch alone; so do whole runs and all maps.

On a machine without a GPU torch's "meta" device stands for it: an operation that mixes its tensors with the
processor's is refused there as on a GPU, and so is every question for a value. Numbers that the processor hands over
in between would make it wait for everything that the GPU was told before (`NothingHandedOver`).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils import backend_registration

from SemiSegEmbedLib.learning.augmentation import Augmentation
from SemiSegEmbedLib.learning.batches import Batch, LabelledBatch, UnlabelledBatch
from SemiSegEmbedLib.learning.methods import create_method
from SemiSegEmbedLib.learning.rows import TABLES, Row

ELSEWHERE = torch.device("meta")
SIDE = 16
ROWS = {repr(row.config()): row for rows in TABLES.values() for row in rows}


def batch(labelled: int, unlabelled: int) -> Batch:
    """Patches without values."""

    def patches(n: int, kind: torch.dtype, *channels: int) -> torch.Tensor:
        return torch.empty(n, *channels, SIDE, SIDE, SIDE, dtype=kind, device=ELSEWHERE)

    halves = (
        LabelledBatch(
            patches(labelled, torch.float32, 1), patches(labelled, torch.int64), patches(labelled, torch.uint8),
            patches(labelled, torch.float32, 1),
        ) if labelled else None,
        UnlabelledBatch(
            patches(unlabelled, torch.float32, 1), patches(unlabelled, torch.float32, 1),
            patches(unlabelled, torch.int64),
        ) if unlabelled else None,
    )  # fmt: skip
    return Batch(*halves, (-2.0, 10.0))


class NothingHandedOver(TorchFunctionMode):
    """Raises where the processor waits until the GPU has taken over its numbers: copies, and lists as an index."""

    def __torch_function__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func is torch.Tensor.__getitem__:
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            waits = args[0].device == ELSEWHERE and any(isinstance(part, list) for part in index)
        elif func in (torch.tensor, torch.as_tensor, torch.Tensor.new_tensor):
            waits = result.device == ELSEWHERE
        else:
            moved = func is torch.Tensor.to and args[0].device != ELSEWHERE and result.device == ELSEWHERE
            waits = moved and not (kwargs or {}).get("non_blocking")
        if waits:
            raise AssertionError(f"{func.__name__} waits until the numbers are on the device")
        return result


@pytest.mark.parametrize(
    "waiting",
    [lambda x: x[[1, 0]], lambda x: x[:, [0]], lambda x: torch.eye(3).to(ELSEWHERE), lambda x: x.new_tensor([1.0])],
)
def test_numbers_that_are_handed_over_are_noticed(waiting: Callable[[torch.Tensor], object]) -> None:
    with pytest.raises(AssertionError, match="waits until"), NothingHandedOver():
        waiting(torch.empty(2, 3, device=ELSEWHERE))


def test_mixing_devices_and_asking_for_values_are_refused() -> None:
    there = torch.empty(3, device=ELSEWHERE)
    with pytest.raises(RuntimeError, match="device"):
        there + torch.ones(3)
    with pytest.raises(RuntimeError, match="meta"):
        there.sum().item()


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_a_row_computes_where_its_batch_is(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "autocast", lambda *args, **options: contextlib.nullcontext())  # not known there
    config = row.config(steps=10, patch_size=(SIDE,) * 3, base_filters=2, precision="fp32", compile="off")
    method, augmentation = create_method(config, 2).to(ELSEWHERE), Augmentation(config)
    for step in (0, 1, 5):
        with NothingHandedOver():
            with torch.no_grad():
                seen = augmentation(batch(*method.patches_per_step(step)), torch.Generator().manual_seed(step))
            loss, scalars = method(seen, step)
            loss.backward()
            method.after_step(step)
        assert {value.device for value in (loss, *scalars.values())} == {ELSEWHERE}


@pytest.mark.skipif(
    not hasattr(backend_registration, "_setup_privateuseone_for_python_backend"),
    reason="this torch cannot simulate a device",
)
def test_runs_checkpoints_and_maps_stay_on_a_simulated_device() -> None:
    worker = Path(__file__).with_name("simulated_worker.py")
    environment = os.environ | {"PYTHONPATH": str(worker.parents[2])}
    done = subprocess.run([sys.executable, worker], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"passed:\n{done.stdout}\nthen\n{done.stderr}"
