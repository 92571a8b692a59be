"""The phantom study of Slicer's Sample Data module: a child process makes it here, nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.application.study_work import WorkView
from SemiSegEmbedLib.errors import SemiSegEmbedError

MODULE = "SemiSegEmbed"
SIZE = ("--count", "10", "--annotated", "4", "--held-out", "2", "--spacing", "2")
"""Coarse enough to be made and learned from in minutes without a GPU."""


class SampleView(WorkView, Protocol):
    """Where the user sees that something is under way and ends it: the Study panel."""

    cancel_clicked: Signal


class Opener(Protocol):
    """What opens a study: the presenter of the Study panel."""

    def open(self, folder: Path) -> bool:
        """Open a study, and tell whether that worked; the one that was open stays if not."""


class SampleStudy:
    """Makes the study of phantom hips in a folder that the user chooses, and opens it as soon as it exists."""

    def __init__(
        self, view: SampleView, opener: Opener, session: Session, dialogs: Dialogs, messages: Messages
    ) -> None:
        self._view = view
        self._opener = opener
        self._session = session
        self._dialogs = dialogs
        self._messages = messages
        self._errand = Errand()
        self._opened = False
        view.cancel_clicked.connect(self.cleanup)

    @property
    def busy(self) -> bool:
        """Whether hips are being made."""
        return self._errand.running

    def make(self) -> None:
        """Ask for an empty folder and begin; the Study panel shows progress and Cancel."""
        if self._errand.running:
            self._messages.warn(_("Something is still under way: wait until it is done."))
            return
        folder = self._dialogs.ask_folder(_("Empty folder for the study of phantom hips"))
        if folder is not None:
            self._opened = False
            self._view.show_work(_("Making phantom hips ..."), can_cancel=True)
            self._errand.start(
                ["phantom", str(folder), *SIZE],
                lambda _result: self._made(folder),
                self._failed,
                lambda line: self._progressed(folder, line),
            )

    def tick(self) -> None:
        """Deliver what the child process has to say; called by a timer."""
        self._errand.poll()

    def cleanup(self) -> None:
        """End the child process."""
        self._errand.cancel()

    def _progressed(self, folder: Path, line: str) -> None:
        self._show(folder)
        self._view.show_work(line, can_cancel=True)

    def _show(self, folder: Path) -> None:
        """Show the cases that are there by now; what cannot be opened yet is tried again with the next hip."""
        if not self._opened:
            self._opened = self._opener.open(folder)
            return
        try:
            self._session.refresh()
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))

    def _made(self, folder: Path) -> None:
        self._view.show_work("")
        self._show(folder)
        if self._opened:
            self._messages.tell(_("The sample study is ready: annotate a case, or train."))

    def _failed(self, sentence: str) -> None:
        self._view.show_work("")
        self._messages.warn(sentence)


def register_sample_data(logic: Any, thumbnail: Path) -> None:
    """Offer the study in Slicer's Sample Data module.

    Args:
        logic: `SampleDataLogic` of that module.
        thumbnail: Picture for its button.
    """
    logic.registerCustomSampleDataCategory(MODULE, title=_("Hip CT (SemiSegEmbed)"))
    # Address and names must be texts; they stay empty, as the function does all the work.
    logic.registerCustomSampleDataSource(
        category=MODULE,
        sampleName=_("Phantom hip study"),
        uris="",
        fileNames="",
        nodeNames="",
        thumbnailFileName=str(thumbnail),
        customDownloader=make_sample_study,
    )


def make_sample_study(_source: Any = None) -> None:
    """Go to the module and begin there; called when the button in Sample Data is pressed."""
    if slicer.util.mainWindow() is not None:
        slicer.util.selectModule(MODULE)
    slicer.util.getModuleWidget(MODULE).window.samples.make()
