"""Puts the test host on the path, and skips its tests with a reason where the host cannot run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import slicer_host

if not slicer_host.missing():
    slicer_host.install()


@pytest.fixture(autouse=True)
def _host() -> None:
    if slicer_host.missing():
        pytest.skip(slicer_host.missing())
