"""Events of a run add up to curves and numbers, however damaged or repeated they are."""

from __future__ import annotations

import json
from pathlib import Path

from SemiSegEmbedLib.application.run_follower import RunFollower
from SemiSegEmbedLib.application.run_progress import MAXIMUM_POINTS, RunProgress
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, newest_run


def step(number: int, loss: float = 1.0, **more) -> dict:
    return {"event": "step", "step": number, "total_steps": 100, "loss": loss, **more}


def test_steps_give_curve_and_time_left() -> None:
    progress = RunProgress()
    progress.add(step(1, 2.0))
    progress.add(step(2, 1.5, unreliable_fraction=0.4, seconds_left=125))
    assert progress.losses == [(1, 2.0, None), (2, 1.5, 0.4)]
    assert (progress.step, progress.total_steps, progress.seconds_left) == (2, 100, 125)


def test_a_resumed_run_draws_again_what_came_after_its_checkpoint() -> None:
    progress = RunProgress()
    for number in range(1, 6):
        progress.add(step(number, float(number)))
    progress.add({"event": "validation", "step": 5, "iou": 0.5, "hd95": 3.0, "per_class": {}})
    progress.add(step(3, 30.0))
    assert [point[:2] for point in progress.losses] == [(1, 1.0), (2, 2.0), (3, 30.0)]
    assert progress.validations == []


def test_validations_keep_every_class_and_say_when_they_are_optimistic() -> None:
    progress = RunProgress()
    per_class = {"1": {"iou": 0.8, "hd95": 2.0}, "2": {"iou": 0.0, "hd95": None}}
    progress.add(
        {"event": "validation", "step": 10, "iou": 0.4, "hd95": 2.0, "per_class": per_class, "optimistic": True}
    )
    assert progress.validations[0].per_class == per_class
    assert progress.validations[0].optimistic


def test_a_long_run_keeps_a_short_curve_from_its_first_step_on() -> None:
    progress = RunProgress()
    for number in range(1, 3 * MAXIMUM_POINTS):
        progress.add(step(number))
    assert len(progress.losses) <= MAXIMUM_POINTS
    assert progress.losses[0][0] == 1


def test_events_that_make_no_sense_are_ignored() -> None:
    progress = RunProgress()
    for event in ({}, {"event": 3}, {"event": "step", "step": "x"}, {"event": "validation", "per_class": 4}):
        progress.add(event)
    assert progress.losses == []


def test_a_follower_reads_only_what_is_new(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, {})
    follower = RunFollower(run.path)
    run.append_event(**step(1))
    assert follower.poll()
    assert not follower.poll()
    run.append_event(**step(2))
    assert follower.poll()
    assert [point[0] for point in follower.progress.losses] == [1, 2]


def test_a_run_folder_that_vanished_is_a_sentence(tmp_path: Path) -> None:
    import shutil

    run = RunFolder.create(tmp_path, {})
    run.append_event(**step(1))
    follower = RunFollower(run.path)
    follower.poll()
    shutil.rmtree(run.path)
    follower.poll()
    follower.look()
    assert follower.status.state in (RunState.WAITING, RunState.LOST)


def test_the_newest_run_is_found_and_other_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "zzz").mkdir()
    assert newest_run(tmp_path) is None
    run = RunFolder.create(tmp_path, {})
    assert newest_run(tmp_path) == run.path
    assert newest_run(tmp_path / "absent") is None


def write_long_run(folder: Path, count: int = 10_000) -> RunFolder:
    """A run of which so many events, each as long as real ones are, lie there already."""
    run = RunFolder.create(folder, {})
    with open(run.path / "events.jsonl", "w") as stream:
        for number in range(1, count + 1):
            stream.write(json.dumps({"time": 1.0, **step(number), "more": "x" * 300}) + "\n")
    return run


def test_ten_thousand_events_are_read_without_holding_up_the_main_thread(tmp_path: Path) -> None:
    import time

    run = write_long_run(tmp_path)
    follower = RunFollower(run.path)
    longest, polls = 0.0, 0
    while not follower.caught_up:
        begin = time.thread_time()
        follower.poll()
        longest, polls = max(longest, time.thread_time() - begin), polls + 1
    assert follower.progress.step == 10_000
    assert longest < 0.1  # processor time, which other programs do not lengthen
    assert polls < 50


def test_events_of_a_long_run_are_never_read_twice_or_left_out(tmp_path: Path) -> None:
    run = write_long_run(tmp_path, 1_000)
    steps: list[int] = []

    class Counting(RunProgress):
        def add(self, event) -> None:
            steps.append(event["step"])
            super().add(event)

    follower = RunFollower(run.path)
    follower.progress = Counting()
    while not follower.caught_up:
        follower.poll()
    assert steps == list(range(1, 1_001))


def test_a_moved_run_folder_says_where_to_look(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, {})
    follower = RunFollower(run.path)
    run.path.rename(tmp_path / "elsewhere")
    follower.look()
    assert follower.status.state is RunState.LOST
    assert "open the study where it lies now" in follower.status.reason
