"""The worker's command works from anywhere, and inside Slicer it is PythonSlicer."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.jobs.locate import worker_command

ROOT = str(Path(__file__).resolve().parents[2])


def test_command_finds_the_library_from_any_folder(tmp_path: Path) -> None:
    command, environment = worker_command(["train", "--help"])
    assert command == [sys.executable, "-m", "SemiSegEmbedLib", "train", "--help"]
    probe = [command[0], "-c", "import SemiSegEmbedLib; print(SemiSegEmbedLib.__file__)"]
    done = subprocess.run(probe, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(ROOT)


def test_given_environment_is_left_alone_and_its_path_kept() -> None:
    given = {"PYTHONPATH": os.pathsep.join(["/other", ROOT, "/more"]), "X": "1"}
    before = dict(given)
    _, environment = worker_command([], given)
    path = os.pathsep.join([ROOT, "/other", "/more"])
    assert environment == {"PYTHONPATH": path, "PYTHONSAFEPATH": "1", "X": "1"}
    assert given == before


def test_nothing_is_imported_from_the_folder_of_a_run(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported from the folder of the run')")
    command, environment = worker_command(["study", "--help"])
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="makes an executable script")
def test_inside_slicer_it_is_pythonslicer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python_slicer = tmp_path / "PythonSlicer"
    python_slicer.write_text("#!/bin/sh\n")
    python_slicer.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "slicer", raising=False)  # other tests of this process may bring one
    assert worker_command([])[0][0] == sys.executable
    monkeypatch.setitem(sys.modules, "slicer", types.ModuleType("slicer"))
    assert worker_command([])[0][0] == str(python_slicer)


def test_slicer_itself_is_never_started_as_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "SlicerApp-real"))
    with pytest.raises(SemiSegEmbedError, match="PythonSlicer was not found"):
        worker_command([])
