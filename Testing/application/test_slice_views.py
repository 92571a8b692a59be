"""The slice views show one CT with what belongs to it: nothing of another scan lies over it."""

from __future__ import annotations

from pathlib import Path

import pytest

qt = pytest.importorskip("qt")
slicer = pytest.importorskip("slicer")
sitk = pytest.importorskip("SimpleITK")


@pytest.fixture
def both(shown, hip, tmp_path: Path):
    """A case of a study, then the result of another scan in view."""
    shown.new_study(tmp_path / "hips", hip("c.nii.gz", 2))
    shown.window.workbench.open("case-0001")
    shown.wait(lambda: shown.window.session.case is not None)
    return shown


def result():
    return slicer.util.getFirstNodeByName("hip a segmentation")


def backgrounds() -> set[str]:
    return {node.GetBackgroundVolumeID() for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}


def in_view(module) -> str:
    """What can be seen: "case" or "result"."""
    case, (background,) = module.window.workbench.scene, backgrounds()
    seen = [case.segmentation.GetDisplayVisibility(), result().GetDisplayVisibility()]
    if background == case.volume.GetID():
        assert seen == [True, False]
        return "case"
    assert background == slicer.util.getFirstNodeByName("hip a").GetID()
    assert seen == [False, True]
    return "result"


def test_a_case_that_is_opened_takes_the_place_of_a_result_and_the_other_way_round(both) -> None:
    assert in_view(both) == "case"
    both.ui.segmentShowButton.click()
    assert in_view(both) == "result"
    display = slicer.util.getFirstNodeByName("hip a").GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (2000, 500)
    both.window.workbench.open("case-0001")
    assert in_view(both) == "case"


def test_the_case_comes_back_when_it_is_drawn_or_reviewed(both) -> None:
    both.ui.moduleAnnotateFold.collapsed = True
    both.ui.segmentShowButton.click()
    both.ui.moduleAnnotateFold.collapsed = False
    assert in_view(both) == "case"
    both.ui.segmentShowButton.click()
    both.window.workbench.scene.jump_to((0.0, 0.0, 120.0))
    assert in_view(both) == "case"


def test_an_overlay_lies_over_its_own_case_alone(both, tmp_path: Path) -> None:
    window = both.window
    ct = sitk.ReadImage(str(window.session.study.image_path(window.session.case)))
    sitk.WriteImage(sitk.Cast(ct > 400, sitk.sitkUInt8), str(tmp_path / "map.nii.gz"))
    overlay, labels = window.review._overlay, window.session.study.labels
    both.ui.segmentShowButton.click()
    overlay.show("prediction", tmp_path / "map.nii.gz", labels)
    assert in_view(both) == "case"
    composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
    assert all(node.GetLabelVolumeID() for node in composites)
    both.ui.segmentShowButton.click()
    assert in_view(both) == "result"
    assert overlay.name is None
    assert not any(node.GetLabelVolumeID() for node in composites)


def test_what_a_person_hides_or_loads_stays_as_it_is(both) -> None:
    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "my own")
    own.CreateDefaultDisplayNodes()
    case = both.window.workbench.scene.segmentation
    case.SetDisplayVisibility(False)
    both.window.workbench.scene.come_back()
    assert not case.GetDisplayVisibility()
    both.ui.segmentShowButton.click()
    assert own.GetDisplayVisibility()
