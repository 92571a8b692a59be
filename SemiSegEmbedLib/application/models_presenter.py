"""The Models panel: what was trained, when, how good; import, export, delete; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.child import Child
from SemiSegEmbedLib.application.interaction import Dialogs, Messages
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal

SUFFIX = ".ssemodel"


class ModelsView(Protocol):
    """What the panel shows, and the signals of its buttons."""

    import_clicked: Signal
    export_clicked: Signal
    delete_clicked: Signal

    def selected(self) -> str | None:
        """Id of the selected model."""

    def show_models(self, rows: Sequence[dict[str, Any]]) -> None:
        """Facts of each model, the newest first."""

    def show_study(self, open_: bool) -> None:
        """Whether a study is open."""


class ModelsPresenter:
    """Asks child processes, because model files are read with torch."""

    def __init__(self, view: ModelsView, session: Session, dialogs: Dialogs, messages: Messages) -> None:
        self._view = view
        self._session = session
        self._dialogs = dialogs
        self._messages = messages
        self._child: Child | None = None
        self._visible = False
        self._stale = False
        view.import_clicked.connect(self.add)
        view.export_clicked.connect(self.export)
        view.delete_clicked.connect(self.delete)
        session.study_changed.connect(self._study_changed)
        session.cases_changed.connect(self._mark_stale)
        self._study_changed()

    def _study_changed(self) -> None:
        self._view.show_study(self._session.study is not None)
        self._view.show_models([])
        self._mark_stale()

    def _mark_stale(self) -> None:
        self._stale = True

    def enter(self, visible: bool = True) -> None:
        """The panel is unfolded or folded; models are looked up only while it can be seen."""
        self._visible = visible

    def _look(self) -> None:
        self._stale = False
        folder = self._session.study.models_folder
        if not any(folder.glob(f"*{SUFFIX}")):
            self._view.show_models([])
            return
        self._child = Child(["model", "list", str(self._session.study.folder)], self._listed, self._messages.warn)

    def _listed(self, rows: Sequence[dict[str, Any]]) -> None:
        self._view.show_models([row for row in rows if not str(row.get("model", "")).endswith("-last")])

    def _ask(self, arguments: Sequence[str], done: Callable[[Any], None]) -> None:
        if self._child is not None and self._child.running:
            self._messages.warn(_("Something is still under way: wait until it is done."))
            return
        self._child = Child(arguments, done, self._messages.warn)

    def _changed(self, sentence: str) -> None:
        self._messages.tell(sentence)
        self._session.refresh()

    def add(self) -> None:
        """Ask for a model file and copy it into the study."""
        files = self._dialogs.ask_files(_("A model file (.ssemodel)"))
        if files and self._session.study is not None:
            arguments = ["model", "import", str(self._session.study.folder), str(files[0])]
            self._ask(arguments, lambda result: self._changed(_("Imported as {id}.").format(id=result["model"])))

    def export(self) -> None:
        """Ask for a folder and copy the selected model there."""
        model = self._view.selected()
        if model is None:
            return
        folder = self._dialogs.ask_folder(_("Folder for the model file"))
        if folder is None:
            return
        target = folder / f"{model}{SUFFIX}"
        arguments = ["model", "export", str(self._session.study.folder), model, str(target)]
        self._ask(arguments, lambda _result: self._messages.tell(_("Written: {name}").format(name=target.name)))

    def delete(self) -> None:
        """Delete the selected model after asking."""
        model = self._view.selected()
        if model is None or not self._dialogs.confirm(_("Delete the model {id} for good?").format(id=model)):
            return

        def done(result: dict[str, Any]) -> None:
            freed = result["freed_bytes"] / 2**20
            self._changed(_("Deleted {id}; {size:.1f} MiB freed.").format(id=model, size=freed))

        self._ask(["model", "delete", str(self._session.study.folder), model], done)

    def tick(self) -> None:
        """Deliver what the child process has to say; look again when something changed."""
        if self._child is not None:
            self._child.poll()
        busy = self._child is not None and self._child.running
        if self._visible and self._stale and not busy and self._session.study is not None:
            self._look()

    def cleanup(self) -> None:
        """End the child process."""
        if self._child is not None:
            self._child.cancel()
