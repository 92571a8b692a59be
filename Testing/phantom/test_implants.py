import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.artefacts import projection_error
from SemiSegEmbedLib.phantom.implants import neck_cut
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import render
from SemiSegEmbedLib.phantom.shape import LABEL_VALUES

SAME = {"noise_hu": 5.0, "slice_mm": 1.0, "kernel": 0.1}


@pytest.fixture(scope="module")
def plain():
    return render(draw_patient(21, **SAME), 2.5)


@pytest.mark.parametrize("kind", ["nail", "screws", "stem"])
def test_metal_saturates_and_throws_streaks_only_across_its_own_slices(plain, kind):
    phantom = render(draw_patient(21, implant=(kind, "none"), **SAME), 2.5)
    assert phantom.image.max() == 3071
    soft = (plain.label == 0) & (np.abs(plain.image) < 200)
    change = np.abs(phantom.image.astype(float) - plain.image)
    bright = phantom.image > 2500
    with_metal = bright.any(axis=(1, 2))
    beside = binary_dilation(bright, iterations=12) & ~binary_dilation(bright, iterations=3)
    streaks = change[soft & beside & with_metal[:, None, None]]
    assert np.percentile(streaks, 95) > 30
    above = np.nonzero(with_metal)[0].max() + 4
    assert np.percentile(change[above:], 99) < 5


def test_a_nail_leaves_the_label_and_a_stem_takes_the_head_away(plain):
    nail = render(draw_patient(21, implant=("nail", "none"), **SAME), 2.5)
    np.testing.assert_array_equal(nail.label, plain.label)
    patient = draw_patient(21, implant=("stem", "none"), **SAME)
    stem = render(patient, 2.5)
    before, after = (p.label == LABEL_VALUES["femur_left"] for p in (plain, stem))
    assert not (after & ~before).any()
    cut = neck_cut(patient, build_skeleton(patient), "left")
    index = np.argwhere(before & ~after)
    points = (np.array(stem.origin) + index * np.array(stem.spacing))[:, ::-1]
    assert len(points) > 500
    assert ((points - cut.point) @ cut.normal > -0.01).all()


def test_error_behind_metal_is_zero_without_metal_and_negative_by_beam_hardening():
    rng = np.random.default_rng(0)
    water = np.full(2000, 150.0)
    assert not projection_error(water, np.zeros(2000), 1.0, rng).any()
    thin, thick = (projection_error(water, np.full(2000, mm), 1.0, rng) for mm in (3.0, 12.0))
    assert thick.mean() < thin.mean() < 0
    assert thick.std() > 2 * thin.std()


def test_an_unknown_implant_is_refused():
    with pytest.raises(BadInputError, match="implant"):
        draw_patient(1, implant="spoon")
