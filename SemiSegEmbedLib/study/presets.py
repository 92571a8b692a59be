"""Ready lists of labels for hip CT, and reading such a list from a JSON file.

Codes are SNOMED CT as DICOM (CID 7151, CID 244) and Slicer's terminologies list them. "Hip" (29836001) is the
term under which Slicer's TotalSegmentator terminology files the hip bone. Sides are a modifier of the code and
not codes of their own: see `side_code`.
"""

from __future__ import annotations

from pathlib import Path

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.fields import FieldError, Fields, read_json
from SemiSegEmbedLib.study.manifest import labels_from
from SemiSegEmbedLib.study.records import Code, Label

CATEGORY = Code("SCT", "123037004", "Anatomical Structure")
"""The category as Slicer's terminologies write it; newer DICOM (CID 7150) has 91723000 for the same meaning."""

LEFT = Code("SCT", "7771000", "Left")
RIGHT = Code("SCT", "24028007", "Right")

_HIP = Code("SCT", "29836001", "Hip")
_FEMUR = Code("SCT", "71341001", "Femur")
_SACRUM = Code("SCT", "54735007", "Sacrum")

HIP_BONES = (
    Label("hip bone left", 1, (230, 190, 120), _HIP, training_class=1, side="left", mirror=2),
    Label("hip bone right", 2, (130, 190, 230), _HIP, training_class=1, side="right", mirror=1),
)
"""The paper's binary case: both hip bones are one class."""

HIP_SIDES = (
    *HIP_BONES,
    Label("femur left", 3, (220, 130, 110), _FEMUR, training_class=2, side="left", mirror=4),
    Label("femur right", 4, (140, 200, 140), _FEMUR, training_class=2, side="right", mirror=3),
    Label("sacrum", 5, (190, 170, 210), _SACRUM, training_class=0),
)
"""Hip bones and femora as two classes; the sacrum may be annotated but is background for the network."""

LABEL_LISTS = {"hip-bones": HIP_BONES, "hip-sides": HIP_SIDES}


def load_labels(path_or_name: Path | str) -> tuple[Label, ...]:
    """A ready list by its name, or the list in a JSON file: `{"labels": [{"name": ..., "value": ...}, ...]}`.

    Raises:
        BadInputError: There is no such list, or the file is damaged or contradicts itself.
    """
    if str(path_or_name) in LABEL_LISTS:
        return LABEL_LISTS[str(path_or_name)]
    path = Path(path_or_name)
    if not path.is_file():
        names = " or ".join(LABEL_LISTS)
        raise BadInputError(f"There is no list of labels '{path.name}': choose {names}, or a JSON file that exists.")
    document = read_json(path)
    try:
        fields = Fields(document, "the list")
        labels = labels_from(fields.items("labels", limit=254))
        fields.done()
    except FieldError as error:
        raise BadInputError(f"{path.name} is no list of labels because {error}: correct it.") from error
    return labels


def side_code(label: Label) -> Code | None:
    """The modifier that goes with `label.code` in DICOM and in Slicer's terminology, or None."""
    return {"left": LEFT, "right": RIGHT}.get(label.side or "")
