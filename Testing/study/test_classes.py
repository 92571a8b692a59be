"""From labels to classes: sides share one or swap when mirrored, and contradictions are refused."""

from __future__ import annotations

import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.classes import check_labels, class_count, mirror_classes, result_label, training_classes
from SemiSegEmbedLib.study.presets import HIP_BONES, HIP_SIDES
from SemiSegEmbedLib.study.records import Label

OWN_CLASSES = (
    Label("left", 7, side="left", mirror=3),
    Label("right", 3, side="right", mirror=7),
    Label("middle", 9),
)


def test_sides_that_share_a_class_do_not_swap() -> None:
    assert training_classes(HIP_BONES) == {1: 1, 2: 1}
    assert class_count(HIP_BONES) == 2
    assert mirror_classes(HIP_BONES) == (0, 1)
    assert mirror_classes(HIP_SIDES) == (0, 1, 2)


def test_sides_with_classes_of_their_own_swap() -> None:
    assert training_classes(OWN_CLASSES) == {7: 2, 3: 1, 9: 3}
    assert class_count(OWN_CLASSES) == 4
    assert mirror_classes(OWN_CLASSES) == (0, 2, 1, 3)


def test_unchosen_classes_fill_the_gaps() -> None:
    labels = (Label("a", 1), Label("b", 2, training_class=1), Label("c", 3, training_class=0), Label("d", 4))
    assert training_classes(labels) == {1: 2, 2: 1, 3: 0, 4: 3}
    check_labels(labels)


def test_regions_get_the_label_of_their_side() -> None:
    assert result_label(HIP_SIDES, 1, "left").value == 1
    assert result_label(HIP_SIDES, 1, "right").value == 2
    assert result_label(HIP_SIDES, 2, None).value == 3
    assert result_label(OWN_CLASSES, 3, "left").name == "middle"
    for unknown in (0, 3):
        with pytest.raises(BadInputError, match="No label of this study is learned as class"):
            result_label(HIP_SIDES, unknown, None)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ((), "it is empty"),
        ((Label("a", 1), Label("b", 1)), "same value"),
        ((Label("a", 1), Label("a", 2)), "same name"),
        ((Label(" ", 1),), "no name"),
        ((Label("a", 255),), "use values from 1 to 254"),
        ((Label("a", 0),), "use values from 1 to 254"),
        ((Label("a", 1, side="up"),), "neither left nor right"),
        ((Label("a", 1, side="left", mirror=2),), "do not name each other"),
        ((Label("a", 1, side="left", mirror=1),), "do not name each other"),
        ((Label("a", 1, mirror=2), Label("b", 2, mirror=1)), "opposite sides"),
        ((Label("a", 1, side="left", mirror=2), Label("b", 2, side="left", mirror=1)), "opposite sides"),
        ((Label("a", 1, training_class=0),), "every label is background"),
        ((Label("a", 1, training_class=2),), "have a gap"),
        ((Label("a", 1, training_class=-1),), "not between"),
        (
            (
                Label("a", 1, side="left", mirror=2, training_class=1),
                Label("b", 2, side="right", mirror=1, training_class=2),
                Label("c", 3, training_class=1),
            ),
            "mirror into different classes",
        ),
    ],
)
def test_contradictions_are_refused(labels: tuple[Label, ...], says: str) -> None:
    with pytest.raises(BadInputError, match=says):
        check_labels(labels)
