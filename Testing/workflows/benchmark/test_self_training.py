import json

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.learning.rows import table_rows
from SemiSegEmbedLib.study.records import IGNORE
from SemiSegEmbedLib.workflows.benchmark.cells import Folders, load_weights, run_cell
from SemiSegEmbedLib.workflows.benchmark.self_training import CONFIDENT, with_predicted_labels
from SemiSegEmbedLib.workflows.benchmark.tables import make_cell

CPU = torch.device("cpu")
ROW = next(row for row in table_rows("levers") if row.rounds)


@pytest.fixture(scope="module")
def twice(tiny, tiny_data, tmp_path_factory):
    """A cell with one round of self-training, its record, and where it and the one before it lie."""
    folder = tmp_path_factory.mktemp("self_training")
    folders = Folders(folder / "results", folder / "weights")
    cell = make_cell(ROW, tiny, 0, 0, 0, tiny_data.store.difficulty)
    before = tiny_data.store.labels_hash(tiny_data.train)
    record = run_cell(cell, tiny_data, folders, CPU, map)
    assert tiny_data.store.labels_hash(tiny_data.train) == before
    return cell, record, folders


def test_the_first_training_is_a_cell_of_its_own_and_is_used_again(twice, tiny, tiny_data):
    cell, record, folders = twice
    first = make_cell(table_rows("levers")[0], tiny, 0, 0, 0, tiny_data.store.difficulty)
    assert first.config == cell.config
    assert first.name != cell.name
    assert folders.result(first).exists()
    assert record["predicted_labels"]["by"] == first.name
    made = folders.result(first).read_bytes()
    folders.result(cell).unlink()
    run_cell(cell, tiny_data, folders, CPU, map)
    assert folders.result(first).read_bytes() == made


def test_predicted_labels_are_said_to_be_such_and_never_count_as_annotated(twice, tiny_data):
    cell, record, folders = twice
    assert json.loads(folders.result(cell).read_text())["predicted_labels"] == record["predicted_labels"]
    assert set(record["predicted_labels"]) == {"by", "patches", "confident", "accuracy", "threshold"}
    assert record["annotated"] == list(tiny_data.training(0, 0).annotated)
    assert record["patches"] == 8
    assert record["rounds"] == 1


def test_a_row_without_rounds_keeps_the_name_it_had(tiny, tiny_data):
    cell = make_cell(table_rows("levers")[0], tiny, 0, 0, 0, tiny_data.store.difficulty)
    assert "rounds" not in cell.identity()


def test_labels_are_kept_where_a_literal_softmax_is_confident_and_half_of_the_patches_are_the_annotators(
    twice, tiny_data
):
    _, record, folders = twice
    network, normalisation = load_weights(folders.weight(record["predicted_labels"]["by"]), CPU)
    for parameter in network.parameters():
        parameter.data.mul_(3.0)  # so that some voxels are confident after two steps
    patches = tiny_data.training(0, 0)
    made, facts = with_predicted_labels(patches, network, normalisation, CPU)
    before = {volume.key: volume for volume in patches.volumes}
    predicted = [volume for volume in made.volumes if before[volume.key].label is None]
    annotated = [volume for volume in made.volumes if before[volume.key].label is not None]
    assert len(predicted) == 16
    assert len(annotated) >= len(predicted)
    assert all(volume.label is before[volume.key].label for volume in annotated)
    right = sure = 0
    for volume in predicted:
        clipped = np.clip(volume.image.astype(np.float32), normalisation.low, normalisation.high)
        with torch.no_grad():
            logits = network(torch.from_numpy((clipped - normalisation.mean) / normalisation.std)[None, None])[0]
        odds = torch.exp(logits[0, 1] - logits[0, 0]).numpy()
        inside = odds / (1 + odds)
        clear = np.abs(np.maximum(inside, 1 - inside) - CONFIDENT) > 0.02  # bf16 convolutions where there are any
        literal = np.where(inside >= CONFIDENT, 1, np.where(1 - inside >= CONFIDENT, 0, IGNORE))
        assert np.mean(volume.label[clear] == literal[clear]) > 0.99
        sure += (volume.label != IGNORE).sum()
        right += (volume.label == patches.hidden[volume.key]).sum()
    assert facts["confident"] == pytest.approx(sure / (16 * 16**3), abs=1e-4)
    assert facts["accuracy"] == pytest.approx(right / sure, abs=1e-4)
    assert facts["patches"] == 16
