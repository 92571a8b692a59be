"""Slicer packages the files that CMake lists and no others: the lists are compared with the tree."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "SemiSegEmbedLib"


def listed(variable: str) -> list[str]:
    """The files of one list of the library's CMakeLists.txt, one a line."""
    text = (LIBRARY / "CMakeLists.txt").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^set\({variable}\n(.*?)^  \)$", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in block.splitlines()]


def present(*patterns: str) -> list[str]:
    found = (path for pattern in patterns for path in LIBRARY.glob(pattern) if path.is_file())
    return sorted(path.relative_to(LIBRARY).as_posix() for path in found)


def test_every_source_of_the_library_is_packaged() -> None:
    assert listed("MODULE_PYTHON_SCRIPTS") == present("**/*.py")


def test_every_data_file_of_the_library_is_packaged() -> None:
    assert listed("MODULE_PYTHON_RESOURCES") == present("py.typed", "phantom/data/*")


def test_no_file_of_another_kind_is_forgotten() -> None:
    others = {path for path in present("**/*") if not path.endswith((".py", ".pyc", ".DS_Store"))}
    assert others == {"CMakeLists.txt", *listed("MODULE_PYTHON_RESOURCES")}


def test_the_extension_packages_module_and_library_side_by_side() -> None:
    extension = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    assert re.findall(r"^project\((\w+)\)$", extension, re.MULTILINE) == ["SemiSegEmbed"]
    assert set(re.findall(r"^add_subdirectory\((\w+)\)$", extension, re.MULTILINE)) == {"SemiSegEmbed", LIBRARY.name}
    assert "WITH_SUBDIR" in (LIBRARY / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "WITH_SUBDIR" not in (ROOT / "SemiSegEmbed" / "CMakeLists.txt").read_text(encoding="utf-8")
