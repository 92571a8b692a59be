import numpy as np

from SemiSegEmbedLib.phantom.anatomy import build_skeleton
from SemiSegEmbedLib.phantom.labels import foreground, paint_labels
from SemiSegEmbedLib.phantom.parameters import draw_patient
from SemiSegEmbedLib.phantom.render import field_of_view, render


def test_labels_without_the_image_are_those_of_the_rendered_phantom():
    patient = draw_patient(5, implant=("stem", "nail"))
    skeleton = build_skeleton(patient)
    phantom = render(patient, 5.0)
    grid = field_of_view(patient, skeleton, (5.0, 5.0, 5.0), "pelvis")
    label = paint_labels(grid, patient, skeleton)
    np.testing.assert_array_equal(label, phantom.label)
    assert set(np.unique(label)) == {0, 1, 2, 3, 4, 5}


def test_the_papers_object_is_hip_bones_and_femora_without_the_sacrum():
    np.testing.assert_array_equal(foreground(np.array([[[0, 1, 2, 3, 4, 5]]])), [[[0, 1, 1, 1, 1, 0]]])
