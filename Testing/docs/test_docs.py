"""The documentation says what the code does: links, commands, files, names, settings, events and error sentences."""

from __future__ import annotations

import ast
import dataclasses
import functools
import pkgutil
import re
import shlex
from pathlib import Path

import pytest

from SemiSegEmbedLib.cli import build_parser
from SemiSegEmbedLib.learning.config import PRESETS, TrainingConfig, preset
from SemiSegEmbedLib.learning.methods import METHODS
from SemiSegEmbedLib.study.manifest import from_json

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "SemiSegEmbedLib"
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
ROOMS = ("study", "imaging", "learning", "inference", "evaluation", "phantom", "workflows", "jobs", "cli")
PREFIXES = ("semisegembed ", "python3 run.py ", "python -m SemiSegEmbedLib ")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code_blocks(page: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def prose(page: str) -> str:
    return re.sub(r"^```\w*\n.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def inline_code(page: str) -> list[str]:
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(page))]


def commands(page: str) -> list[str]:
    lines = [line.strip() for block in code_blocks(page) for line in block.splitlines()] + inline_code(page)
    return [line for line in lines if line.startswith(PREFIXES)]


def rows(page: str, heading: str) -> list[list[str]]:
    """The body of the first table below a heading, cell by cell."""
    below = page.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", below, flags=re.MULTILINE)
    assert table, heading
    lines = table.group().splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words_in_code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@each_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in local if not (page.parent / link).exists()] == []


@each_page
def test_every_command_is_understood(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = build_parser()
    for command in commands(page.read_text(encoding="utf-8")):
        prefix = next(prefix for prefix in PREFIXES if command.startswith(prefix))
        arguments = shlex.split(command.removeprefix(prefix), comments=True)
        if arguments[0] in ("COMMAND", "--help") or command == "python3 run.py package":
            continue
        if prefix == "python3 run.py " and arguments[0] == "test":
            missing = [path for path in arguments[1:] if not path.startswith("-") and not (ROOT / path).exists()]
            assert missing == [], command
            continue
        try:
            parser.parse_args(arguments)
        except SystemExit:
            pytest.fail(f"{command}\n{capsys.readouterr().err}")


def test_the_readme_shows_the_two_commands_first_and_a_study_in_eight() -> None:
    readme = text_of("README.md")
    first = [line.split("#")[0].strip() for line in code_blocks(readme)[0].splitlines()]
    assert first == ["python3 run.py demo", "python3 run.py test"]
    study = next(block for block in code_blocks(readme) if "study create" in block)
    asked = [line.split()[1:3] for line in study.splitlines()]
    assert [words[1] if words[0] == "study" else words[0] for words in asked] == [
        "create", "add", "label", "check", "train", "suggest", "segment", "evaluate",
    ]  # fmt: skip


@each_page
def test_every_file_named_in_the_text_exists(page: Path) -> None:
    for code in inline_code(page.read_text(encoding="utf-8")):
        path, _, test = code.partition("::")
        if not re.match(r"(SemiSegEmbedLib|SemiSegEmbed|Testing|docs|\.ci)/[\w./-]*$", path) or "NAME" in path:
            continue
        assert (ROOT / path).exists(), code
        if test:
            assert f"def {test}(" in text_of(path), code


@each_page
def test_every_name_of_the_library_exists(page: Path) -> None:
    pattern = rf"({'|'.join(ROOMS)})(\.\w+)+"
    for code in inline_code(page.read_text(encoding="utf-8")):
        if re.fullmatch(pattern, code) and not re.search(r"\.(py|json)\b", code):
            pkgutil.resolve_name(f"SemiSegEmbedLib.{code}")


def test_each_equation_has_code_and_a_test() -> None:
    table = rows(text_of("docs/methods.md"), "## Equations, code, tests")
    for paper, what, code, test in table:
        assert callable(pkgutil.resolve_name(f"SemiSegEmbedLib.{words_in_code(code)[-1]}")), (paper, what)
        assert "::" in words_in_code(test)[0], (paper, what)
    assert {f"eq. {number}" for number in range(1, 6)} <= {part for row in table for part in row[0].split(", ")}


def test_settings_that_resolve_ambiguities_exist() -> None:
    known = {field.name for field in dataclasses.fields(TrainingConfig)}
    table = rows(text_of("docs/methods.md"), "## Ambiguities")
    assert [row[0] for row in table] == ["1", "1b", *map(str, range(2, 27))]
    for number, *_, settings in table:
        assert settings == "fixed" or set(words_in_code(settings)) <= known, number


def test_the_table_of_presets_is_that_of_the_code() -> None:
    configs = [preset(name) for name in PRESETS]
    table = rows(text_of("docs/methods.md"), "## Presets")
    documented = {words_in_code(row[0])[0]: row[1:4] for row in table}
    differing = {name for changes in PRESETS.values() for name in changes}
    assert documented == {name: [shown(getattr(config, name)) for config in configs] for name in differing}


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.3g}"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_every_event_is_described_with_its_fields() -> None:
    table = rows(text_of("docs/file_formats.md"), "### events.jsonl")
    documented = {words_in_code(kind)[0]: set(words_in_code(fields)) for kind, fields, _ in table}
    written = events_in_the_code()
    assert set(documented) == set(written)
    for kind, fields in written.items():
        assert fields <= documented[kind], kind


