"""Every lever keeps the result: loss curves against the plain path, and against a step as the peers write it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from SemiSegEmbedLib.learning import compiling
from SemiSegEmbedLib.learning.batches import Batch
from SemiSegEmbedLib.learning.compiling import Compiler
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.memory import estimate_bytes, fit_to_memory, room_for_run
from SemiSegEmbedLib.learning.patches import PatchSource
from SemiSegEmbedLib.learning.precision import training_dtype
from SemiSegEmbedLib.learning.similarity import CHUNK_ELEMENTS, class_similarities
from SemiSegEmbedLib.learning.stepper import Stepper

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
CPU = torch.device("cpu")
NO_COMPILER = 77  # as in compiled_worker.py
PLAIN: dict[str, Any] = {
    "base_filters": 4, "patch_size": (16, 16, 16), "passes": 3, "dropout": 0.0, "noise_teacher": 0.0,
    "noise_student": 0.0, "k": 5000, "l": 1, "precision": "fp32", "channels_last": False, "compile": "off",
    "teacher_chunk": 1, "learning_rate": 1e-3, "steps": 10,
}  # fmt: skip
"""Nothing random but the first weights: with so many references as candidates all of them are drawn."""
STEPS = 5


@pytest.fixture
def batches(ball_volume, normalisation) -> list[Batch]:
    volumes = [ball_volume(), ball_volume("case-0002", seed=1, labelled=False)]
    generator = torch.Generator().manual_seed(0)
    source = PatchSource(volumes, normalisation, preset("paper", **PLAIN), 2, CPU, generator)
    return [source.batch(2, 2) for _ in range(STEPS)]


def curve(batches: list[Batch], **changes: Any) -> tuple[torch.Tensor, Stepper]:
    """The loss of each step from the same first weights."""
    torch.manual_seed(0)
    stepper, losses = Stepper(preset("paper", **{**PLAIN, **changes}), 2, CPU), []
    for number, batch in enumerate(batches):
        stepper.take(lambda batch=batch: batch, number)
        losses.append(stepper.means.take()["loss"])
    return torch.tensor(losses), stepper


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize(
    ("lever", "tolerance"),
    [
        ({"channels_last": True}, 1e-4),
        ({"teacher_chunk": 0}, 1e-4),
        ({"precision": "bf16"}, 0.02),
        ({"precision": "fp16"}, 0.02),
        ({"precision": "bf16", "channels_last": True, "teacher_chunk": 0}, 0.02),
    ],
)
def test_the_loss_curve_is_that_of_the_plain_path(
    batches: list[Batch], norm: str, lever: dict[str, Any], tolerance: float
) -> None:
    plain, _ = curve(batches, norm=norm)
    fast, _ = curve(batches, norm=norm, **lever)
    assert plain[-1] < plain[0], "the toy is learned, so the curves say something"
    torch.testing.assert_close(fast, plain, rtol=tolerance, atol=tolerance)


def test_gradients_on_small_maps_are_right_in_this_machines_own_precision() -> None:
    """In bf16 on AVX-512 they are not where a map is two voxels wide, so training does without it there."""
    torch.manual_seed(0)
    layer, x = torch.nn.Conv3d(16, 32, 3, padding=1, bias=False), torch.randn(2, 16, 2, 2, 2)
    (exact,) = torch.autograd.grad(layer(x).square().mean(), layer.weight)
    dtype = training_dtype("bf16", CPU)
    for _ in range(8):
        del [torch.full((size,), 1e3) for size in (1000, 10000, 100000)][:]  # what unwritten memory would show
        with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            output = layer(x)
        (found,) = torch.autograd.grad(output.float().square().mean(), layer.weight)
        torch.testing.assert_close(found, exact, rtol=0.0, atol=0.03 * float(exact.abs().max()))


@pytest.mark.skipif(shutil.which("c++") is None and shutil.which("g++") is None, reason="there is no C++ compiler")
def test_compiled_networks_say_and_learn_the_same_keep_their_state_dict_and_stay_compiled_in_many_forms() -> None:
    worker = Path(__file__).with_name("compiled_worker.py")
    environment = os.environ | {"PYTHONPATH": str(worker.parents[2])}
    done = subprocess.run([sys.executable, worker], env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode == NO_COMPILER:
        pytest.skip("torch's compiler does not work here")
    assert done.returncode == 0, done.stderr


def test_where_compiling_fails_the_run_goes_on_without(batches: list[Batch], monkeypatch: pytest.MonkeyPatch) -> None:
    plain, _ = curve(batches[:2], norm="batch")

    def no_compiler(*_: object, **__: object) -> object:
        def fail(*_: object) -> object:
            raise RuntimeError("Compiler: cl is not found.")

        return fail

    monkeypatch.setattr(compiling.torch, "compile", no_compiler)
    losses, stepper = curve(batches[:2], norm="batch", compile="on")
    assert stepper.note.endswith(".")
    assert torch.equal(losses, plain), "the probe leaves weights, statistics and random numbers alone"


def test_compiling_is_left_out_where_it_is_not_worth_it() -> None:
    long, short = preset("paper", steps=5000), preset("paper", steps=10)
    cuda = torch.device("cuda")
    assert Compiler(long, cuda).active
    assert not Compiler(short, cuda).active
    assert not Compiler(long, CPU).active
    assert Compiler(short.replace(compile="on"), CPU).active
    assert not Compiler(long.replace(compile="off"), cuda).active


def test_a_step_as_the_peers_write_it_learns_the_same(batches: list[Batch]) -> None:
    """So that the benchmark compares two ways to compute one thing."""
    spec = importlib.util.spec_from_file_location("peer_step", BENCHMARKS / "peer_step.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["peer_step"] = module
    spec.loader.exec_module(module)
    few = batches[:3]  # later a voxel at the threshold may fall on either side
    ours, _ = curve(few, norm="instance")
    torch.manual_seed(0)
    peer, theirs = module.PeerStep(preset("paper", **PLAIN, norm="instance"), CPU), []
    for number, batch in enumerate(few):
        peer.step(batch, number)
        theirs.append(peer.logged["loss"])
    torch.testing.assert_close(ours, torch.tensor(theirs), rtol=1e-4, atol=1e-4)


class LargestTensor(TorchDispatchMode):
    """Elements of the largest tensor that any operation makes."""

    largest = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, torch.Tensor):
                self.largest = max(self.largest, value.numel())
        return result


@pytest.mark.parametrize("reduce", ["mean", "max"])
@pytest.mark.parametrize("kernel", ["cosine", "euclidean"])
def test_no_tensor_holds_voxels_times_references(kernel: str, reduce: str) -> None:
    voxels, references = 64**3, 2 * 5 * 16
    embeddings = torch.randn(1, 8, 64, 64, 64, requires_grad=True)
    with LargestTensor() as probe:
        class_similarities(embeddings, torch.randn(2, 5, 16, 8), kernel, reduce).sum().backward()
    assert voxels * references > 4 * CHUNK_ELEMENTS, "the probe could see it"
    assert probe.largest <= max(CHUNK_ELEMENTS, embeddings.numel())


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_the_papers_run_fits_into_4_gib_with_its_own_patches(norm: str) -> None:
    config = preset("paper", norm=norm, memory_gib=4.0)
    room = room_for_run(config, CPU, 64 * 2**30)
    assert room == 4 * 2**30
    fitting, sentence = fit_to_memory(config, room, half=True)
    assert estimate_bytes(fitting, half=True) <= 0.9 * room
    assert fitting.patch_size == (96, 96, 96)
    assert sentence.endswith(".")
    assert room_for_run(preset("paper"), CPU, None) is None


def test_a_limit_of_memory_makes_the_step_smaller_and_not_other(batches: list[Batch]) -> None:
    """Passes in smaller groups are exact; parts of a batch average the losses of the parts."""
    config: TrainingConfig = preset("paper", **{**PLAIN, "teacher_chunk": 0})
    need = estimate_bytes(config)
    fitting, _ = fit_to_memory(config, int(need / 0.9) - 1)
    assert fitting != config
    assert fitting.patch_size == config.patch_size
