"""One thing that is wrong with a case, as a sentence for a person and a code for a program."""

from __future__ import annotations

from dataclasses import dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """What a check found.

    Attributes:
        code: Short and stable, for programs ("label-shifted").
        sentence: What is wrong and what to do; holds neither a name nor a path.
        severity: "error" keeps the case out of training, "warning" does not.
    """

    code: str
    sentence: str
    severity: str = ERROR
