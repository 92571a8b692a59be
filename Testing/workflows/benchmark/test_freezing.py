import json
from dataclasses import replace

import pytest
import torch

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.phantom import benchmark
from SemiSegEmbedLib.phantom.difficulty import TARGETS, Difficulty, EndPoint
from SemiSegEmbedLib.workflows.benchmark import freezing
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.scales import get_scale


def test_the_knobs_turn_towards_the_targets_and_stand_still_there():
    knobs = Difficulty()
    assert freezing.turn(knobs, TARGETS) == knobs
    assert freezing.distance(TARGETS) == 0.0
    too_easy = {"few": EndPoint(0.94, 3.0), "all": EndPoint(0.97, 1.0)}
    harder = freezing.turn(knobs, too_easy)
    assert harder.appearance > knobs.appearance
    assert harder.noise > knobs.noise
    assert harder.contrast < knobs.contrast
    assert harder.annotator_mm > knobs.annotator_mm
    too_hard = {"few": EndPoint(0.8, 20.0), "all": EndPoint(0.9, 4.0)}
    easier = freezing.turn(knobs, too_hard)
    assert easier.appearance < knobs.appearance
    assert easier.annotator_mm < knobs.annotator_mm
    assert freezing.distance(too_hard) > 0


def test_calibration_trains_the_supervised_baseline_alone_and_writes_down_every_try(tiny, tiny_data, work, folders):
    record = freezing.calibrate(tiny, work, folders, torch.device("cpu"), map, iterations=2)
    assert len(record["tried"]) == 2
    assert record["tried"][0]["difficulty"] == benchmark.frozen_difficulty().to_dict()
    assert record["tried"][1]["difficulty"] != record["tried"][0]["difficulty"]
    assert record["best"]["distance"] == min(one["distance"] for one in record["tried"])
    assert json.loads((folders.results / "tiny" / "calibration.json").read_text()) == record
    first = record["tried"][0]["difficulty"]
    cells = [json.loads(path.read_text()) for path in (folders.results / "tiny").glob("supervised-*.json")]
    used = [cell for cell in cells if cell["difficulty"] != first]
    assert {cell["scans"] for cell in used} == {4, 5}
    others = [path for path in (folders.results / "tiny").glob("*.json") if not path.name.startswith("supervised")]
    assert all(json.loads(path.read_text()).get("difficulty", first) == first for path in others)


def test_calibration_without_time_for_a_try_says_so_and_the_next_call_goes_on(
    tiny, tiny_data, work, folders, tmp_path
):
    fresh = Folders(tmp_path / "results", tmp_path / "weights")
    with pytest.raises(SemiSegEmbedError, match="time did not suffice"):
        freezing.calibrate(tiny, work, fresh, torch.device("cpu"), map, minutes=0.0)
    assert not (fresh.results / "tiny" / "calibration.json").exists()
    record = freezing.calibrate(tiny, work, folders, torch.device("cpu"), map, iterations=1)
    with_cells_there = freezing.calibrate(tiny, work, folders, torch.device("cpu"), map, iterations=1, minutes=0.0)
    assert with_cells_there == record


def test_freezing_writes_knobs_and_hashes_that_check_out(monkeypatch, tmp_path):
    test = list(benchmark.load_frozen()["test"])
    monkeypatch.setattr(benchmark, "FROZEN_FILE", tmp_path / "frozen.json")
    small, large = replace(get_scale("smoke"), train=1, val=0, test=1), get_scale("small")
    monkeypatch.setattr(freezing, "SCALES", {"smoke": small, "small": large})
    benchmark.load_frozen.cache_clear()
    knobs = Difficulty(annotator_mm=0.5)
    reached = {"scale": "smoke", "few": {"iou": 0.5, "hd95": 40.0}, "all": {"iou": 0.6, "hd95": 30.0}}
    freezing.freeze(knobs, reached, test, small)
    frozen = benchmark.load_frozen()
    assert benchmark.frozen_difficulty() == knobs
    assert (frozen["reached"], frozen["test"]) == (reached, test)
    assert frozen["sha256"]["small"]["labels"] is None
    assert freezing.check_hash(small) == frozen["sha256"]["smoke"]
    assert freezing.check_hash(large)["parameters"] == frozen["sha256"]["small"]["parameters"]
    with pytest.raises(SemiSegEmbedError, match="not the frozen ones"):
        freezing.check_hash(replace(small, train=0))
    fewer = replace(large, train=1, val=0, test=1)
    freezing.hash_labels(fewer)
    hashed = benchmark.load_frozen()
    assert {**hashed, "sha256": None} == {**frozen, "sha256": None}
    assert hashed["sha256"]["smoke"] == frozen["sha256"]["smoke"]
    assert hashed["sha256"]["small"]["labels"] == frozen["sha256"]["smoke"]["labels"]
    freezing.hash_labels(fewer)
    with pytest.raises(SemiSegEmbedError, match="not the frozen ones"):
        freezing.hash_labels(replace(fewer, train=0))


@pytest.fixture(autouse=True)
def fresh_cache():
    yield
    benchmark.load_frozen.cache_clear()
