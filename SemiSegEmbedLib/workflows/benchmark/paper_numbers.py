"""The numbers printed in the paper (arXiv 2407.04638), by the names of `learning.rows`."""

from __future__ import annotations

Pair = tuple[float, float]
"""IoU and HD95 in mm."""

COLUMNS = (50, 150, 300, 1000, 2500, 6266)
"""Labelled patches of Table 1's columns."""

_TABLE_1 = {
    "supervised": ((0.894, 0.921, 0.921, 0.946, 0.947, 0.948), (9.45, 5.30, 3.00, 2.04, 1.97, 1.92)),
    "mean_teacher": ((0.918, 0.925, 0.939, 0.946, 0.947), (6.39, 4.91, 2.45, 1.99, 1.90)),
    "uamt": ((0.926, 0.929, 0.939, 0.943, 0.944), (5.00, 3.92, 2.49, 2.22, 2.12)),
    "cct": ((0.922, 0.927, 0.935, 0.946, 0.947), (5.72, 4.40, 2.87, 1.99, 1.90)),
    "mtc": ((0.923, 0.923, 0.936, 0.941, 0.947), (4.94, 4.55, 2.55, 2.18, 1.90)),
    "dtc": ((0.927, 0.937, 0.938, 0.941, 0.941), (4.07, 3.29, 2.49, 2.28, 2.18)),
    "embedding_matching": ((0.929, 0.931, 0.939, 0.947, 0.947), (3.30, 2.99, 2.45, 1.95, 1.94)),
}
"""Table 1, section 3.2: IoU by column, HD95 by column."""

_TABLE_2 = {"ua": (0.918, 6.39), "ua_nn": (0.925, 3.94), "ua_nn_en": (0.929, 3.30), "ua_en": (0.927, 3.56)}
"""Table 2, Appendix A; its first row repeats the row MT of Table 1 digit for digit."""

_TABLE_3 = {
    "mean_euclidean": (0.930, 3.73),
    "max_euclidean": (0.930, 3.67),
    "mean_cosine": (0.929, 3.30),
    "max_cosine": (0.927, 3.63),
}
"""Table 3, Appendix B."""


def printed(table: str, row: str, column: int) -> Pair | None:
    """What the paper prints for a row in the column with so many labelled patches; None where it prints nothing."""
    if table == "table1" and row in _TABLE_1 and column in COLUMNS:
        iou, hd95 = _TABLE_1[row]
        place = COLUMNS.index(column)
        return (iou[place], hd95[place]) if place < len(iou) else None
    values = {"table2": _TABLE_2, "table3": _TABLE_3}.get(table, {})
    return values.get(row) if column == COLUMNS[0] else None
