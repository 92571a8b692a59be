import numpy as np
import pytest
from scipy.spatial import cKDTree

from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.annotator import annotated_skeleton, surface_error
from SemiSegEmbedLib.phantom.parameters import draw_patient


@pytest.fixture(scope="module")
def patient():
    return draw_patient(8)


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(0).uniform(-120, 120, (6000, 3))


def test_the_error_has_the_size_asked_for_and_the_review_bounds_it(patient, points):
    free = surface_error(patient, points, 0.5, 10.0)
    assert np.sqrt((free**2).mean()) == pytest.approx(0.5, rel=0.15)
    reviewed = surface_error(patient, points, 0.5, 0.6)
    assert np.abs(reviewed).max() < 0.6
    assert np.abs(free).max() > 0.9


def test_the_error_is_correlated_between_neighbours_and_not_far_away(patient, points):
    error = surface_error(patient, points, 0.5, 10.0)
    near = surface_error(patient, points + np.array([1.0, 0.0, 0.0]), 0.5, 10.0)
    far = surface_error(patient, points + np.array([97.0, 61.0, 43.0]), 0.5, 10.0)
    assert np.corrcoef(error, near)[0, 1] > 0.8
    assert abs(np.corrcoef(error, far)[0, 1]) < 0.25


def test_the_error_is_frozen_by_the_patients_seed(patient, points):
    np.testing.assert_array_equal(
        surface_error(patient, points, 0.5, 2.0), surface_error(draw_patient(8, fat_mm=30.0), points, 0.5, 2.0)
    )
    assert not np.allclose(surface_error(patient, points, 0.5, 2.0), surface_error(draw_patient(9), points, 0.5, 2.0))


def test_surfaces_move_along_their_normals_by_the_error(patient):
    skeleton = build_skeleton(patient)
    drawn = annotated_skeleton(patient, skeleton, 0.5, 2.0)
    true, moved = skeleton.bones["femur_left"], drawn.bones["femur_left"]
    error = surface_error(patient, true.vertices, 0.5, 2.0)
    offset = moved.vertices - true.vertices
    np.testing.assert_allclose((offset * true.normals()).sum(1), error, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(offset, axis=1), np.abs(error), atol=1e-9)
    assert cKDTree(true.vertices).query(moved.vertices)[0].max() < 2.0
    assert drawn.hips is skeleton.hips
