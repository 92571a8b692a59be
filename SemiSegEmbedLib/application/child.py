"""Asking the terminal door: short child processes for what Slicer's own process must not import."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.lending import LEND_S
from SemiSegEmbedLib.application.sentences import localised_progress
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.locate import worker_command
from SemiSegEmbedLib.jobs.process import kill_tree
from SemiSegEmbedLib.jobs.reasons import PREFIX
from SemiSegEmbedLib.study.files import explain

_NO_WINDOW = 0x08000000
_PROGRESS = re.compile(r"\s\d{1,3}%(\s|$)")
"""In a line of progress; other lines repeat what the result says."""
GLANCE_S = 0.001
"""Enough for a reader to take what lies in its pipe."""


class Child:
    """One run of `python -m SemiSegEmbedLib <arguments> --json`, watched by `poll` on the main thread.

    Args:
        arguments: What the terminal door gets, without `--json`.
        done: Called by `poll` with the parsed result; exit code 2 of `study check` means that there are findings,
            so a result counts whatever the code.
        failed: Called by `poll` with one sentence.
        progress: Called by `poll` with each new line of progress, in the language of the user.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self._done = done
        self._failed = failed
        self._progress = progress
        self._output = ""
        self._lines: list[str] = []
        self._shown = 0
        self._over = False
        command, environment = worker_command([*arguments, "--json"])
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"},
            text=True,
            encoding="utf-8",
            errors="replace",
            creationflags=_NO_WINDOW if sys.platform == "win32" else 0,
            start_new_session=sys.platform != "win32",
        )
        self._readers = [threading.Thread(target=target, daemon=True) for target in (self._read, self._read_lines)]
        for reader in self._readers:
            reader.start()

    @property
    def running(self) -> bool:
        """Whether it has not been delivered yet."""
        return not self._over

    def poll(self) -> None:
        """Deliver progress and the result."""
        if self._over:
            return
        over = self._process.poll() is not None
        for reader in self._readers:
            # The readers are Python threads: see `lending`.
            reader.join(LEND_S if over else GLANCE_S)
        ended = over and not any(reader.is_alive() for reader in self._readers)
        if self._progress is not None and self._shown < len(self._lines):
            lines = [line for line in self._lines[self._shown :] if _PROGRESS.search(line)]
            self._shown = len(self._lines)
            if lines:
                self._progress(localised_progress(lines[-1]))
        if ended:
            self._over = True
            self._deliver()

    def cancel(self) -> None:
        """End it with everything it started; nothing is delivered any more."""
        self._over = True
        if self._process.poll() is None:
            kill_tree(self._process.pid)

    @property
    def log(self) -> str:
        """What it wrote on standard error until now."""
        return "\n".join(self._lines)

    def _read(self) -> None:
        self._output = self._process.stdout.read() if self._process.stdout else ""

    def _read_lines(self) -> None:
        for line in self._process.stderr or ():
            if line.strip():
                self._lines.append(line.strip())

    def _deliver(self) -> None:
        try:
            result = json.loads(self._output)
        except ValueError:
            self._failed(explain_failure(self._lines, self._process.returncode))
        else:
            self._done(result)


class Errand:
    """What a presenter keeps: at most one child process at a time, which may not even be startable."""

    def __init__(self) -> None:
        self._child: Child | None = None

    @property
    def running(self) -> bool:
        """Whether a child is at work or not delivered yet."""
        return self._child is not None and self._child.running

    @property
    def log(self) -> str:
        """What the newest child wrote on standard error until now."""
        return "" if self._child is None else self._child.log

    def start(
        self,
        arguments: Sequence[str],
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        progress: Callable[[str], None] | None = None,
    ) -> bool:
        """Start a child unless one is at work; see `Child`.

        Returns:
            Whether one was started. If the program could not be started, `failed` is called at once.
        """
        if self.running:
            return False
        self._child = None
        try:
            self._child = Child(arguments, done, failed, progress)
        except SemiSegEmbedError as error:
            failed(str(error))
        except OSError as error:
            failed(str(explain(error, _("A process of Python could not be started"))))
        else:
            return True
        return False

    def poll(self) -> None:
        """Deliver what there is; called by a timer."""
        if self._child is not None:
            self._child.poll()

    def cancel(self) -> bool:
        """End the child with everything it started; tells whether there was one."""
        running = self.running
        if self._child is not None:
            self._child.cancel()
        return running


def explain_failure(lines: Sequence[str], code: int) -> str:
    """One sentence on why a child failed.

    Args:
        lines: What it wrote on standard error.
        code: Its exit code.
    """
    for line in reversed(lines):
        if line.startswith(PREFIX):
            return line.removeprefix(PREFIX)
    missing = next((line for line in reversed(lines) if line.startswith("ModuleNotFoundError")), None)
    if missing is not None:
        package = missing.rpartition("'")[0].rpartition("'")[2]
        if package.partition(".")[0] == __name__.partition(".")[0]:
            return _("A part of SemiSegEmbed is missing: install the extension again.")
        text = _("The Python package {package} is not installed yet: press Install in the Train section.")
        return text.format(package=package)
    if code < 0 or code == 137:
        return _("The process was killed, perhaps because memory ran out: close other programs and try again.")
    # What it said last may name paths, and so patients.
    return _("The process ended unexpectedly with code {code}: try again.").format(code=code)
