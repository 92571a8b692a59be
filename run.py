#!/usr/bin/env python3
"""Sets up this checkout and runs it: `python3 run.py demo`, `python3 run.py test` or `python3 run.py package`.

Needs Python 3.11 or newer and nothing else. Everything that it installs goes into the folder `.venv` of the
checkout; delete that folder to be rid of it. What follows the command is handed on, for example
`python3 run.py demo --quick` or `python3 run.py test Testing/study`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
NEWEST_TORCH = "2.13.0"
"""Newest version that the project was tried with."""
TORCH = f"torch>=2.4,!=2.9.*,<={NEWEST_TORCH}"
"""2.9 is several times slower in 3D convolutions."""

USAGE = """usage: python3 run.py demo [--quick] [--output FOLDER]  phantom hips: train, segment, write demo/report.html
       python3 run.py test [pytest arguments]            check the code and run the tests
       python3 run.py package [--output FOLDER]          pack the extension for Slicer's "Install from file"
       python3 run.py COMMAND ...                        any command of `python -m SemiSegEmbedLib` (try: --help)"""


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older Python
        print(f"run.py needs Python 3.11 or newer, not {sys.version.split()[0]}: start it with a newer Python.")
        return 2
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if arguments else 2
    command, *rest = arguments
    if command == "package":
        return subprocess.call([sys.executable, str(ROOT / "Utilities" / "package_extension.py"), *rest])
    if not set_up(development=command == "test"):
        return 1
    return run_tests(rest) if command == "test" else run_library([command, *rest])


def run_library(arguments: list[str]) -> int:
    return subprocess.call([str(python()), "-m", "SemiSegEmbedLib", *arguments], env=child_environment())


def run_tests(arguments: list[str]) -> int:
    # One computing thread a worker: two workers on two cores would otherwise get in each other's way.
    environment = child_environment() | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    for check in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy", "SemiSegEmbedLib"]):
        if code := subprocess.call([str(python()), "-m", *check], cwd=ROOT, env=environment):
            return code
    return subprocess.call([str(python()), "-m", "pytest", "-n", "auto", *arguments], cwd=ROOT, env=environment)


def child_environment() -> dict[str, str]:
    """The environment of a child: this checkout's library first, whatever the current folder is, and UTF-8."""
    return dict(os.environ) | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def set_up(*, development: bool) -> bool:
    """Creates `.venv` and installs what is missing; does nothing when pyproject.toml has not changed since."""
    stamp = VENV / f"set-up-{'development' if development else 'use'}.txt"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + TORCH.encode()).hexdigest()
    if python().exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return True
    print(f"Setting up {VENV.name}/ (once; downloads a few hundred megabytes) ...", flush=True)
    if not python().exists():
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    target = f"{ROOT}[dev]" if development else str(ROOT)
    if not (install_torch() and pip("install", "--quiet", "--editable", target, TORCH)):
        print("Setting up failed: check the network connection and the disk space, then run the same command again.")
        return False
    stamp.write_text(wanted, encoding="ascii")
    return True


def install_torch() -> bool:
    """Installs the build of torch that fits: for the GPU where there is one, else the much smaller CPU build."""
    if has_torch():
        return True
    print("Installing PyTorch ...", flush=True)
    if sys.platform == "darwin" or (sys.platform == "linux" and shutil.which("nvidia-smi")):
        return pip("install", "--quiet", TORCH)  # the ordinary package is the right build there
    if pip("install", "--quiet", "light-the-torch>=0.8"):
        # One version, as it would otherwise download one after the other where the server of small builds is not
        # reached; and it ends with code 0 whatever happened.
        choose = [str(python()), "-m", "light_the_torch", "install", "--quiet", "--retries", "0"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.call([*choose, f"torch=={NEWEST_TORCH}"], env=child_environment(), **quiet)
        if has_torch():
            return True
    return pip("install", "--quiet", TORCH)


def has_torch() -> bool:
    return subprocess.call([str(python()), "-c", "import torch"], stderr=subprocess.DEVNULL) == 0


def pip(*arguments: str) -> bool:
    command = [str(python()), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.call(command, env=child_environment()) == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
