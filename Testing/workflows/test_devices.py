"""What there is to compute on."""

from __future__ import annotations

import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.workflows.devices import choose_device, list_devices


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch says about GPUs where there are two; asking one for its memory fails, as when it is in use."""

    def refuse(device: object) -> None:
        raise RuntimeError("CUDA error: all CUDA-capable devices are busy or unavailable")

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", refuse)


def test_a_gpu_is_chosen_without_asking_any_for_its_memory(two_gpus: None) -> None:
    chosen = {name: str(choose_device(name)) for name in ("auto", "cuda", "cuda:1", "cpu")}
    assert chosen == {"auto": "cuda:0", "cuda": "cuda:0", "cuda:1": "cuda:1", "cpu": "cpu"}
    with pytest.raises(BadInputError, match=r"no device 'cuda:2' here: choose one of cuda:0, cuda:1, .*cpu\."):
        choose_device("cuda:2")


def test_devices_are_listed_with_the_processor_last() -> None:
    devices = list_devices()
    assert devices[-1].id == "cpu"
    assert all(device.free_bytes > 0 for device in devices)
    assert choose_device() == torch.device(devices[0].id)
