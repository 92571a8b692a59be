"""Which cases are worth annotating next: those the model is least sure of, from the results that are there."""

from __future__ import annotations

from dataclasses import dataclass

from SemiSegEmbedLib.application.case_rows import newest_results, uncertainty_of
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study


@dataclass(frozen=True)
class RankedCase:
    """One line of the list.

    Attributes:
        key: The case.
        name: What people call it.
        uncertainty: Mean uncertainty near the object in nats.
        newest_model: Whether the newest model that looked at any case said so, or an older one.
    """

    key: str
    name: str
    uncertainty: float
    newest_model: bool


@dataclass(frozen=True)
class Ranking:
    """Cases by uncertainty, the most uncertain first, and how many no model has looked at."""

    cases: tuple[RankedCase, ...]
    unseen: int


def rank_cases(study: Study) -> Ranking:
    """Rank the cases that have no annotation and whose newest result nobody has accepted."""
    newest = newest_results(study)
    model = study.results[-1].model_id if study.results else ""
    ranked, unseen = [], 0
    for case in study.cases:
        if case.role is not Role.UNANNOTATED or case.label is not None:
            continue
        result = newest.get(case.key)
        uncertainty = uncertainty_of(result)
        if result is None or uncertainty is None:
            unseen += 1
        elif result.status != "accepted":
            ranked.append(RankedCase(case.key, case.name, uncertainty, result.model_id == model))
    ranked.sort(key=lambda one: one.uncertainty, reverse=True)
    return Ranking(tuple(ranked), unseen)
