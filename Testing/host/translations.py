"""Keeps the translations of the module up to date: `python Testing/host/translations.py`.

Writes what the library can say into `library_sentences.py` of the application (see `library_texts.py`). Collects the
texts of the module (`_("...")` in its Python files, strings in its `.ui` files) under the contexts that Slicer looks
them up in, brings the `.ts` files of `Resources/Translations` up to date, and compiles them to the `.qm` files that
the module loads. Texts without a translation are marked as unfinished: write them into the `.ts` file, then run this
again.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from library_texts import library_texts

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "SemiSegEmbed"
LIBRARY = ROOT / "SemiSegEmbedLib"
APPLICATION = LIBRARY / "application"
SENTENCES = APPLICATION / "library_sentences.py"
FOLDER = MODULE / "Resources" / "Translations"
NOT_SHOWN = ("contract.py", "contract_qt.py", "self_test.py")
"""Files whose texts only developers see."""

SENTENCES_BEGIN = '''\
"""What the library can say: `Testing/host/translations.py` writes this from the sources; do not change it by hand."""

# ruff: noqa: E501
# fmt: off

from __future__ import annotations


def _(text: str) -> str:
    """Shows a text to the tools of translators; `sentences.py` looks its translation up when it is said."""
    return text

'''

Texts = dict[str, dict[str, str]]
"""Context to text to translation."""


def sentences_module() -> str:
    """What `library_sentences.py` should hold."""
    sentences, parts = library_texts(LIBRARY)
    text = SENTENCES_BEGIN
    for name, texts in (("SENTENCES", sentences), ("PARTS", parts)):
        lines = "".join(f"_({_quoted(entry)}),\n" for entry in texts)
        text += f"\n{name} = (\n{textwrap.indent(lines, '    ')})\n"
    return text


def _quoted(text: str) -> str:
    """As ruff writes it: in double quotes unless single ones need fewer backslashes."""
    escaped = text.replace("\\", "\\\\")
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + escaped.replace(quote, "\\" + quote) + quote


def collect() -> dict[str, list[str]]:
    """All texts by context, each once, in the order in which they stand."""
    found: dict[str, list[str]] = {}
    for path in (MODULE / "SemiSegEmbed.py", *sorted(APPLICATION.glob("*.py"))):
        if path.name not in NOT_SHOWN:
            context = path.stem if path.parent == MODULE else f"{path.parent.name}.{path.stem}"
            _add(found, context, python_texts(path))
    for path in sorted((MODULE / "Resources" / "UI").glob("*.ui")):
        tree = ElementTree.parse(path)
        _add(found, tree.findtext("class", ""), ui_texts(tree))
    return found


def _add(found: dict[str, list[str]], context: str, texts: Iterator[str]) -> None:
    known = found.setdefault(context, [])
    known += [text for text in dict.fromkeys(texts) if text not in known]
    if not known:
        del found[context]


def python_texts(path: Path) -> Iterator[str]:
    """Arguments of `_(...)`.

    Raises:
        ValueError: One of them is no plain text, so that lupdate could not find it.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            (argument,) = node.args
            if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
                raise ValueError(f"{path.name}:{node.lineno}: only plain texts can be translated")
            yield argument.value


def ui_texts(tree: ElementTree.ElementTree) -> Iterator[str]:
    """Strings of a `.ui` file that are not marked `notr`."""
    for holder in tree.iter():
        if holder.get("notr") != "true" and holder.get("stdset") != "0":
            yield from (entry.text or "" for entry in holder.findall("string") if entry.text and not entry.get("notr"))


def read(path: Path) -> Texts:
    """The finished translations of a `.ts` file."""
    texts: Texts = {}
    if path.is_file():
        for context in ElementTree.parse(path).iter("context"):
            entries = texts.setdefault(context.findtext("name", ""), {})
            for message in context.iter("message"):
                translation = message.find("translation")
                if translation is not None and translation.get("type") is None:
                    entries[message.findtext("source", "")] = translation.text or ""
    return texts


def write(path: Path, collected: dict[str, list[str]], known: Texts) -> list[str]:
    """Write a `.ts` file; a text keeps its translation, also from another context. Returns what has none."""
    anywhere = {text: translation for entries in known.values() for text, translation in entries.items()}
    missing = []
    top = ElementTree.Element("TS", version="2.1", language=path.stem.rpartition("_")[2], sourcelanguage="en_US")
    for name in sorted(collected):
        context = ElementTree.SubElement(top, "context")
        ElementTree.SubElement(context, "name").text = name
        for text in collected[name]:
            message = ElementTree.SubElement(context, "message")
            ElementTree.SubElement(message, "source").text = text
            translation = ElementTree.SubElement(message, "translation")
            translation.text = known.get(name, {}).get(text) or anywhere.get(text, "")
            if not translation.text:
                translation.set("type", "unfinished")
                missing.append(f"{name}: {text}")
    ElementTree.indent(top, " ")
    body = ElementTree.tostring(top, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8", newline="\n")
    return missing


def lrelease() -> Path:
    """Qt's compiler of translations, as PySide6 brings it along."""
    import PySide6

    name = "lrelease.exe" if sys.platform == "win32" else "lrelease"
    return Path(PySide6.__file__).parent / name


def compile_file(source: Path, target: Path) -> None:
    """From `.ts` to `.qm`."""
    subprocess.run([str(lrelease()), "-silent", str(source), "-qm", str(target)], check=True)


def main() -> int:
    SENTENCES.write_text(sentences_module(), encoding="utf-8", newline="\n")
    collected = collect()
    missing = []
    for path in sorted(FOLDER.glob("*.ts")):
        missing += [f"{path.name}: {line}" for line in write(path, collected, read(path))]
        compile_file(path, path.with_suffix(".qm"))
    print("\n".join(missing) or "Everything is translated.")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
