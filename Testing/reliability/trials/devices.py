"""GPU and memory: what runs out, and drivers that fail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state, observed_status
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_many
from SemiSegEmbedLib.workflows.training import execute_run
from trials import children
from trials.rows import Row, judged, sentence_faults
from trials.scenes import make_study, new_run, work_on

NO_MEMORY = (
    "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB of which 1.02 GiB is free."
)
LAUNCH_FAILED = "CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported."
ASSERTED = "CUDA error: device-side assert triggered"
STEPS = 12


@dataclass(frozen=True)
class Fault:
    """What the device does wrong.

    Attributes:
        raises: What a convolution ends with.
        steps: Steps of the run at which it does.
        where: "training", "validation" or "anywhere".
        patches: It fails only for inputs of more patches than this, as a card with little free memory does.
    """

    raises: Callable[[], BaseException]
    steps: range = range(0, 10**9)
    where: str = "training"
    patches: int = 0


def out_of_memory() -> BaseException:
    return torch.cuda.OutOfMemoryError(NO_MEMORY)


def driver_error() -> BaseException:
    return RuntimeError(LAUNCH_FAILED)


def assertion_error() -> BaseException:
    return RuntimeError(ASSERTED)


def train_with(run_path: Path, fault: Fault) -> str:
    """Trains on a device that fails as told."""
    run, step = RunFolder(run_path), [0]

    def before_each_convolution(module: nn.Module, inputs: Any) -> None:
        if not isinstance(module, nn.Conv3d) or step[0] not in fault.steps or len(inputs[0]) <= fault.patches:
            return
        place = "training" if module.training else "validation"
        if fault.where in (place, "anywhere"):
            raise fault.raises()

    def follow(event: dict[str, Any]) -> None:
        if "step" in event:
            step[0] = event["step"]

    register_module_forward_pre_hook(before_each_convolution)
    return execute_run(run, on_event=follow).value


def starve(run_path: Path, more: int) -> str:
    """Trains, and from the fourth step on may map only so many bytes more."""

    def follow(event: dict[str, Any]) -> None:
        if event.get("event") == "step" and event["step"] >= 4:
            children.limit_memory(more)

    return execute_run(RunFolder(run_path), on_event=follow).value


def device_row(tried: str, fault: Fault, expected: str, provoked: str, **settings: Any) -> Row:
    """Trains with a fault; a run that failed is resumed on a device that works."""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study")
        run = new_run(study, STEPS, log_every=1, checkpoint_every=4, **settings)
        ending = children.run(train_with, run.path, fault)
        faults = (
            [] if ending.value == expected else [f"it ended as {ending.value or ending.kind} {ending.trace[-300:]}"]
        )
        said = status_or_message(run)
        faults += sentence_faults(said, [root])
        then = ""
        if expected == "failed":
            again = children.run(work_on, run.path)
            then = f" Resumed, it {again.value}."
            faults += [] if again.value == "finished" else [f"resumed it ended as {again.value} {again.trace[-300:]}"]
        faults += ["steps are lost"] * (last_step(run) != STEPS)
    return judged(tried, faults, 1, f"The run {expected}: “{said}”{then}", provoked)


def last_step(run: RunFolder) -> int:
    """Steps in the last checkpoint, 0 without one."""
    path = run.checkpoints / "last.pt"
    return load_checkpoint(path)["step"] if path.exists() else 0


def status_or_message(run: RunFolder) -> str:
    """Why a run ended, or what it said about its memory."""
    reason = observed_status(run.path).reason
    messages = [e["message"] for e in run.events()[0] if e.get("event") in ("memory", "warning") and "message" in e]
    return reason or (messages[-1] if messages else "")


def gpu_rows(short: bool) -> list[Row]:
    """Out of memory and driver errors at each stage of a run."""
    hook = "torch's exception at a convolution"
    cases = [
        (
            "GPU memory runs out in the middle; smaller steps fit",
            Fault(out_of_memory, range(5, 10**9), patches=2),
            "finished",
            f"{hook} with an input of more than two patches",
            {},
        ),
        ("The driver fails in the middle", Fault(driver_error, range(7, 8)), "failed", f"{hook}, once", {}),
    ]
    more = [
        (
            "GPU memory runs out at the first step; smaller steps fit",
            Fault(out_of_memory, patches=2),
            "finished",
            f"{hook} with an input of more than two patches",
            {},
        ),
        (
            "Another process takes the card: nothing fits any more",
            Fault(out_of_memory, range(6, 10**9), "anywhere"),
            "failed",
            f"{hook}, every time",
            {},
        ),
        (
            "GPU memory runs out in validation",
            Fault(out_of_memory, where="validation"),
            "failed",
            hook,
            {"validate_every": 4},
        ),
        ("The driver fails at the first step", Fault(driver_error, range(0, 1)), "failed", hook, {}),
        (
            "The driver fails in validation",
            Fault(assertion_error, where="validation"),
            "failed",
            hook,
            {"validate_every": 4},
        ),
    ]
    chosen = cases if short else [*cases, *more]
    return [device_row(tried, fault, expected, how, **settings) for tried, fault, expected, how, settings in chosen]


def segment_with(model: Path, scan: Path, output: Path, fault: Fault) -> str:
    """Segments on a device that fails; the sentence."""

    def before_each_convolution(module: nn.Module, inputs: Any) -> None:
        if isinstance(module, nn.Conv3d) and len(inputs[0]) > fault.patches:
            raise fault.raises()

    register_module_forward_pre_hook(before_each_convolution)
    try:
        (outcome,) = segment_many(model, [scan], output, SegmentationOptions(passes=2, device="cpu"))
    except SemiSegEmbedError as error:
        return str(error)
    return outcome.error or "worked"


def inference_rows() -> list[Row]:
    """Out of memory and a driver error while a scan is segmented."""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study")
        run = new_run(study, 4)
        children.run(work_on, run.path)
        model, scan = study.models_folder / f"{run.run_id}.ssemodel", study.image_path(study.cases[2])
        rows = []
        for tried, raises in (("GPU memory runs out", out_of_memory), ("The driver fails", driver_error)):
            ending = children.run(segment_with, model, scan, Path(root) / "out", Fault(raises))
            said = str(ending.value)
            faults = sentence_faults(said, [root]) + ["it crashed"] * (ending.kind != "returned")
            faults += ["half a result stays"] * bool(list(Path(root).glob("out/*.nii.gz")))
            hook = "torch's exception at a convolution"
            rows.append(judged(f"{tried} in segmentation", faults, 1, f"“{said}”", hook))
    return rows


def memory_rows(short: bool) -> list[Row]:
    """Memory of the computer, limited for real."""
    rows = []
    for more in (0,) if short else (0, 4 << 20, 16 << 20):
        with tempfile.TemporaryDirectory() as root:
            study = make_study(Path(root) / "study")
            run = new_run(study, STEPS, log_every=1, checkpoint_every=2)
            ending = children.run(starve, run.path, more)
            said = status_or_message(run) or "nothing"
            faults = sentence_faults(said, [root]) if ending.value != "finished" else []
            if ending.kind == "died":
                faults = [] if observed_state(run.path) is RunState.LOST else ["a dead run is not shown as lost"]
            elif ending.kind != "returned":
                faults.append(f"{ending.error} {ending.value} {ending.trace[-300:]}")
            again = children.run(work_on, run.path)
            done = ending.value == "finished" or again.value == "finished"
            faults += [] if done else [f"resumed it ended as {again.value}"]
            happened = f"The run {ending.value or 'was gone'}: “{said}” With memory again it finished."
            how = f"RLIMIT_AS, {more >> 20} MiB more than it has mapped"
            rows.append(judged("The computer's memory runs out in the middle", faults, 1, happened, how))
    return rows


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    rows = [*gpu_rows(short), *memory_rows(short)]
    return rows if short else [*rows, *inference_rows()]
