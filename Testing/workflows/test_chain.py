"""The main job from end to end on phantoms: make, train, segment held-out hips, say where labels came from, report."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.demo import DemoPlan, prepare_folder, run_demo
from SemiSegEmbedLib.workflows.progress import silent

SETTINGS = {"patch_size": (24, 24, 24), "validate_every": 120, "checkpoint_every": 120, "precision": "fp32"}
PLAN = DemoPlan("test", 4.0, 3, 2, 2, "quick", 240, None, SETTINGS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("chain") / "demo"
    return folder, run_demo(folder, PLAN, seed=2, device="cpu", progress=silent)


@pytest.mark.slow
def test_both_methods_learn_the_bones_of_hips_they_have_not_seen(demo: tuple[Path, dict]) -> None:
    _, facts = demo
    for method in ("embedding_matching", "supervised"):
        found = [row["iou"] for row in facts["rows"] if row["method"] == method]
        assert len(found) == 2
        assert np.mean(found) > 0.5, method  # labelling everything bone, or nothing, gives less than 0.2


@pytest.mark.slow
def test_held_out_hips_have_confident_matched_and_undecided_voxels(demo: tuple[Path, dict]) -> None:
    study = Study.open(demo[0] / "study")
    for folder in study.results_folder.glob("case-*/*"):
        provenance = folder / "provenance.nii.gz"
        if provenance.exists():
            values = sitk.GetArrayFromImage(sitk.ReadImage(str(provenance)))
            assert {0, 2, 3} <= set(np.unique(values))


@pytest.mark.slow
def test_left_and_right_lie_on_their_sides(demo: tuple[Path, dict]) -> None:
    study = Study.open(demo[0] / "study")
    for path in study.results_folder.glob("case-*/*/label.nii.gz"):
        label = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        middle = label.shape[2] / 2
        left, right = (np.nonzero(label == value)[2].mean() for value in (1, 2))
        assert left > middle > right


@pytest.mark.slow
def test_the_report_stands_alone_and_shows_every_hip(demo: tuple[Path, dict]) -> None:
    folder, facts = demo
    page = (folder / "report.html").read_text(encoding="utf-8")
    seen: list[tuple[str, str | None]] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            seen.extend((name, value) for name, value in attributes if name in ("src", "href"))

    Parser().feed(page)
    assert len(seen) == 3  # two hips and the learning curves
    assert all(value is not None and value.startswith("data:image/png;base64,") for _, value in seen)
    for row in facts["rows"]:
        assert row["case"] in page
    assert json.loads((folder / "report.json").read_text())["plan"] == "test"


def test_a_demo_never_empties_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInputError, match="not empty"):
        prepare_folder(tmp_path)
    assert (tmp_path / "thesis.txt").exists()
    prepare_folder(tmp_path / "demo")
    (tmp_path / "demo" / "old").touch()
    prepare_folder(tmp_path / "demo")
    assert not (tmp_path / "demo" / "old").exists()
