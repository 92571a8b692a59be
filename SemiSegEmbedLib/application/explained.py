"""Buttons that say why they cannot be pressed."""

from __future__ import annotations

from typing import Any


class Explained:
    """A button whose tool tip is the reason while it is disabled.

    Args:
        button: A button with its usual tool tip.
    """

    def __init__(self, button: Any) -> None:
        self._button = button
        self._tip = button.toolTip

    def allow(self, reason: str = "") -> None:
        """Enable the button, or disable it for a reason."""
        self._button.enabled = not reason
        self._button.toolTip = reason or self._tip
