"""The newest model is told by what the files say, since copying a study changes all file times."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path

import pytest

from SemiSegEmbedLib.study.newest_model import created_at, models_by_age, newest_model

DAY_S = 24 * 3600


def model(path: Path, created: str | None, file_time: float) -> Path:
    """A file in the form of a model, with a file time of its own."""
    facts = {} if created is None else {"created": created}
    content = {"format": "SemiSegEmbed model", "version": 1, "description": json.dumps({"facts": facts})}
    return archive(path, pickle.dumps(content, protocol=2), file_time)


def archive(path: Path, index: bytes, file_time: float, packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as file:
        file.writestr("model/data.pkl", index)
    os.utime(path, (file_time, file_time))
    return path


def names(folder: Path) -> list[str]:
    return [path.stem for path in models_by_age(folder)]


def test_the_time_in_the_file_decides_and_not_the_time_of_the_file(tmp_path: Path) -> None:
    model(tmp_path / "new.ssemodel", "2026-03-02T10:00:00+00:00", 1_000_000)
    model(tmp_path / "old.ssemodel", "2026-03-01T10:00:00+00:00", 1_700_000_000)
    assert names(tmp_path) == ["new", "old"]
    assert newest_model(tmp_path).stem == "new"


def test_times_are_compared_across_time_zones(tmp_path: Path) -> None:
    model(tmp_path / "berlin.ssemodel", "2026-03-01T10:30:00+01:00", 1)
    model(tmp_path / "london.ssemodel", "2026-03-01T10:00:00+00:00", 1)
    model(tmp_path / "plain.ssemodel", "2026-03-01T09:45:00", 1)
    assert names(tmp_path) == ["london", "plain", "berlin"]


def test_models_of_the_same_second_are_told_apart_by_their_file_times(tmp_path: Path) -> None:
    model(tmp_path / "a.ssemodel", "2026-03-01T10:00:00+00:00", 200)
    model(tmp_path / "b.ssemodel", "2026-03-01T10:00:00+00:00", 100)
    assert names(tmp_path) == ["a", "b"]


def test_the_last_step_of_a_run_is_never_the_newest_model(tmp_path: Path) -> None:
    model(tmp_path / "run-last.ssemodel", "2026-03-02T10:00:00+00:00", 2)
    assert newest_model(tmp_path) is None
    model(tmp_path / "run.ssemodel", "2026-03-01T10:00:00+00:00", 1)
    assert newest_model(tmp_path).stem == "run"
    assert names(tmp_path) == ["run-last", "run"]


def test_without_models_there_is_no_newest(tmp_path: Path) -> None:
    assert newest_model(tmp_path) is None
    assert newest_model(tmp_path / "absent") is None


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"not a pickle",
        pickle.dumps({"description": 7}),
        pickle.dumps({"description": "[]"}),
        pickle.dumps({"description": json.dumps({"facts": {"created": "yesterday"}})}),
        pickle.dumps({"description": json.dumps({"facts": {"created": 5}})}),
        pickle.dumps({"description": "[" * 100_000}),
        pickle.dumps({"description": json.dumps({"facts": {"created": "9999-12-31T00:00:00+00:00"}})}),
    ],
)
def test_a_file_that_says_nothing_usable_counts_from_its_file_time(tmp_path: Path, index: bytes) -> None:
    path = archive(tmp_path / "strange.ssemodel", index, 1_700_000_000)
    assert created_at(path)[0] == 1_700_000_000
    model(tmp_path / "before.ssemodel", "2020-01-01T00:00:00+00:00", 1)
    model(tmp_path / "after.ssemodel", "2024-01-01T00:00:00+00:00", 1)
    assert names(tmp_path)[0] == "after"


def test_files_that_are_no_archive_or_a_packed_one_count_from_their_file_time(tmp_path: Path) -> None:
    (tmp_path / "damaged.ssemodel").write_bytes(b"PK")
    os.utime(tmp_path / "damaged.ssemodel", (5_000, 5_000))
    content = {"description": json.dumps({"facts": {"created": "2026-03-01T10:00:00+00:00"}})}
    packed = archive(tmp_path / "packed.ssemodel", pickle.dumps(content), 6_000, zipfile.ZIP_DEFLATED)
    assert created_at(tmp_path / "damaged.ssemodel")[0] == 5_000
    assert created_at(packed)[0] == 6_000


def test_nothing_in_a_file_is_executed(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / "executed"),)

    content = {"evil": Evil(), "description": json.dumps({"facts": {"created": "2026-03-01T10:00:00+00:00"}})}
    path = archive(tmp_path / "evil.ssemodel", pickle.dumps(content), 1)
    assert created_at(path)[0] == pytest.approx(1_772_359_200)
    assert not (tmp_path / "executed").exists()


def test_a_file_that_was_replaced_is_asked_again(tmp_path: Path) -> None:
    path = model(tmp_path / "m.ssemodel", "2026-03-01T10:00:00+00:00", 100)
    before = created_at(path)
    model(path, "2026-03-01T10:00:00+00:00".replace("03-01", "03-02"), 200)
    assert created_at(path)[0] - before[0] == DAY_S


def test_the_time_of_a_real_model_is_found_without_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    content = {
        "format": "SemiSegEmbed model",
        "version": 1,
        "description": json.dumps({"facts": {"created": "2026-03-01T10:00:00+00:00"}}),
        "tensors": {"description": torch.zeros(3)},
    }
    torch.save(content, tmp_path / "real.ssemodel")
    assert created_at(tmp_path / "real.ssemodel")[0] == pytest.approx(1_772_359_200)
