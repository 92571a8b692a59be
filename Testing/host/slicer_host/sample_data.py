"""Slicer's Sample Data module, as far as the product goes: a registry of sources, and the signal that fills it.

As in Slicer 5.12.3 the address and the names of a source must be texts or lists of equal length, and pressing a
source's button calls its `customDownloader` with the source.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import slicer
from PySide6.QtCore import QObject, Signal


class _Starter(QObject):
    startupCompleted = Signal()


class SampleDataSource:
    """One button of the Sample Data module."""

    def __init__(self, **fields: Any) -> None:
        names = ("uris", "fileNames", "nodeNames")
        if not all(isinstance(fields[name], str) for name in names):
            raise TypeError("object of type 'NoneType' has no len()")
        self.__dict__.update(fields)

    def press(self) -> None:
        """What a click on its button does."""
        self.customDownloader(self)


class SampleDataLogic:
    """Fills `slicer.modules.sampleDataSources`."""

    @staticmethod
    def registerCustomSampleDataCategory(category: str, title: str) -> None:
        slicer.modules.sampleDataSourceCategories[category] = {"title": title}

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **fields: Any) -> None:
        slicer.modules.sampleDataSources.setdefault(category, []).append(SampleDataSource(**fields))


def install() -> None:
    """Provide the module `SampleData` with nothing registered, and `slicer.app.startupCompleted`."""
    slicer.modules.sampleDataSources, slicer.modules.sampleDataSourceCategories = {}, {}
    module = types.ModuleType("SampleData")
    module.SampleDataLogic, module.SampleDataSource = SampleDataLogic, SampleDataSource
    sys.modules["SampleData"] = module
    slicer.app.starter = _Starter()
    slicer.app.startupCompleted = slicer.app.starter.startupCompleted
