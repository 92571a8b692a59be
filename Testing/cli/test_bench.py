import json
import re

import pytest

from SemiSegEmbedLib.cli import main
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.phantom import benchmark


def test_the_page_can_be_rendered_without_a_single_cell(tmp_path, capsys):
    page = tmp_path / "benchmark.md"
    page.write_text(
        "# Title\n<!-- results: made by `bench page` -->\n<!-- end of results -->\nafter\n", encoding="utf-8"
    )
    arguments = ["bench", "page", "--page", str(page), "--results", str(tmp_path), "--work", str(tmp_path), "--json"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == {"page": "benchmark.md"}
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Title\n")
    assert text.endswith("\nafter\n")
    for scale in ("paper", "small", "smoke"):
        assert f"## Results at the scale `{scale}`" in text
    assert "not run · 3.30" in text


def test_a_page_without_markers_is_left_alone(tmp_path, capsys):
    page = tmp_path / "benchmark.md"
    page.write_text("mine", encoding="utf-8")
    assert main(["bench", "page", "--page", str(page), "--results", str(tmp_path)]) == 1
    assert "cannot be rendered" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cohort", "--freeze"], "was not calibrated"),
        (["score", "--workers", "1"], "--title"),
        (["figure2", "--work", "nowhere"], "has weights here"),
        (["table2", "--scale", "small"], "is not calibrated"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(arguments, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", *arguments, "--results", "results"]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize("step", ["--calibrate", "--freeze"])
def test_a_cohort_is_calibrated_once(step, tmp_path, monkeypatch, capsys):
    frozen = json.loads(benchmark.FROZEN_FILE.read_text(encoding="ascii"))
    frozen["reached"] = {"scale": "small", "few": {"iou": 0.9, "hd95": 9.0}, "all": {"iou": 0.95, "hd95": 2.0}}
    other = tmp_path / "frozen.json"
    other.write_text(json.dumps(frozen), encoding="ascii")
    monkeypatch.setattr(benchmark, "FROZEN_FILE", other)
    benchmark.load_frozen.cache_clear()
    monkeypatch.chdir(tmp_path)
    try:
        assert main(["bench", "cohort", step, "--results", "results"]) == 2
        assert "--again" in capsys.readouterr().err
        assert main(["bench", "cohort", "--freeze", "--again", "--results", "results"]) == 2
        assert "was not calibrated" in capsys.readouterr().err
    finally:
        benchmark.load_frozen.cache_clear()
    assert json.loads(other.read_text(encoding="ascii")) == frozen


def test_the_smoke_scale_runs_from_nothing_to_tables_and_figure_2(tmp_path, capsys):
    page = tmp_path / "benchmark.md"
    page.write_text("<!-- results: made by `bench page` -->\n<!-- end of results -->\n", encoding="utf-8")
    places = ["--results", str(tmp_path / "results"), "--work", str(tmp_path / "work"), "--device", "cpu"]
    for table in ("table1", "table2", "table3", "figure2"):
        assert main(["bench", table, *places, "--page", str(page), "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert not result.get("failed")
        assert not result.get("left")
    smoke = page.read_text(encoding="utf-8").split("## Results at the scale `smoke`", 1)[1]
    tables = smoke.split("### Table 1", 1)[1].split("### Whole scans", 1)[0] + smoke.split("### Table 2", 1)[1]
    for row in (row for name in ("table1", "table2", "table3") for row in table_rows(name)):
        line = next(line for line in tables.splitlines() if line.startswith(f"| {row.title} |"))
        assert re.search(r"\| \d\.\d{3} · ", line), line
    assert (tmp_path / "figures" / "benchmark_smoke_figure2.png").stat().st_size > 10_000
