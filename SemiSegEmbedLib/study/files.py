"""Writing files so that neither a crash nor a second program leaves half of one behind."""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from SemiSegEmbedLib.errors import SemiSegEmbedError

Value = TypeVar("Value")

_TEMPORARY_PREFIX = ".tmp-"
_ABANDONED_AFTER_S = 24 * 3600.0
_PATIENCE_S = 5.0
_OPEN_FILES = 10_240 if sys.platform == "darwin" else 1 << 17
"""macOS refuses more than OPEN_MAX of its limits.h."""

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def utc_now() -> str:
    """The present moment as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def explain(error: OSError, doing: str) -> SemiSegEmbedError:
    """Turn an error of the operating system into one sentence.

    Args:
        error: What the operating system reported.
        doing: The failed action as the beginning of a sentence ("study.json could not be saved").
    """
    reasons = {
        errno.ENOSPC: "the disk is full: free some space and try again",
        errno.EDQUOT: "your disk quota is used up: free some space and try again",
        errno.EROFS: "the folder is read-only: choose another folder or ask for permission to write",
        errno.EACCES: "permission is missing: choose another folder, or close the program that has it open",
        errno.EPERM: "permission is missing: choose another folder, or close the program that has it open",
        errno.ENOENT: "its folder is gone: check that the disk or network folder is connected",
        errno.ENAMETOOLONG: "the path is too long: move the study to a folder with a shorter path",
    }
    number = error.errno if error.errno is not None else 0
    reason = reasons.get(number, f"the system reports '{os.strerror(number)}': check the disk or network folder")
    return SemiSegEmbedError(f"{doing} because {reason}.")


def sync_file(descriptor: int) -> None:
    """Make the bytes of an open file survive a power loss, as far as the platform allows."""
    full_sync = None if sys.platform == "win32" else getattr(fcntl, "F_FULLFSYNC", None)
    if full_sync is not None:
        with suppress(OSError):
            fcntl.fcntl(descriptor, full_sync)
            return
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power loss; a no-op where folders cannot be synced (Windows)."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def temporary_beside(path: Path) -> Path:
    """A fresh name in the folder of `path` that keeps its suffixes, because writers choose the format by them."""
    suffixes = "".join(path.suffixes[-2:])[-40:]
    return path.with_name(f"{_TEMPORARY_PREFIX}{os.getpid()}-{os.urandom(4).hex()}{suffixes}")


def replace(source: Path, target: Path) -> None:
    """`os.replace` followed by a sync of the folder; patient with readers that block it on Windows."""
    _patiently(lambda: os.replace(source, target))
    sync_folder(target.parent)


def delete(path: Path) -> None:
    """Delete a file if it is there; patient with readers that block it on Windows."""
    _patiently(lambda: path.unlink(missing_ok=True))


def _patiently(action: Callable[[], Value]) -> Value:
    """Windows refuses to touch a file while another program has it open, which readers have for a moment alone."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return action()
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


