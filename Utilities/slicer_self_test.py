"""Runs the module's self-test in a real Slicer: `python3 Utilities/slicer_self_test.py SLICER MODULE_FOLDER`.

With --main-window it runs in a Slicer with its window and views, else without. Needs nothing but Python. On Linux
without a display it runs under Xvfb. Ends with the exit code of Slicer: 0 passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAME = "SemiSegEmbed"
PATIENCE_S = 1200
MAIN_WINDOW = "--main-window"


def command(slicer: Path, folder: Path, main_window: bool = False) -> list[str]:
    """How Slicer is started, as Slicer's own `slicer_add_python_unittest` does it.

    Args:
        slicer: The launcher, for example `Slicer-5.12.3-linux-amd64/Slicer`.
        folder: The folder with SemiSegEmbed.py, in the source tree or in an installed extension.
        main_window: With Slicer's window and views.
    """
    code = f"import slicer.testing; slicer.testing.runUnitTest([{str(folder)!r}], {NAME!r})"
    options = ["--testing", "--no-splash", "--disable-settings", "--disable-cli-modules"]
    options += [] if main_window else ["--no-main-window"]
    display = ["xvfb-run", "--auto-servernum"] if needs_display() else []
    return [*display, str(slicer), *options, "--additional-module-paths", str(folder), "--python-code", code]


def needs_display() -> bool:
    """Whether this is a Linux without a display, where Xvfb is installed."""
    return sys.platform == "linux" and "DISPLAY" not in os.environ and shutil.which("xvfb-run") is not None


def main(arguments: list[str]) -> int:
    main_window = MAIN_WINDOW in arguments
    arguments = [argument for argument in arguments if argument != MAIN_WINDOW]
    if len(arguments) != 2:
        print(__doc__)
        return 2
    slicer, folder = (Path(argument).resolve() for argument in arguments)
    for path in (slicer, folder / f"{NAME}.py"):
        if not path.is_file():
            print(f"There is no file {path.name}: name Slicer's launcher and the folder of {NAME}.py.")
            return 2
    return subprocess.run(command(slicer, folder, main_window), timeout=PATIENCE_S).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
