"""The tables of docs/performance.md are those of the committed measurements."""

from __future__ import annotations

import importlib
import json
import math
import re
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch.autograd import DeviceType

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "docs" / "figures" / "performance.json"


@pytest.fixture(scope="module")
def scripts() -> dict[str, ModuleType]:
    sys.path.insert(0, str(ROOT / "Testing" / "benchmarks"))
    try:
        return {
            name: importlib.import_module(name)
            for name in ("tables", "gpu_tables", "run_all", "run_gpu", "bench_step", "bench_matching", "count_step")
        } | {"profile_pictures": importlib.import_module("profile_pictures")}
    finally:
        sys.path.pop(0)


@pytest.fixture(scope="module")
def tables(scripts: dict[str, ModuleType]) -> ModuleType:
    return scripts["tables"]


def test_every_table_is_the_one_that_the_measurements_make(tables: ModuleType, scripts) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert tables.write_page(page, scripts["run_all"].all_results()) == page, (
        "run Testing/benchmarks/run_all.py --tables"
    )


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


def test_no_folder_of_the_machine_is_in_the_measurements(scripts) -> None:
    for path in (RESULTS, scripts["run_all"].GPU_RESULTS):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        assert not re.search(r'"(/|[A-Z]:\\\\)', text)


def test_every_row_of_a_gpu_that_was_not_measured_says_so_and_why(scripts) -> None:
    cells = {title: cell for title, _, cell in scripts["gpu_tables"].targets_rows({})}
    assert all(cell.startswith("not measured") for cell in cells.values())
    gpu = {"file_to_saved": {"failed": "No module named 'SimpleITK'"}, "step": {"rows": {}, "failed": "stopped"}}
    cells = {title: cell for title, _, cell in scripts["gpu_tables"].targets_rows({"gpu": gpu})}
    assert cells["file to saved segmentation, 512 × 512 × 400"] == "not measured (No module named 'SimpleITK')"
    assert cells["peak memory"] == "not measured (stopped; prototype: 5.9 GiB compiled)"


def test_numbers_of_a_gpu_fill_their_rows_and_one_that_failed_leaves_the_others(scripts, tables: ModuleType) -> None:
    def row(ms: float, **more: object) -> dict[str, object]:
        return {"ms": ms, "least_ms": ms, "peak_gib": 5.5, **more}

    step = {
        "rows": {
            "ours": row(50.0, host_waits="none"), "ours, eager": row(60.0), "as the peers write it": row(500.0),
            "ours, instance norm": {"failed": "OutOfMemoryError: too much"},
        },
        "floor": {"ms": 40.0}, "versions": {"gpu": "H100", "cudnn": 91900},
    }  # fmt: skip
    matching = {"rows": {"cosine + mean": {"percent": 4.0}, "euclidean + max": {"failed": "OutOfMemoryError"}}}
    useful = {"useful_minute": 3.25, "finished": True, "curve": []}
    labels = {"default": {"seconds": 0.5, "peak_gpu_gib": 3.0}, "torch": "ModuleNotFoundError: x"}
    gpu = {"machine": {"cores": 16}, "step": step, "matching": matching, "useful_model": useful,
           "inference": {"results": labels}}  # fmt: skip
    cells = {title: cell for title, _, cell in scripts["gpu_tables"].targets_rows({"gpu": gpu})}
    assert cells["step of embedding matching, batch norm"] == "50 ms, the floor is 80 % of it"
    assert cells["the same with instance norm"] == "not measured"
    assert cells["against the peers' form in fp32"] == "10.0 times"
    assert cells["eager against compiled"] == "1.2 times"
    assert cells["matching beyond UAMT, cosine + mean"] == "4.0 %"
    assert cells["euclidean + max"] == "not measured"
    assert cells["waiting for the host in a step"] == "none"
    assert cells["useful model from 4 + 36 phantoms"] == "3.2 minutes"
    assert cells["hip CT 400 × 300 × 400, array to labels"] == "0.50 s"
    assert cells["with uncertainty, M = 5"] == "not measured"
    assert "OutOfMemoryError" in tables.gpu_step_table({"gpu": gpu})
    assert "ModuleNotFoundError" in tables.gpu_inference_table({"gpu": gpu})
    assert "| gpu | H100 |" in tables.gpu_machine_table({"gpu": gpu})


