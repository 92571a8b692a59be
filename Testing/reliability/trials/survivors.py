"""Mutants that the tests do not notice, and why that is right; each was looked at by a person."""

from __future__ import annotations

_BOTH = "both sums are set in the same line, so never one alone"
EXPLAINED: dict[str, str] = {
    "self._probability_sum is None or self._entropy_sum is None → "
    "self._probability_sum is None and self._entropy_sum is None": _BOTH,
    "0 → 1 in classes = max(2, 1 + int(arrays[arrays != IGNORE].max(initial=0)))": "two classes are the least anyway",
}
