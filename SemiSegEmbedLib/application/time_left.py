"""How long something will go on, from how far it has come since it was first looked at; no Qt here."""

from __future__ import annotations

import time
from collections.abc import Callable

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.train_expectation import spoken

LEAST_FRACTION = 0.03
LEAST_SECONDS = 5.0
"""Before that an estimate would be a guess."""


class TimeLeft:
    """Watches one piece of work.

    Args:
        clock: Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: tuple[float, float] | None = None

    def note(self, fraction: float) -> str:
        """How long it will go on, in words; an empty text while that is not known.

        Args:
            fraction: How far it is, 0 to 1.
        """
        now = self._clock()
        if self._begun is None:
            self._begun = (now, fraction)
        begun, first = self._begun
        done = fraction - first
        if done < LEAST_FRACTION or now - begun < LEAST_SECONDS:
            return ""
        seconds = (now - begun) / done * (1 - fraction)
        return _("about {time} left").format(time=spoken(seconds / 3600))
