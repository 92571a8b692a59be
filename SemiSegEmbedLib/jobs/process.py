"""Processes by identity: a number alone is reused by the system, a number with its start time is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_TERMINATE_PATIENCE_S = 3.0
_KILL_PATIENCE_S = 3.0
_STILL_ACTIVE = 259

started_here: dict[int, subprocess.Popen[bytes]] = {}
"""Children of this process, kept so that they can be reaped and asked for their exit code."""


def process_start(pid: int) -> str | None:
    """When a process started, as an opaque text; None when it is gone (or a zombie).

    Linux: boot id and clock ticks since boot, which no change of the clock moves. macOS: `ps`. Windows: the
    creation time that the kernel keeps.
    """
    exit_code(pid)
    if pid <= 0:
        return None
    if sys.platform == "win32":
        return _windows_start(pid)
    if Path("/proc/self/stat").exists():
        fields = _proc_stat(pid)
        return None if fields is None or fields[0] in "ZXx" else f"{_boot_id()}:{fields[19]}"
    return _ps_start(pid)


def process_is(pid: int | None, start_time: str | None) -> bool:
    """Whether the process that had this number and this start time still runs."""
    return pid is not None and start_time is not None and process_start(pid) == start_time


def exit_code(pid: int) -> int | None:
    """The exit code of a child that this process started, or None while it runs or when another started it."""
    child = started_here.get(pid)
    return None if child is None else child.poll()


def descendants(pid: int) -> list[int]:
    """Numbers of all processes below `pid`, children before grandchildren (Linux and macOS)."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    queue = [pid]
    while queue:
        below = [child for child in children.get(queue.pop(0), []) if child not in found and child != pid]
        found += below
        queue += below
    return found


def kill_tree(pid: int) -> None:
    """End a process with everything it started: politely first, then by force.

    Returns when all are gone, or after a few seconds. Does nothing for this process itself and for its parents.
    """
    if pid <= 1 or pid in (os.getpid(), os.getppid()):
        return
    if sys.platform == "win32":
        command = ["taskkill", "/T", "/F", "/PID", str(pid)]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        _wait_until_gone({pid: process_start(pid)}, _KILL_PATIENCE_S)
        return
    members = _tree(pid)
    _signal_all(members, pid, signal.SIGTERM)
    if not _wait_until_gone(members, _TERMINATE_PATIENCE_S):
        # Looked up again: what was started meanwhile must go too.
        members |= _tree(pid)
        _signal_all(members, pid, signal.SIGKILL)
        _wait_until_gone(members, _KILL_PATIENCE_S)


def _tree(pid: int) -> dict[int, str | None]:
    members = [pid, *descendants(pid)]
    group = _group_members(pid)
    return {member: process_start(member) for member in dict.fromkeys([*members, *group])}


def _group_members(pid: int) -> list[int]:
    """Processes of the group that `pid` leads, also when their parent is gone already."""
    found = []
    for member, _ in _parents():
        with suppress(OSError):
            if os.getpgid(member) == pid and member != os.getpid():
                found.append(member)
    return found


def _signal_all(members: dict[int, str | None], pid: int, number: int) -> None:
    with suppress(OSError):
        if os.getpgid(pid) == pid and pid != os.getpgid(0):
            os.killpg(pid, number)
    for member, start in members.items():
        with suppress(OSError):
            if process_is(member, start):
                os.kill(member, number)


def _wait_until_gone(members: dict[int, str | None], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while any(process_is(member, start) for member, start in members.items()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _proc_stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat from the state on; the name before may hold blanks and brackets."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "boot"


def _parents() -> list[tuple[int, int]]:
    """All processes as (number, number of the parent)."""
    if Path("/proc/self/stat").exists():
        numbers = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
        stats = [(number, _proc_stat(number)) for number in numbers]
        return [(number, int(fields[1])) for number, fields in stats if fields is not None]
    lines = _ps("-A", "-o", "pid=,ppid=").splitlines()
    pairs = [line.split() for line in lines]
    return [(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2]


def _ps_start(pid: int) -> str | None:
    state, _, start = _ps("-o", "stat=,lstart=", "-p", str(pid)).strip().partition(" ")
    return None if not start or state.startswith("Z") else " ".join(start.split())


def _ps(*arguments: str) -> str:
    environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    try:
        done = subprocess.run(
            ["ps", *arguments], stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("ascii", "replace")


def _windows_start(pid: int) -> str | None:
    import ctypes
    from ctypes import wintypes

    query_limited_information = 0x1000
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = wintypes.HANDLE
    kernel.OpenProcess.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
    kernel.GetExitCodeProcess.argtypes = [wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD)]
    kernel.GetProcessTimes.argtypes = [wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4]
    kernel.CloseHandle.argtypes = [wintypes.HANDLE]
    handle = kernel.OpenProcess(query_limited_information, False, pid)
    if not handle:
        return None
    try:
        code = wintypes.DWORD()
        times = [wintypes.FILETIME() for _ in range(4)]
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != _STILL_ACTIVE:
            return None
        if not kernel.GetProcessTimes(handle, *[ctypes.byref(entry) for entry in times]):
            return None
        return str(times[0].dwHighDateTime << 32 | times[0].dwLowDateTime)
    finally:
        kernel.CloseHandle(handle)
