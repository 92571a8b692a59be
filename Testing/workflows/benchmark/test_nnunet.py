import gzip
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.workflows.benchmark.cells import Folders
from SemiSegEmbedLib.workflows.benchmark.external import score_predictions
from SemiSegEmbedLib.workflows.benchmark.nnunet import DATASET_ID, export_raw, read_nifti, write_nifti

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def volume() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 500, (4, 5, 6)).astype(np.float32)


def test_another_reader_finds_the_voxels_where_they_belong(volume, tmp_path):
    write_nifti(tmp_path / "a.nii.gz", volume, (3.0, 2.0, 1.5))
    image = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(image), volume)
    assert image.GetSpacing() == (1.5, 2.0, 3.0)
    assert image.GetDirection() == (1, 0, 0, 0, 1, 0, 0, 0, 1)  # LPS, as on the training grid


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.float32])
def test_what_another_writer_wrote_is_read(volume, kind, tmp_path):
    array = volume.astype(kind)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(tmp_path / "a.nii.gz"))
    assert np.array_equal(read_nifti(tmp_path / "a.nii.gz"), array)


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"short"), gzip.compress(bytes(400))],
    ids=["empty", "no gzip", "short", "zeros"],
)
def test_a_file_that_is_no_volume_is_refused(content, tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(content)
    with pytest.raises(BadInputError, match=r"a\.nii\.gz is no volume"):
        read_nifti(tmp_path / "a.nii.gz")


def test_the_raw_dataset_holds_the_annotated_scans_whole_and_the_test_scans(tiny_data, tmp_path):
    place = export_raw(tiny_data, tmp_path)
    assert place.name == f"Dataset{DATASET_ID}_SemiSegEmbedtiny"
    annotated = tiny_data.training(0, 0).annotated
    names = {folder: sorted(path.name for path in (place / folder).iterdir()) for folder in ("imagesTr", "labelsTr")}
    assert names["imagesTr"] == [f"{key}_0000.nii.gz" for key in sorted(annotated)]
    assert names["labelsTr"] == [f"{key}.nii.gz" for key in sorted(annotated)]
    assert len(list((place / "imagesTs").iterdir())) == len(tiny_data.test)
    scan = tiny_data.store.load(annotated[0])
    assert np.array_equal(read_nifti(place / "labelsTr" / f"{annotated[0]}.nii.gz"), scan.label)
    assert np.array_equal(read_nifti(place / "imagesTr" / f"{annotated[0]}_0000.nii.gz"), scan.image)
    description = json.loads((place / "dataset.json").read_text())
    assert description["numTraining"] == 4
    assert description["labels"] == {"background": 0, "bone": 1}


def test_each_draw_exports_its_own_scans(tiny_data, tmp_path):
    found = []
    for draw in range(4):
        place = export_raw(tiny_data, tmp_path / str(draw), draw=draw)
        found.append(sorted(path.name.removesuffix(".nii.gz") for path in (place / "labelsTr").iterdir()))
        assert found[-1] == sorted(tiny_data.training(0, draw).annotated)
    assert len({tuple(keys) for keys in found}) > 1


def test_its_predictions_are_scored_as_it_writes_them_and_its_facts_are_kept(tiny_data, tmp_path):
    for key in tiny_data.test:
        write_nifti(tmp_path / f"{key}.nii.gz", np.array(tiny_data.store.load(key).exact), (6.0, 6.0, 6.0))
    (tmp_path / "facts.json").write_text('{"training_s": 240.0}')
    path = score_predictions("nnU-Net", tmp_path, tiny_data, Folders(tmp_path / "results", tmp_path), map)
    record = json.loads(path.read_text())
    assert record["facts"] == {"training_s": 240.0}
    assert all(row["exact"]["iou"] == 1.0 for row in record["checkpoints"]["last"]["scans"].values())


def test_an_empty_module_stands_in_where_simpleitk_is_missing(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("nnunet_outsider", BENCHMARKS / "nnunet_outsider.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results", "nnUNet_compile", "PYTHONPATH"):
        monkeypatch.setenv(name, "")
    script.point_nnunet_at(tmp_path)
    assert not (tmp_path / "stand_in").exists()
    monkeypatch.setattr(script.importlib.util, "find_spec", lambda name: None)
    script.point_nnunet_at(tmp_path)
    assert (tmp_path / "stand_in" / "SimpleITK.py").is_file()
    assert str(tmp_path / "stand_in") in sys.path
