"""What the benchmarks of this folder share: timing on any device, versions, rows that may fail alone."""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.memory import fit_to_memory
from SemiSegEmbedLib.study.files import atomic_write

NO_TIME = "no time was left"
"""Why a row is missing that was not begun."""


def run_for(words: list[str], seconds: float, *, capture: bool, **environment: str) -> tuple[int, str, str]:
    """A Python script in a process of its own: exit code, output and errors, which are shown unless captured.

    Whatever it started ends with it, so that nothing disturbs the next one. Its environment has `environment` besides.

    Raises:
        TimeoutExpired: It took longer and was stopped.
    """
    pipe = subprocess.PIPE if capture else None
    process = subprocess.Popen([sys.executable, *words], stdout=pipe, stderr=pipe, text=True, start_new_session=True,
                               env=os.environ | environment)  # fmt: skip
    try:
        output, errors = process.communicate(timeout=seconds)
        return process.returncode, output or "", errors or ""
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=5)
        with contextlib.suppress(ProcessLookupError, AttributeError):  # Windows has no such groups
            os.killpg(process.pid, signal.SIGKILL)


def end_with_children() -> None:
    """Lets a script that is told to end leave through `finally`, and so end what `run_for` started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def time_groups(work: Callable[[int], None], device: torch.device, repeats: int, group: int) -> dict[str, float]:
    """Median and least milliseconds of one call, over groups of calls with one wait for the device each."""
    found = [time_group(work, device, group, number * group) for number in range(repeats)]
    return {"ms": round(statistics.median(found), 3), "least_ms": round(min(found), 3)}


def time_group(work: Callable[[int], None], device: torch.device, group: int, first: int) -> float:
    """Milliseconds of one call, over a group of calls that are numbered from `first`."""
    wait(device)
    start = time.perf_counter()
    for number in range(first, first + group):
        work(number)
    wait(device)
    return 1000 * (time.perf_counter() - start) / group


def deadline(minutes: float) -> float:
    """When so many minutes from now are over, by `time.monotonic`; never for 0."""
    return time.monotonic() + 60 * minutes if minutes else math.inf


def attempt(measure: Callable[[], dict[str, Any]], device: torch.device, until: float) -> dict[str, Any]:
    """A row, or why there is none, such as a `deadline` that is over; what it took of the device is given back."""
    if time.monotonic() > until:
        return {"failed": NO_TIME}
    try:
        return measure()
    except Exception as error:  # a row that fails must not take the others with it
        return {"failed": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"}
    finally:
        clear(device)


def keep(found: dict[str, Any], output: str) -> None:
    """What is measured so far, in a file where one was asked for: a script that is stopped leaves it behind."""
    if output:
        atomic_write(Path(output), json.dumps(found).encode())


def fitted(config: TrainingConfig) -> TrainingConfig:
    """The run in 16 bits as it becomes where it has a limit of memory (`memory_gib`)."""
    return fit_to_memory(config, int(config.memory_gib * 2**30), half=True)[0] if config.memory_gib else config


def versions(device: torch.device) -> dict[str, Any]:
    """Of what was measured with."""
    found = {"python": platform.python_version(), "torch": torch.__version__, "threads": torch.get_num_threads()}
    if device.type == "cuda":
        found |= {"cudnn": torch.backends.cudnn.version(), "gpu": torch.cuda.get_device_name(device)}
    return found


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_gib(device: torch.device) -> float | None:
    """Most GPU memory since `reset_peak`; None on a processor."""
    return round(torch.cuda.max_memory_allocated(device) / 2**30, 2) if device.type == "cuda" else None


def clear(device: torch.device) -> None:
    """Gives memory back; compiled forms are kept, so that the next network of the same make need not wait for them."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
