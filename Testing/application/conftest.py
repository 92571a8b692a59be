"""Runs the application on the test host, and skips with a reason where the host cannot run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "host"))

import slicer_host

if not slicer_host.missing():
    slicer_host.install()


@pytest.fixture(autouse=True)
def _host() -> None:
    if slicer_host.missing():
        pytest.skip(slicer_host.missing())


@pytest.fixture
def scene():
    """An empty MRML scene."""
    import slicer

    slicer.mrmlScene.Clear(0)
    yield slicer.mrmlScene
    slicer.mrmlScene.Clear(0)
