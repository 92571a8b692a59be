"""The frozen cohort of the benchmark: who is in it, in which split, and how it is rendered.

A patient is found by split and number alone. Shape, pose, pathology and scanner vary independently. The test
patients were chosen once so that each group of surface deviation scores holds equally many (Appendix C, Table 4);
the choice stands in data/benchmark_cohort.json with the knobs and the hash of the labels.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.phantom.anatomy import Skeleton, build_skeleton
from SemiSegEmbedLib.phantom.annotator import annotated_skeleton
from SemiSegEmbedLib.phantom.cohort import draw_implants
from SemiSegEmbedLib.phantom.deviation import surface_deviation
from SemiSegEmbedLib.phantom.difficulty import Difficulty
from SemiSegEmbedLib.phantom.labels import foreground, paint_labels
from SemiSegEmbedLib.phantom.parameters import Patient, draw_patient
from SemiSegEmbedLib.phantom.render import field_of_view, render
from SemiSegEmbedLib.phantom.voxels import Grid

FROZEN_FILE = Path(__file__).with_name("data") / "benchmark_cohort.json"
SEED = 20240704
SPLITS = ("train", "val", "test")
SPLIT_SIZES = {"train": 350, "val": 100, "test": 500}
"""Scans of the paper (section 3.1)."""
GROUP_MM = (0.99, 1.41, 2.04, 3.42, 5.90, 10.57)
"""Mean surface deviation scores of the paper's six groups (Table 4)."""
GROUP_SHARES = {
    "train": (855, 1641, 2291, 972, 325, 182),
    "val": (47, 239, 455, 290, 104, 39),
    "test": (1, 1, 1, 1, 1, 1),
}
"""How often a patient of a split is drawn to fall into each group (Table 4, patches)."""
IMPLANTS_SHARE = 0.15
HASH_SPACING_MM = 4.0
_APPEARANCE = ("osteoporosis", "cortex_mm", "cortex_hu", "trabecular_hu", "muscle_fat", "artery_hu", "vein_hu",
               "calcification")  # fmt: skip


def group_edges() -> tuple[float, ...]:
    """The seven edges of the six groups in mm: geometric means of neighbours, as far beyond the outer two."""
    inner = [math.sqrt(a * b) for a, b in pairwise(GROUP_MM)]
    return (GROUP_MM[0] ** 2 / inner[0], *inner, GROUP_MM[-1] ** 2 / inner[-1])


def group_of(deviation_mm: float) -> int | None:
    """The group of a score; None outside of all."""
    edges = group_edges()
    inside = [g for g in range(6) if edges[g] <= deviation_mm < edges[g + 1]]
    return inside[0] if inside else None


@dataclass(frozen=True)
class Scan:
    """One scan of the cohort; every patient has one.

    Attributes:
        key: Its name everywhere, such as "train-0001".
        split: "train", "val" or "test".
        candidate: The number by which the patient is drawn.
        group: Of the surface deviation scores; test scans alone have one.
        deviation_mm: Its score.
    """

    key: str
    split: str
    candidate: int
    group: int | None = None
    deviation_mm: float | None = None


@dataclass(frozen=True, eq=False)
class RenderedScan:
    """Arrays on one grid, (D, H, W).

    Attributes:
        image: Clipped HU, float16.
        label: What the annotators drew: 1 hip bones and femora (and the sacrum where it was asked for), uint8.
        exact: The truth, likewise.
        spacing: mm, (z, y, x).
    """

    image: np.ndarray
    label: np.ndarray
    exact: np.ndarray
    spacing: tuple[float, float, float]


def draw_subject(split: str, candidate: int, difficulty: Difficulty) -> Patient:
    """The patient of a split with a number; the knobs change what it looks like and not its shape."""
    code = SPLITS.index(split)
    seed = int(np.random.SeedSequence([SEED, code, candidate]).generate_state(1)[0])
    rng = np.random.default_rng([seed, 1])
    shares = np.array(GROUP_SHARES[split], float)
    group = candidate % 6 if split == "test" else int(rng.choice(6, p=shares / shares.sum()))
    edges = group_edges()
    aimed_mm = edges[group] * (edges[group + 1] / edges[group]) ** rng.random()
    plain = draw_patient(seed)
    # Measured: a score is about 0.9 mm at least, 2.4 mm for the model's own patients, 1.6 mm for 1 mm of deformation.
    spread = min(1.0, aimed_mm / 4.0)
    left = math.sqrt(max(aimed_mm**2 - 0.9**2 - (2.4 * spread) ** 2, 0.0))
    shape: dict[str, Any] = {
        "shape_weights": tuple(spread * weight for weight in plain.shape_weights),
        "neck_shaft_deg": tuple(spread * angle for angle in plain.neck_shaft_deg),
        "anteversion_deg": tuple(spread * angle for angle in plain.anteversion_deg),
        "deformation_mm": max(0.05, left / 1.6),
    }
    if rng.random() < IMPLANTS_SHARE:
        shape["implant"] = draw_implants(rng)
    looks = draw_patient(seed, severity=difficulty.appearance)
    patient = draw_patient(seed, **shape, **{name: getattr(looks, name) for name in _APPEARANCE})
    return replace(
        patient,
        noise_hu=patient.noise_hu * difficulty.noise,
        cortex_hu=patient.cortex_hu * difficulty.contrast,
        trabecular_hu=patient.trabecular_hu * difficulty.contrast,
    )


