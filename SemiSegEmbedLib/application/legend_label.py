"""The legend of an overlay as a line of coloured squares and words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from SemiSegEmbedLib.application.overlays import Entry


def show_legend(label: Any, entries: Sequence[Entry]) -> None:
    """Put a legend into a QLabel; without entries it is hidden.

    The squares lie on black, as the overlays do on a CT: yellow cannot be seen on a light window, dark red not on a
    dark one.

    Args:
        label: A QLabel that shows rich text.
        entries: Colours and what they mean.
    """
    squares = [
        f'<span style="background-color:black; color:rgb{entry.color}">&nbsp;■&nbsp;</span>'
        f"&nbsp;{html.escape(entry.meaning)}"
        for entry in entries
    ]
    label.text = " &nbsp; ".join(squares)
    label.visible = bool(entries)
