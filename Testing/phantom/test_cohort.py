from dataclasses import asdict

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.phantom.cohort import draw_cohort
from SemiSegEmbedLib.phantom.files import write_phantom
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import Phantom


def test_a_larger_cohort_begins_with_the_smaller_one_and_all_patients_differ():
    small, large = draw_cohort(3, 5), draw_cohort(6, 5)
    assert large[:3] == small
    assert len({p.seed for p in large + draw_cohort(6, 6)}) == 12


def test_the_share_of_implants_and_fixed_parameters_are_kept():
    patients = draw_cohort(400, 1, implants_share=0.25, fat_mm=20.0)
    share = np.mean([set(p.implant) != {"none"} for p in patients])
    assert share == pytest.approx(0.25, abs=0.07)
    assert {p.fat_mm for p in patients} == {20.0}
    assert all(set(p.implant) == {"none"} for p in draw_cohort(30, 1, implants_share=0.0))


def test_parameters_vary_independently():
    patients = draw_cohort(300, 2)
    names = ("scale", "fat_mm", "noise_hu", "trabecular_hu", "kernel", "bladder_ml", "cortex_mm", "osteoporosis")
    table = np.array([[getattr(p, n) for n in names] + [p.shape_weights[0], p.arthritis[0]] for p in patients])
    correlation = np.corrcoef(table.T) - np.eye(table.shape[1])
    assert np.abs(correlation).max() < 0.25


def test_an_override_leaves_the_other_parameters_and_goes_to_both_sides():
    plain, changed = asdict(draw_patient(9)), asdict(draw_patient(9, dysplasia=0.7))
    assert changed.pop("dysplasia") == (0.7, 0.7)
    plain.pop("dysplasia")
    assert changed == plain


def test_files_carry_the_voxels_and_the_geometry(tmp_path):
    rng = np.random.default_rng(0)
    image = rng.integers(-1000, 2000, (4, 5, 6)).astype(np.int16)
    phantom = Phantom(image, rng.integers(0, 6, (4, 5, 6)).astype(np.uint8), (3.0, 2.0, 1.0), (-10.0, 20.0, 30.5))
    write_phantom(phantom, tmp_path / "ct.nii.gz", tmp_path / "new" / "label.nii.gz")
    read = sitk.ReadImage(str(tmp_path / "ct.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(read), image)
    label = sitk.ReadImage(str(tmp_path / "new" / "label.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(label), phantom.label)
    for file in (read, label):
        np.testing.assert_allclose(file.TransformIndexToPhysicalPoint((1, 1, 1)), (31.5, 22.0, -7.0), atol=1e-4)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ct.nii.gz", "new"]
