"""The scans that are to be segmented, and what has become of each; plain data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from SemiSegEmbedLib.study.records import Label

_PERCENT = re.compile(r"(\d+)%")


def percent_in(line: str) -> int | None:
    """How far a line of progress says that something is, in percent; None where it does not say."""
    found = _PERCENT.findall(line)
    return min(100, int(found[-1])) if found else None


class ScanState(Enum):
    """What has become of one scan."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Scan:
    """One line of the table.

    Attributes:
        path: The CT.
        name: What it is called.
        volume_id: Its node in the scene where it was loaded already, else empty.
        state: What has become of it.
        percent: How far it is.
        problem: One sentence on why it failed.
        label: The result.
        labels: What the values of the result mean.
        fresh: Finished or failed since Start was pressed.
    """

    path: Path
    name: str
    volume_id: str = ""
    state: ScanState = ScanState.WAITING
    percent: int = 0
    problem: str = ""
    label: Path | None = None
    labels: tuple[Label, ...] = ()
    fresh: bool = False

    def note_progress(self, line: str) -> None:
        """Take in one line of the terminal door ("Segmenting (1 of 1) 45%")."""
        percent = percent_in(line)
        if percent is not None:
            self.percent = percent

    def finish(self, label: Path, labels: tuple[Label, ...]) -> None:
        """It has a result."""
        self.state, self.percent, self.label, self.labels, self.fresh = ScanState.DONE, 100, label, labels, True

    def fail(self, sentence: str) -> None:
        """It has none, and why."""
        self.state, self.percent, self.problem, self.fresh = ScanState.FAILED, 0, sentence, True


class ScanList:
    """All scans, in the order in which they were added."""

    def __init__(self) -> None:
        self._scans: list[Scan] = []

    def __getitem__(self, index: int) -> Scan:
        return self._scans[index]

    def __iter__(self) -> Iterator[Scan]:
        return iter(self._scans)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._scans)

    @property
    def percent(self) -> int:
        """How far all of them are together; one that failed is over too."""
        over = (100 if scan.state is ScanState.FAILED else scan.percent for scan in self._scans)
        return sum(over) // max(1, self.count)

    def add(self, scans: Sequence[Scan]) -> None:
        """Append scans; one that is there already is left out."""
        for scan in scans:
            if all(other.path != scan.path for other in self._scans):
                self._scans.append(scan)

    def clear(self) -> None:
        """Forget all scans but the one at work."""
        self._scans = [scan for scan in self._scans if scan.state is ScanState.RUNNING]

    def begin(self) -> None:
        """Start was pressed: failed scans wait again."""
        for scan in self._scans:
            scan.fresh = False
            if scan.state is ScanState.FAILED:
                scan.state, scan.problem = ScanState.WAITING, ""

    def next(self) -> Scan | None:
        """The next scan that waits."""
        return next((scan for scan in self._scans if scan.state is ScanState.WAITING), None)

    def interrupt(self) -> None:
        """The scan at work was cancelled: it waits again."""
        for scan in self._scans:
            if scan.state is ScanState.RUNNING:
                scan.state, scan.percent = ScanState.WAITING, 0

    def finished(self) -> tuple[list[int], int]:
        """Since Start was pressed: indices of the scans that are done, and how many failed."""
        fresh = [index for index, scan in enumerate(self._scans) if scan.fresh]
        done = [index for index in fresh if self._scans[index].state is ScanState.DONE]
        return done, len(fresh) - len(done)
