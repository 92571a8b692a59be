"""Segmenting, evaluating, suggesting and managing models with a model that a real run left."""

from __future__ import annotations

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.imaging.grid import label_to_training_grid, to_training_grid
from SemiSegEmbedLib.imaging.prepare import prepare_case
from SemiSegEmbedLib.imaging.read import read_geometry, read_image, read_label
from SemiSegEmbedLib.inference.model_file import load_model, save_model
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows import segmentation
from SemiSegEmbedLib.workflows.evaluation import evaluate_study
from SemiSegEmbedLib.workflows.models import (
    delete_model,
    describe_model,
    export_model,
    import_model,
    list_models,
    resolve_model,
)
from SemiSegEmbedLib.workflows.segmentation import SegmentationOptions, segment_many
from SemiSegEmbedLib.workflows.suggestions import suggest
from SemiSegEmbedLib.workflows.tracing import trace
from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run, execute_run

from .conftest import TINY

OPTIONS = SegmentationOptions(passes=2, island_mm3=0, device="cpu")


@pytest.fixture(scope="module")
def trained(phantom_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "study"
    shutil.copytree(phantom_folder, folder)
    study = Study.open(folder)
    execute_run(create_run(study, TrainingRequest("quick", steps=30, overrides=TINY, device="cpu")))
    return folder


@pytest.fixture
def trained_study(trained: Path, tmp_path: Path) -> Study:
    shutil.copytree(trained, tmp_path / "study")
    return Study.open(tmp_path / "study")


def test_a_segmentation_lies_on_the_grid_of_the_scan_to_the_voxel(trained_study: Study, tmp_path: Path) -> None:
    flat = sitk.ReadImage(str(trained_study.image_path(trained_study.cases[2])))
    oblique = sitk.PermuteAxes(flat, [2, 0, 1])
    sitk.WriteImage(oblique, str(tmp_path / "scan.nrrd"))
    outcomes = segment_many(trained_study.folder, [tmp_path / "scan.nrrd"], tmp_path / "out", OPTIONS)
    assert outcomes[0].error == ""
    for name in ("segmentation", "uncertainty", "matched", "provenance"):
        result = sitk.ReadImage(str(tmp_path / "out" / f"scan-{name}.nii.gz"))
        assert result.GetSize() == oblique.GetSize()
        np.testing.assert_allclose(result.GetOrigin(), oblique.GetOrigin(), atol=1e-3)
        np.testing.assert_allclose(result.GetDirection(), oblique.GetDirection(), atol=1e-6)


def test_one_bad_scan_does_not_end_the_others_and_nothing_is_written_over(
    trained_study: Study, tmp_path: Path
) -> None:
    (tmp_path / "broken.nii.gz").write_bytes(b"not an image")
    good = trained_study.image_path(trained_study.cases[3])
    scans = [tmp_path / "broken.nii.gz", tmp_path / "absent.nii.gz", good, good]
    outcomes = segment_many(trained_study.folder, scans, tmp_path / "out", OPTIONS, file_format="seg.nrrd")
    assert [bool(outcome.error) for outcome in outcomes] == [True, True, False, False]
    assert outcomes[2].label != outcomes[3].label
    assert str(tmp_path) not in outcomes[0].error + outcomes[1].error


@pytest.mark.parametrize(
    ("text", "reason"), [("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "out of memory"), ("other", "RuntimeError")]
)
def test_a_scan_that_finds_no_memory_says_so(
    trained_study: Study, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(segmentation, "predict_maps", fail)
    [outcome] = segment_many(trained_study.folder, [Path("case-0003")], None, OPTIONS)
    assert outcome.error.startswith(f"This scan could not be segmented ({reason}): ")


def test_results_of_a_case_are_kept_in_the_study(trained_study: Study) -> None:
    outcomes = segment_many(trained_study.folder, [Path("case-0003")], None, OPTIONS)
    assert outcomes[0].error == ""
    study = Study.open(trained_study.folder)
    (result,) = study.results
    folder = study.folder / result.folder
    names = {"label.nii.gz", "uncertainty.nii.gz", "matched.nii.gz", "provenance.nii.gz", "places.json", "facts.json"}
    assert names <= {path.name for path in folder.iterdir()}
    values = np.unique(sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "label.nii.gz"))))
    assert set(values) <= {0, 1, 2}
    shares = [result.facts[name] for name in ("annotated", "confident", "matched", "neither")]
    assert sum(shares) == pytest.approx(1, abs=0.01)


def test_labels_alone_stand_without_the_maps_of_an_earlier_result(trained_study: Study) -> None:
    case, labels_alone = [Path("case-0003")], replace(OPTIONS, passes=0)
    segment_many(trained_study.folder, case, None, OPTIONS)
    folder = trained_study.result_path(Study.open(trained_study.folder).results[0])
    (folder / "evaluation.json").write_text("[]")  # of the label that gives way
    assert segment_many(trained_study.folder, case, None, labels_alone)[0].error == ""
    assert {path.name for path in folder.iterdir()} == {"label.nii.gz", "places.json", "facts.json"}
    assert json.loads((folder / "places.json").read_text()) == []
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_result_that_cannot_be_written_leaves_the_earlier_one_whole(
    trained_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = [Path("case-0003")]
    segment_many(trained_study.folder, case, None, OPTIONS)
    folder = trained_study.result_path(Study.open(trained_study.folder).results[0])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(segmentation, "atomic_write", full)  # the last files of a result
    (outcome,) = segment_many(trained_study.folder, case, None, replace(OPTIONS, passes=0))
    assert "disk is full" in outcome.error
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_file_is_never_segmented_into_the_names_of_older_maps(trained_study: Study, tmp_path: Path) -> None:
    scan = trained_study.image_path(trained_study.cases[3])
    out = tmp_path / "out"
    segment_many(trained_study.folder, [scan], out, OPTIONS)
    stem = scan.name.removesuffix(".nii.gz")
    old = {path.name: path.read_bytes() for path in out.iterdir()}
    (again,) = segment_many(trained_study.folder, [scan], out, OPTIONS, file_format="seg.nrrd")
    assert Path(again.label).name == f"{stem}-segmentation-2.seg.nrrd"
    (out / f"{stem}-segmentation.nii.gz").unlink()  # its maps are still there
    (alone,) = segment_many(trained_study.folder, [scan], out, replace(OPTIONS, passes=0))
    assert Path(alone.label).name == f"{stem}-segmentation-3.nii.gz"
    assert all((out / name).read_bytes() == data for name, data in old.items() if "-segmentation" not in name)


def test_a_scan_that_changed_on_disk_is_not_segmented(trained_study: Study) -> None:
    study = trained_study
    keys = [case.key for case in study.cases[2:]]
    changed, swapped = (study.image_path(case) for case in study.cases[2:])
    image = sitk.ReadImage(str(changed))
    sitk.WriteImage(image + 5, str(changed))
    # A change that leaves size and time as they were is found by reading.
    state, data = swapped.stat(), bytearray(swapped.read_bytes())
    data[4:8] = b"\x01\x02\x03\x04"  # the time in the header of gzip, which no reader looks at
    swapped.write_bytes(data)
    os.utime(swapped, ns=(state.st_atime_ns, state.st_mtime_ns))
    first, second = segment_many(study.folder, [Path(key) for key in keys], None, OPTIONS)
    with pytest.raises(BadInputError) as in_training:
        prepare_case(study, keys[0])
    assert first.error == str(in_training.value)
    assert second.error == (
        "case-0004: The file changed on disk after it was added: restore it, or remove the case and add it."
    )
    assert Study.open(study.folder).results == ()


def test_a_copied_study_has_the_same_newest_model(trained_study: Study) -> None:
    newest = resolve_model(trained_study)
    older = trained_study.models_folder / "older.ssemodel"
    model = load_model(newest)
    model.facts["created"] = "2020-01-01T00:00:00+00:00"
    save_model(model, older)
    assert older.stat().st_mtime_ns >= newest.stat().st_mtime_ns
    assert resolve_model(trained_study) == newest
    assert [row["model"] for row in list_models(trained_study)][-1] == "older"


def test_an_annotated_case_shows_where_it_was_annotated(trained_study: Study) -> None:
    segment_many(trained_study.folder, [Path("case-0001")], None, OPTIONS)
    (result,) = Study.open(trained_study.folder).results
    assert result.facts["annotated"] == 1.0


def test_evaluation_is_of_the_held_out_cases_and_kept(trained_study: Study) -> None:
    (row,) = evaluate_study(trained_study, None, None, OPTIONS)
    assert row["case"] == "case-0004"
    assert row["label"] == "hip bone"
    assert 0 <= row["iou"] <= 1
    kept = next(trained_study.results_folder.glob("case-0004/*/evaluation.json"))
    assert json.loads(kept.read_text())[0]["iou"] == row["iou"]


def test_suggestions_rank_cases_and_name_places(trained_study: Study) -> None:
    ranked = suggest(trained_study, None, ["case-0003", "case-0004"], OPTIONS, places=2)
    assert [case["uncertainty"] for case in ranked] == sorted((c["uncertainty"] for c in ranked), reverse=True)
    assert all(len(case["places"]) <= 2 for case in ranked)
    assert len(ranked[0]["places"][0]["position_lps_mm"]) == 3


def test_what_a_killed_process_left_of_a_result_is_made_again(trained_study: Study) -> None:
    (whole,) = suggest(trained_study, None, ["case-0003"], OPTIONS)
    folder = trained_study.result_path(Study.open(trained_study.folder).results[0])
    for name in ("facts.json", "places.json"):
        (folder / name).unlink()
    assert suggest(trained_study, None, ["case-0003"], OPTIONS) == [whole]


def test_results_are_used_again_of_the_very_same_model_with_as_many_passes_alone(
    trained_study: Study, tmp_path: Path
) -> None:
    suggest(trained_study, None, ["case-0003"], OPTIONS)
    facts = trained_study.result_path(Study.open(trained_study.folder).results[0]) / "facts.json"

    def made() -> dict[str, object]:
        return json.loads(facts.read_text(encoding="ascii"))

    first = made()
    assert (first["passes"], first["seed"]) == (2, 0)
    suggest(trained_study, None, ["case-0003"], replace(OPTIONS, passes=1))
    assert made() == first
    suggest(trained_study, None, ["case-0003"], replace(OPTIONS, passes=3))
    assert made()["passes"] == 3
    path = resolve_model(trained_study, None)
    save_model(
        replace(load_model(path), facts={**load_model(path).facts, "note": "another one"}), tmp_path / path.name
    )
    suggest(trained_study, tmp_path / path.name, ["case-0003"], OPTIONS)
    assert made()["model_sha256"] == load_model(tmp_path / path.name).sha256 != first["model_sha256"]


def test_a_place_points_at_the_voxel_that_is_uncertain(trained_study: Study) -> None:
    segment_many(trained_study.folder, [Path("case-0003")], None, OPTIONS)
    (result,) = Study.open(trained_study.folder).results
    folder = trained_study.folder / result.folder
    uncertainty = sitk.ReadImage(str(folder / "uncertainty.nii.gz"))
    for place in json.loads((folder / "places.json").read_text()):
        index = uncertainty.TransformPhysicalPointToIndex(place["position_lps_mm"])
        assert uncertainty[index] > 0.3  # nats; places begin at half of ln 2


def test_a_label_is_traced_back_to_annotated_voxels_of_its_class(trained_study: Study) -> None:
    study, model = trained_study, load_model(resolve_model(trained_study))
    scan = read_geometry(study.image_path(study.case("case-0003")))
    x, y, z = scan.corners().mean(axis=0)
    rows = trace(study.folder, Path("case-0003"), (x, y, z), "cpu")
    assert [row["class"] for row in rows] in ([0, 1], [1, 0])
    assert rows[0]["similarity"] >= rows[1]["similarity"]
    for row in rows:
        case = study.case(row["case"])
        assert case.label is not None
        grid = to_training_grid(read_image(study.image_path(case)), model.spacing_mm)
        label = read_label(study.label_path(case), read_image(study.image_path(case)), study.labels)
        classes = label_to_training_grid(label, study.classes(), grid)
        place = tuple(round(value) for value in grid.geometry.to_index(tuple(row["position_lps_mm"])))
        assert classes[place] == row["class"]
    with pytest.raises(BadInputError, match="outside of the scan"):
        trace(study.folder, Path("case-0003"), (x + 5000, y, z), "cpu")


def test_models_are_listed_described_exported_imported_and_deleted(trained_study: Study, tmp_path: Path) -> None:
    newest = list_models(trained_study)[0]["model"]
    assert describe_model(trained_study, newest)["facts"]["method"] == "embedding_matching"
    export_model(trained_study, newest, tmp_path / "mine.ssemodel")
    with pytest.raises(BadInputError, match="exists already"):
        export_model(trained_study, newest, tmp_path / "mine.ssemodel")
    assert import_model(trained_study, tmp_path / "mine.ssemodel") == "mine"
    with pytest.raises(BadInputError, match="already has a model"):
        import_model(trained_study, tmp_path / "mine.ssemodel")
    assert delete_model(trained_study, "mine") == (tmp_path / "mine.ssemodel").stat().st_size
    with pytest.raises(BadInputError, match="no model 'mine'"):
        describe_model(trained_study, "mine")


def test_a_model_that_another_program_has_open_is_kept_with_one_sentence(
    trained_study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = resolve_model(trained_study)

    def refuse(*_arguments: object, **_more: object) -> None:
        raise PermissionError(13, "being used by another process", str(model))

    monkeypatch.setattr(Path, "unlink", refuse)  # as Windows does
    with pytest.raises(SemiSegEmbedError, match=r"could not be deleted because .*close the program.*\.$") as told:
        delete_model(trained_study, model.stem)
    assert str(model.parent) not in str(told.value)
    assert model.is_file()


def test_a_damaged_model_is_a_row_that_says_so(trained_study: Study) -> None:
    (trained_study.models_folder / "damaged.ssemodel").write_bytes(b"PK")
    rows = {row["model"]: row for row in list_models(trained_study)}
    assert "\n" not in rows.pop("damaged")["problem"]
    assert all(len(row["about"]["labels"]) == 2 for row in rows.values())


def test_joined_sides_give_one_label_a_bone_and_a_study_keeps_its_own(trained_study: Study, tmp_path: Path) -> None:
    scan = trained_study.image_path(trained_study.cases[2])
    joined = SegmentationOptions(passes=0, island_mm3=0, device="cpu", split_sides=False)
    (outcome,) = segment_many(trained_study.folder, [scan], tmp_path / "out", joined, file_format="seg.nrrd")
    assert [label["name"] for label in outcome.labels] == ["hip bone"]
    label = sitk.ReadImage(outcome.label)
    assert set(np.unique(sitk.GetArrayFromImage(label))) <= {0, 1}
    assert label.GetMetaData("Segment0_Name") == "hip bone"
    segment_many(trained_study.folder, [Path("case-0003")], None, joined)
    (result,) = Study.open(trained_study.folder).results
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(trained_study.folder / result.folder / "label.nii.gz")))
    alone = SegmentationOptions(passes=0, island_mm3=0, device="cpu")
    split = segment_many(trained_study.folder, [scan], tmp_path / "split", alone)[0]
    np.testing.assert_array_equal(values, sitk.GetArrayFromImage(sitk.ReadImage(split.label)))
    assert [label["name"] for label in split.labels] == ["hip bone left", "hip bone right"]


def test_no_file_of_a_study_but_the_manifest_holds_a_path_or_a_patient(trained_study: Study) -> None:
    """Everything a run and a segmentation write is searched for the folder and for the patients' names."""
    segment_many(trained_study.folder, [Path("case-0003")], None, OPTIONS)
    secrets = [str(trained_study.folder.parent).encode(), b"phantom-5-"]
    for path in trained_study.folder.rglob("*"):
        if path.is_file() and not path.name.startswith("study.json"):
            content = path.read_bytes()
            assert not any(secret in content for secret in secrets), path.name
