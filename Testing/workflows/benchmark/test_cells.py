import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.checkpoint import write_archive
from SemiSegEmbedLib.workflows.benchmark.cells import load_weights, run_cell
from SemiSegEmbedLib.workflows.benchmark.tables import table_cells

ROOT = Path(__file__).resolve().parents[3]
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def matching(tiny, tiny_data, folders):
    cell = table_cells("table1", tiny, tiny_data.store.difficulty, columns=1, most_repeats=1)[1]
    assert cell.config.method == "embedding_matching"
    return cell, run_cell(cell, tiny_data, folders, CPU, map)


def test_a_cell_keeps_what_it_takes_to_repeat_and_to_judge_it(matching, tiny_data, folders):
    cell, record = matching
    assert json.loads(folders.result(cell).read_text()) == json.loads(json.dumps(record))
    assert record["config"] == json.loads(json.dumps(cell.config.to_dict()))
    assert record["steps"] == cell.config.steps == 2
    assert set(record["versions"]) >= {"semisegembed", "python", "torch", "numpy", "scipy", "device"}
    assert record["labels_sha256"] == tiny_data.store.labels_hash([*tiny_data.train, *tiny_data.val, *tiny_data.test])
    assert len(record["annotated"]) == 4
    assert record["seconds"]["training"] > 0
    assert len(record["validation_patches"]) <= 8


def test_both_checkpoints_and_the_teacher_are_judged_on_every_test_scan_and_patch(matching, tiny_data):
    _, record = matching
    assert set(record["checkpoints"]) == {"last", "selected", "teacher"}
    for judged in record["checkpoints"].values():
        assert sorted(judged["scans"]) == sorted(tiny_data.test)
        assert sorted(judged["patches"]) == sorted(place.name for place in tiny_data.test_patches)
        row = judged["scans"]["test-0001"]
        assert set(row) == {"annotators", "exact", "without islands"}
        assert set(row["exact"]) == {"iou", "hd95", "hd95_pooled", "assd", "nsd_1mm", "nsd_2mm", "missed"}


def test_the_log_holds_mask_fraction_and_accuracy_of_both_pseudo_labels(matching):
    _, record = matching
    assert [event["step"] for event in record["curves"]] == [1, 2]
    assert {"unreliable_fraction", "accuracy_teacher"} <= set(record["curves"][0])
    both = {"accuracy_teacher_unreliable", "accuracy_matched_unreliable"}
    assert {len(both & set(event)) for event in record["curves"]} <= {0, 2}
    assert any(both <= set(event) for event in record["curves"])
    assert [event["step"] for event in record["validation"]] == [1, 2]


def test_weights_are_half_precision_and_segment_like_the_cell(matching, folders):
    cell, record = matching
    path = folders.weight(cell.name)
    content = torch.load(path, weights_only=True)
    floating = [value for value in content["state"].values() if value.is_floating_point()]
    assert {value.dtype for value in floating} == {torch.float16}
    network, normalisation = load_weights(path, CPU)
    assert not network.training
    assert normalisation.std > 1
    assert record["weights"]["file"] == path.name


def test_a_foreign_file_holds_no_weights(tmp_path):
    write_archive(tmp_path / "other.pt", {"format": "something"})
    with pytest.raises(BadInputError, match="holds no weights"):
        load_weights(tmp_path / "other.pt", CPU)


def test_phantoms_are_rendered_and_cells_run_where_only_torch_numpy_and_scipy_are(tiny_data, tmp_path):
    absent = ("SimpleITK", "vtk", "slicer", "pydicom", "highdicom", "monai", "matplotlib", "psutil", "tqdm")
    code = (
        "import sys\n"
        f"for name in {absent}:\n"
        "    sys.modules[name] = None\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import torch\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from SemiSegEmbedLib.phantom.benchmark import frozen_difficulty\n"
        "from SemiSegEmbedLib.workflows.benchmark import bench, tables\n"
        "from SemiSegEmbedLib.workflows.benchmark.cells import Folders\n"
        "from conftest import TINY\n"
        "larger = replace(TINY, train=TINY.train + 1)\n"
        f"data = tables.open_data(larger, Path({str(tiny_data.store.folder)!r}), frozen_difficulty(), map)\n"
        "cells = tables.table_cells('table2', larger, frozen_difficulty(), most_repeats=1)[:1]\n"
        f"folders = Folders(Path({str(tmp_path)!r}) / 'results', Path({str(tmp_path)!r}) / 'weights')\n"
        "report = tables.run_cells(cells, data, folders, torch.device('cpu'), map)\n"
        "request = bench.Request('table2', page=Path('page.md'))\n"
        "print(len(report.done), bench.render(request, larger, lambda *a: None)['page'])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["1", "None"]
    assert (tiny_data.store.place / "train-0006.json").exists()
