"""Why a run failed, as one sentence that says what to do."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.learning.memory import is_out_of_memory

MOVED_MESSAGE = (
    "The folder of the run is gone, so the run ended: open the study where it lies now, or put it back, then resume."
)
DISK_FULL_MESSAGE = "The disk is full: free some space, then resume."
OLD_DRIVER_MESSAGE = "The driver of the GPU is too old for this PyTorch: update the driver, restart, then resume."
FOREIGN_GPU_MESSAGE = (
    "The installed PyTorch does not support this GPU: install a newer PyTorch, or train on the processor."
)
GPU_ERROR_MESSAGE = (
    "The GPU or its driver reported an error: resume the run, and restart the computer if that comes again."
)
_GPU_TEXTS = (
    ("driver on your system is too old", OLD_DRIVER_MESSAGE),
    ("driver version is insufficient", OLD_DRIVER_MESSAGE),
    ("no kernel image is available", FOREIGN_GPU_MESSAGE),
    ("CUDA error", GPU_ERROR_MESSAGE),
)
"""Parts of what torch.cuda and the CUDA runtime report (cudaErrorInsufficientDriver, cudaErrorNoKernelImage)."""


def explain_failure(error: BaseException) -> str:
    """One sentence saying what is wrong and what to do.

    Args:
        error: What ended the run. The errors that led to it count too, since PyTorch hides a full disk behind an
            error of its own.
    """
    for cause in _chain(error):
        sentence = _explain(cause)
        if sentence:
            return sentence
    return f"The run ended unexpectedly ({type(error).__name__}): its log says where; resume it or report this."


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _explain(error: BaseException) -> str:
    if isinstance(error, SemiSegEmbedError):
        return str(error)
    if isinstance(error, torch.OutOfMemoryError) or (is_out_of_memory(error) and _is_of_gpu(error)):
        return "The GPU ran out of memory: close other programs that use it, then resume."
    if is_out_of_memory(error) or "could not create a primitive" in str(error):  # the latter is oneDNN's way to say it
        return "The computer ran out of memory: close other programs, then resume."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL_MESSAGE
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "The disk takes no file of this size: move the study to another disk, then resume."
    if isinstance(error, PermissionError):
        return "A file of the study may not be written: check the permissions of its folder, then resume."
    return next((sentence for text, sentence in _GPU_TEXTS if text in str(error)), "")


def _is_of_gpu(error: BaseException) -> bool:
    return any(name in str(error) for name in ("CUDA", "CUDNN", "CUBLAS"))


def report_traceback(error: BaseException) -> None:
    """Where it happened, on stderr, which is the run's log: functions and lines, no folder, nothing of a patient."""
    for frame in traceback.extract_tb(error.__traceback__):
        print(f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}", file=sys.stderr)
    print(type(error).__name__, file=sys.stderr, flush=True)
