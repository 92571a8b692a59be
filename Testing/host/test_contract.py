"""The contract of the product holds for the stand-ins; the self-test tries the same statements in a real Slicer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")

from SemiSegEmbedLib.application.contract import Contract  # noqa: E402


@pytest.fixture(params=["main window", "no main window"])
def host(request, tmp_path: Path):
    """The application with and without a main window; settings in a folder of the test."""
    qt.QApplication.instance().organizationName = "SlicerHost"
    qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)
    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(tmp_path / "settings"))
    slicer.app.hasMainWindow = request.param == "main window"
    yield Contract(tmp_path)
    slicer.app.hasMainWindow = True


@pytest.mark.parametrize("statement", Contract.statements())
def test_the_host_keeps_the_contract(host: Contract, statement: str) -> None:
    host.check(statement)


def test_a_broken_statement_is_reported_in_one_line(host: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicer.util, "loadUI", lambda _path: None)
    (line,) = [line for line in host.broken() if "missing ui file" in line]
    assert line.startswith("that a missing ui file is a runtime error: AssertionError")


def test_chosen_paths_come_back_as_a_tuple_without_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6 import QtWidgets

    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", staticmethod(lambda *_: (["a", "b"], "all")))
    assert qt.QFileDialog.getOpenFileNames(None, "t", "") == ("a", "b")


def test_an_unknown_module_is_no_attribute() -> None:
    with pytest.raises(AttributeError):
        _ = slicer.modules.pytorchutils


@pytest.mark.parametrize("value", [np.int64(3), np.float64(3.0), None])
def test_a_property_takes_pythons_own_values_alone(value: object) -> None:
    with pytest.raises(AttributeError):
        qt.QSpinBox().value = value