def test_what_a_gpu_should_measure_is_there_to_be_measured(scripts) -> None:
    run_gpu = scripts["run_gpu"]
    assert set(run_gpu.LABELS + run_gpu.BESIDE) <= set(run_gpu.VARIANTS)
    assert {name for name in run_gpu.UNCERTAIN if name.startswith("label")}
    step = scripts["bench_step"]
    assert set(run_gpu.STEP) == {*step.OURS, *step.PEERS, step.FLOOR}
    targets = {"ours", "ours, instance norm", "ours, eager", "ours, 4 GiB", step.FLOOR, *step.PEERS}
    assert set(run_gpu.STEP[: len(targets)]) == targets, "rows that have a target come first"
    assert all((run_gpu.HERE / part.words[0]).is_file() for part in run_gpu.PARTS.values())


def test_a_part_that_fails_or_lasts_too_long_says_why_and_the_others_go_on(scripts, tmp_path, monkeypatch) -> None:
    run_gpu = scripts["run_gpu"]
    (tmp_path / "good.py").write_text("print('{\"seconds\": 1.5}')")
    (tmp_path / "bad.py").write_text("raise SystemExit('no card')")
    (tmp_path / "slow.py").write_text(
        "import sys, time\nopen(sys.argv[1], 'w').write('{\"curve\": [1]}')\ntime.sleep(60)"
    )
    parts = {"bad": ("bad.py",), "slow": ("slow.py", "{partial}"), "file_to_saved": ("good.py",)}
    monkeypatch.setattr(run_gpu, "HERE", tmp_path)
    monkeypatch.setattr(run_gpu, "PARTS", {name: run_gpu.Part(words, (), 3) for name, words in parts.items()})
    arguments = run_gpu.parse(["--output", str(tmp_path / "out"), "--tiny"])
    results = run_gpu.measure(arguments)
    assert results["bad"]["failed"] == "no card"
    assert (results["slow"]["failed"], results["slow"]["curve"]) == ("stopped after 3 s", [1])
    assert results["file_to_saved"]["seconds"] == 1.5
    assert json.loads((tmp_path / "out" / run_gpu.NAME).read_text())["file_to_saved"]["seconds"] == 1.5
    (tmp_path / "good.py").write_text("raise SystemExit('must not run again')")
    (tmp_path / "bad.py").write_text("print('{\"seconds\": 2.5}')")
    again = run_gpu.measure(
        run_gpu.parse(["--output", str(tmp_path / "out"), "--tiny", "--only", "bad", "file_to_saved"])
    )
    assert (again["bad"]["seconds"], again["file_to_saved"]["seconds"]) == (2.5, 1.5)


def test_a_later_call_measures_the_rows_that_are_missing_and_no_others(scripts, tmp_path, monkeypatch) -> None:
    run_gpu = scripts["run_gpu"]
    (tmp_path / "step.py").write_text(
        f"import json, sys; sys.path.append({str(run_gpu.HERE)!r})\n"
        "names = sys.argv[sys.argv.index('--only') + 1:]\n"
        "from measuring import NO_TIME\n"
        "rows = {name: {'failed': NO_TIME} for name in names}\n"
        "rows[names[0]] = {'ms': float(len(names))}\n"
        "if len(names) == 3: rows[names[1]] = {'failed': 'OutOfMemoryError'}\n"
        "print(json.dumps({'rows': rows, 'floor': {'ms': 7.0} if len(names) == 3 else {}}))"
    )
    (tmp_path / "other.py").write_text("print('{\"seconds\": 1.5}')")
    monkeypatch.setattr(run_gpu, "HERE", tmp_path)
    step = run_gpu.Part(("step.py",), (), 30, rows=("one", "two", "three"))
    monkeypatch.setattr(run_gpu, "PARTS", {"step": step, "data": run_gpu.Part(("other.py",), (), 30)})
    arguments = run_gpu.parse(["--output", str(tmp_path / "out"), "--tiny", "--only", "step"])
    first = run_gpu.measure(arguments)["step"]
    assert first["failed"] == run_gpu.NO_TIME, "so that the session calls again"
    arguments.only = ["step", "data"]
    results = run_gpu.measure(arguments)
    assert list(results)[-1] == "data"
    assert results["step"]["rows"] == {
        "one": {"ms": 3.0}, "two": {"failed": "OutOfMemoryError"}, "three": {"ms": 1.0},
    }  # fmt: skip
    assert results["step"]["floor"] == {"ms": 7.0}
    assert "failed" not in results["step"]
    assert {"date", "processor"} <= set(results["step"]["machine"])


