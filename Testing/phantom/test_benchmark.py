from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom import benchmark
from SemiSegEmbedLib.phantom.benchmark import (
    GROUP_MM,
    choose_test_scans,
    cohort,
    combine_hashes,
    draw_subject,
    frozen_difficulty,
    group_edges,
    group_of,
    label_hash,
    load_frozen,
    parameter_hash,
    render_scan,
    score_candidate,
)
from SemiSegEmbedLib.phantom.difficulty import TARGETS, Difficulty

SMOKE = (8, 4, 6)


def test_the_labels_of_the_smoke_cohort_are_the_frozen_ones():
    found = combine_hashes(label_hash(scan, frozen_difficulty()) for scan in cohort(*SMOKE))
    assert found == load_frozen()["sha256"]["smoke"]["labels"]


@pytest.mark.parametrize(("scale", "sizes"), [("small", (40, 10, 24)), ("paper", (350, 100, 500))])
def test_the_patients_of_the_larger_cohorts_are_the_frozen_ones(scale, sizes):
    found = combine_hashes(parameter_hash(scan, frozen_difficulty()) for scan in cohort(*sizes))
    assert found == load_frozen()["sha256"][scale]["parameters"]


def test_a_hash_changes_with_the_annotators_and_not_with_the_look_of_the_images():
    scan = cohort(1, 0, 0)[0]
    usual = label_hash(scan, Difficulty())
    assert label_hash(scan, Difficulty(noise=2.0, contrast=0.5, appearance=2.0)) == usual
    assert label_hash(scan, Difficulty(annotator_mm=1.5)) != usual


def test_the_cohort_has_its_scans_and_six_equal_groups_for_the_test():
    scans = cohort(350, 100, 500)
    assert Counter(scan.split for scan in scans) == {"train": 350, "val": 100, "test": 500}
    groups = Counter(scan.group for scan in scans if scan.split == "test")
    assert max(groups.values()) - min(groups.values()) <= 1
    assert len(groups) == 6
    assert len({scan.key for scan in scans}) == len(scans)
    seeds = {draw_subject(scan.split, scan.candidate, Difficulty()).seed for scan in scans[::9]}
    assert len(seeds) == len(scans[::9])


def test_test_scans_that_were_not_chosen_are_refused():
    with pytest.raises(BadInputError, match="bench cohort --choose"):
        cohort(0, 0, 501)


def test_smaller_cohorts_are_parts_of_larger_ones_with_equal_groups():
    small, smoke = cohort(40, 10, 24), cohort(*SMOKE)
    assert set(smoke) < set(small) < set(cohort(350, 100, 24))
    for scans, each in ((small, 4), (smoke, 1)):
        assert Counter(s.group for s in scans if s.split == "test") == dict.fromkeys(range(6), each)


def test_each_test_patient_has_the_score_of_its_group():
    for scan in cohort(0, 0, len(load_frozen()["test"])):
        assert group_of(scan.deviation_mm) == scan.group
    first = cohort(0, 0, 6)[5]
    assert score_candidate(first.candidate)[1] == pytest.approx(first.deviation_mm, abs=1e-3)


def test_the_scores_of_each_group_lie_around_the_mean_of_table_4():
    scans = cohort(0, 0, 500)
    means = [np.mean([scan.deviation_mm for scan in scans if scan.group == group]) for group in range(6)]
    assert means == pytest.approx(GROUP_MM, rel=0.06)


def test_the_groups_lie_around_the_means_of_table_4():
    edges = group_edges()
    assert all(low < mean < high for (low, high), mean in zip(pairwise(edges), GROUP_MM, strict=True))
    assert [group_of(mean) for mean in GROUP_MM] == list(range(6))
    assert group_of(0.1) is None
    assert group_of(50.0) is None


def test_candidates_are_taken_in_their_order_until_every_group_is_full():
    scores = iter([(0, 1.0), (1, 1.0), (2, 100.0), (3, 1.4), (4, 2.0), (5, 3.4), (6, 6.0), (7, 10.0), (8, 1.05)])
    chosen = choose_test_scans([2, 1, 1, 1, 1, 1], scores)
    assert [(scan.key, scan.candidate, scan.group) for scan in chosen] == [
        ("test-0001", 0, 0), ("test-0002", 3, 1), ("test-0003", 4, 2), ("test-0004", 5, 3), ("test-0005", 6, 4),
        ("test-0006", 7, 5), ("test-0007", 1, 0),
    ]  # fmt: skip


def test_modes_pose_pathology_and_scanner_vary_independently_within_a_split():
    patients = [draw_subject("train", n, Difficulty()) for n in range(300)]
    table = np.array([
        [p.shape_weights[0], p.shape_weights[12], p.pelvic_tilt_deg, p.flexion_deg[0], p.arthritis[0], p.dysplasia[1],
         p.noise_hu, p.kernel, p.slice_mm, p.scale, p.implant[0] != "none"]
        for p in patients
    ])  # fmt: skip
    correlation = np.corrcoef(table.T) - np.eye(table.shape[1])
    assert np.abs(correlation).max() < 0.25
    assert 0.08 < np.mean([p.implant != ("none", "none") for p in patients]) < 0.22


def test_knobs_change_the_look_and_not_the_shape():
    easy, hard = (draw_subject("val", 3, Difficulty(noise=n, contrast=c)) for n, c in ((1.0, 1.0), (2.0, 0.5)))
    assert hard.noise_hu == pytest.approx(2 * easy.noise_hu)
    assert hard.cortex_hu == pytest.approx(0.5 * easy.cortex_hu)
    for name in ("shape_weights", "deformation_mm", "flexion_deg", "implant", "arthritis"):
        assert getattr(easy, name) == getattr(hard, name)


def test_a_rendered_scan_has_two_labels_that_differ_a_little():
    scan = render_scan(cohort(1, 0, 0)[0], 5.0, Difficulty(annotator_mm=1.0))
    assert scan.image.shape == scan.label.shape == scan.exact.shape
    assert scan.image.dtype == np.float16
    assert set(np.unique(scan.label)) == {0, 1}
    overlap = (scan.label & scan.exact).sum() / (scan.label | scan.exact).sum()
    assert 0.7 < overlap < 1.0


def test_the_targets_are_the_papers_end_points():
    assert (TARGETS["few"].iou, TARGETS["few"].hd95) == (0.894, 9.45)
    assert (TARGETS["all"].iou, TARGETS["all"].hd95) == (0.948, 1.92)


def test_a_knob_that_cannot_be_is_refused():
    with pytest.raises(BadInputError, match="noise"):
        Difficulty(noise=-1.0)
    with pytest.raises(BadInputError, match="no knob"):
        Difficulty.from_dict({"colour": 1.0})
    assert Difficulty.from_dict(Difficulty().to_dict()) == Difficulty()
    assert benchmark.frozen_difficulty() == Difficulty.from_dict(load_frozen()["difficulty"])
