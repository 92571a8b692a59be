"""One line of the reliability table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was tried, how often, and what happened.

    Attributes:
        tried: The situation, in words.
        times: How often it was brought about.
        happened: What the product did.
        provoked: How the situation was made; empty where `tried` says it.
        lost: What was lost that should not have been: "nothing" unless the product failed.
        good: Whether all went as it must; a row that is not good fails the tests.
        left: Mutants that the tests did not notice.
    """

    tried: str
    times: int
    happened: str
    provoked: str = ""
    lost: str = "nothing"
    good: bool = True
    left: tuple[str, ...] = ()


def judged(tried: str, faults: Sequence[str], times: int, happened: str, provoked: str = "") -> Row:
    """A row that is good when there are no faults, and else names the first three."""
    if not faults:
        return Row(tried, times, happened, provoked)
    counted = "; ".join(text if n == 1 else f"{text} ({n} times)" for text, n in Counter(faults).most_common(3))
    return Row(tried, times, happened, provoked, lost=f"{len(faults)} faults: {counted}", good=False)


def sentence_faults(text: str, secrets: Sequence[str] = ()) -> list[str]:
    """Why a text is not one clear sentence for a person; empty when it is one.

    Args:
        text: What the product said.
        secrets: Texts that must not be in it, such as the folder.
    """
    faults = []
    if not text.endswith("."):
        faults.append("does not end with a full stop")
    if "\n" in text or "Traceback" in text or "Error(" in text:
        faults.append("is a traceback")
    if not 20 <= len(text) <= 600:
        faults.append(f"has {len(text)} characters")
    if re.search(r"\. [A-Z]", text):
        faults.append("is more than one sentence")
    if any(secret and secret in text for secret in secrets):
        faults.append("holds a path or a name")
    return [f"'{text[:120]}' {fault}" for fault in faults]