def events_in_the_code() -> dict[str, set[str]]:
    """Kinds of events that the library writes, with the fields that stand in the code by name."""
    found: dict[str, set[str]] = {}
    for path in [*LIBRARY.glob("jobs/*.py"), *LIBRARY.glob("learning/**/*.py"), *LIBRARY.glob("workflows/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                named = [(keyword.arg, keyword.value) for keyword in node.keywords]
            elif isinstance(node, ast.Dict):
                named = [
                    (getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)
                ]
            else:
                continue
            kinds = [value.value for name, value in named if name == "event" and isinstance(value, ast.Constant)]
            if kinds and (kinds[0] != "end" or "jobs" in path.parts):  # a door's own "end" is no line of the file
                fields = {name for name, _ in named if isinstance(name, str) and name != "event"}
                found.setdefault(str(kinds[0]), set()).update(fields)
    return found


def test_the_example_of_a_manifest_is_one() -> None:
    blocks = code_blocks(text_of("docs/file_formats.md"))
    manifest = from_json(next(block for block in blocks if '"schema_version"' in block))
    assert (len(manifest.cases), len(manifest.runs), len(manifest.results)) == (1, 1, 1)


def test_every_method_is_described() -> None:
    methods = text_of("docs/methods.md") + text_of("docs/file_formats.md")
    table = text_of("docs/methods.md")
    assert all(METHODS[name].__name__ in table for name in METHODS)
    assert all(name in methods for name in METHODS)


def test_the_errors_of_the_readme_are_sentences_of_the_code() -> None:
    known = sentences()
    table = rows(text_of("README.md"), "## Troubleshooting")
    assert len(table) >= 15
    for error, _ in table:
        assert any(pattern.fullmatch(error[1:-1]) for pattern in known), error


@functools.cache
def sentences() -> tuple[re.Pattern[str], ...]:
    """Every text of the code of some length, with what is filled in left open."""
    found = []
    for path in [ROOT / "run.py", *LIBRARY.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                pieces = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(node.value))]  # {name} of texts that are translated
            elif isinstance(node, ast.JoinedStr):
                pieces = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else ".+" for v in node.values]
            else:
                continue
            if sum(len(piece) for piece in pieces if piece != ".+") > 20:
                found.append(re.compile("".join(pieces)))
    return tuple(found)


@pytest.mark.parametrize("room", ROOMS)
def test_the_list_of_files_is_that_of_the_room(room: str) -> None:
    listing = next(block for block in code_blocks(text_of("docs/architecture.md")) if block.startswith("study/\n"))
    part = re.search(rf"^{room}/\n((?:  .*\n)+)", listing, flags=re.MULTILINE)
    assert part
    named = {line.split()[0] for line in part.group(1).splitlines()} - {"methods/", "benchmark/", "__init__.py"}
    assert named == {path.name for path in (LIBRARY / room).glob("*.py")} - {"__init__.py"}
