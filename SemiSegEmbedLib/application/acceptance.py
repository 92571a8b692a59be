"""A model's result that a person accepts as it is: it becomes the annotation of its case, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.background import Background
from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.interaction import Messages
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.study.records import Case, ResultRecord, Role
from SemiSegEmbedLib.study.study import Study


def is_accepted(case: Case, result: ResultRecord) -> bool:
    """Whether the annotation of a case is this result."""
    return case.label is not None and case.label.accepted_from == result.model_id


class Acceptance:
    """Makes accepted results annotations; never over what somebody drew, saved or not.

    Args:
        workbench: The case on the table, which is the one that is decided on.
        messages: Where sentences appear.
        reviewer: Gives the name of whoever reviews.
        refresh: Reads the study again; tells whether that was possible.
    """

    def __init__(
        self, workbench: Workbench, messages: Messages, reviewer: Callable[[], str], refresh: Callable[[], bool]
    ) -> None:
        self._workbench = workbench
        self._session = workbench.session
        self._messages = messages
        self._reviewer = reviewer
        self._refresh = refresh

    def take(self, threads: Background, study: Study, case: Case, result: ResultRecord) -> None:
        """Accept a result, and make it the annotation of its case unless there is one.

        Args:
            threads: Where the study is written.
            study: The open study.
            case: The case in view.
            result: Its newest result.
        """
        why_not = self._why_not(case)
        folder, reviewer = study.folder, self._reviewer()

        def work() -> None:
            study = Study.open(folder)
            if why_not:
                study.set_result_status(result.case_key, result.model_id, "accepted")
            else:
                study.accept_result(result.case_key, result.model_id, reviewed_by=reviewer)

        def done(_nothing: object) -> None:
            if self._refresh():
                if why_not:
                    self._messages.tell(why_not)
                else:
                    self._show(case, result)

        threads.start(work, done, self._messages.warn)

    def _why_not(self, case: Case) -> str:
        """Why an accepted result does not become the annotation; empty: it does."""
        if case.label is not None:
            return _("Accepted. Your annotation of {case} stays as it is.").format(case=case.name)
        if case.role is not Role.UNANNOTATED:
            return _("Accepted. {case} is not used for training, so the result is no annotation.").format(
                case=case.name
            )
        if not self._workbench.scene.is_empty:
            return _("Accepted. What you drew in {case} stays: save it to make it the annotation.").format(
                case=case.name
            )
        return ""

    def _show(self, case: Case, result: ResultRecord) -> None:
        """Put what is now the annotation where it can be drawn on, unless the user drew or went on meanwhile."""
        study, bench = self._session.study, self._workbench
        if self._in_view(case) and study is not None and bench.scene.is_empty:
            label = bench.result_label(study.result_path(result))
            if label is not None:
                self._fill(label)
        text = _("Accepted: the result is the annotation of {case} and trains from now on. Take back undoes it.")
        self._messages.tell(text.format(case=case.name))

    def take_back(self, threads: Background, study: Study, case: Case, status: str) -> None:
        """An accepted result is no annotation any more; what was drawn on it since stays.

        Args:
            threads: Where the study is written.
            study: The open study.
            case: The case in view.
            status: What the result is now.
        """
        folder = study.folder

        def done(_nothing: object) -> None:
            if self._refresh():
                if self._in_view(case) and not self._workbench.scene.modified:
                    self._fill(None)
                text = _("The result is no longer the annotation of {case}, and does not train.")
                self._messages.tell(text.format(case=case.name))

        threads.start(lambda: Study.open(folder).withdraw_result(case.key, status), done, self._messages.warn)

    def _fill(self, label: Path | Voxels | None) -> None:
        scene, study = self._workbench.scene, self._session.study
        if study is None:
            return
        try:
            scene.fill(label, study.labels)
        except SemiSegEmbedError as error:
            self._messages.warn(str(error))
        scene.mark_saved()

    def _in_view(self, case: Case) -> bool:
        return self._session.case is not None and self._session.case.key == case.key
