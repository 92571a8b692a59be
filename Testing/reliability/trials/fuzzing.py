"""Five hundred damaged inputs: each gets one clear sentence, quickly and in little memory, or is read as it should."""

from __future__ import annotations

import random
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.imaging.check import check_case
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.study.presets import HIP_BONES
from trials import children
from trials.damaged import Damaged, good_file
from trials.damaged_dicom import dicom_inputs
from trials.damaged_files import file_inputs, label_inputs
from trials.rows import Row, judged, sentence_faults
from trials.scenes import SPACING, body

SECONDS = 5.0
"""Of the processor: what else the machine does must not count."""
MEMORY = 1 << 30
SHORT_COUNT = 60


@dataclass(frozen=True)
class Finding:
    """What became of one input."""

    sentence: str
    faults: list[str]
    seconds: float
    grown_bytes: int


def all_inputs(seed: int = 1) -> list[Damaged]:
    """The same inputs for the same seed."""
    chance = random.Random(seed)
    return [*file_inputs(chance), *label_inputs(chance), *dicom_inputs(chance)]


def examine(folder: Path, item: Damaged) -> str:
    """What the check says of an input, as a person would see it; "same" when it is read as what it was made from.

    An input that passes the check and is read as something else gives "wrong". Slices at an end that are left out with
    a warning count as named.
    """
    path = item.write(folder)
    image_path, label_path = (path, None) if item.role == "ct" else (folder / "good.nii.gz", path)
    if label_path is not None:
        image_path.write_bytes(good_file("nii.gz"))
    problems = check_case(image_path, label_path, HIP_BONES)
    errors = [problem.sentence for problem in problems if problem.severity == "error"]
    if errors:
        return errors[0]
    image = read_image(image_path)
    read = image if label_path is None else read_label(label_path, image, HIP_BONES)
    expected = body()[0 if item.role == "ct" else 1]
    if not (np.allclose(read.GetSpacing(), SPACING) and np.allclose(read.GetDirection(), np.eye(3).ravel())):
        return "wrong"
    array = sitk.GetArrayFromImage(read)
    left_out = [problem.sentence for problem in problems if problem.code == "unreadable-files"]
    if left_out and any(np.array_equal(array, part) for part in (expected[1:], expected[:-1])):
        return left_out[0]
    return "same" if np.array_equal(array, expected) else "wrong"


def find_out(item: Damaged) -> Finding:
    """Examines one input in a process of its own, under limits of time and memory."""
    with tempfile.TemporaryDirectory(prefix="planted-path-") as folder:
        limits = children.Limits(more_memory=MEMORY)
        ending = children.run(examine, Path(folder), item, timeout_s=60, limits=limits)
    faults = []
    if ending.kind in ("died", "timed out"):
        faults.append(f"the process {ending.kind}")
    elif ending.kind == "raised" and ending.error not in ("BadInputError", SemiSegEmbedError.__name__):
        faults.append(f"a traceback of {ending.error}: {ending.value[:80]}")
    elif ending.value == "wrong":
        faults.append("it was read as something else")
    elif ending.value != "same":
        faults += sentence_faults(ending.value, ["planted-path-"])
    if ending.cpu_seconds > SECONDS:
        faults.append(f"it took {ending.cpu_seconds:.1f} s")
    if ending.grown_bytes > MEMORY:
        faults.append(f"it took {ending.grown_bytes >> 20} MiB")
    return Finding(str(ending.value), faults, ending.cpu_seconds, ending.grown_bytes)


def run(short: bool) -> list[Row]:
    """A row for each kind of damage."""
    inputs = all_inputs()
    if short:
        inputs = random.Random(2).sample(inputs, SHORT_COUNT)
    by_kind: dict[str, list[Finding]] = defaultdict(list)
    for item in inputs:
        by_kind[item.kind].append(find_out(item))
    rows = [row_of(kind, findings) for kind, findings in by_kind.items()]
    everything = [finding for findings in by_kind.values() for finding in findings]
    slowest = max(finding.seconds for finding in everything)
    largest = max(finding.grown_bytes for finding in everything) >> 20
    happened = f"The slowest took {slowest:.1f} s, the hungriest {largest} MiB."
    faults = [fault for finding in everything for fault in finding.faults]
    return [*rows, judged("All damaged inputs", faults, len(everything), happened)]


def row_of(kind: str, findings: list[Finding]) -> Row:
    """How many of a kind were refused, and how many read as what they should be."""
    same = sum(finding.sentence == "same" for finding in findings)
    happened = f"{len(findings) - same} refused with one sentence"
    happened += f", {same} read to the voxel, for the damage touched nothing that counts." if same else "."
    return judged(kind[0].upper() + kind[1:], [fault for f in findings for fault in f.faults], len(findings), happened)
