import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.config import PAPER_STEPS
from SemiSegEmbedLib.phantom.benchmark import SPLIT_SIZES
from SemiSegEmbedLib.workflows.benchmark.scales import SCALES, get_scale


def test_the_papers_scale_is_that_of_section_3_1_and_table_4():
    paper = get_scale("paper")
    assert {"train": paper.train, "val": paper.val, "test": paper.test} == SPLIT_SIZES
    assert (paper.pool, paper.val_patches, paper.test_patches) == (6266, 1174, 1200)
    assert [(column.patches, column.scans) for column in paper.columns] == [
        (50, 4), (150, 10), (300, 21), (1000, 71), (2500, 180), (6266, 350),
    ]  # fmt: skip
    assert paper.budget("paper") == {
        "patch_size": (96, 96, 96), "steps": PAPER_STEPS, "validate_every": 2000, "checkpoint_every": 20000,
        "log_every": 500,
    }  # fmt: skip


def test_smaller_scales_are_parts_with_as_many_patches_a_scan():
    paper, small, smoke = (get_scale(name) for name in ("paper", "small", "smoke"))
    for part in (small, smoke):
        assert part.train <= paper.train
        assert part.val <= paper.val
        assert part.test <= paper.test
        assert part.test % 6 == part.test_patches % 6 == 0
    assert small.columns[:3] == paper.columns[:3]
    assert small.pool / small.train == pytest.approx(paper.pool / paper.train, rel=0.01)


def test_a_patch_shows_the_same_part_of_the_body_at_every_scale():
    assert {scale.patch * scale.spacing_mm for scale in SCALES.values()} == {96.0}


def test_an_unknown_scale_is_refused():
    with pytest.raises(BadInputError, match="no scale"):
        get_scale("huge")