def test_a_part_that_was_measured_by_itself_is_named_with_its_day(tables: ModuleType) -> None:
    whole = {"date": "2026-01-01", "processor": "x", "torch": "2"}
    parts = {
        "growth": {"machine": whole},
        "step": {"rows": {}},
        "matching": {"machine": {**whole, "date": "2026-02-02"}},
    }
    found = tables.machine_table({"machine": whole, **parts})
    assert "| of it, matching | 2026-02-02, x, 2 |" in found
    assert "growth" not in found


def test_a_picture_of_a_gpu_is_shown_once_it_is_there(tables: ModuleType) -> None:
    page = "<!-- table: gpu_profile -->\n<!-- end -->\n"
    assert "Not measured yet (profile_gpu.png)." in tables.write_page(page, {})
    assert "(figures/profile_gpu.png)" in tables.write_page(page, {"pictures": ["profile_gpu.png"]})


def test_what_matching_costs_is_taken_within_each_round(scripts) -> None:
    """A machine that is ten times as slow in one round changes nothing."""
    found = scripts["bench_matching"].shares([100.0, 1000.0, 100.0], [80.0, 800.0, 80.0], [15.0, 150.0, 15.0])
    assert found == {"percent": 5.0, "low": 5.0, "high": 5.0}


def test_operators_are_counted_with_what_they_read_write_and_keep(scripts) -> None:
    counter = scripts["count_step"].Counter
    x = torch.zeros(1000)
    with counter([x]) as counted:
        doubled = x * 2.0
        doubled.view(10, 100)
        doubled += x
    assert (counted.launches, counted.moved, counted.peak) == (2, 2 * 4000 + 3 * 4000, 8000)
    with counter() as counted:
        for _ in range(3):
            torch.ones(1000)
    assert counted.peak == 4000, "what is gone is not alive"
    convolution = torch.nn.Conv1d(3, 5, 1, bias=False).requires_grad_(False)
    with counter() as counted:
        convolution(torch.zeros(1, 3, 7))
    assert (counted.convolutions, counted.flops) == (4 * (21 + 15 + 35), 2 * 3 * 5 * 7)


@pytest.mark.slow
def test_the_memory_that_a_run_expects_covers_what_its_step_keeps(scripts) -> None:
    """At the paper's size, for every method, without a GPU: an estimate below the tensors alone is wrong."""
    script = scripts["count_step"]
    for name, changes in script.ROWS.items():
        row = script.count(script.row_config(changes))
        assert row["peak_gib"] < row["expected_gib"] < 1.6 * row["peak_gib"], name
        assert row["peak_gib"] < {"ours": 6, "ours, 4 GiB": 4}.get(name, math.inf), name


