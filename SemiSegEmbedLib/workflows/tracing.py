"""A label traced back to annotations: which annotated voxels a place of a scan resembles most."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.grid import to_training_grid, training_geometry
from SemiSegEmbedLib.imaging.prepare import read_case_image
from SemiSegEmbedLib.imaging.read import read_geometry, read_image
from SemiSegEmbedLib.inference.map_settings import MapSettings
from SemiSegEmbedLib.inference.model_file import Model, load_model
from SemiSegEmbedLib.inference.reference_bank import Origin
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.study.classes import training_classes
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device
from SemiSegEmbedLib.workflows.labelling import labels_of
from SemiSegEmbedLib.workflows.models import open_source


def trace(source: Path, image: Path, position: Sequence[float], device: str = "auto") -> list[dict[str, Any]]:
    """The most similar reference of each class for one place of a CT (paper, section 2.3.1).

    The student embeds the place, as in segmentation; references are not centred.

    Args:
        source: A model file, or a study whose newest model is used.
        image: A file, a DICOM folder, or the key of a case when `source` is a study.
        position: LPS mm (x, y, z), as `suggest` names places.
        device: "auto", "cpu", "cuda" ...

    Returns:
        A row a class, the most similar first: "class", "label", "similarity", and where its reference was
        annotated: "case", "position_mm" (z, y, x from the first voxel of the case's training grid) and
        "position_lps_mm" (x, y, z), which is None where the study does not hold the case.

    Raises:
        BadInputError: There is no such model or scan, or the place lies outside of it.
    """
    study, model_path = open_source(source)
    model = load_model(model_path)
    settings = MapSettings().resolved(model.facts)
    keys = {case.key for case in study.cases} if study is not None else set()
    if study is not None and str(image) in keys:
        picture = read_case_image(study, study.case(str(image)))
    else:
        picture = read_image(image)
    grid = to_training_grid(picture, model.spacing_mm)
    x, y, z = position
    index = [round(value) for value in grid.geometry.to_index((x, y, z))]
    if not all(0 <= i < n for i, n in zip(index, grid.array.shape, strict=True)):
        raise BadInputError("This place lies outside of the scan: give x, y and z in mm (LPS), as suggest names them.")
    embedding = _embed(model, grid.array, index, settings.patch, choose_device(device))
    labels = labels_of(model.labels)
    classes = training_classes(labels)
    rows = []
    for value in sorted(set(model.bank.group_classes)):
        origin, similarity = model.bank.nearest(embedding, value, settings.kernel)
        names = [label.name for label in labels if classes[label.value] == value]
        rows.append(
            {
                "class": value,
                "label": " and ".join(names) or "background",
                "similarity": round(similarity, 4),
                "case": origin.case_key,
                "position_mm": [round(mm, 2) for mm in origin.position_mm],
                "position_lps_mm": _in_the_world(study, origin, model.spacing_mm) if origin.case_key in keys else None,
            }
        )
    return sorted(rows, key=lambda row: row["similarity"], reverse=True)


def _embed(
    model: Model, image: np.ndarray, index: Sequence[int], patch: Sequence[int], device: torch.device
) -> Tensor:
    """The student's embedding (E,) of one voxel, in a window around it."""
    start = [max(0, min(i - p // 2, n - p)) for i, p, n in zip(index, patch, image.shape, strict=True)]
    part = image[tuple(slice(s, s + p) for s, p in zip(start, patch, strict=True))]
    window = np.full(patch, model.normalisation.low, np.float32)
    window[tuple(slice(0, n) for n in part.shape)] = part
    voxels = normalise(torch.from_numpy(window).to(device), model.normalisation)
    with torch.inference_mode():
        _, embeddings = model.student.to(device).eval()(voxels[None, None])
    z, y, x = (i - s for i, s in zip(index, start, strict=True))
    return embeddings[0, :, z, y, x]


def _in_the_world(study: Study | None, origin: Origin, spacing_mm: float) -> list[float]:
    """LPS mm of a reference in the CT of its case."""
    assert study is not None  # it holds the case
    case = study.case(origin.case_key)
    geometry = training_geometry(read_geometry(study.image_path(case), case.image.series_uid), spacing_mm)
    z, y, x = origin.position
    return [round(mm, 2) for mm in geometry.to_world((float(z), float(y), float(x)))]
