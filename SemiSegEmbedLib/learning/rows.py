"""The rows of the paper's Tables 1, 2 and 3, and of what the `robust` preset adds, as plain configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import TrainingConfig, preset


@dataclass(frozen=True)
class Row:
    """One row of a table: what it is called and how it differs from its preset.

    Attributes:
        name: Short, for files and commands; unique within a table.
        title: For people.
        overrides: Settings of `TrainingConfig` that make the row what it is; budget and size are not among them.
        preset: What they change.
    """

    name: str
    title: str
    overrides: Mapping[str, Any]
    preset: str = "paper"

    def config(self, **budget: Any) -> TrainingConfig:
        """The row's configuration with the budget that all rows of a table share.

        Two rows with equal configurations are the same experiment: embedding matching stands in each table.

        Args:
            budget: Such as `steps`, `patch_size`, `seed`, `norm`. What makes the row what it is wins over them.

        Raises:
            BadInputError: Names the value that cannot be.
        """
        return preset(self.preset, **{**budget, **self.overrides})


def _matching(name: str, title: str, preset: str = "paper", **overrides: Any) -> Row:
    return Row(name, title, {"method": "embedding_matching", **overrides}, preset)


TABLES: dict[str, tuple[Row, ...]] = {
    "table1": (
        Row("supervised", "Supervised baseline", {"method": "supervised"}),
        Row("mean_teacher", "MT", {"method": "mean_teacher"}),
        Row("uamt", "UAMT", {"method": "uamt"}),
        Row("cct", "CCT", {"method": "cct"}),
        Row("mtc", "MTC", {"method": "mtc"}),
        Row("dtc", "DTC", {"method": "dtc"}),
        _matching("embedding_matching", "Embedding matching"),
    ),
    "table2": (
        _matching("ua", "UA", use_nn=False, use_en=False),
        _matching("ua_nn", "UA+NN", use_nn=True, use_en=False),
        _matching("ua_nn_en", "UA+NN+EN", use_nn=True, use_en=True),
        _matching("ua_en", "UA+EN", use_nn=False, use_en=True),
    ),
    "table3": (
        _matching("mean_euclidean", "mean, euclidean", reduce="mean", kernel="euclidean"),
        _matching("max_euclidean", "max, euclidean", reduce="max", kernel="euclidean"),
        _matching("mean_cosine", "mean, cosine", reduce="mean", kernel="cosine"),
        _matching("max_cosine", "max, cosine", reduce="max", kernel="cosine"),
    ),
    "robust": (
        Row("robust_supervised", "Supervised, robust augmentation", {"method": "supervised"}, "robust"),
        _matching("robust", "Robust", "robust"),
        _matching("robust_without_nn", "Robust without NN", "robust", use_nn=False),
        _matching("robust_without_en", "Robust without EN", "robust", use_en=False),
        _matching("robust_without_matching", "Robust without NN and EN", "robust", use_nn=False, use_en=False),
    ),
}
"""Rows in the order of the paper's tables; "robust" is not in the paper."""


def table_rows(table: str) -> tuple[Row, ...]:
    """The rows of "table1", "table2", "table3" or "robust"; raises `BadInputError` for another name."""
    if table not in TABLES:
        raise BadInputError(f"There is no table {table!r}; choose one of {', '.join(TABLES)}.")
    return TABLES[table]
