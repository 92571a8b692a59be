"""Time left: nothing before there is something to go by, then what the pace so far promises."""

from __future__ import annotations

import pytest

pytest.importorskip("slicer")

from SemiSegEmbedLib.application.time_left import TimeLeft


def test_the_pace_since_the_first_look_tells_the_time_left() -> None:
    now = [100.0]
    left = TimeLeft(lambda: now[0])
    assert left.note(0.5) == ""  # half of the list was done before
    now[0] += 1
    assert left.note(0.6) == ""
    now[0] += 119
    assert left.note(0.6) == "about 8 minutes left"  # a tenth takes two minutes
    now[0] += 480
    assert left.note(1.0) == "about one minute left"


def test_work_that_does_not_move_has_no_time_left() -> None:
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    left.note(0.2)
    now[0] += 600
    assert left.note(0.2) == ""
