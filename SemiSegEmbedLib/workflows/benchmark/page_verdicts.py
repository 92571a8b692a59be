"""What the tables show, in sentences that the measurements choose: each comes out one way or the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from SemiSegEmbedLib.evaluation.statistics import Interval
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.workflows.benchmark.markdown import table
from SemiSegEmbedLib.workflows.benchmark.paper_numbers import COLUMNS, printed
from SemiSegEmbedLib.workflows.benchmark.results import Difference, Entry, Results, compare_with, gap_closed

PAPER_GAP = 0.82
"""Share of the gap that the paper's method closes: from 9.45 to 3.30 of 1.92 mm (Table 1)."""
SURE = 0.05
NNUNET = "nnU-Net v2 (3d_fullres)"
TITLES = {row.name: row.title for name in ("table1", "table2", "robust") for row in table_rows(name)}
MATCHING, ROBUST = TITLES["embedding_matching"], TITLES["robust"]
OUTRANKED = ("uamt", "mean_teacher", "supervised")
"""Before which embedding matching is in the paper, with differences that are significant there."""
TERMS = {"L_NN": ("ua_nn", "ua"), "L_EN": ("ua_en", "ua"), "L_NN with L_EN": ("embedding_matching", "ua")}
PSEUDO = ("unreliable_fraction", "accuracy_teacher_unreliable", "accuracy_matched_unreliable")

Entries = Mapping[str, Entry]


def verdicts(results: Results, entries: Entries) -> str:
    """All sentences that the rows which were run allow."""
    found = [
        order_sentence(entries),
        robust_gap_sentence(results, entries),
        robust_wins_sentence(entries),
        matching_sentence(entries),
        left_out_sentence(entries),
        *(term_sentence(entries, term) for term in TERMS),
        pseudo_label_sentence(entries),
    ]
    lines = [f"- {sentence}" for sentence in found if sentence]
    return "### What it shows\n\n" + "\n".join(lines) + "\n" if lines else ""


def show(interval: Interval, digits: int) -> str:
    """Estimate with its interval."""
    return f"{interval.estimate:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def order_sentence(entries: Entries) -> str:
    """The methods of Table 1 in the order of their HD95 on patches, beside the paper's, and where they differ."""
    rows = [row for row in table_rows("table1") if row.title in entries]
    ours = {row.title: entries[row.title].mean("hd95", level="patches") or 0.0 for row in rows}
    theirs = {row.title: (printed("table1", row.name, COLUMNS[0]) or (0.0, 0.0))[1] for row in rows}
    orders = [", ".join(sorted(one, key=one.__getitem__)) for one in (ours, theirs)]
    if len(rows) < 2:
        return ""
    text = f"By HD95 with the fewest annotated scans, best first: {orders[0]}. In the paper: {orders[1]}."
    rivals = [TITLES[name] for name in OUTRANKED if TITLES[name] in ours]
    if MATCHING not in ours or not rivals:
        return text
    before = [title for title in rivals if ours[title] <= ours[MATCHING]]
    if before:
        return f"{text} Against the paper, {MATCHING.lower()} is not before {_listed(before)}."
    return f"{text} As in the paper, {MATCHING.lower()} is before {_listed(rivals)}."


def robust_gap_sentence(results: Results, entries: Entries) -> str:
    """The share of the gap in HD95 on whole scans that `robust` closes, against what the paper's method closes."""
    few = entries.get(TITLES["supervised"])
    everything = results.entry("table1", "supervised", len(results.scale.columns) - 1)
    if ROBUST not in entries or few is None or not everything:
        return ""
    values = [entry.mean("hd95") for entry in (entries[ROBUST], few, everything)]
    closed = None if None in values else gap_closed(*values)  # type: ignore[arg-type]
    if closed is None:
        return ""
    verdict = "at least" if closed >= PAPER_GAP else "less than"
    return (
        f"Robust closes {100 * closed:.0f} % of the gap in HD95 between supervised with few and with all scans, "
        f"{verdict} the {100 * PAPER_GAP:.0f} % of the paper's method."
    )


