"""The tables of docs/performance.md are those of the committed measurements."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "docs" / "figures" / "performance.json"


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "Testing" / "benchmarks" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_table_is_the_one_that_the_measurements_make(tables: ModuleType) -> None:
    page, results = PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text(encoding="utf-8"))
    assert tables.write_page(page, results) == page, "run Testing/benchmarks/run_all.py --tables"


def test_the_page_shows_every_table(tables: ModuleType) -> None:
    shown = re.findall(r"<!-- table: (\w+) -->", PAGE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(tables.TABLES)


def test_a_changed_measurement_changes_the_page_and_a_missing_one_is_named(tables: ModuleType) -> None:
    page = "<!-- table: start -->\nold\n<!-- end -->\n"
    numbers = {"start_ms": 12.34, "open_ms": 250.0, "own_imports_ms": 60.0}
    written = tables.write_page(page, {"start": numbers})
    assert "12.3" in written
    assert "old" not in written
    assert tables.write_page(written, {"start": numbers}) == written
    assert "99.0" in tables.write_page(written, {"start": {**numbers, "start_ms": 99.0}})
    assert "Not measured yet (start)." in tables.write_page(page, {})


def test_no_folder_of_the_machine_is_in_the_measurements() -> None:
    text = RESULTS.read_text(encoding="utf-8")
    assert not re.search(r'"(/|[A-Z]:\\\\)', text)
