"""What the Extensions Index asks of the repository: catalog entry, CMake metadata, icon, licence, line ends, size."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULE = ROOT / "SemiSegEmbed"
ADDRESS = "https://github.com/OWNER/SlicerSemiSegEmbed"
RAW = "https://raw.githubusercontent.com/OWNER/SlicerSemiSegEmbed/main/"
PNG = b"\x89PNG\r\n\x1a\n"
MEGABYTE = 1 << 20
TEXT_SUFFIXES = (".py", ".md", ".ui", ".txt", ".json", ".toml", ".yml", ".cff", ".ts")


def cmake() -> str:
    return (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def metadata(name: str) -> str:
    """As the Index reads it: a literal quoted value on one line."""
    (value,) = re.findall(rf'^set\(EXTENSION_{name} "([^"$]+)"\)$', cmake(), re.MULTILINE)
    return value


def git(*arguments: str) -> str:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True).stdout


def size_of_png(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(PNG), path.name
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def problems_of_entry(entry: object) -> list[str]:
    """The rules of slicer-extension-catalog-entry-schema-v1.0.2.json (Slicer, folder Schemas), in own words."""
    if not isinstance(entry, dict):
        return ["it is no object"]
    texts = ("$schema", "category", "scm_url", "scm_revision", "dicom_support_rule", "build_subdirectory")
    known = {*texts, "scm_type", "build_dependencies", "enabled", "tier"}
    found = [f"{name} is missing" for name in ("$schema", "category", "scm_url") if name not in entry]
    found += [f"{name} is not allowed" for name in entry if name not in known]
    found += [f"{name} is no text" for name in texts if not isinstance(entry.get(name, ""), str)]
    dependencies = entry.get("build_dependencies", [])
    if not isinstance(dependencies, list) or not all(isinstance(name, str) for name in dependencies):
        found.append("build_dependencies is no list of texts")
    if entry.get("scm_type", "git") not in ("git", "local"):
        found.append("scm_type is neither git nor local")
    if not isinstance(entry.get("enabled", True), bool):
        found.append("enabled is neither true nor false")
    tier = entry.get("tier", 1)
    if isinstance(tier, bool) or not isinstance(tier, int) or not 1 <= tier <= 5:
        found.append("tier is no whole number from 1 to 5")
    return found


def entry() -> dict[str, object]:
    return json.loads((ROOT / "SemiSegEmbed.json").read_text(encoding="utf-8"))


def test_the_catalog_entry_follows_the_schema() -> None:
    assert problems_of_entry(entry()) == []
    assert str(entry()["$schema"]).endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")


@pytest.mark.parametrize(
    "change",
    [
        {"scm_url": None},
        {"category": 3},
        {"surprise": "x"},
        {"tier": 6},
        {"tier": "1"},
        {"tier": True},
        {"build_dependencies": "PyTorch"},
        {"build_dependencies": [1]},
        {"scm_type": "svn"},
        {"enabled": "yes"},
    ],
)
def test_the_rules_find_what_the_schema_refuses(change: dict[str, object]) -> None:
    assert len(problems_of_entry({**entry(), **change})) == 1
    assert "scm_url is missing" in problems_of_entry({"$schema": "", "category": ""})


def test_the_entry_fits_the_checks_of_the_index() -> None:
    text = (ROOT / "SemiSegEmbed.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "\t" not in text
    url = str(entry()["scm_url"])
    assert url == f"{ADDRESS}.git"
    assert re.match(r"(Slicer|Slicer[-_]|SlicerExtension[-_])", url.rsplit("/", 1)[1])
    assert entry()["category"] == "Segmentation"


def test_entry_and_cmake_agree() -> None:
    (name,) = re.findall(r"^project\((\w+)\)$", cmake(), re.MULTILINE)
    assert (ROOT / f"{name}.json").is_file()
    assert not name.lower().startswith("slicer")
    assert metadata("DEPENDS").split() == entry()["build_dependencies"] == ["PyTorch"]
    assert metadata("HOMEPAGE") == ADDRESS
    assert {"CT", "hip", "semi-supervised", "segmentation"} <= set(metadata("KEYWORDS").split())
    assert "hip" in metadata("DESCRIPTION")


def test_the_top_cmake_list_has_the_parts_of_slicers_template_in_order() -> None:
    parts = [
        "cmake_minimum_required(VERSION 3.28.0...3.28.0 FATAL_ERROR)",
        "project(SemiSegEmbed)",
        "set(EXTENSION_HOMEPAGE",
        "find_package(Slicer REQUIRED)",
        "include(${Slicer_USE_FILE})",
        "add_subdirectory(SemiSegEmbed)",
        "add_subdirectory(SemiSegEmbedLib)",
        "## NEXT_MODULE",
        "include(${Slicer_EXTENSION_GENERATE_CONFIG})",
        "include(${Slicer_EXTENSION_CPACK})",
    ]
    places = [cmake().index(part) for part in parts]
    assert places == sorted(places)


def test_generic_tests_and_unit_tests_are_registered() -> None:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.search(r"slicerMacroBuildScriptedModule\([^)]*WITH_GENERIC_TESTS", text)
    assert re.search(r"if\(BUILD_TESTING\)\n\s+slicer_add_python_unittest\(SCRIPT \$\{MODULE_NAME\}\.py\)", text)


def test_every_address_leads_to_a_picture_of_this_repository() -> None:
    screenshots = metadata("SCREENSHOTURLS").split()
    assert len(set(screenshots)) >= 5
    for url in [metadata("ICONURL"), *screenshots]:
        assert url.startswith(RAW)
        size_of_png(ROOT / url.removeprefix(RAW))


def test_the_owner_of_the_repository_is_named_in_few_places() -> None:
    """docs/contributing.md lists these files for the day of publication."""
    tracked = git("grep", "-l", "--fixed-strings", "OWNER/SlicerSemiSegEmbed").split()
    listed = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    assert {name for name in tracked if f"`{name}`" not in listed} == set()


def test_the_icon_is_128_by_128() -> None:
    assert size_of_png(MODULE / "Resources" / "Icons" / "SemiSegEmbed.png") == (128, 128)


def test_licence_notices_and_citation_are_there() -> None:
    assert "Apache License" in (ROOT / "LICENSE.txt").read_text(encoding="utf-8")[:300]
    notice = (ROOT / "SemiSegEmbedLib" / "phantom" / "data" / "NOTICE.txt").read_text(encoding="utf-8")
    assert "Mozilla Public License" in notice
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert "cff-version: 1.2.0" in citation
    assert "Semi-Supervised Segmentation via Embedding Matching" in citation


def test_the_version_stands_in_one_place() -> None:
    from SemiSegEmbedLib import __version__

    assert 'dynamic = ["version"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sources = git("grep", "-l", "--fixed-strings", f'"{__version__}"', "--", "*.py", "*.toml", "*.txt").split()
    assert sources == ["SemiSegEmbedLib/__init__.py"]


def test_every_text_has_unix_line_ends() -> None:
    assert "* text=auto eol=lf" in (ROOT / ".gitattributes").read_text(encoding="ascii")
    lines = git("ls-files", "--eol").splitlines()
    texts = [line for line in lines if line.endswith(TEXT_SUFFIXES)]
    assert len(texts) > 200
    assert [line for line in texts if not line.startswith(("i/lf ", "i/none "))] == []


def test_tree_and_history_are_small() -> None:
    objects = git("cat-file", "--batch-all-objects", "--batch-check=%(objectsize:disk)").split()
    tree = git("ls-files", "-z").rstrip("\0").split("\0")
    assert sum(map(int, objects)) < 20 * MEGABYTE
    assert sum((ROOT / name).stat().st_size for name in tree if (ROOT / name).is_file()) < 20 * MEGABYTE


def test_nothing_that_python_made_is_tracked() -> None:
    assert [name for name in git("ls-files").split() if "__pycache__" in name or name.endswith(".pyc")] == []