def robust_wins_sentence(entries: Entries) -> str:
    """Which rows `robust` beats in HD95 on whole scans with p < 0.05 after Holm, and which it does not."""
    found = compare_with(ROBUST, entries, "hd95") if ROBUST in entries else []
    lost = [one for one in found if not _beaten(one)]
    if not found:
        return ""
    unknown = "" if NNUNET in entries else f" {NNUNET} was not run."
    if not lost:
        return f"Robust beats every other row that was run in HD95 (p < {SURE} after Holm).{unknown}"
    reasons = [f"{one.title} ({show(one.interval, 2)} mm, p = {one.p_holm:.2g})" for one in lost]
    return f"Robust does not beat with p < {SURE} in HD95: {'; '.join(reasons)}.{unknown}"


def matching_sentence(entries: Entries) -> str:
    """Whether matching, which is L_EN there, carries its own weight in `robust`: the paired interval decides."""
    found = _paired(entries, TITLES["robust_without_matching"], ROBUST)
    if found is None:
        return ""
    verdict = "carries its own weight" if found.low > 0 else "does not carry its own weight"
    return f"Matching (L_EN) {verdict} in the robust preset: without it HD95 changes by {show(found, 2)} mm."


def left_out_sentence(entries: Entries) -> str:
    """Whether `robust` is right to leave L_NN out."""
    found = _paired(entries, TITLES["robust_with_nn"], ROBUST)
    if found is None:
        return ""
    verdict = (
        "is rightly left out of" if found.low > 0 else "may be left out of" if found.high >= 0 else "is missing in"
    )
    return f"L_NN {verdict} the robust preset: with it HD95 changes by {show(found, 2)} mm."


def term_sentence(entries: Entries, term: str) -> str:
    """Whether a term of the faithful method helps or hurts beside L_UA alone."""
    row, plain = (TITLES[name] for name in TERMS[term])
    found = _paired(entries, row, plain)
    if found is None:
        return ""
    verdict = "makes no sure difference to" if found.low <= 0 <= found.high else "hurts" if found.low > 0 else "helps"
    return f"Beside L_UA, {term} {verdict} HD95 on whole scans: {show(found, 2)} mm."


def pseudo_label_sentence(entries: Entries) -> str:
    """The claim of section 2.3 on hidden labels: where the teacher is unsure, is matching right more often?"""
    means = pseudo_label_quarters(entries[MATCHING].records) if MATCHING in entries else []
    wins = [teacher < matched for _, teacher, matched in means if teacher is not None and matched is not None]
    if not wins:
        return ""
    where = f"in {sum(wins)} of {len(wins)} quarters of training"
    verdict = "right more often than the teacher" if all(wins) else "not always right more often than the teacher"
    if not any(wins):
        verdict = "right less often than the teacher"
    return f"On unreliable voxels of unlabelled patches, matching is {verdict} ({where} it is)."


def pseudo_label_table(entries: Entries) -> str:
    """What becomes of the pseudo labels of embedding matching over the quarters of training; all repeats."""
    means = pseudo_label_quarters(entries[MATCHING].records) if MATCHING in entries else []
    if not means:
        return ""
    names = ["first", "second", "third", "last"]
    rows = [[name, *(f"{v:.3g}" if v is not None else "–" for v in values)] for name, values in
            zip(names, means, strict=True)]  # fmt: skip
    return f"{MATCHING}, means over the quarters of training:\n\n" + table(
        ["quarter", "unreliable fraction", "teacher right there", "matching right there"], rows
    )


def pseudo_label_quarters(records: Sequence[Mapping[str, Any]]) -> list[tuple[float | None, ...]]:
    """Means of `PSEUDO` over each quarter of the log; None where nothing was unreliable."""
    quarters = []
    for number in range(4):
        events = []
        for record in records:
            curve = record["curves"]
            events += curve[number * len(curve) // 4 : (number + 1) * len(curve) // 4]
        values = [[event[name] for event in events if name in event] for name in PSEUDO]
        quarters.append(tuple(float(np.mean(one)) if one else None for one in values))
    return quarters if any(value is not None for quarter in quarters for value in quarter) else []


def _paired(entries: Entries, row: str, reference: str) -> Interval | None:
    """Difference in HD95 on whole scans (row minus reference); None while one of them was not run."""
    if row not in entries or reference not in entries:
        return None
    found = compare_with(reference, {title: entries[title] for title in (reference, row)}, "hd95")
    return found[0].interval if found else None


def _beaten(one: Difference) -> bool:
    return one.p_holm < SURE and one.interval.estimate > 0


def _listed(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
