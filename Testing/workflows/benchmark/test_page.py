import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.workflows.benchmark import page, page_figures, qualitative
from SemiSegEmbedLib.workflows.benchmark.cells import Folders, load_weights
from SemiSegEmbedLib.workflows.benchmark.external import score_predictions
from SemiSegEmbedLib.workflows.benchmark.markdown import replace_between
from SemiSegEmbedLib.workflows.benchmark.page_verdicts import MATCHING, NNUNET, ROBUST
from SemiSegEmbedLib.workflows.benchmark.results import Results
from SemiSegEmbedLib.workflows.benchmark.scoring import cut_patch, predict_patches
from SemiSegEmbedLib.workflows.benchmark.tables import TABLES, make_cell, run_cells, table_cells

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


@pytest.fixture
def copied(done, tmp_path):
    """Results of its own, since other tests read those of all."""
    shutil.copytree(done.results, tmp_path / "results")
    return Folders(tmp_path / "results", done.weights)


def test_each_picture_of_ranks_has_its_own_rows_and_the_outsiders_are_in_the_first(
    tiny, tiny_data, copied, tmp_path, monkeypatch
):
    entries = Results(tiny, tiny_data.store.difficulty, copied).first_column(TABLES)
    record = entries[MATCHING].records[0]
    for table in TABLES:
        for row in table_rows(table):
            cell = make_cell(row, tiny, 0, 0, 0, tiny_data.store.difficulty)
            copied.result(cell).write_text(json.dumps(record), encoding="ascii")
    for key in tiny_data.test:
        np.save(tmp_path / f"{key}.npy", np.array(tiny_data.store.load(key).exact))
    score_predictions(NNUNET, tmp_path, tiny_data, copied, map)
    ranked, curves = [], []
    rank, train = page_figures.critical_difference_figure, page_figures.training_figure
    monkeypatch.setattr(
        page_figures, "critical_difference_figure", lambda ranks, *more: ranked.append(ranks) or rank(ranks, *more)
    )
    monkeypatch.setattr(page_figures, "training_figure", lambda *rows: curves.append(rows[0]) or train(*rows))
    text = page.section(tiny, copied, tmp_path)
    table_1 = {row.title for row in table_rows("table1")}
    baselines = {"Supervised, robust augmentation", "Supervised, robust augmentation, as long as robust"}
    assert set(ranked[0]) == {*table_1, ROBUST, *baselines, NNUNET}
    assert set(curves[0]) == set(ranked[0]) - {NNUNET}
    assert ranked[0][NNUNET] == 1.0
    others = {row.title for name in ("robust", "levers") for row in table_rows(name)}
    assert set(ranked[1]) == others - baselines
    assert len(ranked[1]) > 15
    names = ["ranks", "ranks_levers", "curves"]
    found = re.findall(r"\(figures/benchmark_tiny_(\w+)\.png\)", text)
    assert found == names
    assert all((tmp_path / f"benchmark_tiny_{name}.png").is_file() for name in names)


def test_figure_2_shows_the_cells_that_have_weights_and_names_the_others(tiny, tiny_data, copied, work, tmp_path):
    made = qualitative.draw(tiny, work, copied, CPU, tmp_path, lambda *_: None)
    assert made["without weights"] == []
    assert (tmp_path / "benchmark_tiny_figure2.png").read_bytes().startswith(b"\x89PNG")
    assert "![2 hard cases by number" in page.section(tiny, copied, tmp_path)
    with pytest.raises(BadInputError, match="run `bench table1`"):
        qualitative.draw(tiny, work, Folders(tmp_path, tmp_path), CPU, tmp_path, lambda *_: None)


def test_the_errors_at_the_joints_are_those_of_the_patches_around_them(tiny, tiny_data, copied, work, tmp_path):
    qualitative.draw(tiny, work, copied, CPU, tmp_path, lambda *_: None)
    errors = qualitative.read_errors(tiny, copied)["8 patches"]
    hips = qualitative.find_hips(tiny)
    assert list(errors) == [f"test-000{n} {side}" for n in range(1, 7) for side in ("left", "right")]
    cell = qualitative.figure_cells(tiny)["8 patches"]
    network, normalisation = load_weights(copied.weight(cell.name), CPU)
    image, label, _ = cut_patch(tiny_data.store, qualitative.joint_patch(hips[3], tiny), tiny.patch)
    mask = predict_patches(network, torch.from_numpy(image)[None], normalisation, CPU)[0]
    wanted = evaluate_labels(label, mask, (6.0,) * 3, [1], border="open")[1]
    assert errors["test-0002 right"] == {
        "iou": pytest.approx(wanted["iou"], abs=1e-4),
        "hd95": pytest.approx(wanted["hd95"], abs=1e-3),
        "missed": wanted["missed"],
    }
    rows = {row[0]: row for row in rows_of(page.section(tiny, copied, tmp_path), "at the joints")}
    means = [np.mean([error[name] for error in errors.values()]) for name in ("iou", "hd95")]
    assert rows["joint gap"][1:] == ["12", rows["joint gap"][2], f"{means[0]:.3f} / {means[1]:.2f}"]
    last = [errors[f"test-0006 {side}"]["iou"] for side in ("left", "right")]
    assert rows["deformed anatomy, group 5 (10.57 mm)"][3].startswith(f"{np.mean(last):.3f} / ")
    assert 0 < int(rows["joint gap, arthritis from 0.5"][1]) < 12
    assert "implant artefact" not in rows  # none of the first six patients has metal


def test_errors_of_other_weights_than_those_of_the_result_are_not_shown(tiny, tiny_data, copied, work, tmp_path):
    before = {row[0]: row for row in rows_of(page.section(tiny, copied, tmp_path), "at the joints")}
    assert before["joint gap"] == ["joint gap", "12", "not run", "not run"]
    qualitative.draw(tiny, work, copied, CPU, tmp_path, lambda *_: None)
    path = copied.result(qualitative.figure_cells(tiny)["8 patches"])
    record = json.loads(path.read_text(encoding="ascii"))
    record["weights"]["sha256"] = "0" * 64
    path.write_text(json.dumps(record), encoding="ascii")
    after = {row[0]: row for row in rows_of(page.section(tiny, copied, tmp_path), "at the joints")}
    assert re.fullmatch(r"0\.\d{3} / \d+\.\d\d", after["joint gap"][2])
    assert after["joint gap"][3] == "not run"


def test_the_cases_of_figure_2_are_the_worst_hips_and_none_is_shown_twice(tiny):
    hips = qualitative.find_hips(tiny)
    cases = qualitative.find_cases(hips)
    assert list(cases) == ["narrow joint gap", "deformed anatomy"]  # none of the first six patients has metal
    assert cases["narrow joint gap"].arthritis == max(hip.arthritis for hip in hips)
    assert cases["deformed anatomy"].scan.key == "test-0006"
    assert cases["narrow joint gap"] != cases["deformed anatomy"]
    wide = qualitative.find_cases(qualitative.find_hips(replace(tiny, test=24)))
    assert wide["implant"].implant
    assert not wide["narrow joint gap"].implant
    assert len(set(wide.values())) == 3


def test_the_patch_of_a_joint_lies_around_the_femoral_head(tiny, tiny_data):
    left, right = (qualitative.joint_patch(hip, tiny) for hip in qualitative.find_hips(tiny)[:2])
    assert left.scan == right.scan == "test-0001"
    assert left.start[2] > right.start[2]
    for place in (left, right):
        _, _, exact = cut_patch(tiny_data.store, place, tiny.patch)
        assert exact[tiny.patch // 2, tiny.patch // 2, tiny.patch // 2] == 1


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
