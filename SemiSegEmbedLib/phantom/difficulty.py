"""How hard the benchmark's cohort is: the knobs, what they were set for, and what was reached.

The shapes of the cohort do not depend on the knobs: only images and annotators do. So turning them leaves the
patients, the exact labels and the groups of the test set as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from SemiSegEmbedLib.errors import BadInputError


@dataclass(frozen=True)
class Difficulty:
    """The knobs.

    Attributes:
        appearance: Factor on the spread of radiodensities, osteoporosis, calcification and fatty muscle between
            patients: how unlike the annotated scans the others look.
        noise: Factor on the images' noise.
        contrast: Factor on the radiodensity of compact and spongy bone.
        annotator_mm: Root mean square of the first annotator's surface error.
        review_mm: The second annotator leaves no error larger than this.
    """

    appearance: float = 1.3
    noise: float = 1.3
    contrast: float = 0.8
    annotator_mm: float = 0.35
    review_mm: float = 2.0

    def __post_init__(self) -> None:
        """Raises `BadInputError` for a knob that is not a number above 0 and at most 10."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int | float) or not 0.0 < value <= 10.0:
                raise BadInputError(f"The difficulty {field.name!r} must lie above 0 and up to 10, not {value!r}.")

    def to_dict(self) -> dict[str, float]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> Difficulty:
        """The inverse of `to_dict`; raises `BadInputError` for an unknown knob."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise BadInputError(f"The difficulty has no knob {unknown[0]!r}; correct or remove it.")
        return cls(**values)


@dataclass(frozen=True)
class EndPoint:
    """IoU and HD95 in mm of the supervised baseline with few or all annotated scans."""

    iou: float
    hd95: float


TARGETS = {"few": EndPoint(0.894, 9.45), "all": EndPoint(0.948, 1.92)}
"""The paper's supervised baseline with 4 and with 350 annotated scans (Table 1, columns 50 and 6266)."""
