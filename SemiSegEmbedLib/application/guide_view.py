"""The line at the top on its widgets: where the work stands, and a button to what comes next."""

from __future__ import annotations

from typing import Any

import qt

from SemiSegEmbedLib.application.guide import Step
from SemiSegEmbedLib.application.signal import Signal


class GuideStrip:
    """Shows one step.

    Args:
        label: The QLabel that says where the work stands.
        button: The QPushButton that leads to what comes next.
    """

    def __init__(self, label: Any, button: Any) -> None:
        self._label = label
        self._button = button
        self.step: Step | None = None
        self.clicked = Signal()
        reserve_lines(label, 2)
        button.clicked.connect(lambda *_args: self.clicked.emit())

    def show(self, step: Step) -> None:
        """Say where the work stands and what comes next."""
        self.step = step
        self._label.text = step.where
        self._button.text = step.next.replace("&", "&&")


def reserve_lines(label: Any, count: int) -> None:
    """Keep room for so many lines, so that what lies below stays where it is when a text gets longer."""
    label.minimumHeight = count * label.fontMetrics().lineSpacing() + 2


def reveal(widget: Any) -> None:
    """Give a control the keyboard, and bring it into sight."""
    widget.setFocus()
    scroll_to(widget)


def scroll_to(widget: Any) -> None:
    """Bring a widget into sight if the panel was scrolled away from it, once sections have unfolded."""
    area = widget.parent()
    while area is not None and not area.inherits("QScrollArea"):
        area = area.parent()
    if area is not None:
        qt.QTimer.singleShot(0, lambda: area.ensureWidgetVisible(widget))
