"""The one-key shortcuts of the Segment Editor, kept from the keys that press the buttons of the module."""

from __future__ import annotations

from typing import Any

import qt
import slicer


class EditorShortcuts:
    """Installs the shortcuts while the module is in view, but not while one of its own controls has the keyboard.

    Slicer hangs them on the main window. The space bar, which presses the button with the keyboard, would then pick
    up a drawing tool instead.

    Args:
        editor: The Segment Editor.
        window: The module's top widget.
    """

    def __init__(self, editor: Any, window: Any) -> None:
        self._editor = editor
        self._window = window
        self._listening = False
        self._installed = False

    def start(self) -> None:
        """The module comes into view."""
        if not self._listening:
            self._listening = True
            slicer.app.focusChanged.connect(self._focus_moved)
        self._install(self._are_safe(qt.QApplication.focusWidget()))

    def stop(self) -> None:
        """The module is left or goes."""
        if self._listening:
            self._listening = False
            slicer.app.focusChanged.disconnect(self._focus_moved)
        self._install(False)

    def _focus_moved(self, _old: Any, now: Any) -> None:
        self._install(self._are_safe(now))

    def _are_safe(self, focus: Any) -> bool:
        """Whether no key of the widget with the keyboard would be lost."""
        return focus is None or not self._window.isAncestorOf(focus) or self._editor.isAncestorOf(focus)

    def _install(self, on: bool) -> None:
        if on == self._installed:
            return
        self._installed = on
        if on:
            self._editor.installKeyboardShortcuts()
        else:
            self._editor.uninstallKeyboardShortcuts()
