"""Why a run is gone without having said so: from its exit code, its last printed words, and the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

PREFIX = "semisegembed: "
"""How the terminal door begins the one sentence of an error."""
FULL_BELOW_BYTES = 1 << 20
_TAIL_BYTES = 4 << 10


def lost_reason(log: Path, *, began: bool, code: int | None) -> str:
    """One sentence with what to do.

    Args:
        log: What the run printed.
        began: Whether it had begun to work.
        code: The exit code of its process, where this process knows it.
    """
    said = last_sentence(log)
    if said:
        return said
    if _disk_is_full(log.parent):
        return "The disk is full: free some space, then resume."
    if not began:
        return "The run ended before it began: look into log.txt, then start it again."
    if code == -9:
        return "The run was killed, perhaps because memory ran out: close other programs, then resume it."
    return "The run ended without a word, perhaps because it was killed or the computer restarted: resume it."


def last_sentence(log: Path) -> str:
    """The error that the run printed last of all, or an empty text."""
    try:
        with open(log, "rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _TAIL_BYTES))
            lines = stream.read().decode("utf-8", "replace").replace("\r", "\n").splitlines()
    except OSError:
        return ""
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last.removeprefix(PREFIX) if last.startswith(PREFIX) else ""


def _disk_is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < FULL_BELOW_BYTES
    except OSError:
        return False
