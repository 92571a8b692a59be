"""What the table of cases shows: one plain row a case."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from slicer.i18n import tr as _

from SemiSegEmbedLib.study.records import Case, ResultRecord, Role
from SemiSegEmbedLib.study.study import Study


@dataclass(frozen=True)
class CaseRow:
    """One row.

    Attributes:
        key: The case.
        name: What people call it.
        icon: Name of the status icon.
        status: The status in words.
        annotated_by: Who drew the newest label, or the model whose result was accepted as it was.
        reviewed_by: Who looked it over.
        uncertainty: Mean uncertainty of the newest result, see `share`, or None.
        changed: When something was last done to it.
    """

    key: str
    name: str
    icon: str
    status: str
    annotated_by: str
    reviewed_by: str
    uncertainty: float | None
    changed: str

    def matches(self, text: str) -> bool:
        """Whether every word of a filter occurs in the row."""
        content = " ".join((self.key, self.name, self.status, self.annotated_by, self.reviewed_by)).casefold()
        return all(word in content for word in text.casefold().split())


def case_rows(study: Study) -> list[CaseRow]:
    """Rows for all cases of a study, in its order."""
    newest = newest_results(study)
    return [_row(case, newest.get(case.key), study.class_count) for case in study.cases]


def newest_results(study: Study) -> dict[str, ResultRecord]:
    """The newest result of each case that has one."""
    return {result.case_key: result for result in study.results}


def _row(case: Case, result: ResultRecord | None, classes: int) -> CaseRow:
    nats = uncertainty_of(result)
    icon, status = _status(case, result)
    label = case.label
    changed = max(case.added, label.created if label else "", result.created if result else "")
    return CaseRow(
        case.key,
        case.name,
        icon,
        status,
        (label.annotated_by or label.accepted_from) if label else "",
        label.reviewed_by if label else "",
        None if nats is None else share(nats, classes),
        local_time(changed),
    )


def uncertainty_of(result: ResultRecord | None) -> float | None:
    """Mean uncertainty that a result notes, in nats, or None."""
    value = result.facts.get("uncertainty") if result else None
    return float(value) if isinstance(value, int | float) else None


def local_time(moment: str) -> str:
    """An ISO 8601 moment on the clock of this computer, to the minute; a text that is none stays as it is."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError):
        return moment


def share(nats: float, classes: int) -> float:
    """Uncertainty as a share that people can read: 0 is sure, 1 may as well guess.

    Args:
        nats: Predictive entropy.
        classes: C, background included; entropy is at most ln C.
    """
    return nats / math.log(classes)


def _status(case: Case, result: ResultRecord | None) -> tuple[str, str]:
    if case.role is Role.EXCLUDED:
        return "excluded", _("left out")
    if case.role is Role.HELD_OUT:
        return "held_out", _("held out for testing")
    if case.label is not None and not case.label.complete:
        return "partial", _("partly annotated")
    if case.label is not None and case.label.accepted_from:
        return "reviewed", _("model's result, accepted")
    if case.label is not None and case.label.reviewed_by:
        return "reviewed", _("annotated and reviewed")
    if case.label is not None:
        return "annotated", _("annotated")
    if result is not None:
        return "predicted", _("segmented by the model")
    return "to_do", _("not annotated")
