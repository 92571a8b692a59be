import numpy as np
import torch

from SemiSegEmbedLib.evaluation.metrics import evaluate_labels
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.workflows.benchmark import scoring
from SemiSegEmbedLib.workflows.benchmark.scoring import (
    PatchPlace,
    cut_patch,
    predict_patches,
    score_patches,
    score_scans,
)


def test_the_truth_is_perfect_against_itself_and_not_against_the_annotators(tiny_data):
    keys = tiny_data.test[:2]
    rows = score_scans([(key, np.array(tiny_data.store.load(key).exact)) for key in keys], tiny_data.store, map)
    for key in keys:
        assert rows[key]["exact"]["iou"] == 1.0
        assert rows[key]["exact"]["hd95"] == 0.0
        assert 0.5 < rows[key]["annotators"]["iou"] < 1.0


def test_an_island_counts_unless_it_is_removed(tiny_data):
    key = tiny_data.test[0]
    found = np.array(tiny_data.store.load(key).label)
    corner = (-1, 0, 0)  # of the volume, far from the bones
    assert not found[-3:, :3, :3].any()
    found[corner] = 1
    row = score_scans([(key, found)], tiny_data.store, map)[key]
    assert row["annotators"]["iou"] < 1.0
    assert row[scoring.WITHOUT_ISLANDS]["iou"] == 1.0


def test_no_more_scans_are_held_than_are_judged_at_once(tiny_data, monkeypatch):
    monkeypatch.setattr(scoring, "SCANS_AT_ONCE", 2)
    predicted, portions = [], []

    def predict():
        for key in tiny_data.test[:5]:
            predicted.append(key)
            yield key, np.array(tiny_data.store.load(key).label)

    def judge(compare, tasks):
        portions.append((len(tasks), len(predicted)))
        return map(compare, tasks)

    rows = score_scans(predict(), tiny_data.store, judge)
    assert portions == [(6, 2), (6, 4), (3, 5)]
    assert list(rows) == tiny_data.test[:5]
    assert all(row["annotators"]["iou"] == 1.0 for row in rows.values())


def test_a_process_of_a_pool_takes_one_thread(tiny_data, monkeypatch):
    asked = []

    def watched(*arguments, **options):
        asked.append(options["workers"])
        return evaluate_labels(*arguments, **options)

    monkeypatch.setattr(scoring, "evaluate_labels", watched)
    key = tiny_data.test[0]
    score_scans([(key, np.array(tiny_data.store.load(key).label))], tiny_data.store, map)
    assert asked == [1, 1, 1]


def test_a_prediction_of_nothing_is_a_miss_with_the_diagonal(tiny_data):
    key = tiny_data.test[0]
    label = tiny_data.store.load(key).label
    row = score_scans([(key, np.zeros(label.shape, np.uint8))], tiny_data.store, map)[key]["annotators"]
    assert row["missed"] is True
    assert np.isclose(row["hd95"], 6.0 * np.linalg.norm(label.shape), atol=1e-3)


def test_patches_are_judged_one_by_one_without_surface_at_their_faces(tiny, tiny_data):
    torch.manual_seed(0)
    network = UNet3D(1, 2, 2, 0.0, "batch").eval()
    places = tiny_data.test_patches[:3]
    rows = score_patches(
        network, places, tiny_data.store, tiny_data.normalisation, patch=16, device=torch.device("cpu"), run=map
    )
    for place in places:
        image, label, _ = cut_patch(tiny_data.store, place, 16)
        own = predict_patches(network, torch.from_numpy(image)[None], tiny_data.normalisation, torch.device("cpu"))[0]
        wanted = evaluate_labels(label, own, (6.0,) * 3, [1], border="open")[1]
        assert np.isclose(rows[place.name]["annotators"]["hd95"], wanted["hd95"], atol=1e-4)
        assert np.isclose(rows[place.name]["annotators"]["iou"], wanted["iou"], atol=1e-4)


def test_what_a_small_scan_lacks_is_air(tiny_data):
    key = tiny_data.test[0]
    shape = tiny_data.store.load(key).image.shape
    image, label, exact = cut_patch(tiny_data.store, PatchPlace(key, (0, 0, 0), 0), 80)
    assert image.shape == label.shape == exact.shape == (80, 80, 80)
    assert (image[shape[0] :] == -1000).all()
    assert not label[shape[0] :].any()
