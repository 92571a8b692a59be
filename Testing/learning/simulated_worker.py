"""Trains, resumes and segments on a simulated device; a process of its own, since that changes torch.

Prints the name of each trial that passed; what fails is raised.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from conftest import make_ball_volume
from simulated_device import DEVICE, simulated

from SemiSegEmbedLib.inference.maps import predict_maps
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.inference.reference_bank import build_bank
from SemiSegEmbedLib.learning import patches
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.methods import METHODS
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.trainer import Trainer
from SemiSegEmbedLib.learning.volumes import Normalisation

SIDE = (16, 16, 16)
SMALL: dict[str, Any] = {
    "base_filters": 2, "patch_size": SIDE, "precision": "fp32", "passes": 2, "consistency_passes": 2, "steps": 4,
    "log_every": 1, "validate_every": 4, "checkpoint_every": 4, "compile": "off",
}  # fmt: skip
LEVERS: dict[str, dict[str, Any]] = {
    "plain layout": {"channels_last": False},
    "max, euclidean": {"kernel": "euclidean", "reduce": "max", "use_nn": True},
    "prototypes": {"prototypes": 4, "use_nn": True},
    "teacher's query": {"query": "teacher", "use_nn": True, "nn_margin": 0.1, "ps_floor": 0.05},
    "mixing": {"cutmix": 1.0, "labelled_cutmix": 1.0, "copy_paste": 1.0},
    "distances": {"distance_weight": 0.3},
    "split norm": {"split_norm": True, "norm": "batch"},
    "parts": {"accumulation": 2},
}
NORMALISATION = Normalisation(mean=60.0, std=120.0)
ROOM = 10**10
"""Bytes that are said to be free on the device."""


def train(name: str, **settings: Any) -> int:
    """A run that stops after 3 steps, goes on and is validated; returns the bytes of the scans on the device."""
    config = preset(name, **{**SMALL, **settings})
    volumes = [
        make_ball_volume("case-0001", 20), make_ball_volume("case-0002", 20, 1, labelled=False),
        make_ball_volume("case-0003", 20, 2),
    ]  # fmt: skip
    hidden = {"case-0002": np.zeros_like(volumes[0].label)} if config.method == "embedding_matching" else None
    events: list[dict[str, Any]] = []

    def validate(student: UNet3D, _: UNet3D, __: int) -> dict[str, float]:
        found = predict_classes(student, volumes[0].image, NORMALISATION, patch_size=SIDE, device=DEVICE)
        iou = float((found == 1).mean())
        return {"iou": iou, "hd95": 1.0, "hd95_main": 1.0}

    with tempfile.TemporaryDirectory() as folder:
        make = partial(
            Trainer, config, volumes, NORMALISATION, 2, device=DEVICE, checkpoints=Path(folder), report=events.append,
            validate=validate, hidden_labels=hidden, free_bytes=ROOM,
        )  # fmt: skip
        make(should_stop=lambda: sum(event["event"] == "step" for event in events) == 3).run()
        trainer = make()
        trainer.run(resume=True)
    steps = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in steps] == [1, 2, 3, 4]
    assert all(np.isfinite(event["loss"]) for event in steps)
    assert {p.device for p in trainer.method.parameters()} == {DEVICE}
    return trainer.source.device_bytes


def train_with_scans_on_both_sides() -> None:
    """Only one of the three scans finds room on the device."""
    whole = train("robust")
    with mock.patch.object(patches, "VOLUME_SHARE", whole / 2 / ROOM):
        assert 0 < train("robust") < whole / 2


def segment(**settings: Any) -> None:
    """All maps, also from a batch of windows; the bank is built on the device too."""
    torch.manual_seed(0)
    facts = {"in_channels": 1, "classes": 2, "base_filters": 2, "dropout": 0.15, "norm": "batch"}
    student, teacher = UNet3D(**facts).eval(), UNet3D(**facts).eval()
    volume = make_ball_volume(size=20)
    bank = build_bank(
        teacher.to(DEVICE), [volume], NORMALISATION, 2, k=4, l=2, device=DEVICE, patch=SIDE, hard_negatives=True
    )
    labels = [{"name": "ball", "value": 1, "color": [230, 220, 170], "training_class": 1}]
    run = {"method": "embedding_matching", "steps": 6, "patch_size": list(SIDE)}
    model = Model(student, teacher.to("cpu"), facts, NORMALISATION, 1.0, 2, labels, bank, run)
    found = predict_maps(model, volume.image, device=DEVICE, precision="fp32", passes=2, patch=SIDE, **settings)
    assert found.label.shape == volume.image.shape
    assert np.isfinite(found.uncertainty).all()


TRIALS: dict[str, Callable[[], object]] = {
    **{method: partial(train, "robust", method=method) for method in METHODS},
    "paper": partial(train, "paper"),
    **{name: partial(train, "robust", **settings) for name, settings in LEVERS.items()},
    "scans on both sides": train_with_scans_on_both_sides,
    "maps": segment,
    "maps, passes everywhere": partial(segment, passes_where="all", batch=3),
    "maps, any similarity": partial(segment, kernel="euclidean", reduce="max", centre=True, network="teacher"),
}


if __name__ == "__main__":
    torch.set_num_threads(1)
    with simulated():
        there, host = torch.ones(3, 3, device=DEVICE), torch.ones(3, 3)
        for mixed in (lambda: there + host, lambda: there @ host, lambda: there[host.long()]):
            with pytest.raises(AssertionError, match="mixes devices"):
                mixed()
        with pytest.raises(AssertionError, match="generator of the processor"):
            torch.rand(3, device=DEVICE, generator=torch.Generator())
        with pytest.raises(TypeError, match="another device"):
            there.numpy()
        for name, trial in TRIALS.items():
            trial()
            print(name, flush=True)
