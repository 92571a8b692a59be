"""Questions and messages to the user, on Qt and Slicer's own dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.guide_view import reserve_lines, scroll_to
from SemiSegEmbedLib.application.interaction import SCAN_FILES
from SemiSegEmbedLib.application.sentences import localised

STATUS_BAR_MS = 15_000


class SlicerDialogs:
    """Asks with Slicer's dialogs; begins where the user was last."""

    def __init__(self) -> None:
        self._folder = ""

    def ask_folder(self, title: str) -> Path | None:
        """A folder, or None."""
        chosen = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), title, self._folder)
        return self._remember(Path(chosen)) if chosen else None

    def ask_files(self, title: str, endings: Sequence[str] = SCAN_FILES) -> list[Path]:
        """Files, possibly none; those with one of the endings are offered first."""
        patterns = " ".join(f"*.{ending}" for ending in endings)
        kinds = f"{title} ({patterns});;" + _("All files") + " (*)"
        chosen = qt.QFileDialog.getOpenFileNames(slicer.util.mainWindow(), title, self._folder, kinds)
        files = [Path(path) for path in chosen]
        if files:
            self._remember(files[0])
        return files

    def confirm(self, question: str) -> bool:
        """Whether the user agrees."""
        return bool(slicer.util.confirmOkCancelDisplay(question, windowTitle="SemiSegEmbed"))

    def _remember(self, path: Path) -> Path:
        self._folder = str(path.parent)
        return path


class MessageStrip:
    """A line or two at the top of the module instead of pop-ups.

    Whoever has scrolled down reads it in Slicer's status bar; a warning also scrolls up to its label.

    Args:
        label: The QLabel that shows it.
    """

    def __init__(self, label: Any) -> None:
        self._label = label
        reserve_lines(label, 2)

    def tell(self, sentence: str) -> None:
        """Something was done."""
        self._show(localised(sentence), "")

    def warn(self, sentence: str) -> None:
        """Something is wrong and can be acted on."""
        # Bold and a sign, not a colour: readable in every theme and by everybody.
        self._show("⚠ " + localised(sentence), "font-weight: bold")
        scroll_to(self._label)

    def _show(self, text: str, style: str) -> None:
        self._label.text = text
        self._label.styleSheet = style
        slicer.util.showStatusMessage(text, STATUS_BAR_MS)
