"""Qt's event loop as Slicer runs it: it keeps the interpreter, so Python threads stand still while it works or waits.

PySide6 lets go of the interpreter in its event loops. PythonQt does so only after `PythonQt::setEnableThreadSupport`,
which neither CTK nor Slicer 5.12 calls. So Qt is called here through `ctypes.PyDLL`, which does not let go either.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import PySide6
import shiboken6
from PySide6.QtCore import QEvent, QEventLoop, QTimer

_FLAGS = "17ProcessEventsFlagEE"
_qt = ctypes.PyDLL(str(Path(PySide6.__file__).parent / "Qt" / "lib" / "libQt6Core.so.6"))


def _function(name: str, *arguments: Any) -> Any:
    function = getattr(_qt, name)
    function.argtypes, function.restype = arguments, None
    return function


_process_events = _function(f"_ZN16QCoreApplication13processEventsE6QFlagsIN10QEventLoop{_FLAGS}", ctypes.c_int)
_send_posted_events = _function("_ZN16QCoreApplication16sendPostedEventsEP7QObjecti", ctypes.c_void_p, ctypes.c_int)
_exec = _function(f"_ZN10QEventLoop4execE6QFlagsINS_{_FLAGS}", ctypes.c_void_p, ctypes.c_int)


def process_events() -> None:
    """`QCoreApplication::processEvents`: what is due now."""
    _process_events(0)


def delete_later() -> None:
    """Carry out deferred deletions, as an event loop does when it is left."""
    _send_posted_events(None, QEvent.Type.DeferredDelete.value)


def run(seconds: float) -> None:
    """What is due now, and then `QEventLoop::exec` for a while: Python runs in slots alone."""
    process_events()
    if seconds > 0:
        loop, timer = QEventLoop(), QTimer()
        timer.timeout.connect(loop.quit)
        timer.start(round(1000 * seconds))
        _exec(shiboken6.getCppPointer(loop)[0], 0)
