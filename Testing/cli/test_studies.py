"""`study series|relocate|remove|display`, by the terminal door."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.cli import main
from SemiSegEmbedLib.study.display import display_folder
from SemiSegEmbedLib.study.study import Study


def write_scan(path: Path, seed: int) -> Path:
    voxels = np.random.default_rng(seed).integers(-900, 900, (5, 6, 7)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))
    return path


def write_series(folder: Path, uid: str, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number in range(count):
        image = sitk.GetImageFromArray(np.full((1, 8, 8), number, np.int16))
        tags = {
            "0008|0060": "CT", "0008|103e": "bone", "0020|000d": "1.2.3", "0020|000e": uid, "0018|0050": "2",
            "0008|0018": f"{uid}.{number}", "0020|0032": f"0\\0\\{2 * number}",
            "0020|0037": "1\\0\\0\\0\\1\\0", "0028|1052": "0", "0028|1053": "1",
        }  # fmt: skip
        for tag, value in tags.items():
            image.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{uid[-1]}{number:02d}.dcm"))
        writer.Execute(image)


@pytest.fixture
def study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Study:
    folder = str(tmp_path / "hips")
    assert main(["study", "create", folder]) == 0
    scans = [write_scan(tmp_path / f"{name}.nii.gz", seed) for seed, name in enumerate("ab")]
    assert main(["study", "add", folder, *map(str, scans)]) == 0
    capsys.readouterr()
    return Study.open(folder)


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> object:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_moved_scan_is_found_again(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, moved = str(study.folder), tmp_path / "moved.nii.gz"
    (tmp_path / "a.nii.gz").rename(moved)
    assert study.verify_case("case-0001") is not None
    assert main(["study", "relocate", folder, "case-0001", str(tmp_path / "b.nii.gz")]) == 2
    assert "not the CT that was added" in capsys.readouterr().err
    assert run_json(capsys, "study", "relocate", folder, "case-0001", str(moved)) == {"case": "case-0001"}
    study.reload()
    assert study.verify_case("case-0001") is None


def test_cases_are_removed_and_their_files_stay(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(study.folder)
    assert main(["study", "remove", folder, "case-0001", "case-0009"]) == 2
    assert "case-0009" in capsys.readouterr().err
    assert run_json(capsys, "study", "list", folder)["cases"][0]["case"] == "case-0001", "all or none"
    assert run_json(capsys, "study", "remove", folder, "case-0001") == {"cases": ["case-0002"]}
    assert (tmp_path / "a.nii.gz").is_file()


def test_series_below_a_folder_are_listed_and_added_one_by_one(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = tmp_path / "export"
    write_series(export / "deep", "1.2.3.4", 9)
    write_series(export / "deep", "1.2.3.5", 12)
    write_series(export, "1.2.3.6", 2)
    found = run_json(capsys, "study", "series", str(export))
    assert [(one["series"], one["slices"], one["thickness_mm"]) for one in found] == [
        ("1.2.3.5", 12, 2.0),
        ("1.2.3.4", 9, 2.0),
    ]
    folder, deep = str(study.folder), found[0]["folder"]
    assert main(["study", "add", folder, deep]) == 2
    assert "--series" in capsys.readouterr().err
    added = run_json(capsys, "study", "add", folder, deep, "--series", "1.2.3.4", "--series", "1.2.3.5")
    assert [case["case"] for case in added] == ["case-0003", "case-0004"]
    assert main(["study", "add", folder, deep, "--series", "9.9"]) == 2
    assert "does not hold this series" in capsys.readouterr().err


def test_the_only_scan_beside_a_scout_needs_no_choice(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path / "export", "1.2.3.4", 9)
    write_series(tmp_path / "export", "1.2.3.6", 2)
    added = run_json(capsys, "study", "add", str(study.folder), str(tmp_path / "export"))
    assert added[0]["name"] == "export bone"


def test_cases_are_prepared_for_display(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = run_json(capsys, "study", "display", str(study.folder), "case-0001", "case-0002")
    assert [outcome["error"] for outcome in outcomes] == ["", ""]
    assert len(list(display_folder(study.folder).glob("*.npy"))) == 2


def test_a_wrong_patient_is_corrected_and_the_name_stays_nowhere(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(study.folder)
    assert len({case.patient_key for case in study.cases}) == 2
    cases = ["case-0001", "case-0002"]
    printed = run_json(capsys, "study", "patient", folder, *cases, "Mueller, Anna")
    assert printed == {"cases": cases}
    study.reload()
    assert {case.patient_key for case in study.cases} == {study.patient_key("mueller, anna")}
    assert main(["study", "patient", folder, "case-0002", "Meier, Eva"]) == 0
    told = capsys.readouterr()
    study.reload()
    assert len({case.patient_key for case in study.cases}) == 2
    assert main(["study", "patient", folder, "case-0002", " "]) == 2
    files = [path for path in study.folder.rglob("*") if path.is_file()]
    for name in ("ueller", "eier"):
        assert name not in told.out + told.err
        assert all(name.encode() not in path.read_bytes() for path in files)


def test_a_review_is_noted_without_a_new_version(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, drawn = str(study.folder), tmp_path / "label.nii.gz"
    image = sitk.ReadImage(str(tmp_path / "a.nii.gz"))
    sitk.WriteImage(sitk.Cast(image > 400, sitk.sitkUInt8), str(drawn))
    assert main(["study", "label", folder, "case-0001", str(drawn), "--by", "AB"]) == 0
    assert main(["study", "review", folder, "case-0001", "case-0002", "--by", "EF"]) == 2
    assert "case-0002 has no label to review" in capsys.readouterr().err
    assert main(["study", "review", folder, "case-0001", "--by", "EF"]) == 0
    study.reload()
    (version,) = study.case("case-0001").labels
    assert (version.annotated_by, version.reviewed_by) == ("AB", "EF")