@pytest.mark.slow
def test_the_rows_of_a_gpu_are_really_measured_on_a_processor(scripts, tmp_path) -> None:
    run_gpu = scripts["run_gpu"]
    parts = ["step", "matching", "data", "profile"]
    words = [run_gpu.HERE / "run_gpu.py", "--tiny", "--output", tmp_path, "--only", *parts]
    subprocess.run([sys.executable, *map(str, words)], check=True, timeout=600)
    results = json.loads((tmp_path / run_gpu.NAME).read_text(encoding="utf-8"))
    assert [results[part].get("failed") for part in parts] == [None] * 4
    rows, gpu_alone = results["step"]["rows"], {"ours, 4 GiB", "as the peers write it, TF32"}
    assert {name for name, row in rows.items() if "failed" in row} == gpu_alone
    assert set(rows) == set(run_gpu.STEP) - {run_gpu.FLOOR}
    assert set(results["matching"]["rows"]) == set(run_gpu.KERNELS)
    milliseconds = [row["ms"] for name, row in rows.items() if name not in gpu_alone]
    milliseconds += [results["step"]["floor"]["ms"], *(results["data"][name]["ms"] for name in ("alone", "with_data"))]
    for row in results["matching"]["rows"].values():
        milliseconds += [row[name] for name in ("ms", "uamt_ms", "reference_forward_ms")]
        assert row["low"] <= row["percent"] <= row["high"] < 100
    assert all(math.isfinite(number) and number > 0 for number in milliseconds)
    assert 0 <= results["data"]["idle_percent"] < 100
    for shares in results["profile"]["shares_percent"].values():
        assert sum(shares.values()) == pytest.approx(100, abs=1)
    assert (tmp_path / run_gpu.PICTURE).exists()


def test_what_comes_home_goes_into_the_page_and_a_failed_part_replaces_nothing(scripts, tmp_path, monkeypatch) -> None:
    run_gpu, run_all = scripts["run_gpu"], scripts["run_all"]
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "page.md").write_text("<!-- table: gpu_targets -->\nold\n<!-- end -->\n")
    for module in (run_gpu, run_all):
        monkeypatch.setattr(module, "RESULTS", docs / "performance.json")
        monkeypatch.setattr(module, "PAGE", docs / "page.md")
    monkeypatch.setattr(run_all, "GPU_RESULTS", docs / run_gpu.NAME)
    for name, part in (("one", {"seconds": 4.0}), ("two", {"failed": "no card", "took_s": 1})):
        (tmp_path / name).mkdir()
        (tmp_path / name / run_gpu.NAME).write_text(json.dumps({"file_to_saved": part}))
    run_gpu.take([tmp_path / "one", tmp_path / "two"])
    assert "| 4.0 s |" in (docs / "page.md").read_text(encoding="utf-8")


def test_a_row_of_the_peers_that_fails_leaves_the_precision_of_the_next_ones_alone(
    scripts: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    step, found = scripts["bench_step"], []
    switches = (torch.backends.cuda.matmul, torch.backends.cudnn)

    def full(config: object, device: object) -> None:
        found.append([switch.allow_tf32 for switch in switches])
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(step, "PeerStep", full)
    before = [switch.allow_tf32 for switch in switches]
    for tf32 in (True, False):
        with pytest.raises(torch.OutOfMemoryError):
            step.measure_peers(object(), torch.device("cpu"), 1, 1, tf32)
    assert found == [[True, True], [False, False]]
    assert [switch.allow_tf32 for switch in switches] == before


def test_a_wait_for_the_gpu_is_named_by_its_line_and_the_step_ends(
    scripts: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    modes, ended = [], []
    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", modes.append)

    def step() -> None:
        for _ in range(2):
            warnings.warn("called a synchronizing CUDA operation (Triggered internally)", stacklevel=1)
        warnings.warn("something else", stacklevel=1)
        ended.append(True)

    line = step.__code__.co_firstlineno + 2
    assert scripts["bench_step"]._host_waits(step) == f"test_performance.py:{line}"
    assert scripts["bench_step"]._host_waits(lambda: None) == "none"
    assert (modes, ended) == (["warn", "default"] * 2, [True])


def test_the_time_of_a_kernel_counts_once(scripts: dict[str, ModuleType]) -> None:
    """Torch names it twice: under the operation that began it, and by its own name."""
    host, gpu = DeviceType.CPU, DeviceType.CUDA
    rows = [("aten::cudnn_convolution", host, 60), ("aten::cat", host, 20), ("sm90_xmma_fprop_implicit", gpu, 60),
            ("void at::native::vectorized_elementwise_kernel", gpu, 20)]  # fmt: skip
    events = [SimpleNamespace(key=key, device_type=place, self_device_time_total=time) for key, place, time in rows]
    found = scripts["profile_pictures"].percent_by_kind(events, True)
    assert found == {"convolution": 75.0, "concatenation and copies": 25.0}
