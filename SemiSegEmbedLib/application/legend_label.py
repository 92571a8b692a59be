"""The legend of an overlay as a line of coloured squares and words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from SemiSegEmbedLib.application.overlays import Entry


def show_legend(label: Any, entries: Sequence[Entry]) -> None:
    """Put a legend into a QLabel; without entries it is hidden.

    Args:
        label: A QLabel that shows rich text.
        entries: Colours and what they mean.
    """
    squares = [f'<span style="color:rgb{entry.color}">■</span>&nbsp;{html.escape(entry.meaning)}' for entry in entries]
    label.text = " &nbsp; ".join(squares)
    label.visible = bool(entries)
