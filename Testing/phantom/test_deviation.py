from dataclasses import replace

import numpy as np
import pytest

from SemiSegEmbedLib.evaluation.metrics import hausdorff_distance_95
from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.deviation import BODIES, fit_shape, surface_deviation
from SemiSegEmbedLib.phantom.labels import foreground, paint_labels
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import field_of_view
from SemiSegEmbedLib.phantom.shape import load_shape_model


def test_a_shape_made_of_the_first_modes_and_moved_is_fitted_exactly():
    model = load_shape_model()
    weights = np.zeros(25)
    weights[:10] = np.random.default_rng(1).normal(0, 1, 10)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    bones = {n: 1.1 * model.bone(n, weights) @ turn.T + [5.0, -20.0, 30.0] for n in ("hip_left", "hip_right")}
    femur = model.bone("femur_left", weights)
    bones["femur_left"] = femur + np.array([100.0, 0.0, 0.0])
    bones["femur_right"] = 0.9 * femur * [-1.0, 1.0, 1.0] - [90.0, 10.0, 0.0]
    fitted = fit_shape(bones)
    assert max(np.abs(fitted[name] - bones[name]).max() for name in BODIES) < 0.2
    with_fewer = fit_shape(bones, modes=4)
    assert max(np.abs(with_fewer[name] - bones[name]).max() for name in BODIES) > 1.0


def test_deformation_and_a_missing_head_raise_the_score():
    plain = draw_patient(3, severity=0.3, deformation_mm=0.1, arthritis=0.0, dysplasia=0.0)
    calm = surface_deviation(plain, build_skeleton(plain))
    bent = replace(plain, deformation_mm=4.0)
    assert surface_deviation(bent, build_skeleton(bent)) > calm + 3.0
    operated = replace(plain, implant=("stem", "stem"))
    assert surface_deviation(operated, build_skeleton(operated)) > calm + 1.0


def test_the_score_is_the_hd95_between_the_voxel_labels_of_patient_and_fit():
    patient = draw_patient(4, deformation_mm=2.5)
    skeleton = build_skeleton(patient)
    fitted = fit_shape({name: skeleton.bones[name].vertices for name in BODIES})
    meshes = {name: skeleton.bones[name].moved(fitted[name]) for name in BODIES} | {"sacrum": skeleton.bones["sacrum"]}
    grid = field_of_view(patient, skeleton, (1.5, 1.5, 1.5), "pelvis")
    own, model = (
        foreground(paint_labels(grid, patient, replace(skeleton, bones=bones))) for bones in (skeleton.bones, meshes)
    )
    by_voxels = hausdorff_distance_95(own, model, grid.spacing, border="open")
    assert surface_deviation(patient, skeleton) == pytest.approx(by_voxels, abs=0.75)
