"""A case of a study on its training grid: through the cache, never from a file that changed."""

from __future__ import annotations

import os

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging import prepare
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.prepare import prepare_case
from SemiSegEmbedLib.study.presets import HIP_SIDES
from SemiSegEmbedLib.study.study import Study

SPACING = (2.0, 2.0, 3.0)


@pytest.fixture
def study(tmp_path, make_image, body):
    image, label = body(spacing=SPACING)
    sitk.WriteImage(make_image(image, SPACING), str(tmp_path / "Planted.nii.gz"))
    sitk.WriteImage(make_image(label, SPACING), str(tmp_path / "label.nii.gz"))
    made = Study.create(tmp_path / "study", "test", HIP_SIDES, 2.0)
    case = made.add_case(tmp_path / "Planted.nii.gz", patient="Planted")
    made.add_label(case.key, tmp_path / "label.nii.gz")
    return made


def test_both_sides_share_a_class_and_the_way_back_is_known(study):
    prepared = prepare_case(study, study.cases[0].key)
    assert prepared.key == "case-0001"
    assert prepared.spacing == (2.0, 2.0, 2.0)
    assert prepared.image.shape == prepared.label.shape == prepared.geometry.shape
    assert prepared.image.dtype == np.float16
    assert set(np.unique(prepared.label)) == {0, 1}
    assert prepared.source == Geometry.of(sitk.ReadImage(str(study.image_path(study.cases[0]))))
    assert prepare_case(study, study.cases[0], with_label=False).label is None


def test_the_second_time_nothing_is_read(study, monkeypatch):
    first = prepare_case(study, "case-0001")
    monkeypatch.setattr(prepare, "read_image", None)
    monkeypatch.setattr(prepare, "read_label", None)
    second = prepare_case(study, "case-0001")
    assert isinstance(second.image, np.memmap)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.label, second.label)
    assert first.geometry == second.geometry


def test_a_new_label_version_leaves_the_image_and_replaces_the_label(study, tmp_path, monkeypatch):
    before = prepare_case(study, "case-0001").label
    label = sitk.ReadImage(str(tmp_path / "label.nii.gz"))
    sitk.WriteImage(label * 0 + sitk.Cast(label == 1, sitk.sitkUInt8), str(tmp_path / "label.nii.gz"))
    study.add_label("case-0001", tmp_path / "label.nii.gz")
    monkeypatch.setattr(prepare, "read_image", None)
    after = prepare_case(study, "case-0001").label
    assert 0 < np.count_nonzero(after) < np.count_nonzero(before)


def test_a_changed_ct_is_not_used(study, tmp_path):
    prepare_case(study, "case-0001")
    image = sitk.ReadImage(str(tmp_path / "Planted.nii.gz"))
    sitk.WriteImage(image + 5, str(tmp_path / "Planted.nii.gz"))
    with pytest.raises(BadInputError, match="changed on disk"):
        prepare_case(study, "case-0001")


def test_a_changed_ct_of_the_same_size_and_time_is_not_used(study, tmp_path):
    path = tmp_path / "Planted.mha"
    sitk.WriteImage(sitk.ReadImage(str(tmp_path / "Planted.nii.gz")), str(path), useCompression=False)
    case = study.add_case(path)
    state, data = path.stat(), bytearray(path.read_bytes())
    data[-2:] = b"\x07\x01"
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert study.verify_case(case.key) is None  # it was not read again
    with pytest.raises(BadInputError, match="case-0002: The file changed on disk"):
        prepare_case(study, case)
    assert not list(study.cache_folder.glob("*"))


def test_an_unusable_ct_is_named_by_its_key(study, tmp_path):
    (tmp_path / "bad.nii.gz").write_bytes(b"hello")
    case = study.add_case(tmp_path / "bad.nii.gz")
    with pytest.raises(BadInputError, match="case-0002: "):
        prepare_case(study, case)


def test_the_cache_holds_no_name(study):
    prepare_case(study, "case-0001")
    files = list(study.cache_folder.iterdir())
    assert len(files) == 4
    for path in files:
        assert "Planted" not in path.name
        assert b"Planted" not in path.read_bytes()
