"""What to annotate next: cases, and places in them, ranked by uncertainty."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.model_file import Model, load_model
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.progress import Progress, silent
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_case


def suggest(
    study: Study,
    model: str | Path | None,
    keys: Sequence[str] | None,
    options: SegmentationOptions,
    *,
    places: int = 5,
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Cases by mean uncertainty near the object, most uncertain first, each with its worst places.

    Results of this model with as many passes that are there already are used again.

    Args:
        study: The study.
        model: Id or file; None is the newest.
        keys: Cases; None is every unannotated case.
        options: See `SegmentationOptions`; uncertainty needs at least one pass.
        places: So many places of each case.
        progress: Told how far it is.

    Raises:
        BadInputError: There is nothing to rank.
    """
    if options.passes < 1:
        raise BadInputError("Uncertainty needs at least one pass: leave --passes at 5.")
    path = resolve_model(study, model)
    chosen = keys or [case.key for case in study.cases if case.role is Role.UNANNOTATED]
    if not chosen:
        raise BadInputError("The study has no unannotated case: add scans, or name cases with --cases.")
    loaded = load_model(path)
    ranked = []
    for number, key in enumerate(chosen):
        progress("Looking for uncertain places", number / len(chosen), key)
        folder = study.results_folder / study.case(key).key / path.stem
        kept = _kept(folder, loaded, options)
        if kept is None:
            _, result = segment_case(study, key, path, options, model=loaded)
            kept = result.facts, result.places
        facts, found = kept
        ranked.append({"case": key, "uncertainty": facts.get("uncertainty", 0.0), "places": found[:places]})
    progress("Looking for uncertain places", 1.0)
    return sorted(ranked, key=lambda case: case["uncertainty"], reverse=True)


def _kept(
    folder: Path, model: Model, options: SegmentationOptions
) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
    """Facts and places of a whole result of this very model with at least as many passes, or None."""
    # What a killed process left has no facts, its last file.
    if not all((folder / name).exists() for name in ("provenance.nii.gz", "facts.json")):
        return None
    facts = json.loads((folder / "facts.json").read_text(encoding="ascii"))
    if facts.get("model_sha256") != model.sha256 or facts.get("passes", 0) < options.passes:
        return None
    return facts, json.loads((folder / "places.json").read_text(encoding="ascii"))
