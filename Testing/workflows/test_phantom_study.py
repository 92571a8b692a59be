"""The sample study: roles, labels and values."""

from __future__ import annotations

import numpy as np
import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging.prepare import prepare_case
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.labelling import relabel
from SemiSegEmbedLib.workflows.phantom_study import BINARY_VALUES, create_phantom_study


def test_roles_come_in_order_and_held_out_hips_carry_their_label(study: Study) -> None:
    assert [case.role for case in study.cases] == [Role.ANNOTATED, Role.ANNOTATED, Role.UNANNOTATED, Role.HELD_OUT]
    assert [case.label is not None for case in study.cases] == [True, True, False, True]


def test_both_sides_are_one_class_and_the_sacrum_is_background(study: Study) -> None:
    prepared = prepare_case(study, study.cases[0])
    assert prepared.label is not None
    assert set(np.unique(prepared.label)) <= {0, 1, 255}
    left_half = prepared.label[:, :, prepared.label.shape[2] // 2 :] == 1
    right_half = prepared.label[:, :, : prepared.label.shape[2] // 2] == 1
    assert left_half.any()
    assert right_half.any()


def test_relabelling_drops_values_that_are_not_named() -> None:
    assert relabel(np.array([0, 1, 2, 3, 4, 5, 9], np.uint8), BINARY_VALUES).tolist() == [0, 1, 2, 1, 2, 0, 0]


def test_more_roles_than_scans_are_refused(tmp_path) -> None:
    with pytest.raises(BadInputError, match="ask for more"):
        create_phantom_study(tmp_path / "s", count=2, annotated=2, held_out=1)


def test_an_impossible_spacing_leaves_no_study_behind(tmp_path) -> None:
    with pytest.raises(BadInputError, match=r"0\.4 to 6"):
        create_phantom_study(tmp_path / "s", count=2, annotated=1, held_out=0, spacing_mm=8)
    assert not (tmp_path / "s").exists()


def test_scans_of_the_abdomen_are_taller_and_an_unknown_field_leaves_no_study_behind(tmp_path, study: Study) -> None:
    sizes = {"count": 2, "annotated": 1, "held_out": 0, "spacing_mm": 6.0, "seed": 5}
    tall = create_phantom_study(tmp_path / "tall", field="abdomen", **sizes)
    heights = [[prepare_case(owner, case).image.shape[0] for case in owner.cases[:2]] for owner in (study, tall)]
    assert sum(heights[1]) > sum(heights[0])
    with pytest.raises(BadInputError, match="abdomen"):
        create_phantom_study(tmp_path / "s", field="torso", **sizes)
    assert not (tmp_path / "s").exists()