@contextmanager
def atomic_writer(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path; what was written there becomes `path` on success and vanishes on failure.

    Args:
        path: The file to create or replace; its folder must exist.

    Raises:
        SemiSegEmbedError: The disk is full, the folder is read-only or gone, and the like. `path` is untouched.
    """
    target = Path(path)
    temporary = temporary_beside(target)
    try:
        yield temporary
        with open(temporary, "r+b") as stream:
            sync_file(stream.fileno())
        replace(temporary, target)
    except OSError as error:
        raise explain(error, f"{target.name} could not be saved") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def atomic_write(path: Path | str, data: bytes) -> None:
    """Replace the content of `path` by `data`, completely or not at all.

    Raises:
        SemiSegEmbedError: As `atomic_writer`.
    """
    with atomic_writer(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def temporary_folder(beside: Path) -> Iterator[Path]:
    """A folder in `beside` that is gone afterwards; one that a crash leaves is found by `remove_abandoned`.

    Raises:
        SemiSegEmbedError: It could not be made; also for errors of the system while it is in use.
    """
    folder = temporary_beside(beside / "folder")
    try:
        folder.mkdir()
        yield folder
    except OSError as error:
        raise explain(error, "A temporary file could not be written") from error
    finally:
        with suppress(OSError):
            remove(folder)


def replace_folder(source: Path, target: Path) -> None:
    """Let one folder take the place of another, whole; both lie in the same folder.

    The earlier one is set aside first, since no system replaces a folder that holds files: a reader finds the one,
    nothing for a moment, or the other, and never a mixture.

    Raises:
        SemiSegEmbedError: It cannot, for example because a file is open (Windows). `target` is then as it was.
    """
    aside = temporary_beside(target)
    try:
        there = target.exists()
        if there:
            replace(target, aside)
        try:
            replace(source, target)
        except OSError:
            if there:
                replace(aside, target)
            raise
    except OSError as error:
        raise explain(error, f"{target.name} could not be saved") from error
    with suppress(OSError):
        remove(aside)


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a whole file of at most `limit` bytes; patient with a writer that is replacing it on Windows.

    Raises:
        ValueError: The file is larger than `limit`.
        OSError: It cannot be read.
    """

    def read() -> bytes:
        with open(path, "rb") as stream:
            return stream.read(limit + 1)

    data = _patiently(read)
    if len(data) > limit:
        raise ValueError(f"larger than {limit} bytes")
    return data


def remove_abandoned(folder: Path) -> None:
    """Delete temporary files and folders that a killed program left in `folder` more than a day ago."""
    for entry in folder.glob(f"{_TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            if time.time() - entry.stat().st_mtime > _ABANDONED_AFTER_S:
                remove(entry)


def remove(path: Path) -> None:
    """Delete a file or a folder if it is there; a link is deleted, not what it points to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def sha256_file(path: Path | str) -> str:
    """SHA-256 of the bytes of a file, in hexadecimal.

    Raises:
        OSError: The file cannot be read.
    """
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@functools.cache
def allow_many_files() -> None:
    """Lets this process hold as many files open as the system allows, once.

    A mapped array keeps its file open; a study has more arrays than the 1024 (macOS: 256) files that are usual.
    """
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class FileLock:
    """An exclusive lock between programs and threads: `with FileLock(path): ...`.

    The operating system holds the lock and drops it when its process dies, so a crash leaves no stale lock.
    The file stays (deleting it would let two programs lock two different files); who holds it stands inside.
    """

    def __init__(self, path: Path | str, timeout_s: float = 10.0, what: str = "The study") -> None:
        self._path = Path(path)
        self._timeout_s = timeout_s
        self._what = what
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Wait for the lock.

        Raises:
            SemiSegEmbedError: It is still held after `timeout_s` seconds (the sentence says by whom), or the
                folder cannot be written.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise explain(error, f"{self._what} could not be locked") from error
        deadline = time.monotonic() + self._timeout_s
        try:
            while not self._try_lock(descriptor):
                if time.monotonic() >= deadline:
                    raise SemiSegEmbedError(
                        f"{self._what} is in use by another program ({self._holder()}): wait until it has finished "
                        "or close it, then try again."
                    )
                time.sleep(0.02)
            self._descriptor = descriptor
            self._sign(descriptor)
        except BaseException:
            self._descriptor = None
            os.close(descriptor)
            raise

    def release(self) -> None:
        """Give the lock back; calling it twice does no harm."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _try_lock(self, descriptor: int) -> bool:
        try:
            if sys.platform == "win32":
                # Windows forbids others to read locked bytes, so the locked byte lies far behind the text.
                os.lseek(descriptor, 1 << 30, os.SEEK_SET)
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK, errno.EWOULDBLOCK):
                return False
            raise SemiSegEmbedError(
                f"{self._what} lies in a folder that cannot be locked against a second program: "
                "move it to a local disk."
            ) from error
        return True

    def _sign(self, descriptor: int) -> None:
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": utc_now()}
        # The text only serves the message to others: a full disk must not make locking fail.
        with suppress(OSError):
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps(holder).ljust(200).encode())

    def _holder(self) -> str:
        try:
            holder = json.loads(read_bytes(self._path, 1000))
            return f"process {int(holder['pid'])} on {str(holder['host'])[:60]} since {str(holder['since'])[:30]}"
        except (OSError, ValueError, KeyError, TypeError):
            return "a process that left no name"
