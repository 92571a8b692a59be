"""The short form of every topic, and that the page shows what the last full campaign found."""

from __future__ import annotations

import json

import campaign
import pytest
from trials.page import TITLES, render
from trials.rows import Row, judged, sentence_faults


@pytest.mark.parametrize("topic", campaign.TOPICS)
def test_nothing_is_lost_in_the_short_form(topic: str) -> None:
    rows = campaign.run_topic(topic, short=True)
    assert rows
    assert [row for row in rows if not row.good] == []


def test_the_page_shows_the_results() -> None:
    results = json.loads(campaign.RESULTS.read_text(encoding="utf-8"))
    assert list(results) == list(campaign.TOPICS) == list(TITLES)
    assert campaign.PAGE.read_text(encoding="utf-8") == render(results)
    assert [row for topic in results.values() for row in topic["rows"] if not row["good"]] == []


def test_every_mutant_that_survived_was_looked_at() -> None:
    assert "not explained" not in campaign.PAGE.read_text(encoding="utf-8")


def test_the_full_campaign_was_as_long_as_it_says() -> None:
    results = json.loads(campaign.RESULTS.read_text(encoding="utf-8"))
    kills = {row["tried"]: row["times"] for row in results["killing"]["rows"]}
    assert kills["Kill -9 of a process that writes everything in a loop"] >= 200
    assert results["fuzzing"]["rows"][-1]["times"] >= 500


def test_a_sentence_is_told_from_what_is_none() -> None:
    assert sentence_faults("The disk is full: free some space and try again.") == []
    for text in (
        "No",
        "Traceback (most recent call last): x.",
        "One thing. Another thing.",
        "x " * 400 + ".",
        "a/b\n.",
    ):
        assert sentence_faults(text) != []
    assert sentence_faults("The file /home/x/y.nii is damaged: copy it.", ["/home/x"]) != []


def test_a_row_with_faults_is_not_good() -> None:
    assert judged("a", [], 3, "b") == Row("a", 3, "b")
    bad = judged("a", ["x", "x", "y"], 3, "b")
    assert not bad.good
    assert bad.lost == "3 faults: x (2 times); y"
