"""Threads and child processes beside the main thread deliver one result or one sentence."""

from __future__ import annotations

import threading
import time

import pytest

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.child import Child, Errand, explain_failure
from SemiSegEmbedLib.errors import BadInputError


def wait(condition, poll, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing was delivered"
        poll()
        time.sleep(0.01)


def test_results_are_delivered_by_poll_in_the_order_of_the_work() -> None:
    background, seen = Background(), []
    background.start(lambda: time.sleep(0.05) or "first", seen.append, pytest.fail)
    background.start(lambda: "second", seen.append, pytest.fail)
    assert seen == []
    wait(lambda: len(seen) == 2, background.poll)
    assert seen == ["first", "second"]
    assert not background.busy


def test_an_error_of_ours_is_delivered_as_its_sentence() -> None:
    background, seen = Background(), []

    def work() -> None:
        raise BadInputError("The disk is full.")

    background.start(work, pytest.fail, seen.append)
    background.finish()
    assert seen == ["The disk is full."]


def test_an_unexpected_error_is_a_sentence_too(caplog: pytest.LogCaptureFixture) -> None:
    background, seen = Background(), []
    background.start(lambda: 1 / 0, pytest.fail, seen.append)
    background.finish()
    assert "ZeroDivisionError" in seen[0]


def test_a_child_delivers_its_json(tmp_path) -> None:
    seen = []
    child = Child(["study", "create", str(tmp_path / "hips")], seen.append, pytest.fail)
    wait(lambda: not child.running, child.poll)
    assert seen[0]["labels"] == ["hip bone left", "hip bone right"]


def test_a_child_that_fails_delivers_its_sentence(tmp_path) -> None:
    seen = []
    child = Child(["study", "list", str(tmp_path)], pytest.fail, seen.append)
    wait(lambda: not child.running, child.poll)
    assert "study" in seen[0]
    assert "Traceback" not in seen[0]


def test_the_log_is_whole_when_a_failure_is_delivered(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that reads it may get no time before the poll that delivers."""
    may_read, read_lines = threading.Event(), Child._read_lines
    monkeypatch.setattr(Child, "_read_lines", lambda child: (may_read.wait(), read_lines(child)))
    errand, seen = Errand(), []
    assert errand.start(["study", "list", str(tmp_path)], pytest.fail, lambda sentence: seen.append(errand.log))
    time.sleep(2.0)  # the child ends, and nothing is read
    wait(lambda: not errand.running, lambda: (may_read.set(), errand.poll()))
    assert "holds no study" in seen[0]


def test_a_cancelled_child_delivers_nothing_and_is_gone(tmp_path) -> None:
    child = Child(["study", "list", str(tmp_path)], pytest.fail, pytest.fail)
    child.cancel()
    child.poll()
    assert not child.running


def test_failures_are_explained() -> None:
    assert explain_failure(["Checking 10%", "semisegembed: The disk is full."], 1) == "The disk is full."
    assert "Install" in explain_failure(["ModuleNotFoundError: No module named 'torch'"], 1)
    broken = explain_failure(["ModuleNotFoundError: No module named 'SemiSegEmbedLib.inference.maps'"], 1)
    assert broken == "A part of SemiSegEmbed is missing: install the extension again."
    assert "memory" in explain_failure([], -9)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["Traceback (most recent call last):", "FileNotFoundError: [Errno 2] No such file: '/home/ward/Mueller^Anna'"],
        ["/usr/bin/python: can't open file '/home/ward/Mueller^Anna/run.py'"],
    ],
)
def test_what_a_broken_child_says_last_is_not_shown(lines: list[str]) -> None:
    sentence = explain_failure(lines, 1)
    assert "code 1" in sentence
    assert "Mueller" not in sentence
    assert sentence.endswith(".")


def test_threads_go_on_while_the_event_loop_keeps_the_interpreter(module) -> None:
    """As in Slicer; without lending each of the steps waits for the next tick of the window."""
    from slicer_host.application import let_events_pass

    seen = []
    module.window.background.start(lambda: [time.sleep(0.001) for _step in range(60)], seen.append, pytest.fail)
    let_events_pass(4.0)
    assert seen
    assert not module.window.lender.active


def test_no_time_is_lent_to_a_thread_that_waits(module) -> None:
    from slicer_host.application import let_events_pass

    seen = []
    module.window.train._stopping.start(lambda: time.sleep(1.0), seen.append, pytest.fail)
    let_events_pass(0.6)
    assert not module.window.lender.active
    module.wait(lambda: seen == [None])
