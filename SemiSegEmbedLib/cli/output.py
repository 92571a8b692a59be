"""What the terminal door prints: a progress bar on a terminal, plain lines elsewhere, JSON when asked."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


class Console:
    """Prints for a person on stderr and stdout, or one JSON document on stdout.

    Args:
        as_json: Print nothing but `result` on stdout, as JSON.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._bar: tqdm | None = None
        self._task = ""
        self._last_line = 0.0

    def line(self, text: str = "") -> None:
        """One line for a person."""
        self._close_bar()
        print(text, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows in columns as wide as they must be."""
        cells = [list(header), *[["" if cell is None else str(cell) for cell in row] for row in rows]]
        widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
        for row in cells:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    def result(self, value: Any) -> None:
        """The machine-readable result; printed with --json alone."""
        if self.as_json:
            self._close_bar()
            print(json.dumps(value, ensure_ascii=True, indent=2), flush=True)

    def progress(self, task: str, fraction: float, detail: str = "") -> None:
        """Shows how far `task` has come, `fraction` of 1; cheap enough to be called every step."""
        if sys.stderr.isatty():
            self._show_bar(task, fraction, detail)
        elif task != self._task or fraction >= 1 or time.monotonic() - self._last_line > 5:
            self._last_line = time.monotonic()
            print(f"{task} {fraction:4.0%} {detail}".rstrip(), file=sys.stderr, flush=True)
        self._task = task

    def _show_bar(self, task: str, fraction: float, detail: str) -> None:
        from tqdm import tqdm  # only where a bar is drawn: Slicer's Python has no tqdm until it is installed

        if self._bar is None or task != self._task:
            self._close_bar()
            layout = "{desc} {percentage:3.0f}%|{bar}| {elapsed} < {remaining} {postfix}"
            self._bar = tqdm(total=1.0, desc=task, leave=True, bar_format=layout, file=sys.stderr)
        self._bar.set_postfix_str(detail, refresh=False)
        self._bar.n = min(1.0, fraction)
        self._bar.refresh()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
