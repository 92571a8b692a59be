"""A run folder says where a run stands, passes requests on, and is believed only as far as it agrees with itself."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.jobs.process import process_start
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, RunStatus, newest_run, observed_state, observed_status


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", {"steps": 5, "preset": "quick"}, "first-run")


def write_status(run: RunFolder, **changes: object) -> None:
    status = replace(RunStatus(RunState.RUNNING, os.getpid(), process_start(os.getpid()), socket.gethostname()))
    text = json.dumps({**asdict(status), "heartbeat": time.time(), **changes})
    (run.path / "status.json").write_text(text)


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_new_run_has_its_parts(run: RunFolder) -> None:
    assert run.run_id == "first-run"
    assert run.config == {"steps": 5, "preset": "quick"}
    assert run.checkpoints.is_dir()
    assert run.status().state is RunState.WAITING
    assert observed_state(run.path) is RunState.WAITING
    assert run.events() == ([], 0)
    assert RunFolder(run.path).config == run.config


def test_unnamed_runs_get_different_names(tmp_path: Path) -> None:
    names = {RunFolder.create(tmp_path, {}).run_id for _ in range(5)}
    assert len(names) == 5
    assert sorted(os.listdir(tmp_path)) == sorted(names)


def test_the_newest_run_is_the_same_in_a_copy_of_the_study_whose_files_have_other_times(tmp_path: Path) -> None:
    for name in ("20260202-000000-bbbb", "20260101-000000-aaaa"):  # in the order in which they were copied
        RunFolder.create(tmp_path, {}, name)
    assert newest_run(tmp_path) == tmp_path / "20260202-000000-bbbb"
    first, second = (RunFolder.create(tmp_path, {}).path for _ in range(2))
    if first.name[:15] == second.name[:15]:
        assert newest_run(tmp_path) == second
    named = RunFolder.create(tmp_path, {}, "by-hand").path
    os.utime(named / "config.json", (time.time() + 60, time.time() + 60))
    assert newest_run(tmp_path) == named


def test_taken_and_unusable_names_are_refused(run: RunFolder) -> None:
    with pytest.raises(BadInputError, match="a run 'first-run' already"):
        RunFolder.create(run.path.parent, {}, "first-run")
    for name in ("../x", "a/b", "a b", ".hidden", "x" * 101, "ends."):
        with pytest.raises(BadInputError, match="cannot be a name"):
            RunFolder.create(run.path.parent, {}, name)


def test_damaged_config_is_one_sentence(run: RunFolder) -> None:
    (run.path / "config.json").write_text("[" * 10_000)
    with pytest.raises(BadInputError, match=r"config\.json cannot be used because it is nested too deeply"):
        _ = run.config
    with pytest.raises(BadInputError, match="could not be read"):
        _ = RunFolder(run.path.parent).config


def test_the_split_of_a_run_is_kept_and_a_damaged_one_is_one_sentence(run: RunFolder) -> None:
    assert run.split is None
    parts = {"annotated": ("case-0001",), "unannotated": ("case-0002", "case-0003"), "validation": ()}
    run.write_split(parts)
    assert run.split == {name: list(keys) for name, keys in parts.items()}
    for text in ("{", '{"annotated": [], "unannotated": []}', '{"annotated": 1, "unannotated": [], "validation": []}'):
        (run.path / "split.json").write_text(text)
        with pytest.raises(BadInputError, match=r"^split\.json cannot be used because .*\.$"):
            _ = run.split


def test_status_carries_the_process_and_keeps_its_counts(run: RunFolder) -> None:
    run.write_status(RunState.RUNNING, step=3, total_steps=5)
    run.write_status(RunState.RUNNING)
    status = RunFolder(run.path).status()
    assert (status.pid, status.process_start, status.host) == (
        os.getpid(),
        process_start(os.getpid()),
        socket.gethostname(),
    )
    assert (status.step, status.total_steps) == (3, 5)
    assert abs(status.heartbeat - time.time()) < 5
    assert observed_state(run.path) is RunState.RUNNING


def test_begin_and_end_are_events(run: RunFolder) -> None:
    run.write_status(RunState.RUNNING, step=0, total_steps=2)
    run.write_status(RunState.RUNNING, step=1)
    run.write_status(RunState.FAILED, reason="No memory left: choose smaller patches.")
    events, _ = run.events()
    assert [event["event"] for event in events] == ["begin", "end"]
    assert (events[-1]["state"], events[-1]["reason"], events[-1]["step"]) == (
        "failed",
        "No memory left: choose smaller patches.",
        1,
    )
    assert observed_status(run.path).reason == "No memory left: choose smaller patches."


def test_finished_needs_status_and_last_event(run: RunFolder) -> None:
    write_status(run, state="finished")
    assert observed_state(run.path) is RunState.FAILED
    run.append_event(event="end", state="finished")
    assert observed_state(run.path) is RunState.FINISHED
    run.append_event(step=7)
    observed = observed_status(run.path)
    assert observed.state is RunState.FAILED
    assert observed.reason.endswith("resume it.")


def test_vanished_process_is_lost(run: RunFolder) -> None:
    write_status(run, pid=dead_pid())
    observed = observed_status(run.path)
    assert observed.state is RunState.LOST
    assert "resume it" in observed.reason


def test_reused_process_number_is_not_mistaken_for_the_run(run: RunFolder) -> None:
    write_status(run, process_start="boot:1")
    assert observed_state(run.path) is RunState.LOST


def test_process_that_ended_between_event_and_status_is_believed(run: RunFolder) -> None:
    write_status(run, pid=dead_pid())
    run.append_event(event="end", state="finished", reason="")
    assert observed_state(run.path) is RunState.FINISHED


def test_end_of_an_earlier_attempt_does_not_hide_a_loss(run: RunFolder) -> None:
    run.write_status(RunState.STOPPED)
    run.write_status(RunState.RUNNING)
    write_status(run, pid=dead_pid())
    assert observed_state(run.path) is RunState.LOST


def test_clock_does_not_matter_on_this_computer(run: RunFolder) -> None:
    write_status(run, heartbeat=time.time() - 1e6)
    assert observed_state(run.path) is RunState.RUNNING
    write_status(run, heartbeat=time.time() + 1e6)
    assert observed_state(run.path) is RunState.RUNNING


@pytest.mark.parametrize(("age", "state"), [(0, "running"), (60, "running"), (600, "lost"), (-60, "running")])
def test_heartbeat_decides_for_another_computer(run: RunFolder, age: float, state: str) -> None:
    write_status(run, host="elsewhere", pid=dead_pid(), heartbeat=time.time() - age)
    assert observed_state(run.path).value == state


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"state": "king"}', '{"state": "running", "pid": "1"}', "[" * 90_000, '{"state": "lost", "x": 1'],
)
def test_damaged_status_is_lost_with_a_reason(run: RunFolder, text: str) -> None:
    (run.path / "status.json").write_text(text)
    observed = observed_status(run.path)
    assert observed.state is RunState.LOST
    assert "status.json is damaged" in observed.reason


def test_status_is_whole_whenever_it_is_read(run: RunFolder) -> None:
    run.write_status(RunState.RUNNING)
    seen, done = [], threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.append(RunFolder(run.path).status().state)

    watcher = threading.Thread(target=watch)
    watcher.start()
    for step in range(150):
        run.write_status(RunState.RUNNING, step=step)
    done.set()
    watcher.join()
    assert set(seen) == {RunState.RUNNING}


def test_only_one_process_works_on_a_run(run: RunFolder) -> None:
    with run.work_lock(), pytest.raises(SemiSegEmbedError, match=r"The run first-run is in use by another program"):
        RunFolder(run.path).work_lock().acquire()
    with run.work_lock():
        pass


def test_stop_can_be_asked_and_taken_back(run: RunFolder) -> None:
    assert not run.stop_requested()
    RunFolder(run.path).request_stop()
    run.request_stop()
    assert run.stop_requested()
    run.clear_stop()
    run.clear_stop()
    assert not run.stop_requested()


def test_requests_are_answered_once_in_order(run: RunFolder) -> None:
    viewer = RunFolder(run.path)
    first, second = viewer.ask("preview", case="case-0003"), viewer.ask("checkpoint")
    assert viewer.read_answer(first) is None
    pending = run.pending_requests()
    assert [(request["id"], request["kind"]) for request in pending] == [(first, "preview"), (second, "checkpoint")]
    assert pending[0]["case"] == "case-0003"
    run.answer(first, path="preview.npy", ok=True)
    assert [request["id"] for request in run.pending_requests()] == [second]
    assert viewer.read_answer(first) == {"id": first, "path": "preview.npy", "ok": True}


def test_old_answers_are_cleared_away(run: RunFolder) -> None:
    ids = [run.ask("preview") for _ in range(60)]
    for request_id in ids:
        run.answer(request_id)
    assert len(os.listdir(run.path / "requests")) == 100
    assert run.read_answer(ids[0]) is None
    assert run.read_answer(ids[-1]) is not None
    assert run.pending_requests() == []


def test_an_old_preview_that_cannot_be_deleted_keeps_its_answer_and_nobody_from_answering(run: RunFolder) -> None:
    ids = [run.ask("preview") for _ in range(52)]
    held = run.path / "requests" / f"{ids[0]}.nii.gz"
    held.mkdir()  # cannot be unlinked, as a file that is open on Windows
    for request_id in ids:
        run.answer(request_id)
    assert run.pending_requests() == [], "no question is answered twice"
    assert run.read_answer(ids[0]) is not None
    assert run.read_answer(ids[1]) is None
    held.rmdir()
    run.answer(run.ask("preview"))
    assert run.read_answer(ids[0]) is None


def test_hostile_requests_are_left_alone(run: RunFolder) -> None:
    folder = run.path / "requests"
    (folder / "evil.json").write_text('{"kind": "preview"}')
    (folder / f"{1:020d}-aaaaaaaa.json").write_text("[" * 100_000)
    (folder / f"{2:020d}-aaaaaaaa.json").write_text("[1]")
    (folder / f"{3:020d}-aaaaaaaa.json").write_text('{"kind": 5}')
    (folder / f"{4:020d}-aaaaaaaa.json").write_bytes(b'{"kind": "x", "y": "' + b"a" * (2 << 20) + b'"}')
    assert run.pending_requests() == []
    for bad in ("../status", "", "x"):
        with pytest.raises(BadInputError):
            run.read_answer(bad)
        with pytest.raises(BadInputError):
            run.answer(bad)
