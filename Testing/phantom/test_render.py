import hashlib

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, center_of_mass

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import render
from SemiSegEmbedLib.phantom.shape import LABEL_VALUES


@pytest.fixture(scope="module")
def healthy():
    return render(draw_patient(11, severity=0.3, slice_mm=1.0, kernel=0.2, noise_hu=10.0, above_mm=400.0), 1.5)


def _hash(phantom) -> str:
    return hashlib.sha256(phantom.image.tobytes() + phantom.label.tobytes()).hexdigest()


def test_the_same_seed_gives_the_same_voxels_and_another_seed_others():
    first, again, other = (render(draw_patient(seed), 3.0) for seed in (3, 3, 4))
    assert _hash(first) == _hash(again)
    assert _hash(first) != _hash(other)


def test_every_bone_is_labelled_and_on_its_side(healthy):
    for name, value in LABEL_VALUES.items():
        mask = healthy.label == value
        volume_ml = mask.sum() * np.prod(healthy.spacing) / 1000
        assert volume_ml > 60, name
        x = healthy.origin[2] + healthy.spacing[2] * center_of_mass(mask)[2]
        if name.endswith("left"):
            assert x > 30, name
        elif name.endswith("right"):
            assert x < -30, name


def test_a_gap_separates_the_head_from_the_socket():
    phantom = render(draw_patient(12, severity=0.3, joint_gap_mm=4.0, arthritis=0.0), 1.0)
    for side in ("left", "right"):
        femur = binary_dilation(phantom.label == LABEL_VALUES[f"femur_{side}"])
        touching = femur & (phantom.label == LABEL_VALUES[f"hip_{side}"])
        assert touching.sum() < 5


def test_radiodensities_of_the_tissues_are_those_of_a_ct(healthy):
    image, label = healthy.image, healthy.label
    assert image.min() >= -1024
    assert image.max() <= 3071
    for name in ("hip_left", "femur_right"):
        values = image[label == LABEL_VALUES[name]]
        assert 250 < values.mean() < 750, name
        assert 800 < np.percentile(values, 97) < 1700, name
    soft = image[(label == 0) & (image > -150) & (image < 150)]
    fat, muscle = soft[soft < -40], soft[soft > 0]
    assert -125 < np.median(fat) < -80
    assert 25 < np.median(muscle) < 90


def test_a_spacing_that_makes_no_ct_is_refused():
    with pytest.raises(BadInputError, match="spacing"):
        render(draw_patient(1), 0.01)
    with pytest.raises(BadInputError, match="no parameter"):
        draw_patient(1, colour=3)


def test_disease_shows_where_it_should():
    same = {"severity": 0.3, "slice_mm": 1.0, "noise_hu": 5.0, "arthritis": 0.0}
    sound, brittle = (render(draw_patient(14, osteoporosis=grade, **same), 2.5) for grade in (0.0, 1.0))
    bone = sound.label > 0
    np.testing.assert_array_equal(sound.label, brittle.label)
    assert brittle.image[bone].mean() < sound.image[bone].mean() - 60
    worn = build_skeleton(draw_patient(14, **{**same, "arthritis": 0.9}))
    healthy = build_skeleton(draw_patient(14, **same))
    assert worn.gaps["left"] < 0.5 * healthy.gaps["left"]
    shallow = build_skeleton(draw_patient(14, dysplasia=1.0, **same)).hips["left"]
    assert np.linalg.norm(shallow.head - shallow.socket) > 5.0


def test_more_noise_is_more_noise_and_a_soft_kernel_is_smoother():
    flat = {"slice_mm": 1.0, "severity": 0.3, "muscle_fat": 0.0, "kernel": 0.0}

    def grain(**values: float) -> float:
        image = render(draw_patient(15, **{**flat, **values}), 2.0).image.astype(float)
        muscle = (image > 30) & (image < 90)
        step = np.diff(image, axis=0)
        return float(np.median(np.abs(step[muscle[1:] & muscle[:-1]])))

    assert grain(noise_hu=30.0) > 1.5 * grain(noise_hu=10.0)
    assert grain(noise_hu=15.0, kernel=1.0) > grain(noise_hu=15.0)


def test_the_body_field_holds_skin_air_and_table():
    phantom = render(draw_patient(16, slice_mm=1.0), 4.0, field_name="body")
    edge = np.concatenate(
        [phantom.image[:, 0].ravel(), phantom.image[:, :, 0].ravel(), phantom.image[:, :, -1].ravel()]
    )
    assert (edge < -700).mean() > 0.97
    behind = phantom.image[:, -12:].max(axis=1)
    assert (behind > -600).mean() > 0.3