def choose_test_scans(sizes: Iterable[int], scores: Iterator[tuple[int, float]]) -> list[Scan]:
    """Take candidates in their order until every group has its number, then number them group by group in turn.

    Args:
        sizes: Scans of each group.
        scores: Candidates with their scores.
    """
    wanted = list(sizes)
    groups: list[list[Scan]] = [[] for _ in wanted]
    while any(len(group) < n for group, n in zip(groups, wanted, strict=True)):
        candidate, score = next(scores)
        group = group_of(score)
        if group is not None and len(groups[group]) < wanted[group]:
            groups[group].append(Scan("", "test", candidate, group, round(score, 4)))
    order = [group[i] for i in range(max(wanted)) for group in groups if i < len(group)]
    return [replace(scan, key=f"test-{number:04d}") for number, scan in enumerate(order, 1)]


def score_candidate(candidate: int) -> tuple[int, float]:
    """A test candidate and its surface deviation score in mm."""
    patient = draw_subject("test", candidate, Difficulty())
    return candidate, surface_deviation(patient, build_skeleton(patient))


@lru_cache(maxsize=1)
def load_frozen() -> Mapping[str, Any]:
    """The frozen file: knobs, what calibration reached, chosen test scans, hashes; see docs/benchmark.md."""
    return json.loads(FROZEN_FILE.read_text(encoding="ascii"))


def frozen_difficulty() -> Difficulty:
    return Difficulty.from_dict(load_frozen()["difficulty"])


def cohort(train: int, val: int, test: int) -> list[Scan]:
    """The first scans of each split; smaller cohorts are parts of larger ones.

    Args:
        train: Scans, at most 350.
        val: Scans, at most 100.
        test: Scans, at most 500; multiples of six give every group equally many.

    Raises:
        BadInputError: So many test scans were not chosen yet.
    """
    if test > len(load_frozen()["test"]):
        raise BadInputError(
            f"Fewer than {test} test scans are chosen; run `bench cohort --choose` at this scale first."
        )
    chosen = [
        Scan(f"test-{number:04d}", "test", candidate, group, score)
        for number, (candidate, group, score) in enumerate(load_frozen()["test"], 1)
    ]
    plain = [
        Scan(f"{split}-{n + 1:04d}", split, n)
        for split, count in (("train", train), ("val", val))
        for n in range(count)
    ]
    return [*plain, *chosen[:test]]


def label_pair(
    patient: Patient, skeleton: Skeleton, grid: Grid, difficulty: Difficulty, *, sacrum: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What the annotators drew and the truth, binary uint8 (D, H, W) each."""
    drawn = annotated_skeleton(patient, skeleton, difficulty.annotator_mm, difficulty.review_mm)
    one, other = (foreground(paint_labels(grid, patient, bones), sacrum=sacrum) for bones in (drawn, skeleton))
    return one, other


def render_scan(scan: Scan, spacing_mm: float, difficulty: Difficulty, *, sacrum: bool = False) -> RenderedScan:
    """Image and both labels of a scan of the cohort on an isotropic grid; on request with the sacrum as object."""
    patient = draw_subject(scan.split, scan.candidate, difficulty)
    skeleton = build_skeleton(patient)
    grid = field_of_view(patient, skeleton, (spacing_mm,) * 3, "pelvis")
    label, exact = label_pair(patient, skeleton, grid, difficulty, sacrum=sacrum)
    image = np.clip(render(patient, spacing_mm, skeleton=skeleton).image, -1000, 2000).astype(np.float16)
    return RenderedScan(image, label, exact, grid.spacing)


def label_hash(scan: Scan, difficulty: Difficulty) -> str:
    """SHA-256 of both labels of a scan on a 4 mm grid: of the geometry, not of the image.

    Images hold sums whose last bits depend on processor and library; a label changes only where a surface passes
    a voxel's centre within rounding.
    """
    patient = draw_subject(scan.split, scan.candidate, difficulty)
    skeleton = build_skeleton(patient)
    grid = field_of_view(patient, skeleton, (HASH_SPACING_MM,) * 3, "pelvis")
    digest = hashlib.sha256(repr((scan.key, grid.shape)).encode("ascii"))
    for label in label_pair(patient, skeleton, grid, difficulty):
        digest.update(np.packbits(label).tobytes())
    return digest.hexdigest()


def parameter_hash(scan: Scan, difficulty: Difficulty) -> str:
    """SHA-256 of all parameters of a scan's patient, numbers to nine digits."""
    text = json.dumps(_plain(asdict(draw_subject(scan.split, scan.candidate, difficulty))))
    return hashlib.sha256(f"{scan.key} {text}".encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return f"{value:.9g}" if isinstance(value, float) else value


def combine_hashes(hashes: Iterable[str]) -> str:
    """One hash of the scans' hashes, in their order."""
    return hashlib.sha256("\n".join(hashes).encode("ascii")).hexdigest()
