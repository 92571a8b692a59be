"""The Models panel: what was trained, when, how good; choose, import, export, delete; no Qt here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.child import Errand
from SemiSegEmbedLib.application.interaction import MODEL_FILES, Dialogs, Messages
from SemiSegEmbedLib.application.model_text import model_name, model_text
from SemiSegEmbedLib.application.session import Session
from SemiSegEmbedLib.application.signal import Signal
from SemiSegEmbedLib.study.newest_model import MODEL_SUFFIX, is_last_step


class ModelsView(Protocol):
    """What the panel shows, and the signals of its buttons."""

    selection_changed: Signal
    use_clicked: Signal
    import_clicked: Signal
    export_clicked: Signal
    delete_clicked: Signal

    def selected(self) -> str | None:
        """Id of the selected model."""

    def show_models(self, rows: Sequence[dict[str, Any]]) -> None:
        """Facts of each model, the newest first."""

    def show_description(self, text: str) -> None:
        """What the selected model is; an empty text where none is selected."""

    def show_study(self, open_: bool) -> None:
        """Whether a study is open."""


class ModelsPresenter:
    """Asks child processes, because model files are read with torch.

    Args:
        view: The panel.
        session: What is open.
        dialogs: Questions to the user.
        messages: Where sentences appear.
        use: Called with the id of a model that is to segment from now on.
    """

    def __init__(
        self, view: ModelsView, session: Session, dialogs: Dialogs, messages: Messages, use: Callable[[str], None]
    ) -> None:
        self._view = view
        self._session = session
        self._dialogs = dialogs
        self._messages = messages
        self._use = use
        self._errand = Errand()
        self._rows: dict[str, dict[str, Any]] = {}
        self._visible = False
        self._stale = False
        view.selection_changed.connect(self._describe)
        view.use_clicked.connect(self.use)
        view.import_clicked.connect(self.add)
        view.export_clicked.connect(self.export)
        view.delete_clicked.connect(self.delete)
        session.study_changed.connect(self._study_changed)
        session.cases_changed.connect(self._mark_stale)
        self._study_changed()

    def _study_changed(self) -> None:
        self._view.show_study(self._session.study is not None)
        self._show([])
        self._mark_stale()

    def _mark_stale(self) -> None:
        self._stale = True

    def enter(self, visible: bool = True) -> None:
        """The panel is unfolded or folded; models are looked up only while it can be seen."""
        self._visible = visible

    def _look(self) -> None:
        self._stale = False
        folder = self._session.study.models_folder
        if any(folder.glob(f"*{MODEL_SUFFIX}")):
            self._errand.start(["model", "list", str(self._session.study.folder)], self._show, self._messages.warn)
        else:
            self._show([])

    def _show(self, rows: Sequence[dict[str, Any]]) -> None:
        shown = [row for row in rows if not is_last_step(str(row.get("model", "")))]
        self._rows = {str(row["model"]): row for row in shown}
        self._view.show_models(shown)
        self._describe()

    def _describe(self) -> None:
        row = self._rows.get(self._view.selected() or "")
        self._view.show_description("" if row is None else model_text(row))

    def use(self) -> None:
        """Segment with the selected model from now on."""
        model = self._view.selected()
        if model is not None:
            self._use(model)

    def _ask(self, arguments: Sequence[str], done: Callable[[Any], None]) -> None:
        if self._errand.running:
            self._messages.warn(_("Something is still under way: wait until it is done."))
            return
        self._errand.start(arguments, done, self._messages.warn)

    def _changed(self, sentence: str) -> None:
        self._messages.tell(sentence)
        self._session.refresh()

    def add(self) -> None:
        """Ask for a model file and copy it into the study."""
        files = self._dialogs.ask_files(_("A model file (.ssemodel)"), MODEL_FILES)
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
        target = folder / f"{model}{MODEL_SUFFIX}"
        arguments = ["model", "export", str(self._session.study.folder), model, str(target)]
        self._ask(arguments, lambda _result: self._messages.tell(_("Written: {names}").format(names=target.name)))

    def delete(self) -> None:
        """Delete the selected model after asking."""
        model = self._view.selected()
        if model is None:
            return
        question, name = _("Delete the model {id} for good? This frees {size} MiB."), model_name(model)
        size = self._rows.get(model, {}).get("mebibytes", "?")
        if not self._dialogs.confirm(question.format(id=name, size=size)):
            return

        def done(result: dict[str, Any]) -> None:
            freed = result["freed_bytes"] / 2**20
            self._changed(_("Deleted {id}; {size:.1f} MiB freed.").format(id=name, size=freed))

        self._ask(["model", "delete", str(self._session.study.folder), model], done)

    def tick(self) -> None:
        """Deliver what the child process has to say; look again when something changed."""
        self._errand.poll()
        if self._visible and self._stale and not self._errand.running and self._session.study is not None:
            self._look()

    def cleanup(self) -> None:
        """End the child process."""
        self._errand.cancel()
