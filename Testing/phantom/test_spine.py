"""What a scan shows above the pelvis: bone that no label names."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import ABDOMEN_MM, field_of_view, render
from SemiSegEmbedLib.phantom.soft_tissue import make_body
from SemiSegEmbedLib.phantom.spine import LUMBAR, vertebra
from SemiSegEmbedLib.phantom.voxels import Grid

SPACING = 3.0
TALL = 5
"""A patient whose field of view reaches up to the ribs."""


@pytest.fixture(scope="module")
def patient():
    return draw_patient(TALL, above_mm=400.0, slice_mm=1.0, noise_hu=5.0, implant="none")


@pytest.fixture(scope="module")
def skeleton(patient):
    return build_skeleton(patient)


@pytest.fixture(scope="module")
def abdomen(patient, skeleton):
    return render(patient, SPACING, field_name="abdomen", skeleton=skeleton)


def test_the_abdomen_goes_on_above_the_pelvis_with_the_same_label(abdomen, patient, skeleton):
    pelvis = render(patient, SPACING, skeleton=skeleton)
    slices = len(pelvis.label)
    assert abdomen.origin == pelvis.origin
    assert len(abdomen.label) > slices + 30
    np.testing.assert_array_equal(abdomen.label[:slices], pelvis.label)
    assert not abdomen.label[slices:].any()


def test_every_vertebra_in_the_picture_is_bone_around_marrow_and_a_disc_is_not(abdomen, patient, skeleton):
    grid = Grid(abdomen.origin, abdomen.spacing, abdomen.image.shape)
    seen = 0
    for level in range(LUMBAR + 1):
        centre, size = vertebra(patient, skeleton, level)
        box = grid.box(centre - size * np.array([22.0, 14.0, 11.0]), centre + size * np.array([22.0, 14.0, 11.0]))
        body = abdomen.image[box]
        if body.shape[0] < 6:
            continue
        seen += 1
        assert np.median(body) > 100, level
        middle = centre + np.array([0.0, 0.0, 18.5 * patient.scale])
        disc = abdomen.image[grid.box(middle - np.array([8.0, 8.0, 2.0]), middle + np.array([8.0, 8.0, 2.0]))]
        assert disc.size == 0 or np.median(disc) < np.median(body), level
    assert seen == LUMBAR + 1


def test_ribs_lie_on_both_sides_under_the_skin(abdomen, patient, skeleton):
    crests = max(hip.crest[2] for hip in skeleton.hips.values())
    first = int((crests + 60.0 - abdomen.origin[0]) / SPACING)
    bone = abdomen.image[first:] > 350
    across = abdomen.origin[2] + SPACING * np.nonzero(bone)[2]
    body = make_body(patient, skeleton)
    grid = Grid(abdomen.origin, abdomen.spacing, abdomen.image.shape)
    depth = body.depth(grid)[first:][bone]
    for side in (1.0, -1.0):
        lateral = side * across > 70.0
        assert lateral.sum() > 100, side
        assert np.median(depth[lateral]) > 8.0


def test_points_of_a_ring_lie_as_deep_below_the_skin_as_asked(patient, skeleton):
    body = make_body(patient, skeleton)
    high = max(hip.crest[2] for hip in skeleton.hips.values()) + 120.0
    plane = Grid((high, -250.0, -300.0), (1.0, 1.0, 1.0), (1, 500, 600))
    below_skin = distance_transform_edt(body.depth(plane)[0] > 0)
    for x, y in body.ring(25.0, np.deg2rad(np.arange(-150.0, 151.0, 15.0))):
        assert 20.0 < below_skin[round(y + 250.0), round(x + 300.0)] < 30.0


def test_fields_reach_differently_far_up_and_never_beyond_the_limit():
    reach = []
    for seed in range(12):
        patient = draw_patient(seed, above_mm=400.0)
        skeleton = build_skeleton(patient)
        grid = field_of_view(patient, skeleton, (4.0, 4.0, 4.0), "abdomen")
        crests = max(hip.crest[2] for hip in skeleton.hips.values())
        reach.append(grid.origin[0] + 4.0 * grid.shape[0] - crests)
    assert max(reach) <= ABDOMEN_MM + 4.0
    assert max(reach) - min(reach) > 80.0
