"""Whether training can go on from a model, and what to know before it does; no Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slicer.i18n import tr as _

from SemiSegEmbedLib.study.newest_model import learned_on, newest_model
from SemiSegEmbedLib.study.study import Study

SAME_MM = 0.005
"""Half of what the panel shows of a voxel size."""


@dataclass(frozen=True)
class Continuing:
    """Going on from the newest model of a study.

    Attributes:
        model: That model, or None.
        obstacle: Why it cannot be done, or an empty text.
        note: What a person should know before, or an empty text.
    """

    model: Path | None = None
    obstacle: str = ""
    note: str = ""


def continuing(study: Study | None) -> Continuing:
    """Look at the newest model of a study as the beginning of a run."""
    model = None if study is None else newest_model(study.models_folder)
    if study is None or model is None:
        return Continuing(obstacle=_("There is no model yet: press Start."))
    facts = learned_on(model)
    if facts is None:
        return Continuing(model)
    spacing_mm, classes = facts
    if classes != study.class_count:
        return Continuing(model, _("The last model was made for other segments than this study has: press Start."))
    if abs(spacing_mm - study.spacing_mm) < SAME_MM:
        return Continuing(model)
    text = _(
        "The last model learned on a grid of {model} mm, and this study has {study} mm. Everything has another size "
        "for it, so going on from it may give less than Start."
    )
    return Continuing(model, note=text.format(model=f"{spacing_mm:g}", study=f"{study.spacing_mm:g}"))
