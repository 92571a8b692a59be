"""One self-contained HTML page: paragraphs, tables and pictures, no script and nothing from the network."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .9rem; border-bottom: 1px solid #8886; text-align: right; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; background: #fff; border-radius: 6px; }
figcaption, .note { color: #777; font-size: .92rem; }
code { background: #8882; padding: .1rem .3rem; border-radius: 4px; }
"""


class HtmlReport:
    """Collects parts in reading order; `html()` is the page. Texts are escaped here.

    Example:
        report = HtmlReport("Two hips")
        report.table(("hip", "IoU"), [("case-0001", "0.91")])
        path.write_text(report.html(), encoding="utf-8")
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = []

    def heading(self, text: str) -> None:
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def paragraph(self, text: str, *, note: bool = False) -> None:
        self._parts.append(f"<p{' class=note' if note else ''}>{html.escape(text)}</p>")

    def steps(self, entries: Sequence[tuple[str, str]]) -> None:
        """A list of what can be done: a sentence and the command for it, each."""
        items = "".join(f"<li>{html.escape(text)}<br><code>{html.escape(code)}</code></li>" for text, code in entries)
        self._parts.append(f"<ul>{items}</ul>")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        self._parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")

    def picture(self, png: bytes, caption: str) -> None:
        data = base64.b64encode(png).decode("ascii")
        text = html.escape(caption)
        self._parts.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'
        )

    def html(self) -> str:
        title = html.escape(self.title)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{STYLE}</style></head><body><h1>{title}</h1>\n" + "\n".join(self._parts) + "\n</body></html>\n"
        )
