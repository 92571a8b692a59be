"""What a model file says about itself, as lines for a person; nothing in it is taken for granted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from slicer.i18n import tr as _

from SemiSegEmbedLib.application.case_rows import local_time
from SemiSegEmbedLib.application.run_progress import number
from SemiSegEmbedLib.application.sentences import localised

FEW_CASES = 12
_RUN = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([\w-]+?)(-last)?")


def model_text(row: Mapping[str, Any]) -> str:
    """Describe one model.

    Args:
        row: One entry of `model list --json`.
    """
    if row.get("problem"):
        return localised(str(row["problem"]))
    about = _mapping(row.get("about"))
    facts = _mapping(about.get("facts"))
    lines = (_training(facts), _cases(facts, about), _segments(about), *_scores(facts, about), _size(row, about))
    return "\n".join(line for line in lines if line)


def _training(facts: Mapping[str, Any]) -> str:
    method = str(facts.get("method"))
    names = {"embedding_matching": _("the method of the paper"), "supervised": _("annotated cases alone")}
    text = _("Trained {created} with {method}, {steps} steps.")
    if facts.get("finished") is False:
        text = _("Taken from a run at work, {created}, with {method}, after {steps} steps.")
    created = local_time(str(facts.get("created")))
    return text.format(created=created, method=names.get(method, method), steps=facts.get("step"))


def model_name(model: str) -> str:
    """What people call a model: when its run began, and what tells it from others of that minute.

    Args:
        model: Its id, which is that of its run; one that somebody brought along may have any name.
    """
    found = _RUN.fullmatch(model)
    if found is None:
        return model
    *moment, ending, last = found.groups()
    begun = local_time("{}-{}-{}T{}:{}:{}+00:00".format(*moment))
    return _("{begun} ({id}), last step").format(begun=begun, id=ending) if last else f"{begun} ({ending})"


def _cases(facts: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    text = _("Learned from {annotated} annotated and {unannotated} other cases.")
    text = text.format(annotated=facts.get("annotated"), unannotated=facts.get("unannotated"))
    keys = [str(key) for key in _entries(_mapping(about.get("bank")).get("case_keys"))]
    if keys:
        more = ", …" if len(keys) > FEW_CASES else ""
        text += " " + _("Annotated: {cases}.").format(cases=", ".join(keys[:FEW_CASES]) + more)
    return text


def _segments(about: Mapping[str, Any]) -> str:
    names = [str(_mapping(label).get("name")) for label in _entries(about.get("labels"))]
    return _("Segments: {names}.").format(names=", ".join(names)) if names else ""


def _scores(facts: Mapping[str, Any], about: Mapping[str, Any]) -> Iterable[str]:
    validation = _mapping(facts.get("validation"))
    if not validation:
        yield _("It was not validated: look at its results before you trust them.")
        return
    names = class_names(_entries(about.get("labels")))
    yield _scores_of(_("Validation"), validation)
    for key, scores in sorted(_mapping(validation.get("per_class")).items()):
        yield "   " + _scores_of(names.get(key, key), _mapping(scores))
    if validation.get("optimistic"):
        yield _("These scores are optimistic: they were measured on blocks of cases that also trained.")


def _scores_of(name: str, scores: Mapping[str, Any]) -> str:
    iou, distance = (number(scores.get(key)) for key in ("iou", "hd95"))
    text = _("{name}: IoU {iou}, HD95 {hd95}")
    return text.format(
        name=name,
        iou="–" if iou is None else f"{iou:.3f}",
        hd95="–" if distance is None else f"{distance:.1f} mm",
    )


def _size(row: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    spacing = number(about.get("spacing_mm"))
    text = _("Voxels of {spacing} mm; the file takes {size} MiB.")
    return text.format(spacing="?" if spacing is None else f"{spacing:g}", size=row.get("mebibytes"))


def class_names(labels: Iterable[Any]) -> dict[str, str]:
    """What the classes of the network are called: labels that share a class are named together."""
    names: dict[str, list[str]] = {}
    for label in labels:
        entry = _mapping(label)
        names.setdefault(str(entry.get("training_class")), []).append(str(entry.get("name")))
    return {key: ", ".join(found) for key, found in names.items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entries(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
