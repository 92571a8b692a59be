"""Uncertain places: found, merged, cut and ranked."""

from __future__ import annotations

import numpy as np
import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.places import uncertain_places

ONE = (1.0, 1.0, 1.0)


def empty() -> np.ndarray:
    return np.zeros((40, 40, 60), np.float16)


def test_places_are_ranked_by_size_times_uncertainty():
    field = empty()
    field[5:10, 5:10, 5:10] = 0.4
    field[20:24, 20:24, 20:24] = 0.69
    field[30:38, 30:38, 40:48] = 0.5
    places = uncertain_places(field, ONE)
    assert [place.size_mm3 for place in places] == [512.0, 125.0, 64.0]
    assert places[0].mean_uncertainty == pytest.approx(0.5, abs=1e-3)
    assert places[0].score == pytest.approx(256.0, rel=1e-3)
    assert places[1].centre_index == (7, 7, 7)
    assert [p.score for p in places] == sorted((p.score for p in places), reverse=True)


def test_size_is_in_cubic_millimetres():
    field = empty()
    field[5:8, 5:9, 5:10] = 0.5
    (place,) = uncertain_places(field, (2.0, 0.5, 0.8))
    assert place.size_mm3 == pytest.approx(60 * 0.8)


def test_close_crumbs_are_one_place_and_tiny_ones_none():
    field = empty()
    field[10:13, 10:13, 10:13] = field[10:13, 10:13, 14:17] = 0.6
    field[35, 35, 5] = 0.69
    places = uncertain_places(field, ONE)
    assert [place.size_mm3 for place in places] == [54.0]
    assert field[places[0].centre_index] > 0
    assert len(uncertain_places(field, ONE, smallest_mm3=1.0, merge_mm=0.0)) == 3


def test_a_long_surface_is_cut_into_places_that_fit_one_view():
    field = empty()
    field[20, 20, 2:58] = 0.6
    places = uncertain_places(field, ONE, largest_mm=20.0, smallest_mm3=5.0)
    assert len(places) == 3
    assert sum(place.size_mm3 for place in places) == 56.0
    assert max(place.size_mm3 for place in places) <= 20.0


def test_the_centre_lies_in_the_region_even_when_it_is_hollow():
    grid = np.indices((31, 31, 31)) - 15
    radius = np.sqrt((grid**2).sum(0))
    field = np.where((radius > 9) & (radius < 12), 0.6, 0.0)
    (place,) = uncertain_places(field, ONE)
    assert field[place.centre_index] > 0


def test_the_number_is_capped_and_nothing_gives_nothing():
    field = np.zeros((10, 10, 400), np.float32)
    field[3:7, 3:7, ::10] = field[3:7, 3:7, 1::10] = 0.6
    assert len(uncertain_places(field, ONE, most=7)) == 7
    assert uncertain_places(empty(), ONE) == []


def test_input_that_does_not_fit_is_refused_with_a_sentence():
    with pytest.raises(BadInputError, match=r"\.$"):
        uncertain_places(np.zeros((3, 3)), ONE)
