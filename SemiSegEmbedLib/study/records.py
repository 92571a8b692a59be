"""Plain records of what a study holds; no I/O here, so that every room may import them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

IGNORE = 255
"""Value in a label volume for 'nobody has looked here' (partial annotation)."""


class Role(str, Enum):
    """What a case is used for."""

    ANNOTATED = "annotated"
    UNANNOTATED = "unannotated"
    HELD_OUT = "held-out"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Code:
    """One term of a terminology, for example SNOMED CT `("SCT", "24136001", "Hip joint structure")`."""

    scheme: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Label:
    """One value of the label volumes of a study.

    Attributes:
        name: What people call it ("hip bone left").
        value: Its value in label files and results, 1 to 254.
        color: Red, green, blue, 0 to 255.
        code: Its term, or None.
        training_class: The class it is learned as, 1 to C-1; labels may share one (left and right of a
            bone, the paper's binary case); 0 means that it is background for the network. None: its own.
        side: "left" or "right" when the label names one side of the body. Labels that share a training
            class and differ in side are told apart after inference; labels of opposite sides with
            classes of their own are swapped when a patch is mirrored.
        mirror: The value of the label on the other side, or None.
    """

    name: str
    value: int
    color: tuple[int, int, int] = (230, 220, 170)
    code: Code | None = None
    training_class: int | None = None
    side: str | None = None
    mirror: int | None = None


@dataclass(frozen=True)
class ImageReference:
    """Where the CT of a case lies. Paths appear in the local manifest and nowhere else.

    Attributes:
        path: A file or a DICOM folder; relative paths are relative to the study folder.
        sha256: Hash of the bytes of the file, or of all files of the series in name order.
        series_uid: The DICOM series inside a folder, or None.
        copied: True when the file is a copy inside the study folder.
        fingerprint: Sizes and times of the files when they were hashed; while it is the same they need
            not be hashed again. Empty: unknown.
    """

    path: str
    sha256: str
    series_uid: str | None = None
    copied: bool = False
    fingerprint: str = ""


@dataclass(frozen=True)
class LabelVersion:
    """One saved state of the label of a case; versions are only ever added.

    Attributes:
        path: Relative to the study folder.
        sha256: Hash of the file's bytes.
        annotated_by: Name or initials as the user typed them, possibly empty.
        reviewed_by: The same, for the person who looked it over.
        created: ISO 8601, UTC.
        complete: False when voxels are marked `IGNORE` (partial annotation).
        fingerprint: As in `ImageReference`.
        accepted_from: The model whose result a person accepted as it was; empty: somebody drew it. Such a label
            trains, but nothing is measured on it.
    """

    path: str
    sha256: str
    annotated_by: str = ""
    reviewed_by: str = ""
    created: str = ""
    complete: bool = True
    fingerprint: str = ""
    accepted_from: str = ""


@dataclass(frozen=True)
class Case:
    """One scan. `key` ("case-0001") is the only name of it that logs, checkpoints and results may hold."""

    key: str
    name: str
    image: ImageReference
    patient_key: str
    role: Role = Role.UNANNOTATED
    labels: tuple[LabelVersion, ...] = ()
    added: str = ""

    @property
    def label(self) -> LabelVersion | None:
        """The newest version of the label, or None."""
        return self.labels[-1] if self.labels else None


@dataclass(frozen=True)
class RunRecord:
    """One training run of a study; everything else about it stands in its run folder.

    Attributes:
        run_id: Name of the folder below `runs/`.
        created: ISO 8601, UTC.
        method: For example "embedding_matching".
        preset: For example "robust".
    """

    run_id: str
    created: str
    method: str
    preset: str


@dataclass(frozen=True)
class ResultRecord:
    """What one model made of one case.

    Attributes:
        case_key: The case.
        model_id: The model.
        folder: Where its maps and labels lie, relative to the study folder.
        facts: Plain numbers and words worth a table ("mean_uncertainty": 0.04).
        status: "new", "accepted", "rejected" or "edited".
        created: ISO 8601, UTC.
    """

    case_key: str
    model_id: str
    folder: str
    facts: dict[str, Any] = field(default_factory=dict)
    status: str = "new"
    created: str = ""


RESULT_STATUSES = ("new", "accepted", "rejected", "edited")


@dataclass(frozen=True)
class Split:
    """Which cases train and which validate, all by key.

    `optimistic` is True when validation uses blocks withheld from the training cases themselves (fewer
    than six annotated cases): such numbers flatter the model and are called so wherever they are shown.
    """

    annotated: tuple[str, ...]
    unannotated: tuple[str, ...]
    validation: tuple[str, ...] = ()
    optimistic: bool = False
    excluded: tuple[str, ...] = field(default=())
