"""Events survive being cut anywhere, and every reader can follow from where it stopped."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.events import EventFile, plain


def test_reader_follows_from_where_it_stopped(tmp_path: Path) -> None:
    events = EventFile(tmp_path / "events.jsonl")
    assert events.read() == ([], 0)
    events.append({"step": 1})
    first, offset = events.read()
    events.append({"step": 2, "loss": 0.5})
    second, offset = events.read(offset)
    assert [event["step"] for event in first + second] == [1, 2]
    assert second[0]["loss"] == 0.5
    assert first[0]["time"] <= second[0]["time"]
    assert events.read(offset) == ([], offset)
    assert events.last() == second[0]


def test_lines_are_ascii_json_without_nan(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventFile(path).append(
        {"word": "Hüfte 😀\n", "loss": math.nan, "other": [math.inf, np.float32(0.5), np.arange(2)]}
    )
    line = path.read_text(encoding="ascii")
    assert line.count("\n") == 1
    event = json.loads(line, parse_constant=lambda name: pytest.fail(name))
    assert (event["word"], event["loss"], event["other"]) == ("Hüfte 😀\n", None, [None, 0.5, [0, 1]])


def test_scalars_of_torch_become_numbers() -> None:
    torch = pytest.importorskip("torch")
    assert plain({"loss": torch.tensor(1.5), "classes": torch.tensor([1, 2])}) == {"loss": 1.5, "classes": [1, 2]}


def test_half_written_last_line_waits_and_a_new_writer_starts_a_new_line(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventFile(path).append({"step": 1})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"step": 2, "lo')
    events, offset = EventFile(path).read()
    assert ([event["step"] for event in events], offset) == ([1], len(whole))
    assert EventFile(path).last() == events[0]
    EventFile(path).append({"step": 3})
    events, _ = EventFile(path).read(offset)
    assert [event["step"] for event in events] == [3]


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 400), rubbish=st.binary(max_size=40))
def test_any_cut_and_any_rubbish_costs_only_the_damaged_lines(
    tmp_path_factory: pytest.TempPathFactory, cut: int, rubbish: bytes
) -> None:
    path = tmp_path_factory.mktemp("cut") / "events.jsonl"
    writer = EventFile(path)
    for step in range(8):
        writer.append({"step": step})
    data = path.read_bytes()
    whole = data[:cut].count(b"\n")
    path.write_bytes(data[:cut] + rubbish.replace(b"\n", b" "))
    EventFile(path).append({"step": 99})
    steps = [event["step"] for event in EventFile(path).read()[0]]
    assert steps[:whole] == list(range(whole))
    assert steps[-1] == 99
    assert len(steps) <= whole + 2


def test_replaced_shorter_file_is_read_from_its_start(tmp_path: Path) -> None:
    events = EventFile(tmp_path / "events.jsonl")
    events.append({"step": 1})
    assert [event["step"] for event in events.read(10_000)[0]] == [1]


def test_long_files_come_in_pieces_and_endless_lines_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * (9 << 20) + b"\n" + b'{"step": 7}\n')
    reader, offset, found, rounds = EventFile(path), -1, [], 0
    position = 0
    while position != offset:
        offset = position
        events, position = reader.read(offset)
        found += events
        rounds += 1
    assert [event["step"] for event in found] == [7]
    assert rounds <= 4


def test_deeply_nested_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"[" * 100_000 + b"\n[1]\n" + b'{"step": 7}\n')
    assert [event["step"] for event in EventFile(path).read()[0]] == [7]


def test_writers_in_several_processes_do_not_tear_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    code = (
        "import sys\nfrom pathlib import Path\nfrom SemiSegEmbedLib.jobs.events import EventFile\n"
        "events = EventFile(Path(sys.argv[1]))\n"
        "for step in range(300): events.append({'step': step, 'text': 'x' * 500})\n"
    )
    root = Path(__file__).resolve().parents[2]
    children = [subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=root) for _ in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    steps = [event["step"] for event in EventFile(path).read()[0]]
    assert sorted(steps) == sorted(3 * list(range(300)))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_full_disk_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.symlink_to("/dev/full")
    with pytest.raises(SemiSegEmbedError, match="because the disk is full"):
        EventFile(path).append({"step": 1})
