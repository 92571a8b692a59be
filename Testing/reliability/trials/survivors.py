"""Mutants that the tests do not notice, and why that is right; each was looked at by a person."""

from __future__ import annotations

_BOTH = "both sums are set in the same line, so never one alone"
EXPLAINED: dict[str, str] = {
    "self._probability_sum is None or self._entropy_sum is None → "
    "self._probability_sum is None and self._entropy_sum is None": _BOTH,
    '1 → 2 in return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(manifest)}, indent=1, all...': (
        "it changes blanks alone"
    ),
    "True → False in padding = [(int(s.start == 0), int(s.stop == n)) for s, n in zip(box, mask.shape, stric...": (
        "the box always has as many sides as the mask"
    ),
    "False → True in tree = cKDTree(targets * step, balanced_tree=False, compact_nodes=False)": (
        "the tree gives the same distances, only slower"
    ),
    "0 → 1 in classes = max(2, 1 + int(arrays[arrays != IGNORE].max(initial=0)))": "two classes are the least anyway",
}
