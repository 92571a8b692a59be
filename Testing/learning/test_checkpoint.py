from __future__ import annotations

import errno
import pickle
from pathlib import Path

import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.learning import checkpoint
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint, save_checkpoint

STATE = {"step": 3, "weights": {"w": torch.arange(5.0)}, "best": {"hd95": 1.5, "optimistic": True}, "none": None}


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "new" / "last.pt", STATE)
    loaded = load_checkpoint(tmp_path / "new" / "last.pt")
    assert torch.equal(loaded.pop("weights")["w"], STATE["weights"]["w"])
    assert loaded == {k: v for k, v in STATE.items() if k != "weights"}
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["last.pt"]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, STATE)
    before = path.read_bytes()

    def full_disk(content: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", full_disk)
    with pytest.raises(SemiSegEmbedError, match="the disk is full"):
        save_checkpoint(path, {"step": 4})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, STATE)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadInputError, match="damaged"):
        load_checkpoint(path)


def test_a_file_of_another_program_or_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    torch.save({"weights": torch.zeros(2)}, path)
    with pytest.raises(BadInputError, match="not written by this program"):
        load_checkpoint(path)
    torch.save({"format": checkpoint.FORMAT, "version": 99, "state": {}}, path)
    with pytest.raises(BadInputError, match="another version"):
        load_checkpoint(path)
    path.write_text("not a checkpoint")
    with pytest.raises(BadInputError, match="damaged"):
        load_checkpoint(path)


def test_a_missing_file_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as refusal:
        load_checkpoint(tmp_path / "last.pt")
    assert "'last.pt'" in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)


class Hostile:
    """Pickles to a call that would create a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("save", [torch.save, lambda o, p: Path(p).write_bytes(pickle.dumps(o))])
def test_code_in_a_file_never_runs(tmp_path: Path, save: object) -> None:
    save({"format": checkpoint.FORMAT, "state": Hostile(tmp_path / "owned")}, tmp_path / "last.pt")  # type: ignore
    with pytest.raises(BadInputError):
        load_checkpoint(tmp_path / "last.pt")
    assert not (tmp_path / "owned").exists()
