"""Several real processes under torchrun: equal to one process, one writer, and back at work after a death."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning import processes
from SemiSegEmbedLib.learning.config import preset
from SemiSegEmbedLib.learning.memory import fit_to_memory

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("together_worker.py")
MATCHING = {"settings": {"method": "embedding_matching"}}

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or sys.platform == "win32", reason="needs gloo and torchrun"
)


def run(folder: Path, case: dict, count: int, *, restarts: int = 0) -> None:
    folder.mkdir()
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    command = [sys.executable, *([*launcher, "--max-restarts", str(restarts)] if count > 1 else []), str(WORKER)]
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "", "HOME": str(folder)}
    done = subprocess.run(
        [*command, str(folder), json.dumps(case)], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What embedding matching leaves from two processes."""
    folder = tmp_path_factory.mktemp("together") / "two"
    run(folder, MATCHING, 2)
    return folder


def weights(folder: Path, rank: int = 0) -> dict[str, torch.Tensor]:
    return torch.load(folder / f"weights-{rank}.pt", weights_only=True)


def events(folder: Path, kind: str, rank: int = 0) -> list[dict]:
    lines = (folder / f"events-{rank}.jsonl").read_text(encoding="utf-8").splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def assert_same_course(one: Path, two: Path) -> None:
    """Losses to a millionth; weights to what Adam makes of the last bits of a gradient in four steps of 0.001."""
    for ours, theirs in zip(events(two, "step"), events(one, "step"), strict=True):
        for name in ("loss", "loss_supervised"):
            assert ours[name] == pytest.approx(theirs[name], abs=1e-5)
    ours, theirs = weights(two), weights(one)
    assert ours.keys() == theirs.keys()
    moved = torch.cat([(ours[name].double() - theirs[name].double()).abs().flatten() for name in ours])
    assert moved.max() < 4e-3
    assert moved.mean() < 1e-5


def test_two_processes_equal_one_with_the_same_batch_and_one_alone_writes(two: Path, tmp_path: Path) -> None:
    run(tmp_path / "one", MATCHING, 1)
    assert_same_course(tmp_path / "one", two)
    first, second = (weights(two, rank) for rank in (0, 1))
    assert all(torch.equal(first[name], second[name]) for name in first), "both processes hold the same networks"
    assert not (two / "events-1.jsonl").exists()
    assert sorted(p.name for p in (two / "checkpoints").iterdir()) == ["best.pt", "last.pt"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="the system does not name a process's threads")
def test_no_thread_of_the_exchange_outlasts_the_training(two: Path) -> None:
    """One that gives back a tensor while the interpreter ends would abort a process that had done its work."""
    threads = [json.loads((two / f"threads-{rank}.json").read_text()) for rank in range(2)]
    assert any("gloo" in name for name in threads[0]["training"])
    assert not [name for rank in threads for name in rank["trained"] if "gloo" in name]


def test_a_killed_process_comes_back_and_the_run_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    settings = {"method": "mean_teacher", "supervised_start": 0.25}
    run(tmp_path / "one", {"settings": settings}, 1)
    run(tmp_path / "two", {"settings": settings, "kill_at": 3}, 2, restarts=1)
    assert [event["step"] for event in events(tmp_path / "two", "start")] == [0, 2]
    assert [event["step"] for event in events(tmp_path / "two", "step")] == [2, 4]
    assert_same_course(tmp_path / "one", tmp_path / "two")


def test_alone_nothing_is_shared_and_nothing_waits() -> None:
    values = torch.arange(6.0)
    assert (processes.rank(), processes.world(), processes.launched()) == (0, 1, False)
    assert processes.total(values) is values
    assert processes.gathered(values) is values
    assert processes.own_part(values).tolist() == values.tolist()
    assert processes.agreed("x") == "x"
    assert processes.smallest(3) == 3
    with processes.joined(torch.device("cpu")), processes.first_one_first():
        assert not processes.together()


def test_shares_are_even_in_order_and_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("WORLD_SIZE", "3")
    parts = []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        parts.append(processes.own_part(list(range(6))))
    assert parts == [[0, 1], [2, 3], [4, 5]]
    processes.check_shares(6)
    with pytest.raises(BadInputError, match=r"2 labelled patches .* 3 processes: set labelled_per_batch"):
        processes.check_shares(2)


def test_memory_is_fitted_to_the_share_of_a_process() -> None:
    config = preset("paper", labelled_per_batch=8, unlabelled_per_batch=8)
    alone, _ = fit_to_memory(config, 8 * 2**30, half=True)
    shared, sentence = fit_to_memory(config, 8 * 2**30, half=True, processes=4)
    assert alone.accumulation > 1
    assert (shared, sentence) == (config, "")
