"""A folder of arrays by content key: bounded, memory-mapped, safe with several programs, rebuilt when damaged."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.files import allow_many_files, atomic_write, atomic_writer, remove_abandoned

DEFAULT_BYTES = 20 << 30
_FREE_SHARE = 0.25
_logger = logging.getLogger(__name__)


def cache_key(*parts: Any) -> str:
    """A file name for everything that an array depends on (hashes, spacing, versions); parts must fit JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]


class ArrayCache:
    """Arrays with a few facts each, by key.

    An entry is `<key>.npy` and `<key>.json`; the JSON is written last and holds the checksum of the array, so
    an entry is either complete or not there. The least recently used entries go first when space is needed.
    Losing an entry is never an error: it is made again.
    """

    def __init__(self, folder: Path | str, max_bytes: int | None = None) -> None:
        """Open or create a cache.

        Args:
            folder: Where the entries lie; may be shared by several programs.
            max_bytes: Upper limit. None: 20 GB, but at most a quarter of the disk space that is free or in
                use by the cache already.
        """
        self.folder = Path(folder)
        self._max_bytes = max_bytes

    def get(self, key: str) -> tuple[np.ndarray, dict[str, Any]] | None:
        """The array (memory-mapped, read-only) and the facts of an entry; None when absent or damaged."""
        allow_many_files()
        try:
            record = json.loads(self._facts_path(key).read_bytes())
            array = np.load(self._array_path(key), mmap_mode="r", allow_pickle=False)
            intact = isinstance(record["facts"], dict) and record["crc32"] == _checksum(array)
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            intact = False
        if not intact:
            return None
        with suppress(OSError):
            os.utime(self._facts_path(key))
        return array, record["facts"]

    def put(self, key: str, array: np.ndarray, facts: dict[str, Any]) -> bool:
        """Store an array; False (and nothing stored) when it is too large or the disk does not take it."""
        limit = self.max_bytes
        if array.nbytes > limit:
            return False
        self._make_room(limit - array.nbytes)
        record = {"facts": facts, "crc32": _checksum(array), "bytes": int(array.nbytes)}
        try:
            self.folder.mkdir(exist_ok=True)  # and no more: the study may have disappeared
            # Without its JSON a half-replaced entry cannot be taken for the old one.
            self._facts_path(key).unlink(missing_ok=True)
            with atomic_writer(self._array_path(key)) as temporary:
                np.save(temporary, array, allow_pickle=False)
            atomic_write(self._facts_path(key), json.dumps(record).encode())
        except (OSError, SemiSegEmbedError):
            _logger.warning("The cache could not be written; the work goes on without it.")
            return False
        return True

    def get_or_make(
        self, key: str, make: Callable[[], tuple[np.ndarray, dict[str, Any]]]
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The entry of this key; made and stored when it is not there."""
        found = self.get(key)
        if found is None:
            array, facts = make()
            stored = self.put(key, array, facts)
            found = (self.get(key) if stored else None) or (array, facts)
        return found

    @property
    def max_bytes(self) -> int:
        """The upper limit of all arrays together."""
        if self._max_bytes is not None:
            return self._max_bytes
        place = next((p for p in (self.folder, *self.folder.parents) if p.exists()), Path.cwd())
        try:
            free = shutil.disk_usage(place).free
        except OSError:
            return DEFAULT_BYTES
        return min(DEFAULT_BYTES, int(_FREE_SHARE * (free + self.used_bytes())))

    def used_bytes(self) -> int:
        """Bytes of all arrays in the folder."""
        return sum(size for _, _, size in self._entries())

    def _make_room(self, limit: int) -> None:
        """Delete the least recently used entries until the others need at most `limit` bytes."""
        with suppress(OSError):
            remove_abandoned(self.folder)
        entries = sorted(self._entries())
        used = sum(size for _, _, size in entries)
        for _, key, size in entries:
            if used <= limit:
                return
            # Windows refuses to delete what another program has mapped; then the next one has to go.
            with suppress(OSError):
                self._array_path(key).unlink(missing_ok=True)
                self._facts_path(key).unlink(missing_ok=True)
                used -= size

    def _entries(self) -> list[tuple[float, str, int]]:
        """(last use, key, bytes) of each array; arrays without facts count as never used."""
        entries = []
        for path in self.folder.glob("*.npy"):
            if path.name.startswith("."):
                continue
            with suppress(OSError):
                size = path.stat().st_size
                facts = self._facts_path(path.stem)
                used = facts.stat().st_mtime if facts.exists() else path.stat().st_mtime
                entries.append((used, path.stem, size))
        return entries

    def _array_path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"

    def _facts_path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
