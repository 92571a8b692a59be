"""A study survives programs that are killed in the middle of a change, and several programs at once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from SemiSegEmbedLib.study.files import sha256_file
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}

WRITER = """
import sys
from pathlib import Path
from SemiSegEmbedLib.study.study import Study
study, source, name = Study.open(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
for number in range(int(sys.argv[4])):
    source.write_bytes(f"{name} {number}".encode() * 20000)
    version = study.add_label("case-0001", source, annotated_by=f"{name} {number}")
    print(version.annotated_by, flush=True)
    case = study.add_case(source, copy=True, name=f"{name} {number}")
    print(case.name, flush=True)
"""


def start(study: Study, source: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(study.folder), str(source), name, str(count)]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def new_study(tmp_path: Path) -> Study:
    study = Study.create(tmp_path / "study", "s", HIP_BONES)
    first = tmp_path / "first.nii.gz"
    first.write_bytes(b"first")
    study.add_case(first)
    return study


def check_everything(folder: Path) -> Study:
    """Open the study and read every file that its manifest names."""
    study = Study.open(folder)
    for case in study.cases:
        if case.image.copied:
            assert sha256_file(study.image_path(case)) == case.image.sha256
        for index, version in enumerate(case.labels):
            path = study.label_path(case, index)
            assert path is not None
            assert sha256_file(path) == version.sha256
    return study


def test_killed_at_random_moments_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    study = new_study(tmp_path)
    chance = random.Random(3)
    acknowledged: list[str] = []
    for attempt in range(10):
        child = start(study, tmp_path / "source.nii.gz", f"try{attempt}", 1000)
        assert child.stdout is not None
        acknowledged.append(child.stdout.readline().strip())
        time.sleep(chance.uniform(0.0, 0.15))
        child.kill()
        acknowledged += child.stdout.read().split("\n")
        child.stdout.close()
        child.wait()
        after = check_everything(study.folder)
        kept = {version.annotated_by for version in after.case("case-0001").labels}
        kept |= {case.name for case in after.cases}
        assert {line for line in acknowledged if line} <= kept
    check_everything(study.folder).set_role("case-0001", Role.EXCLUDED)


def test_four_programs_at_once_lose_nothing(tmp_path: Path) -> None:
    study = new_study(tmp_path)
    children = [start(study, tmp_path / f"source{number}.nii.gz", f"program{number}", 6) for number in range(4)]
    for child in children:
        output, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        assert len(output.splitlines()) == 12
    after = check_everything(study.folder)
    labels = after.case("case-0001").labels
    assert len(labels) == len({version.path for version in labels}) == 24
    assert len(after.cases) == len({case.key for case in after.cases}) == 25
    assert not list(study.folder.rglob(".tmp-*"))


def test_a_thousand_cases_stay_quick(tmp_path: Path) -> None:
    from dataclasses import replace

    from SemiSegEmbedLib.study.manifest import from_json, to_json

    study = new_study(tmp_path)
    case = study.case("case-0001")
    many = tuple(replace(case, key=f"case-{number:04d}") for number in range(1, 1001))
    text = to_json(replace(study.manifest, cases=many, next_case=1001))
    (study.folder / "study.json").write_text(text)
    started = time.process_time()
    assert len(from_json(text).cases) == 1000
    Study.open(study.folder).set_role("case-0500", Role.EXCLUDED)
    assert time.process_time() - started < 1.5
