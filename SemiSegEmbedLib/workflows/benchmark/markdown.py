"""Small pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOT_RUN = "not run"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a line of dashes under its header."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def number(value: float | None, digits: int) -> str:
    """A number with so many digits, or "not run"."""
    return NOT_RUN if value is None else f"{value:.{digits}f}"


def replace_between(page: str, begin: str, end: str, text: str) -> str:
    """The page with what stands between two marker lines replaced; raises `ValueError` when a marker is missing."""
    before, found, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise ValueError(f"the page lacks {begin} or {end}")
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"
