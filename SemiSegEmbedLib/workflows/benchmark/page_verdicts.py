"""What the tables show, in sentences that the measurements choose: each comes out one way or the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from SemiSegEmbedLib.evaluation.statistics import Interval
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.workflows.benchmark.markdown import table
from SemiSegEmbedLib.workflows.benchmark.paper_numbers import COLUMNS, printed
from SemiSegEmbedLib.workflows.benchmark.results import (
    Difference,
    Entry,
    Results,
    compare_with,
    in_common,
    share_of_gap,
)

PAPER_GAP = 0.82
"""Share of the gap that the paper's method closes: from 9.45 to 3.30 of 1.92 mm (Table 1)."""
SURE = 0.05
NNUNET = "nnU-Net v2 (3d_fullres)"
TITLES = {row.name: row.title for name in ("table1", "table2", "robust", "diagnosis") for row in table_rows(name)}
MATCHING, ROBUST = TITLES["embedding_matching"], TITLES["robust"]
OUTRANKED = ("uamt", "mean_teacher", "supervised")
"""Before which embedding matching is in the paper, with differences that are significant there."""
TERMS = {"L_NN": ("ua_nn", "ua"), "L_EN": ("ua_en", "ua"), "L_NN with L_EN": ("embedding_matching", "ua")}
DIAGNOSIS = {
    "instance_norm": "instance norm in place of batch norm",
    "threshold_end": "a threshold that ends at 0.95 ln C",
    "entropy_of_mean": "the entropy of the mean prediction in place of the mean of the entropies",
    "hard_negatives": "references that show other bone",
}
"""What a row changes in the faithful method; the page asks of each whether the order hangs on it."""
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
        *(diagnosis_sentence(entries, name) for name in DIAGNOSIS),
        sacrum_sentence(entries),
    ]
    lines = [f"- {sentence}" for sentence in found if sentence]
    return "### What it shows\n\n" + "\n".join(lines) + "\n" if lines else ""


def show(interval: Interval, digits: int) -> str:
    """Estimate with its interval."""
    return f"{interval.estimate:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def order_sentence(entries: Entries) -> str:
    """The methods of Table 1 in the order of their HD95 on patches, beside the paper's, and where they differ."""
    rows = [row for row in table_rows("table1") if row.title in entries]
    if len(rows) < 2:
        return ""
    shared = in_common({row.title: entries[row.title] for row in rows})
    ours = {title: float(entry.mean("hd95", level="patches") or 0.0) for title, entry in shared.items() if entry}
    theirs = {row.title: (printed("table1", row.name, COLUMNS[0]) or (0.0, 0.0))[1] for row in rows}
    if not ours:
        return ""
    orders = [", ".join(sorted(one, key=one.__getitem__)) for one in (ours, theirs)]
    text = f"By HD95 with the fewest annotated scans, best first: {orders[0]}. In the paper: {orders[1]}."
    rivals = {TITLES[name]: entries[TITLES[name]] for name in OUTRANKED if TITLES[name] in ours}
    if MATCHING not in ours or not rivals:
        return text
    found = compare_with(MATCHING, {MATCHING: entries[MATCHING], **rivals}, "hd95", level="patches")
    groups: dict[str, list[str]] = {"before": [], "behind": [], "level": []}
    for one in found:
        sure = "level" if one.p_holm >= SURE else "before" if one.interval.estimate > 0 else "behind"
        groups[sure].append(f"{one.title} (p = {one.p_holm:.2g})")
    words = [
        f"{start} {_listed(titles)}"
        for start, titles in zip(("before", "behind", "not surely different from"), groups.values(), strict=True)
        if titles
    ]
    verdict = "As in the paper" if len(groups["before"]) == len(found) else "Against the paper"
    return f"{text} {verdict}, {MATCHING.lower()} is {'; '.join(words)} on the patches."


def robust_gap_sentence(results: Results, entries: Entries) -> str:
    """The share of the gap in HD95 on whole scans that `robust` closes, against what the paper's method closes."""
    few = entries.get(TITLES["supervised"])
    everything = results.entry("table1", "supervised", len(results.scale.columns) - 1)
    closed = share_of_gap(entries[ROBUST], few, everything) if ROBUST in entries else None
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
    found = _effect(entries, "robust", "robust_without_matching")
    if found is None:
        return ""
    verdict = "carries its own weight" if found.high < 0 else "does not carry its own weight"
    return f"Matching (L_EN) {verdict} in the robust preset: with it HD95 changes by {show(found, 2)} mm."


def left_out_sentence(entries: Entries) -> str:
    """Whether `robust` is right to leave L_NN out."""
    found = _effect(entries, "robust_with_nn", "robust")
    if found is None:
        return ""
    verdict = {"hurts": "is rightly left out of", "helps": "is missing in"}.get(_verb(found), "may be left out of")
    return f"L_NN {verdict} the robust preset: with it HD95 changes by {show(found, 2)} mm."


def term_sentence(entries: Entries, term: str) -> str:
    """Whether a term of the faithful method helps or hurts beside L_UA alone."""
    found = _effect(entries, *TERMS[term])
    return "" if found is None else f"Beside L_UA, {term} {_verb(found)} HD95 on whole scans: {show(found, 2)} mm."


def diagnosis_sentence(entries: Entries, name: str) -> str:
    """Whether one change to the faithful method helps or hurts it."""
    found = _effect(entries, name, "embedding_matching")
    if found is None:
        return ""
    return f"To the faithful method, {DIAGNOSIS[name]} {_verb(found)} HD95 on whole scans: {show(found, 2)} mm."


def sacrum_sentence(entries: Entries) -> str:
    """Whether the order of embedding matching and supervised hangs on the sacrum being background."""
    pairs = (("embedding_matching", "supervised"), ("sacrum", "supervised_sacrum"))
    background, foreground = (_effect(entries, *names) for names in pairs)
    if background is None or foreground is None:
        return ""
    verdict = "does not hang" if _verb(background) == _verb(foreground) else "hangs"
    return (
        f"The order of {MATCHING.lower()} and supervised {verdict} on the sacrum: as background HD95 differs by "
        f"{show(background, 2)} mm, as foreground by {show(foreground, 2)} mm."
    )


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


def _effect(entries: Entries, name: str, reference: str) -> Interval | None:
    """Difference in HD95 on whole scans (row minus reference, by names); None while one of them was not run."""
    row, plain = TITLES[name], TITLES[reference]
    if row not in entries or plain not in entries:
        return None
    found = compare_with(plain, {title: entries[title] for title in (plain, row)}, "hd95")
    return found[0].interval if found else None


def _verb(found: Interval) -> str:
    return "makes no sure difference to" if found.low <= 0 <= found.high else "hurts" if found.low > 0 else "helps"


def _beaten(one: Difference) -> bool:
    return one.p_holm < SURE and one.interval.estimate > 0


def _listed(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
