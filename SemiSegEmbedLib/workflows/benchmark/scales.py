"""How big the benchmark is: the paper's size, and two parts of it that are cheaper to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import PAPER_STEPS


@dataclass(frozen=True)
class Column:
    """One column of Table 1.

    Attributes:
        patches: Labelled patches.
        scans: Annotated scans that they come from.
        paper: The paper's column that this one stands for (its labelled patches).
    """

    patches: int
    scans: int
    paper: int

    @property
    def title(self) -> str:
        """Labelled patches / annotated scans."""
        return f"{self.patches} / {self.scans}"


@dataclass(frozen=True)
class Scale:
    """A part of the cohort, and the budget that all rows of a table share.

    Attributes:
        name: "paper", "small" or "smoke".
        spacing_mm: Of the grid.
        patch: Voxels along each axis.
        train, val, test: Scans of each split, the first ones of the cohort.
        pool: Training patches, labelled and unlabelled.
        val_patches, test_patches: Patches of the other splits.
        columns: The last one is all annotated scans: the supervised row alone has it.
        window: Voxels along each axis of the windows that whole scans are predicted with.
        draws: Draws of the annotated scans in the first column.
        seeds: Seeds of each draw in the first column.
        training: Settings that every row shares, whatever its preset says.
        paper_rows: Further settings of the rows of Tables 1 to 3.
    """

    name: str
    spacing_mm: float
    patch: int
    train: int
    val: int
    test: int
    pool: int
    val_patches: int
    test_patches: int
    columns: tuple[Column, ...]
    window: int
    draws: int
    seeds: int
    training: Mapping[str, Any] = field(default_factory=dict)
    paper_rows: Mapping[str, Any] = field(default_factory=dict)

    @property
    def first(self) -> Column:
        """The column with the fewest annotated scans, which is repeated."""
        return self.columns[0]

    def budget(self, preset: str) -> dict[str, Any]:
        """Settings that a row of a table with this preset is trained with."""
        return {"patch_size": (self.patch,) * 3, **(self.paper_rows if preset == "paper" else {}), **self.training}


SCALES = {
    # Section 3.1 and Table 4.
    "paper": Scale(
        "paper", 1.0, 96, 350, 100, 500, 6266, 1174, 1200,
        (Column(50, 4, 50), Column(150, 10, 150), Column(300, 21, 300), Column(1000, 71, 1000),
         Column(2500, 180, 2500), Column(6266, 350, 6266)),
        window=96, draws=3, seeds=2,
        training={"steps": PAPER_STEPS, "validate_every": 2000, "checkpoint_every": 20000, "log_every": 500},
    ),
    # As many patches a scan as in the paper; 2,000 steps need a larger learning rate that falls. Compiled, since the
    # cells of a table share one process, which compiles each form of the network once.
    "small": Scale(
        "small", 1.0, 96, 40, 10, 24, 716, 117, 48,
        (Column(50, 4, 50), Column(150, 10, 150), Column(300, 21, 300), Column(716, 40, 6266)),
        window=96, draws=3, seeds=2,
        training={"steps": 2000, "validate_every": 500, "checkpoint_every": 2000, "log_every": 50,
                  "compile": "on"},
        paper_rows={"learning_rate": 1e-3, "schedule": "cosine", "warmup_steps": 100},
    ),
    # Shows that every part works; its numbers say nothing.
    "smoke": Scale(
        "smoke", 6.0, 16, 8, 4, 6, 48, 24, 12,
        (Column(12, 4, 50), Column(48, 8, 6266)),
        window=32, draws=1, seeds=1,
        training={"steps": 20, "base_filters": 4, "validate_every": 10, "checkpoint_every": 20, "log_every": 4,
                  "learning_rate": 2e-3, "warmup_steps": 0},
    ),
}  # fmt: skip


def get_scale(name: str) -> Scale:
    """The scale called `name`; raises `BadInputError` for another name."""
    if name not in SCALES:
        raise BadInputError(f"There is no scale {name!r}; choose one of {', '.join(SCALES)}.")
    return SCALES[name]
