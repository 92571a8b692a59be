import re
from pathlib import Path

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.phantom.benchmark import cohort, draw_subject, frozen_difficulty
from SemiSegEmbedLib.workflows.benchmark import page, qualitative
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.external import score_predictions
from SemiSegEmbedLib.workflows.benchmark.markdown import replace_between
from SemiSegEmbedLib.workflows.benchmark.page_verdicts import NNUNET
from SemiSegEmbedLib.workflows.benchmark.tables import run_cells, table_cells

CPU = torch.device("cpu")
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def done(tiny, tiny_data, folders):
    cells = table_cells("table1", tiny, tiny_data.store.difficulty, most_repeats=1)
    chosen = [cell for cell in cells if cell.config.method in ("supervised", "embedding_matching", "uamt")]
    assert not run_cells(chosen, tiny_data, folders, CPU, map).failed
    return folders


def rows_of(text: str, heading: str) -> list[list[str]]:
    table = text.split(heading, 1)[1].split("\n\n| ", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_a_scale_without_cells_prints_not_run_beside_the_papers_numbers(tiny, tmp_path):
    text = page.section(tiny, Folders(tmp_path, tmp_path), tmp_path)
    assert "No cell of this scale has been run." in text
    first = rows_of(text, "### Table 1")
    assert first[0][:3] == ["Supervised baseline", "IoU", "not run · 0.894"]
    assert first[-1][1:3] == ["HD95", "not run · 3.30"]
    assert rows_of(text, "### Table 2")[2] == ["UA+NN+EN", "not run · 0.929", "not run · 3.30"]
    assert not re.search(r"\d not run", text)
    assert list(tmp_path.iterdir()) == []


def test_finished_cells_appear_in_every_part_with_pictures(tiny, done, tmp_path):
    text = page.section(tiny, done, tmp_path)
    first = {row[0]: row for row in rows_of(text, "### Table 1") if row[0]}
    assert re.fullmatch(r"0\.\d{3} · 0\.926", first["UAMT"][2])
    assert first["DTC"][2] == "not run · 0.927"
    for heading in (
        "### Whole scans",
        "### Against embedding matching",
        "### HD95 (mm) by kind of scan",
        "### Figure 2",
    ):
        assert heading in text
    pictures = sorted(path.name for path in tmp_path.glob("*.png"))
    assert pictures == ["benchmark_tiny_curves.png", "benchmark_tiny_ranks.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.glob("*.png"))
    assert all(f"figures/{name}" in text for name in pictures)


def test_predictions_of_another_program_are_scored_like_everybody_elses(tiny, tiny_data, done, tmp_path):
    folders = Folders(tmp_path / "results", tmp_path / "weights")
    for key in tiny_data.test:
        np.save(tmp_path / f"{key}.npy", 3 * np.array(tiny_data.store.load(key).exact))
    path = score_predictions(NNUNET, tmp_path, tiny_data, folders, map)
    assert path.name == "external-nnu-net-v2-3d-fullres.json"
    text = page.section(tiny, folders, tmp_path)
    row = next(row for row in rows_of(text, "### Robust preset") if row[0] == NNUNET)
    assert float(row[1]) > 0.6
    assert "is not run" not in text
    (tmp_path / "test-0003.npy").unlink()
    with pytest.raises(BadInputError, match=r"test-0003\.npy is missing"):
        score_predictions("other", tmp_path, tiny_data, folders, map)
    np.save(tmp_path / "test-0003.npy", np.zeros((3, 3, 3), np.uint8))
    with pytest.raises(BadInputError, match="another shape"):
        score_predictions("other", tmp_path, tiny_data, folders, map)


def test_figure_2_shows_the_cells_that_have_weights_and_names_the_others(tiny, tiny_data, done, work, tmp_path):
    made = qualitative.draw(tiny, work, done, CPU, tmp_path, lambda *_: None)
    assert made["without weights"] == []
    assert (tmp_path / "benchmark_tiny_figure2.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadInputError, match="run `bench table1`"):
        qualitative.draw(tiny, work, Folders(tmp_path, tmp_path), CPU, tmp_path, lambda *_: None)


def test_the_cases_of_figure_2_are_the_worst_hips(tiny, tiny_data):
    cases = {case.name.split("\n")[0]: case.place for case in qualitative.find_cases(tiny, cohort(0, 0, 6))}
    assert cases["deformed anatomy"].scan == "test-0006"
    assert "implant" not in cases  # none of the first six patients has metal
    wide = qualitative.find_cases(tiny, cohort(0, 0, 24))
    implant = next(case.place.scan for case in wide if case.name.startswith("implant"))
    scan = next(scan for scan in cohort(0, 0, 24) if scan.key == implant)
    assert set(draw_subject("test", scan.candidate, frozen_difficulty()).implant) != {"none"}


def test_only_what_stands_between_the_markers_is_replaced(tmp_path):
    assert replace_between("a\nB\nold\nE\nz", "B", "E", "new") == "a\nB\n\nnew\n\nE\nz"
    path = tmp_path / "page.md"
    path.write_text("no markers")
    with pytest.raises(SemiSegEmbedError, match="cannot be rendered"):
        page.write(path, Folders(tmp_path, tmp_path))
    assert path.read_text() == "no markers"


def test_the_committed_page_renders_again_from_the_committed_cells(tmp_path):
    committed = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")
    copy = tmp_path / "benchmark.md"
    copy.write_text(committed, encoding="utf-8")
    page.write(copy, Folders(ROOT / "Testing" / "benchmarks" / "results", tmp_path))
    rendered = copy.read_text(encoding="utf-8")
    assert rendered.split(page.BEGIN)[0] == committed.split(page.BEGIN)[0]
    headings = [[line for line in text.splitlines() if line.startswith("## ")] for text in (rendered, committed)]
    assert headings[0] == headings[1]
    assert "They say nothing about the methods" in rendered
