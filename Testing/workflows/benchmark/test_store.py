import json

import numpy as np
import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.benchmark import cohort, render_scan
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.workflows.benchmark.store import Store, keys_of, parallel_map


def test_scans_on_disk_are_those_rendered_and_are_rendered_once(tiny, tiny_data):
    scan = cohort(1, 0, 0)[0]
    stored, fresh = tiny_data.store.load(scan.key), render_scan(scan, tiny.spacing_mm, tiny_data.store.difficulty)
    for name in ("image", "label", "exact"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(fresh, name))
    assert stored.spacing == (6.0, 6.0, 6.0)
    path = tiny_data.store.place / f"{scan.key}.image.npy"
    before = path.stat().st_mtime_ns
    tiny_data.store.fill([scan])
    assert path.stat().st_mtime_ns == before


def test_facts_name_the_groups_of_a_scan_and_the_hash_of_its_labels(tiny_data):
    facts = tiny_data.store.facts("test-0006")
    assert facts["group"] == 5
    assert facts["deviation_mm"] > 7.9
    assert set(facts) >= {"implant", "arthritis", "dysplasia", "labels_sha256"}
    one, two = (tiny_data.store.labels_hash([key]) for key in ("test-0001", "test-0002"))
    assert one != two


def test_other_knobs_are_other_files_and_a_missing_scan_is_named(tmp_path):
    usual, other = (Store(tmp_path, 6.0, Difficulty(noise=n)) for n in (1.0, 2.0))
    assert usual.place != other.place
    with pytest.raises(BadInputError, match="train-0001"):
        usual.load("train-0001")


def test_scans_can_be_rendered_by_several_processes(tmp_path):
    store, scans = Store(tmp_path, 6.0, Difficulty()), cohort(2, 0, 0)
    with parallel_map(2) as many:
        store.fill(scans, many)
    assert [json.loads((store.place / f"{key}.json").read_text())["group"] for key in keys_of(scans, "train")] == [
        None, None,
    ]  # fmt: skip
