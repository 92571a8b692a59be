"""Functions in processes of their own, forked from one that has everything imported, under limits of the system.

A process forked this way is a real one: it can be killed, starved of memory and disk, or run as another user,
and it begins within milliseconds although torch and SimpleITK take seconds to import.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

NOBODY = 65534
"""A user that owns nothing."""


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    Attributes:
        more_memory: Address space beyond what it has when it begins, in bytes.
        file_bytes: Largest file it may write.
        user: Number of the user it becomes; needs root.
    """

    more_memory: int | None = None
    file_bytes: int | None = None
    user: int | None = None


@dataclass(frozen=True)
class Ending:
    """How a child ended.

    Attributes:
        kind: "returned", "raised", "died" or "timed out".
        value: What it returned; the text of what it raised.
        error: The kind of exception it raised.
        trace: Where, for whoever looks for the fault.
        code: Its exit code, negative for a signal.
        seconds: How long it took.
        cpu_seconds: How much of that the processor worked for it.
        grown_bytes: By how much its memory grew at most.
    """

    kind: str
    value: Any = None
    error: str = ""
    trace: str = ""
    code: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    grown_bytes: int = 0


@cache
def _context() -> multiprocessing.context.ForkServerContext:
    folder, root = Path(__file__).resolve().parents[1], Path(__file__).resolve().parents[3]
    known = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root), str(folder), *([known] if known else [])])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["trials.warm"])
    return context


def start(function: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """Begins `function(*arguments)` in a child and returns it; its output is thrown away."""
    process = _context().Process(target=_quietly, args=(function, arguments))
    process.start()
    return process


def pipe() -> tuple[Connection, Connection]:
    """The receiving and the sending end of a pipe that a child can be given."""
    return _context().Pipe(duplex=False)


def run(
    function: Callable[..., Any], *arguments: Any, timeout_s: float = 120.0, limits: Limits | None = None
) -> Ending:
    """Calls `function(*arguments)` in a child and waits for it; a child that takes too long is killed."""
    receiver, sender = pipe()
    process = _context().Process(target=_report, args=(sender, function, arguments, limits or Limits()))
    began = time.monotonic()
    process.start()
    sender.close()
    ending = Ending("died")
    try:
        if receiver.poll(timeout_s):
            with suppress(EOFError, OSError):
                ending = receiver.recv()
        else:
            ending = Ending("timed out", seconds=time.monotonic() - began)
            process.kill()
        process.join(10)
    finally:
        process.kill()
        process.join()
        receiver.close()
    if ending.kind == "died":
        return Ending("died", code=process.exitcode, seconds=time.monotonic() - began)
    return ending


def _quietly(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    _silence()
    function(*arguments)


def _report(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...], limits: Limits) -> None:
    _silence()
    before, began, worked = _status("VmRSS"), time.monotonic(), time.process_time()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    try:
        _restrict(limits)
        value = function(*arguments)
        kind, error, trace = "returned", "", ""
    except BaseException as raised:
        kind, value, error, trace = "raised", str(raised), type(raised).__name__, traceback.format_exc()
    grown = max(0, _status("VmHWM") - before)
    spent = time.monotonic() - began, time.process_time() - worked
    sender.send(Ending(kind, value, error, trace, None, *spent, grown))
    sender.close()


def _restrict(limits: Limits) -> None:
    import resource
    import signal

    if limits.file_bytes is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    if limits.more_memory is not None:
        limit_memory(limits.more_memory)
    if limits.user is not None:
        os.setgroups([])
        os.setgid(limits.user)
        os.setuid(limits.user)


def limit_memory(more: int) -> None:
    """From here on this process may map at most `more` bytes beyond what it has mapped; -1 takes the limit away."""
    import resource

    limit = resource.RLIM_INFINITY if more < 0 else _status("VmSize") + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def resident_bytes() -> int:
    """Memory that this process holds."""
    return _status("VmRSS")


def _status(name: str) -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def is_root() -> bool:
    """Whether this process may become another user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
