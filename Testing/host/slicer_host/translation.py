"""`slicer.i18n` as Slicer documents it: the context of a text is the name of the file that it stands in."""

from __future__ import annotations

import functools
import logging
import re
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QCoreApplication

_PLACEHOLDER = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")


def translate(context: str, text: str) -> str:
    """The text in the language of the application.

    Raises:
        RuntimeError: In a thread: in Slicer this reaches into Qt, which belongs to the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(f"translated in a thread: {text}")
    return QCoreApplication.translate(context, text)


def tr(text: str) -> str:
    """The same with the context of the calling file; a translation with other placeholders is refused."""
    context = context_of(sys._getframe(1).f_code.co_filename)
    translated = translate(context, text)
    if set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(translated)):
        logging.warning("In context '%s' the placeholders of '%s' do not match", context, text)
        return text
    return translated


@functools.cache
def context_of(file: str) -> str:
    """`package.file` for a file beside an `__init__.py`, else `file`."""
    path = Path(file)
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem
