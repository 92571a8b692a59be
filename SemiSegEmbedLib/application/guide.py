"""Where a person is in the work, and the one thing that comes next; no Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.case_rows import newest_results
from SemiSegEmbedLib.application.review_cases import rank_cases
from SemiSegEmbedLib.application.workbench import Workbench
from SemiSegEmbedLib.jobs.run_folder import RunState
from SemiSegEmbedLib.study.newest_model import created_at, newest_model
from SemiSegEmbedLib.study.records import Case, Role
from SemiSegEmbedLib.study.study import Study

ENOUGH = 4
"""So many annotated scans make a first model; the README and the tutorial say so too."""
SEVERAL = 3
"""After so many new annotations it is worth training on."""
BROKE_OFF = (RunState.FAILED, RunState.LOST)


@dataclass(frozen=True)
class Step:
    """What the line at the top says, and where its button leads.

    Attributes:
        where: How far the work is.
        next: Text of the button.
        section: The section to unfold.
        control: Name of the control there that gets the keyboard.
        case_key: A case to open, or an empty text.
        folder: A study to open, or None.
    """

    where: str
    next: str
    section: str
    control: str
    case_key: str = ""
    folder: Path | None = None


@dataclass(frozen=True)
class Situation:
    """What the next step depends on.

    Attributes:
        recent: The study that was open last, while none is open.
        open: Whether a study is open.
        adding: Whether something is under way in the Study section.
        annotated: Cases with a saved drawing that train.
        waiting: Cases without one.
        drawing: Name of the case in view, where it waits for its drawing.
        draft: Key and name of another case with a drawing that was never saved.
        next_key: The case to annotate next.
        run: Where the newest run stands.
        model: Whether there is a model.
        in_vain: Whether the newest run began after that model was made, and so has left none.
        fresh: Annotations that are newer than it.
        correcting: Name of the case in view, where a copy of its result is being corrected.
        reviewing: Whether the case in view has a result that nobody looked at.
        review_key: The case whose result is to be looked at first.
        unseen: Cases that no model has looked at.
    """

    recent: Path | None = None
    open: bool = False
    adding: bool = False
    annotated: int = 0
    waiting: int = 0
    drawing: str = ""
    draft: tuple[str, str] | None = None
    next_key: str = ""
    run: RunState | None = None
    model: bool = False
    in_vain: bool = False
    fresh: int = 0
    correcting: str = ""
    reviewing: bool = False
    review_key: str = ""
    unseen: int = 0


def next_step(now: Situation) -> Step:
    """The one thing that comes next."""
    if not now.open:
        return _first_step(now.recent)
    total = now.annotated + now.waiting
    if total == 0 and now.adding:
        return Step(_("Scans are being added."), _("Next: wait for it"), "Study", "studyCancelButton")
    if total == 0:
        return Step(_("The study holds no scan yet."), _("Next: add scans"), "Study", "studyAddFolderButton")
    count = _("{annotated} of {total} scans annotated.").format(annotated=now.annotated, total=total)
    return _run_step(now, count) or (_model_step(now, count) if now.model else _annotate_or_train(now, count))


def _first_step(recent: Path | None) -> Step:
    text = _("No study is open.")
    if recent is not None:
        return Step(text, _("Next: open {name}").format(name=recent.name), "Study", "studyNextCaseButton", "", recent)
    return Step(text, _("Next: new study"), "Study", "studyCreateButton")


def _run_step(now: Situation, count: str) -> Step | None:
    if now.run in (RunState.WAITING, RunState.RUNNING):
        count += " " + _("Training runs.")
        if now.waiting:
            return _annotate(now, count, _("Next: annotate meanwhile"))
        return Step(count, _("Next: wait for it"), "Train", "trainStopButton")
    if now.run in BROKE_OFF and (now.in_vain or not now.model):
        return Step(count + " " + _("Training broke off."), _("Next: see why"), "Train", "trainResumeButton")
    if now.run is RunState.STOPPED and not now.model:
        return Step(count + " " + _("Training was stopped."), _("Next: resume"), "Train", "trainResumeButton")
    return None


def _annotate_or_train(now: Situation, count: str) -> Step:
    if now.annotated >= ENOUGH or not now.waiting:
        return Step(count, _("Next: train"), "Train", "trainStartButton")
    if now.annotated + now.waiting >= ENOUGH:
        count += " " + _("Four make a first model.")
    return _annotate(now, count, _("Next: annotate a scan"))


def _annotate(now: Situation, where: str, text: str) -> Step:
    if now.drawing:
        return Step(where, _("Next: draw and save"), "Annotate", "annotateSaveNextButton")
    if now.draft is not None:
        return _go_on_drawing(where, *now.draft)
    return Step(where, text, "Annotate", "annotateSaveNextButton", now.next_key)


def _go_on_drawing(where: str, key: str, name: str) -> Step:
    where += " " + _("{case} has a drawing that was never saved.").format(case=name)
    return Step(where, _("Next: go on with it"), "Annotate", "annotateSaveNextButton", key)


def _model_step(now: Situation, count: str) -> Step:
    if now.correcting:
        text = _("{case} is being corrected.").format(case=now.correcting)
        return Step(f"{count} {text}", _("Next: correct and save"), "Annotate", "annotateSaveNextButton")
    if now.draft is not None:
        return _go_on_drawing(count, *now.draft)
    if now.fresh >= SEVERAL or (now.fresh and not now.waiting):
        text = _("{count} since the last training.").format(count=now.fresh)
        return Step(f"{count} {text}", _("Next: train on"), "Train", "trainContinueButton")
    if now.reviewing:
        return Step(count, _("Next: look at unsure places"), "Review", "reviewNextButton")
    if now.unseen:
        text = _("Not looked at by the model: {count}.").format(count=now.unseen)
        return Step(f"{count} {text}", _("Next: let it look"), "Review", "reviewRankButton")
    if now.review_key:
        return Step(count, _("Next: review a scan"), "Review", "reviewNextButton", now.review_key)
    return Step(count, _("Next: segment new scans"), "Segment", "segmentAddFilesButton")


def situation(workbench: Workbench, run: RunState | None, recent: Path | None, adding: bool = False) -> Situation:
    """Look around.

    Args:
        workbench: What is open.
        run: Where the newest run stands, or None.
        recent: The study that was open last, or None.
        adding: Whether something is under way in the Study section.
    """
    session = workbench.session
    study, case = session.study, session.case
    if study is None:
        return Situation(recent=recent)
    training = [one for one in study.cases if one.role in (Role.ANNOTATED, Role.UNANNOTATED)]
    annotated = [one for one in training if one.label is not None]
    model, ranking = newest_model(study.models_folder), rank_cases(study)
    drafts = [one for one in workbench.drafts() if case is None or one.key != case.key]
    result = None if case is None else session.result(case.key)
    status = result.status if result is not None and case is not None and case.label is None else ""
    results = newest_results(study)
    unreviewed = [one.key for one in ranking.cases if results[one.key].status == "new"]
    return Situation(
        open=True,
        adding=adding,
        annotated=len(annotated),
        waiting=len(training) - len(annotated),
        drawing=case.name if case is not None and case.label is None else "",
        draft=(drafts[0].key, drafts[0].name) if drafts else None,
        next_key=workbench.next_key() or "",
        run=run,
        model=model is not None,
        in_vain=model is not None and _began_after(study, model),
        fresh=0 if model is None else _newer(annotated, model),
        correcting=case.name if case is not None and status == "edited" else "",
        reviewing=status == "new",
        review_key=unreviewed[0] if unreviewed else "",
        unseen=ranking.unseen,
    )


def _began_after(study: Study, model: Path) -> bool:
    """Whether the newest run began after a model was made."""
    return bool(study.runs) and _seconds(study.runs[-1].created) > created_at(model)[0]


def _newer(annotated: list[Case], model: Path) -> int:
    """How many cases have a newest annotation that was saved after a model was made."""
    made = created_at(model)[0]
    labels = [case.label for case in annotated if case.label is not None]
    return sum(_seconds(label.created) > made for label in labels)


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
