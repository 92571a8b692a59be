"""Has cases prepared for display in a child process: the one that was asked for, then those likely to come next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.display_arrays import missing_entries
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.display import is_slow_to_read
from SemiSegEmbedLib.study.records import Case
from SemiSegEmbedLib.study.study import Study


class Preparation:
    """One child process at a time; what it has finished is kept when it is ended."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._errand = Errand()
        self._tried: set[tuple[str, ...]] = set()
        self._later: list[str] = []
        self._asked = ""

    def helps(self, study: Study, case: Case) -> bool:
        """Whether preparing makes a difference: the CT is slow to read, and it was not tried in vain."""
        try:
            missing = missing_entries(study, case)
            return bool(missing) and missing not in self._tried and is_slow_to_read(study.image_path(case))
        except SemiSegEmbedError:
            return False

    def prepare(self, key: str, ready: Callable[[str], None]) -> None:
        """Prepare one case at once.

        Args:
            key: The case.
            ready: Called with a sentence when it failed, else with an empty text; not called for a case that was
                asked for before another one.
        """
        if self._asked == key and self._errand.running:
            return
        self._asked = key
        self._start([key], lambda outcomes: ready(outcomes[0]["error"]), ready)

    def warm(self, keys: Sequence[str]) -> None:
        """Prepare cases when there is nothing more urgent to do."""
        self._later = list(keys)

    def tick(self) -> None:
        """Deliver what the child has to say, and give it the next cases; called by a timer."""
        self._errand.poll()
        study = self._session.study
        if study is None or self._errand.running or not self._later:
            return
        known = {case.key: case for case in study.cases}
        keys = [key for key in self._later if key in known and self.helps(study, known[key])]
        self._later = []
        if keys:
            self._start(keys, lambda _outcomes: None, lambda _sentence: None)

    def cancel(self) -> None:
        """End the child process."""
        self._later, self._asked = [], ""
        self._errand.cancel()

    def _start(self, keys: list[str], done: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        study = self._session.study
        if study is None:
            return
        self._errand.cancel()
        self._tried |= {missing_entries(study, study.case(key)) for key in keys}

        def delivered(outcomes: Any) -> None:
            self._asked = ""
            done(outcomes)

        def broken(sentence: str) -> None:
            self._asked = ""
            failed(sentence)

        self._errand.start(["study", "display", str(study.folder), *keys], delivered, broken)
