"""How to start the library as a process of its own, from plain Python and from inside Slicer."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from SemiSegEmbedLib.errors import SemiSegEmbedError

_PACKAGE = __name__.partition(".")[0]


def interpreter() -> str:
    """The Python to run workers with: PythonSlicer inside Slicer, else the running one.

    Raises:
        SemiSegEmbedError: Inside Slicer when its PythonSlicer is missing.
    """
    inside_slicer = "slicer" in sys.modules
    found = shutil.which("PythonSlicer") if inside_slicer else None
    if found is not None:
        return found
    if Path(sys.executable).stem.lower().startswith(("python", "pypy")):
        return sys.executable
    raise SemiSegEmbedError("PythonSlicer was not found beside Slicer: install Slicer again.")


def worker_command(
    arguments: Sequence[str], environment: dict[str, str] | None = None
) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that run `python -m SemiSegEmbedLib <arguments>`.

    Args:
        arguments: What the terminal door gets ("train", "--run", ...).
        environment: Where to start from; None: the environment of this process, which is left alone.

    Returns:
        The command, and an environment in which the folder of this library comes first on PYTHONPATH, and the
        folder in which the process starts, a run from elsewhere perhaps, is none to import from.
    """
    variables = dict(os.environ if environment is None else environment)
    parent = str(Path(__file__).resolve().parents[2])
    rest = [entry for entry in variables.get("PYTHONPATH", "").split(os.pathsep) if entry and entry != parent]
    variables["PYTHONPATH"] = os.pathsep.join([parent, *rest])
    variables["PYTHONSAFEPATH"] = "1"
    return [interpreter(), "-m", _PACKAGE, *arguments], variables
