import pytest
import torch

from SemiSegEmbedLib.workflows.benchmark.results import (
    Entry,
    Results,
    compare_with,
    gap_closed,
    in_common,
    stratum_keys,
)
from SemiSegEmbedLib.workflows.benchmark.tables import run_cells, table_cells


def record(values, *, checkpoint="selected", draw=0, seed=0, **more):
    """A result with one HD95 a scan."""
    rows = {key: {"annotators": {"hd95": v, "iou": 1 / (1 + v), "missed": v > 50}} for key, v in values.items()}
    return {
        "draw": draw,
        "seed": seed,
        **more,
        "checkpoints": {"last": {"scans": rows, "patches": {}}, checkpoint: {"scans": rows, "patches": {}}},
    }


@pytest.fixture(scope="module")
def results(tiny, tiny_data, folders):
    cells = table_cells("table1", tiny, tiny_data.store.difficulty, columns=1)
    few = [cell for cell in cells if cell.config.method in ("supervised", "embedding_matching")]
    report = run_cells(few, tiny_data, folders, torch.device("cpu"), map)
    assert not report.failed
    return Results(tiny, tiny_data.store.difficulty, folders)


def test_values_are_averaged_per_scan_over_the_repeats():
    entry = Entry("row", (record({"a": 1.0, "b": 3.0}), record({"a": 3.0, "b": 5.0})), 2)
    assert entry.per_scan("hd95") == {"a": 2.0, "b": 4.0}
    assert entry.per_scan("hd95", keep=["b"]) == {"b": 4.0}
    assert entry.mean("hd95") == 3.0
    assert Entry("none").mean("hd95") is None


def test_misses_are_counted_per_repeat():
    assert Entry("row", (record({"a": 60.0, "b": 3.0}), record({"a": 3.0, "b": 5.0})), 2).misses() == 0.5


def test_rows_are_compared_scan_by_scan_with_intervals_and_holm():
    keys = [f"s{n}" for n in range(12)]
    base = {key: 2.0 + 0.1 * n for n, key in enumerate(keys)}
    entries = {
        "ours": Entry("ours", (record(base),)),
        "worse": Entry("worse", (record({key: v + 1.0 + 0.01 * n for n, (key, v) in enumerate(base.items())}),)),
        "same": Entry("same", (record({key: v + (-1) ** n * 0.05 for n, (key, v) in enumerate(base.items())}),)),
        "other scans": Entry("other scans", (record({"z": 1.0}),)),
    }
    found = {row.title: row for row in compare_with("ours", entries, "hd95")}
    assert set(found) == {"worse", "same"}
    assert found["worse"].interval.low > 0.9
    assert found["worse"].p_holm < 0.01
    assert found["same"].p_holm > 0.3


def test_rows_are_compared_over_the_repeats_that_both_have():
    keys = [f"s{n}" for n in range(12)]
    first = {key: 2.0 + 0.1 * n for n, key in enumerate(keys)}
    hard = {key: value + 2.0 for key, value in first.items()}
    entries = {
        "ours": Entry("ours", (record(first),)),
        "same": Entry("same", (record(first), record(hard, draw=1), record(hard, draw=2))),
        "other draws": Entry("other draws", (record(hard, draw=1),)),
        "other object": Entry("other object", (record(hard, sacrum=True),)),
    }
    (only,) = compare_with("ours", entries, "hd95")
    assert (only.title, only.interval.estimate, only.repeats) == ("same", 0.0, 1)
    (back,) = compare_with("same", {title: entries[title] for title in ("ours", "same")}, "hd95")
    assert back.interval.estimate == 0.0
    twice = Entry("twice", (record(hard, draw=1), record(hard, draw=2)))
    (both,) = compare_with("same", {"same": entries["same"], "twice": twice}, "hd95")
    assert (both.interval.estimate, both.repeats) == (0.0, 2)
    assert not in_common({title: entries[title] for title in ("ours", "other draws")})["ours"]


def test_patches_of_a_scan_are_averaged_before_rows_are_compared():
    def patchy(shift):
        rows = {f"s{n}/{m:02d}": {"annotators": {"hd95": n + 10 * m + shift}} for n in range(8) for m in range(2)}
        return {"draw": 0, "seed": 0, "checkpoints": {"last": {"scans": {}, "patches": rows}}}

    entries = {name: Entry(name, (patchy(shift),)) for name, shift in (("ours", 0.0), ("worse", 1.0))}
    (found,) = compare_with("ours", entries, "hd95", level="patches")
    assert found.interval.estimate == 1.0
    assert compare_with("ours", entries, "hd95") == []


def test_finished_cells_are_found_and_unfinished_ones_are_false(results):
    assert len(results.entry("table1", "supervised").records) == 2
    assert len(results.entry("table3", "mean_cosine").records) == 2
    assert not results.entry("table1", "cct")
    titles = set(results.first_column(("table1", "table2", "table3")))
    assert titles >= {"Supervised baseline", "Embedding matching"}
    assert "CCT" not in titles


def test_an_experiment_of_several_tables_counts_once(results):
    names = [row.name for _, row in results.distinct_rows(("table1", "table2", "table3"))]
    assert len(names) == 7 + 3 + 3
    assert "ua_nn_en" not in names


def test_the_papers_method_closes_82_percent_of_the_gap():
    assert gap_closed(3.30, 9.45, 1.92) == pytest.approx(0.817, abs=1e-3)
    assert gap_closed(3.0, 2.0, 2.0) is None


def test_a_scan_is_in_every_stratum_that_it_belongs_to():
    facts = {"group": 5, "implant": True, "arthritis": 0.7, "dysplasia": 0.0}
    calm = {"group": 0, "implant": False, "arthritis": 0.0, "dysplasia": 0.0}
    found = stratum_keys({"a": facts, "b": calm})
    assert found["implant"] == ["a"]
    assert found["arthritis from 0.5"] == ["a"]
    assert found["deviation group 5"] == ["a"]
    assert found["deviation group 0"] == ["b"]
    assert "dysplasia from 0.5" not in found
