"""Files are replaced completely or not at all, and one lock keeps two writers apart."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study import files
from SemiSegEmbedLib.study.files import (
    FileLock,
    atomic_write,
    atomic_writer,
    explain,
    read_bytes,
    remove_abandoned,
    sha256_file,
    temporary_beside,
    temporary_folder,
)

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_atomic_write_replaces_and_leaves_no_temporary(tmp_path: Path) -> None:
    path = tmp_path / "a file ü 😀.json"
    atomic_write(path, b"first")
    atomic_write(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.listdir(tmp_path) == [path.name]


def test_failed_writer_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    atomic_write(path, b"old")

    def break_off() -> None:
        with atomic_writer(path) as temporary:
            temporary.write_bytes(b"new")
            raise KeyError("writer broke")

    with pytest.raises(KeyError):
        break_off()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_temporary_keeps_the_suffixes_that_choose_the_format(tmp_path: Path) -> None:
    for name in ("v0001.nii.gz", "b.seg.nrrd", "c.mha"):
        temporary = temporary_beside(tmp_path / name)
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(name[name.index(".") :])
    assert temporary_beside(tmp_path / "x.json") != temporary_beside(tmp_path / "x.json")


@pytest.mark.parametrize("system", ["win32", "linux"])
def test_a_reader_on_windows_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """Windows refuses to replace, delete and read a file that another program has open; others never do."""
    path, refusals = tmp_path / "status.json", [2]
    path.write_bytes(b"old")

    def refused(action: Callable[..., object]) -> Callable[..., object]:
        def refuse(*arguments: object, **more: object) -> object:
            if refusals[0] > 0:
                refusals[0] -= 1
                raise PermissionError(13, "being used by another process")
            return action(*arguments, **more)

        return refuse

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(os, "replace", refused(os.replace))
    monkeypatch.setattr(Path, "unlink", refused(Path.unlink))
    for work in (lambda: files.replace(path, tmp_path / "new.json"), lambda: files.delete(tmp_path / "new.json")):
        refusals[0] = 2
        with contextlib.nullcontext() if system == "win32" else pytest.raises(PermissionError):
            work()
    refusals[0] = 0
    assert sorted(os.listdir(tmp_path)) == ([] if system == "win32" else ["status.json"])


@pytest.mark.parametrize("refused", [1, 2])
def test_a_folder_takes_the_place_of_another_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: int
) -> None:
    old, new = tmp_path / "m1", tmp_path / "new"
    for folder, name in ((old, "map"), (new, "label")):
        folder.mkdir()
        (folder / name).write_text(name)
    calls, rename = [0], os.replace

    def refuse(*arguments: Path) -> None:
        calls[0] += 1
        if calls[0] == refused:
            raise PermissionError(13, "a file in it is open")
        rename(*arguments)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(SemiSegEmbedError, match=r"^m1 could not be saved because .*close the program"):
        files.replace_folder(new, old)
    assert {path.name: os.listdir(path) for path in tmp_path.iterdir()} == {"m1": ["map"], "new": ["label"]}
    files.replace_folder(new, old)
    assert {path.name: os.listdir(path) for path in tmp_path.iterdir()} == {"m1": ["label"]}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_full_disk_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    atomic_write(path, b"old")

    def fill_the_disk() -> None:
        with atomic_writer(path) as temporary:
            temporary.write_bytes(b"new")
            with open("/dev/full", "wb") as full:
                full.write(b"x" * 100_000)

    with pytest.raises(SemiSegEmbedError, match=r"study\.json could not be saved because the disk is full: .*\.$"):
        fill_the_disk()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["study.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits exist on POSIX only")
def test_write_that_the_system_cuts_short_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    atomic_write(path, b"old")
    code = (
        "import resource, signal, sys\n"
        "from SemiSegEmbedLib.study.files import atomic_write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: atomic_write(sys.argv[1], b'x' * 5000)\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.stdout.startswith("SemiSegEmbedError study.json could not be saved because"), done.stderr
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["study.json"]


def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SemiSegEmbedError, match="its folder is gone"):
        atomic_write(tmp_path / "gone" / "a", b"")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.ENAMETOOLONG, 0])
def test_every_explanation_is_one_sentence(number: int) -> None:
    message = str(explain(OSError(number, "raw"), "The file x could not be saved"))
    assert message.startswith("The file x could not be saved because ")
    assert message.endswith(".")
    assert message.count(". ") == 0


def test_reading_respects_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        read_bytes(path, 4)


def test_sha256_of_known_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert sha256_file(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_only_old_temporaries_are_removed(tmp_path: Path) -> None:
    old, young, other = tmp_path / ".tmp-1-aa", tmp_path / ".tmp-2-bb", tmp_path / "study.json"
    old_folder = tmp_path / ".tmp-3-cc"
    old_folder.mkdir()
    (old_folder / "slice").write_bytes(b"x")
    for path in (old, young, other):
        path.write_bytes(b"x")
    two_days_ago = time.time() - 2 * 86400
    for path in (old, other, old_folder):
        os.utime(path, (two_days_ago, two_days_ago))
    remove_abandoned(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".tmp-2-bb", "study.json"]


def test_lock_names_its_holder_and_times_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        FileLock(path),
        pytest.raises(SemiSegEmbedError, match=f"in use by another program .process {os.getpid()} on"),
    ):
        FileLock(path, timeout_s=0.1).acquire()
    FileLock(path, timeout_s=0.0).acquire()


def test_lock_excludes_threads(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with FileLock(tmp_path / "lock"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 80


def test_lock_of_a_killed_process_is_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys, time\nfrom SemiSegEmbedLib.study.files import FileLock\n"
        "lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], env=ENVIRONMENT, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"held"
    with pytest.raises(SemiSegEmbedError, match=f"process {child.pid} on"):
        FileLock(path, timeout_s=0.1).acquire()
    assert json.loads(path.read_text())["pid"] == child.pid
    child.kill()
    child.wait()
    child.stdout.close()
    FileLock(path, timeout_s=0.0).acquire()


def test_a_temporary_folder_vanishes_and_failing_to_make_one_is_a_sentence(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        (folder / "part").write_bytes(b"x")
        assert folder.name.startswith(".tmp-")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SemiSegEmbedError, match="its folder is gone"), temporary_folder(tmp_path / "gone"):
        pass
    with pytest.raises(KeyError), temporary_folder(tmp_path) as folder:
        raise KeyError(1)
    assert list(tmp_path.iterdir()) == []
