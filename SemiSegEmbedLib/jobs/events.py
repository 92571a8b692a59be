"""An append-only file of JSON lines that many may read while one writes, and that survives being cut anywhere."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import explain

CHUNK_BYTES = 8 << 20
_TAIL = 64 << 10


def plain(value: Any) -> Any:
    """Turn a value into JSON that every reader understands: scalars of numpy and torch become numbers,
    numbers that are not finite become null, anything else unknown becomes text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


class EventFile:
    """`events.jsonl` of a run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._continues = False

    def append(self, fields: Mapping[str, Any]) -> None:
        """Add one line with the present time, in a single write.

        Raises:
            SemiSegEmbedError: The disk is full, and the like.
        """
        line = json.dumps({"time": round(time.time(), 3), **plain(fields)}, allow_nan=False).encode("ascii") + b"\n"
        try:
            if not self._continues and self._ends_inside_a_line():
                line = b"\n" + line
            descriptor = os.open(
                self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666
            )
            try:
                written = os.write(descriptor, line)
                self._continues = written == len(line)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._continues = False
            raise explain(error, "The progress of the run could not be written") from error

    def read(self, offset: int = 0, limit: int = CHUNK_BYTES) -> tuple[list[dict[str, Any]], int]:
        """Events from a byte offset on; damaged lines are left out, an unfinished last line waits.

        Args:
            offset: Where to begin.
            limit: At most so many bytes are read; a longer line counts as damaged.

        Returns:
            The events, and the offset at which to read on. A long file comes in several pieces: read until the
            offset no longer moves.
        """
        try:
            with open(self._path, "rb") as stream:
                if not 0 <= offset <= stream.seek(0, os.SEEK_END):
                    offset = 0
                stream.seek(offset)
                chunk = stream.read(limit)
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise BadInputError(str(explain(error, "The progress of the run could not be read"))) from error
        end = chunk.rfind(b"\n") + 1
        if end == 0 and len(chunk) == limit:
            end = limit
        return _parsed(chunk[:end]), offset + end

    def last(self) -> dict[str, Any] | None:
        """The newest complete event, or None."""
        try:
            with open(self._path, "rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _TAIL))
                tail = stream.read(_TAIL)
        except OSError:
            return None
        events = _parsed(tail[: tail.rfind(b"\n") + 1])
        return events[-1] if events else None

    def _ends_inside_a_line(self) -> bool:
        try:
            with open(self._path, "rb") as stream:
                if stream.seek(0, os.SEEK_END) == 0:
                    return False
                stream.seek(-1, os.SEEK_END)
                return stream.read(1) != b"\n"
        except FileNotFoundError:
            return False


def _parsed(data: bytes) -> list[dict[str, Any]]:
    events = []
    for line in data.split(b"\n"):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict):
            events.append(event)
    return events
