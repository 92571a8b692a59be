"""The rows of the paper's Tables 1, 2 and 3, and of the `robust` preset and its levers, as plain configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import TrainingConfig, preset
from SemiSegEmbedLib.learning.effort import effort_until, mean_step_effort


@dataclass(frozen=True)
class Row:
    """One row of a table: what it is called and how it differs from its preset.

    Attributes:
        name: Short, for files and commands; unique within a table.
        title: For people.
        overrides: Settings of `TrainingConfig` that make the row what it is; budget and size are not among them.
        preset: What they change.
        rounds: Of self-training after the first training, each as long as that (`workflows.benchmark.self_training`).
        sacrum: Whether the sacrum belongs to the object; in the paper it does not.
        as_long_as: Another row; this one makes so many more steps that both compute equally much (`learning.effort`).
    """

    name: str
    title: str
    overrides: Mapping[str, Any]
    preset: str = "paper"
    rounds: int = 0
    sacrum: bool = False
    as_long_as: Row | None = None

    def config(self, **budget: Any) -> TrainingConfig:
        """The row's configuration with the budget that all rows of a table share.

        Two rows with equal configurations are the same experiment: embedding matching stands in each table.

        Args:
            budget: Such as `steps`, `patch_size`, `seed`, `norm`. What makes the row what it is wins over them.

        Raises:
            BadInputError: Names the value that cannot be.
        """
        config = preset(self.preset, **{**budget, **self.overrides})
        if self.as_long_as is None:
            return config
        other = self.as_long_as.config(**budget)
        return replace(config, steps=round(effort_until(other, other.steps) / mean_step_effort(config)))


def _robust(name: str, title: str, **overrides: Any) -> Row:
    return _matching(f"robust_{name}", f"Robust, {title}", "robust", **overrides)


def _matching(name: str, title: str, preset: str = "paper", **overrides: Any) -> Row:
    return Row(name, title, {"method": "embedding_matching", **overrides}, preset)


ROBUST = _matching("robust", "Robust", "robust")

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
        Row(
            "robust_supervised_long",
            "Supervised, robust augmentation, as long as robust",
            {"method": "supervised"},
            "robust",
            as_long_as=ROBUST,
        ),
        ROBUST,
        _robust("with_nn", "with NN", use_nn=True),
        _robust("nn_for_en", "NN instead of EN", use_nn=True, use_en=False),
        _robust("without_matching", "without NN and EN", use_en=False),
    ),
    "levers": (
        ROBUST,
        _robust("without_start", "without a supervised start", supervised_start=0.0),
        _robust("mirroring_only", "mirroring only", augmentation="flip"),
        _robust("intensity", "mirroring and changes of intensity", augmentation="intensity"),
        _robust("cutmix", "CutMix", cutmix=0.5),
        _robust("labelled_cutmix", "boxes of labelled scans", labelled_cutmix=0.5),
        _robust("copy_paste", "copy-paste", copy_paste=0.5),
        _robust("pair", "references of one patch", reference_scope="pair"),
        _robust("without_hard_negatives", "without hard negatives", hard_negatives=False),
        _robust("prototypes", "8 prototypes", prototypes=8),
        _robust("teacher_query", "with NN, teacher's embeddings matched", use_nn=True, query="teacher"),
        _robust("margin", "with NN, margin 0.1", use_nn=True, nn_margin=0.1),
        _robust("floor", "with NN, floor 0.05", use_nn=True, ps_floor=0.05),
        _robust("temperature", "temperature 0.1", en_temperature=0.1),
        _robust("full_threshold", "threshold to ln C", threshold_end=1.0),
        _robust("distance_head", "distance head", distance_weight=0.3),
        _robust("slow_teacher", "teacher's decay 0.999", ema_decay=0.999),
        Row(
            "robust_self_training",
            "Robust, trained again on its own labels",
            {"method": "embedding_matching"},
            "robust",
            rounds=1,
        ),
    ),
    "diagnosis": (
        _matching("instance_norm", "Embedding matching, instance norm", norm="instance"),
        _matching("threshold_end", "Embedding matching, threshold to 0.95 ln C", threshold_end=0.95),
        _matching("entropy_of_mean", "Embedding matching, entropy of the mean", uncertainty_form="entropy_of_mean"),
        _matching("hard_negatives", "Embedding matching, hard negatives", hard_negatives=True),
        Row("sacrum", "Embedding matching, sacrum as foreground", {"method": "embedding_matching"}, sacrum=True),
        Row("supervised_sacrum", "Supervised, sacrum as foreground", {"method": "supervised"}, sacrum=True),
    ),
}
"""Rows in the order of the paper's tables; not in the paper are "robust", "levers" (one change to it each, or to it
with L_NN) and "diagnosis" (one change to the faithful method each, to find out what its order hangs on)."""


def table_rows(table: str) -> tuple[Row, ...]:
    """The rows of one of `TABLES`; raises `BadInputError` for another name."""
    if table not in TABLES:
        raise BadInputError(f"There is no table {table!r}; choose one of {', '.join(TABLES)}.")
    return TABLES[table]
