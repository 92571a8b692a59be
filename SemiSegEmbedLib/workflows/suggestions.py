"""What to annotate next: cases, and places in them, ranked by uncertainty."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.model_file import load_model
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

    Results of this model that are there already are used again.

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
    loaded = None
    ranked = []
    for number, key in enumerate(chosen):
        progress("Looking for uncertain places", number / len(chosen), key)
        folder = study.results_folder / study.case(key).key / path.stem
        # Results without passes have no provenance; those that a killed process left have no facts, its last file.
        if not all((folder / name).exists() for name in ("provenance.nii.gz", "facts.json")):
            loaded = loaded or load_model(path)
            folder, _ = segment_case(study, key, path, options, model=loaded)
        facts = json.loads((folder / "facts.json").read_text(encoding="ascii"))
        found = json.loads((folder / "places.json").read_text(encoding="ascii"))
        ranked.append({"case": key, "uncertainty": facts.get("uncertainty", 0.0), "places": found[:places]})
    progress("Looking for uncertain places", 1.0)
    return sorted(ranked, key=lambda case: case["uncertainty"], reverse=True)
