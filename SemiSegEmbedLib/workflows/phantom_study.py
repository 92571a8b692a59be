"""A study of phantom hips: the sample data, the demo's cohort and the tests' patients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.files import write_phantom
from SemiSegEmbedLib.phantom.render import FIELDS, render
from SemiSegEmbedLib.study.presets import load_labels
from SemiSegEmbedLib.study.records import Label, Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.labelling import relabel
from SemiSegEmbedLib.workflows.progress import Progress, silent

BINARY_VALUES = {1: 1, 2: 2, 3: 1, 4: 2, 5: 0}
"""Phantom label -> value in a study that has one label a side: the paper's hip bones are pelvis and femora."""


SPACING_MM = (0.4, 6.0)


def create_phantom_study(
    folder: Path,
    *,
    count: int = 10,
    annotated: int = 4,
    held_out: int = 2,
    labels: str = "hip-bones",
    spacing_mm: float = 1.0,
    field: str = "pelvis",
    seed: int = 0,
    progress: Progress = silent,
) -> Study:
    """Draws `count` patients and adds their scans: first the annotated, then the unannotated, last the held-out.

    Held-out cases carry their label too, for evaluation alone. `field` is one of `phantom.render.FIELDS`.

    Raises:
        BadInputError: The numbers do not add up, the field is unknown, or the folder holds a study already.
    """
    if annotated < 0 or held_out < 0 or annotated + held_out > count:
        raise BadInputError(
            f"{annotated} annotated and {held_out} held-out scans are more than {count}: ask for more."
        )
    if not SPACING_MM[0] <= spacing_mm <= SPACING_MM[1]:
        raise BadInputError(f"Phantoms cannot be made at {spacing_mm:g} mm: choose a spacing from 0.4 to 6 mm.")
    if field not in FIELDS:
        raise BadInputError(f"Phantoms have no field of view {field!r}: choose one of {', '.join(FIELDS)}.")
    study = Study.create(folder, f"{count} phantom hips", load_labels(labels), spacing_mm=spacing_mm)
    images = study.folder / "phantoms"
    images.mkdir(exist_ok=True)
    for index, patient in enumerate(draw_cohort(count, seed)):
        progress("Making phantom hips", index / count)
        phantom = render(patient, spacing_mm, field_name=field)
        image, label = images / f"phantom-{index + 1:03d}.nii.gz", images / f"phantom-{index + 1:03d}-label.nii.gz"
        write_phantom(replace(phantom, label=relabel(phantom.label, phantom_values(study.labels))), image, label)
        role = Role.HELD_OUT if index >= count - held_out else Role.UNANNOTATED
        case = study.add_case(image, patient=f"phantom-{seed}-{index}", role=role, name=f"phantom {index + 1}")
        if index < annotated or role is Role.HELD_OUT:
            study.add_label(case.key, label, annotated_by="phantom")
    progress("Making phantom hips", 1.0)
    return study


def phantom_values(labels: tuple[Label, ...]) -> dict[int, int]:
    """Phantom label value -> value in the study's label files."""
    present = {label.value for label in labels}
    return {value: value for value in range(1, 6)} if 5 in present else BINARY_VALUES
