"""Label values out of classes: sides joined, surfaces smoothed."""

from __future__ import annotations

import numpy as np

from SemiSegEmbedLib.study.presets import HIP_BONES, HIP_SIDES
from SemiSegEmbedLib.workflows.labelling import label_values, without_sides


def test_without_sides_there_is_one_label_a_bone() -> None:
    assert [(label.name, label.value, label.side) for label in without_sides(HIP_BONES)] == [("hip bone", 1, None)]
    names = [label.name for label in without_sides(HIP_SIDES)]
    assert names == ["hip bone", "femur", "sacrum"]
    assert [label.value for label in without_sides(HIP_SIDES)] == [1, 3, 5]


def test_joined_labels_leave_no_side_in_the_volume() -> None:
    classes = np.zeros((20, 20, 60), np.uint8)
    classes[5:15, 5:15, 5:15] = classes[5:15, 5:15, 45:55] = 1
    joined = label_values(classes, without_sides(HIP_BONES), (1.0, 1.0, 1.0))
    np.testing.assert_array_equal(joined, classes)


def test_smoothing_removes_a_spike_and_keeps_the_bone() -> None:
    classes = np.zeros((24, 24, 24), np.uint8)
    classes[6:18, 6:18, 6:18] = 1
    classes[18:23, 12, 12] = 1
    smooth = label_values(classes, without_sides(HIP_BONES), (1.0, 1.0, 1.0), smooth_mm=1.0)
    assert not smooth[20:, 12, 12].any()
    assert smooth[8:16, 8:16, 8:16].all()
