"""Cases open from display arrays: large ones and DICOM by themselves once prepared, and as their files say."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from SemiSegEmbedLib.application.display_arrays import Voxels, image_voxels, label_voxels, map_voxels, missing_entries
from SemiSegEmbedLib.application.scene import CaseScene
from SemiSegEmbedLib.application.volumes import add_volume, grid_of
from SemiSegEmbedLib.study import display
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.study import Study

slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")

from SemiSegEmbedLib.workflows.display import prepare_display  # noqa: E402


@pytest.fixture
def study(tmp_path: Path, hip) -> Study:
    """Two cases, the first of them with a label and a result."""
    study = Study.create(tmp_path / "hips", "hips", HIP_BONES)
    for seed, name in enumerate(("a.nii.gz", "b.nii.gz")):
        study.add_case(hip(name, seed))
    bone = sitk.Cast(sitk.ReadImage(str(study.image_path(study.cases[0]))) > 400, sitk.sitkUInt8)
    folder = study.folder / "results" / "case-0001" / "m"
    folder.mkdir(parents=True)
    for path in (tmp_path / "label.nii.gz", folder / "label.nii.gz"):
        sitk.WriteImage(bone, str(path))
    sitk.WriteImage(sitk.Cast(bone, sitk.sitkFloat32) * 0.25, str(folder / "uncertainty.nii.gz"))
    study.add_label("case-0001", tmp_path / "label.nii.gz")
    study.add_result("case-0001", "m", folder, {})
    return study


@pytest.fixture
def slow_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as slow to read."""
    monkeypatch.setattr(display, "SLOW_BYTES", 0)


def test_a_case_from_display_arrays_is_that_of_its_files(scene, study: Study) -> None:
    case, loaded = study.cases[0], []
    prepare_display(study, [case.key])
    sources = [
        (study.image_path(case), study.label_path(case)),
        (image_voxels(study, case), label_voxels(study, case)),
    ]
    for image, label in sources:
        opened = CaseScene()
        opened.load(image, label, study.labels, case.key)
        display_node = opened.volume.GetDisplayNode()
        grid = grid_of(opened.volume)
        voxels = slicer.util.arrayFromVolume(opened.volume).copy()
        drawn = opened.snapshot(study.labels).label_volume()
        loaded.append((voxels, grid.ijk_to_lps, drawn, display_node.GetWindow(), display_node.GetLevel()))
        opened.clear()
    assert isinstance(sources[1][0], Voxels)
    assert loaded[0][2].any()
    for from_file, from_array in zip(*loaded, strict=True):
        assert np.allclose(from_file, from_array, atol=1e-5)


def test_the_volume_of_a_display_array_is_not_saved_with_the_scene(scene, study: Study) -> None:
    prepare_display(study, ["case-0001"])
    node = add_volume(image_voxels(study, study.cases[0]), "case-0001")
    assert not node.GetSaveWithScene()
    assert node.GetStorageNode() is None


def test_maps_are_read_from_display_arrays(study: Study) -> None:
    case, folder = study.cases[0], study.result_path(study.results[0])
    assert map_voxels(study, case, folder / "uncertainty.nii.gz") is None
    prepare_display(study, [case.key])
    found = map_voxels(study, case, folder / "uncertainty.nii.gz")
    assert found.array.dtype == np.float32
    assert np.array_equal(found.array > 0, label_voxels(study, case).array > 0)
    assert missing_entries(study, case) == ()


def test_a_ct_that_changed_is_not_opened_from_the_old_array(study: Study, hip) -> None:
    prepare_display(study, ["case-0001"])
    path = study.image_path(study.cases[0])
    os.utime(path, ns=(1, 1))
    assert image_voxels(study, study.cases[0]) is None


def test_a_damaged_entry_is_not_used(study: Study) -> None:
    prepare_display(study, ["case-0001"])
    for path in display.display_folder(study.folder).glob("*.npy"):
        path.write_bytes(path.read_bytes()[:100])
    assert image_voxels(study, study.cases[0]) is None


def test_a_large_case_opens_by_itself_once_it_is_prepared(module, study: Study, slow_files) -> None:
    module.window.session.open(study.folder)
    assert not module.window.workbench.open("case-0001")
    assert "opens by itself" in module.message
    module.wait(lambda: module.window.session.case is not None)
    bench = module.window.workbench
    assert bench.scene.volume.GetStorageNode() is None
    assert bench.scene.snapshot(study.labels).label_volume().any()


def test_the_cases_that_may_come_next_are_prepared_meanwhile(module, study: Study, slow_files) -> None:
    module.window.session.open(study.folder)
    module.wait(lambda: missing_entries(study, study.cases[1]) == ())
    assert module.window.workbench.open("case-0002")


def test_a_case_that_is_asked_for_goes_first_and_the_last_one_asked_for_opens(
    module, study: Study, slow_files
) -> None:
    module.window.session.open(study.folder)
    module.window.workbench.open("case-0001")
    module.window.workbench.open("case-0002")
    module.wait(lambda: module.window.session.case is not None)
    assert module.window.session.case.key == "case-0002"


def test_without_room_for_display_arrays_the_file_itself_is_opened(module, study: Study, slow_files) -> None:
    shutil.rmtree(study.folder / "cache", ignore_errors=True)
    (study.folder / "cache").write_bytes(b"no folder")
    module.window.session.open(study.folder)
    assert not module.window.workbench.open("case-0001")
    module.wait(lambda: module.window.session.case is not None)
    assert module.window.workbench.scene.volume.GetStorageNode().GetFileName() == str(study.image_path(study.cases[0]))
