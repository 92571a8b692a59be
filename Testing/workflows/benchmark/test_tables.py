import json

import torch

from SemiSegEmbedLib.phantom.benchmark import cohort
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.data import BenchmarkData
from SemiSegEmbedLib.workflows.benchmark.scales import get_scale
from SemiSegEmbedLib.workflows.benchmark.store import Store
from SemiSegEmbedLib.workflows.benchmark.tables import repeats, run_cells, table_cells

KNOBS = Difficulty()


def test_table_1_has_every_method_in_every_column_and_supervised_with_all_labels():
    cells = table_cells("table1", get_scale("paper"), KNOBS, most_repeats=1)
    found = {(cell.config.method, cell.where.patches) for cell in cells}
    assert len(cells) == len(found) == 7 * 5 + 1
    assert ("supervised", 6266) in found
    assert ("embedding_matching", 6266) not in found


def test_the_first_column_comes_first_and_its_repeats_last():
    scale = get_scale("small")
    cells = table_cells("table1", scale, KNOBS)
    assert [cell.column for cell in cells[:7]] == [0] * 7
    assert repeats(scale) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert all(cell.column == 0 for cell in cells if (cell.draw, cell.seed) != (0, 0))
    assert [(c.draw, c.seed) for c in cells[-7:]] == [(2, 1)] * 7
    assert len(table_cells("table1", scale, KNOBS, columns=1, most_repeats=2)) == 14


def test_the_proposed_method_is_one_cell_in_all_three_tables():
    scale = get_scale("smoke")
    tables = [{cell.name for cell in table_cells(table, scale, KNOBS)} for table in ("table1", "table2", "table3")]
    shared = set.intersection(*tables)
    assert len(shared) == 1
    assert len(set.union(*tables)) == 8 + 3 + 3


def test_all_rows_of_a_table_have_the_same_budget():
    for name in ("table1", "table2", "table3"):
        cells = table_cells(name, get_scale("small"), KNOBS, columns=1, most_repeats=1)
        shared = {
            (c.config.steps, c.config.patch_size, c.config.learning_rate, c.config.schedule, c.config.norm,
             c.config.base_filters, c.config.augmentation, c.config.labelled_per_batch, c.config.dropout)
            for c in cells
        }  # fmt: skip
        assert len(shared) == 1


def test_a_cells_name_depends_on_what_it_is_alone():
    scale = get_scale("small")
    one, same = (table_cells("table1", scale, KNOBS)[0] for _ in range(2))
    assert one.name == same.name
    assert table_cells("table1", scale, Difficulty(noise=2.0))[0].name != one.name
    assert "log_every" in one.identity()["settings"]
    assert "ema_decay" not in one.identity()["settings"]


def test_cells_that_are_there_are_left_alone(tiny, tiny_data, tmp_path):
    folders = Folders(tmp_path / "results", tmp_path / "weights")
    cell = table_cells("table1", tiny, tiny_data.store.difficulty, columns=1, most_repeats=1)[0]
    assert run_cells([cell], tiny_data, folders, torch.device("cpu"), map).done == [cell.name]
    path = folders.result(cell)
    before = path.read_bytes()
    again = run_cells([cell], tiny_data, folders, torch.device("cpu"), map)
    assert (again.done, again.there) == ([], [cell.name])
    assert path.read_bytes() == before
    assert json.loads(before)["state"] == "finished"


def test_a_cell_that_fails_is_named_with_its_reason_and_the_others_go_on(tiny, tiny_data, tmp_path, capsys):
    folders = Folders(tmp_path / "results", tmp_path / "weights")
    cells = table_cells("table1", tiny, tiny_data.store.difficulty, columns=1, most_repeats=1)[:2]
    empty = BenchmarkData(tiny, Store(tmp_path, 6.0, tiny_data.store.difficulty), cohort(5, 2, 6))
    report = run_cells(cells, empty, folders, torch.device("cpu"), map)
    assert list(report.failed) == [cell.name for cell in cells]
    assert all("was not rendered" in reason for reason in report.failed.values())
    assert "Traceback" in capsys.readouterr().err
    assert not folders.results.exists()


def test_no_cell_is_begun_that_would_not_end_in_time(tiny, tiny_data, tmp_path):
    cells = table_cells("table1", tiny, tiny_data.store.difficulty, columns=1, most_repeats=1)
    folders = Folders(tmp_path / "results", tmp_path / "weights")
    report = run_cells(cells, tiny_data, folders, torch.device("cpu"), map, minutes=0.0)
    assert report.left == [cell.name for cell in cells]
    assert not folders.results.exists()


def test_rows_with_the_sacrum_have_labels_of_their_own_and_are_never_compared_with_others(tmp_path):
    scale = get_scale("smoke")
    cells = [cell for cell in table_cells("diagnosis", scale, KNOBS) if cell.sacrum]
    assert [cell.config.method for cell in cells] == ["embedding_matching", "supervised"]
    assert cells[1].name != table_cells("table1", scale, KNOBS)[0].name
    plain, with_sacrum = (Store(tmp_path, 6.0, KNOBS, sacrum) for sacrum in (False, True))
    scans = cohort(1, 0, 0)
    for store in (plain, with_sacrum):
        store.fill(scans)
    one, other = (store.load(scans[0].key) for store in (plain, with_sacrum))
    assert (one.image == other.image).all()
    assert (other.exact >= one.exact).all()
    assert (other.exact > one.exact).any()
    assert plain.labels_hash([scans[0].key]) != with_sacrum.labels_hash([scans[0].key])
