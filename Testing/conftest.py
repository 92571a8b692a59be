"""Whatever error a test meets: its sentence must be one that translators are shown."""

from __future__ import annotations

import functools
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from SemiSegEmbedLib import errors

sys.path.insert(0, str(Path(__file__).resolve().parent / "host"))

import library_texts

LIBRARY = Path(errors.__file__).resolve().parent
BETWEEN_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z'])")


@functools.cache
def _templates() -> re.Pattern[str]:
    sentences, _ = library_texts.library_texts(LIBRARY)
    return re.compile("|".join(_pattern(text) for text in sentences), re.DOTALL)


def _pattern(template: str) -> str:
    pieces = list(string.Formatter().parse(template))
    # Or "{key}: {error}" would fit nearly everything.
    gap = ".*?" if any(literal.strip(" :") for literal, *_ in pieces) else r"case-\d+|.+\."
    return "".join(re.escape(literal) + ("" if name is None else f"(?:{gap})") for literal, name, _, _ in pieces)


def _is_known(sentence: str) -> bool:
    templates = _templates()
    return bool(templates.fullmatch(sentence)) or all(map(templates.fullmatch, BETWEEN_SENTENCES.split(sentence)))


@pytest.fixture(autouse=True)
def _what_was_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    said = set()
    plain = errors.SemiSegEmbedError.__init__

    def note(error: Exception, *arguments: object) -> None:
        plain(error, *arguments)
        raised_in = Path(sys._getframe(1).f_code.co_filename)
        if LIBRARY in raised_in.parents and library_texts.speaks_english(raised_in.relative_to(LIBRARY).as_posix()):
            said.add(str(error))

    monkeypatch.setattr(errors.SemiSegEmbedError, "__init__", note)
    yield
    unknown = [sentence for sentence in said if not _is_known(sentence)]
    assert not unknown, "Testing/host/library_texts.py does not find these in the sources"
