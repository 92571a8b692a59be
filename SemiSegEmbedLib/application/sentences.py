"""What the library says, in the language of the user: its finished English sentences are taken apart again.

The library says plain English sentences wherever something goes wrong, as `f"{path.name} is empty."`. They reach the
window in errors, in the output and the log of child processes, in `status.json`, `events.jsonl` and answers of a run,
perhaps from another computer or an older version. So nothing travels but the sentence. Here it is compared with the
templates that `Testing/host/library_texts.py` reads from the sources (`library_sentences.py`); the translation of the
one that fits gets the values of the sentence. What fits none, such as words of other programs, is shown as it is.

The other way would be to raise a template and its values, and to keep both beside each sentence in each of these
files. That would touch 250 places that raise, and old files would stay English. Templates are unambiguous here:
`Testing/host/test_library_sentences.py` takes each of them apart, and the tests of all rooms what they raise.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from slicer.i18n import translate

from SemiSegEmbedLib.application.library_sentences import PARTS, SENTENCES

CONTEXT = "application.library_sentences"
"""Under which translators find the templates."""
NESTED = (
    *("changes", "choices", "doing", "error", "hint", "holder", "limit", "problem", "problems", "reason"),
    *("spent", "task", "what"),
)
"""Values that are words of the library themselves; all others, such as names of files, stay as they are."""
_BETWEEN_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z'\"]|case-\d)")
_BETWEEN_ENTRIES = re.compile("; ")
_PROGRESS = re.compile(r"(.+?)( +\d{1,3}%.*)?", re.DOTALL)


def localised(text: str) -> str:
    """One or more sentences of the library in the language of the user; other texts as they are."""
    return _read(text, _WHOLE).text


def localised_part(text: str) -> str:
    """A few words of the library that are no sentence: a task, the name of a device."""
    return _read(text, _ALL).text


def localised_progress(line: str) -> str:
    """One line of progress of the terminal door ("Preparing the scans  45% case-0001")."""
    task, rest = _PROGRESS.fullmatch(line).groups() if line else ("", "")
    return localised_part(task) + (rest or "")


@dataclass(frozen=True)
class _Reading:
    """A text in the language of the user.

    Attributes:
        text: As far as it is known.
        known: Whether all of it is.
    """

    text: str
    known: bool


class _Template:
    """What the library can say, with gaps.

    Attributes:
        rank: The more words it has, the earlier it is tried; then those whose values can be checked.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces = [(literal, name) for literal, name, _, _ in string.Formatter().parse(text)]
        names = [name for _, name in self._pieces if name is not None]
        self._literals = [literal for literal, _ in self._pieces]
        words = "".join(self._literals)
        self.rank = -len(words), -sum(name in NESTED for name in names)
        self._says_something = any(letter.isalpha() for letter in words)

    @functools.cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern = ""
        for literal, name in self._pieces:
            # Without a word of its own a template is told from others by its gaps alone ("{key}: {error}").
            gap = ".*?" if self._says_something or name in NESTED else r"\S+?"
            pattern += re.escape(literal) + ("" if name is None else f"(?P<{name}>{gap})")
        return re.compile(pattern, re.DOTALL)

    def read(self, text: str) -> _Reading | None:
        """The text in the language of the user; None if it is another one, or nothing would be gained."""
        # Most templates are ruled out so, which is much faster than their patterns.
        if not text.startswith(self._literals[0]) or not all(literal in text for literal in self._literals):
            return None
        found = self._pattern.fullmatch(text)
        if found is None:
            return None
        values = {
            name: _read_value(value) if name in NESTED else _Reading(value, True)
            for name, value in found.groupdict().items()
        }
        known = all(value.known for value in values.values())
        return _Reading(self._filled(values), known) if known or self._says_something else None

    def _filled(self, values: dict[str, _Reading]) -> str:
        texts = {name: value.text for name, value in values.items()}
        try:
            return translate(CONTEXT, self._text).format_map(texts)
        except (KeyError, IndexError, ValueError):  # a file of translations that is not ours
            return self._text.format_map(texts)


def _ranked(templates: Iterable[_Template]) -> tuple[_Template, ...]:
    return tuple(sorted(templates, key=lambda template: template.rank))


_WHOLE = _ranked(map(_Template, SENTENCES))
_ALL = _ranked((*_WHOLE, *map(_Template, PARTS)))


def _read(text: str, templates: Sequence[_Template]) -> _Reading:
    """The reading of a text of which everything is known, or else the one of which most is."""
    partly = []
    for reading in _readings(text, templates):
        if reading.known:
            return reading
        partly.append(reading)
    return partly[0] if partly else _Reading(text, False)


def _read_value(value: str) -> _Reading:
    words = value.lstrip()
    reading = _read(words, _ALL) if words else _Reading("", True)
    return _Reading(value[: len(value) - len(words)] + reading.text, reading.known)


def _readings(text: str, templates: Sequence[_Template]) -> Iterator[_Reading]:
    for template in templates:
        reading = template.read(text)
        if reading is not None:
            yield reading
    for separator, between in ((_BETWEEN_SENTENCES, " "), (_BETWEEN_ENTRIES, "; ")):
        parts = separator.split(text)
        if len(parts) > 1:
            readings = [_read(part, templates) for part in parts]
            yield _Reading(between.join(reading.text for reading in readings), all(one.known for one in readings))
