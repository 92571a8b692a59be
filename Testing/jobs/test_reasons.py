"""Why a run is gone: its last words first, then what else is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from SemiSegEmbedLib.jobs.reasons import last_sentence, lost_reason


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", ""),
        ("--- started ---\nsome output\n", ""),
        ("output\nsemisegembed: The disk is full: free some space.\n", "The disk is full: free some space."),
        ("semisegembed: of the first attempt.\n--- started ---\n", ""),
        ("progress 3 %\rprogress 4 %\rsemisegembed: scan.nii is empty.\n\n", "scan.nii is empty."),
    ],
)
def test_the_last_words_of_a_run_are_its_reason(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "log.txt").write_text(text)
    assert last_sentence(tmp_path / "log.txt") == sentence


def test_a_long_log_is_read_from_its_end_alone(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"\xff" * 3_000_000 + b"\nsemisegembed: x.\n")
    assert last_sentence(tmp_path / "log.txt") == "x."


def test_without_words_the_exit_code_and_the_beginning_decide(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert "was killed, perhaps because memory ran out" in lost_reason(log, began=True, code=-9)
    assert "before it began" in lost_reason(log, began=False, code=1)
    assert "resume it" in lost_reason(log, began=True, code=None)
