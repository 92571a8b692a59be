"""What README and tutorial tell a user to click on is there: in the module, or in Slicer itself."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/tutorial.md")
SLICER = {
    "Application Settings", "Download Sample Data", "Edit", "Extensions Manager", "File", "General", "Install",
    "Install from file...", "Modules", "Paint", "PyTorch", "Restart", "Segmentation", "SemiSegEmbed", "Threshold",
    "View",
}  # fmt: skip
"""Slicer's own words, of its user interface at v5.12.3, and names of extensions and modules."""
NO_CONTROLS = {"bold", "Do you work in 3D Slicer?"}


def shown_texts() -> set[str]:
    """Every text of the module's forms, and every text that its code has translated, without marks."""
    found = set()
    for path in (ROOT / "SemiSegEmbed" / "Resources" / "UI").glob("*.ui"):
        found |= {text.text or "" for text in ElementTree.parse(path).iter("string")}
    for path in (ROOT / "SemiSegEmbedLib" / "application").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_" and node.args:
                found.add(str(getattr(node.args[0], "value", "")))
    return {plain(text) for text in found}


def plain(text: str) -> str:
    return " ".join(text.replace("&", "").replace("…", "...").split()).rstrip(":")


@pytest.mark.parametrize("page", PAGES)
def test_every_control_that_a_page_names_exists(page: str) -> None:
    named = {plain(text) for text in re.findall(r"\*\*([^*]+)\*\*", (ROOT / page).read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert named - shown_texts() - SLICER - NO_CONTROLS == set()


def test_the_tutorial_names_every_section_and_the_readme_too() -> None:
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert all(f"**{name}**" in text for name in ("Study", "Annotate", "Train", "Review", "Segment", "Models"))


def test_every_step_of_the_tutorial_that_shows_something_new_has_a_picture() -> None:
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", text)
    assert len(pictures) >= 8
    assert all(len(description) > 15 for description, _ in pictures)
    assert [path for _, path in pictures if not (ROOT / "docs" / path).resolve().is_file()] == []
