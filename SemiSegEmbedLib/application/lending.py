"""Lends the interpreter to Python threads: the event loop of Slicer keeps it, even while it waits for the user.

CTK and Slicer never turn on the thread support of PythonQt (`PythonQt::setEnableThreadSupport`), so the main thread
holds the interpreter whenever no Python code runs in it. A thread gives it away with each read, write and array
operation and would get it back only when the next timer calls Python: five times a second.
"""

from __future__ import annotations

import threading

THREAD_NAME = "SemiSegEmbed background"
"""Of all threads that `lend` waits for."""
LEND_S = 0.025
"""Short enough to go unnoticed."""
LEND_EVERY_MS = 5


def working() -> list[threading.Thread]:
    """The threads of the module that are at work."""
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def lend(seconds: float = LEND_S) -> bool:
    """Let threads work for a moment, or until the first of them is done.

    Returns:
        Whether there is one that goes on.
    """
    threads = working()
    if threads:
        threads[0].join(seconds)
    return any(thread.is_alive() for thread in threads)
