"""A run as a whole: what it writes, how it ends, and that a killed one ends as if nothing had happened."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.model_file import describe
from SemiSegEmbedLib.inference.prediction import predict_classes
from SemiSegEmbedLib.jobs.events import CHUNK_BYTES
from SemiSegEmbedLib.jobs.locate import worker_command
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows import run_contact, run_worker, validation
from SemiSegEmbedLib.workflows.following import follow, request_preview
from SemiSegEmbedLib.workflows.models import resolve_model
from SemiSegEmbedLib.workflows.phantom_study import create_phantom_study
from SemiSegEmbedLib.workflows.training import TrainingRequest, configure, create_run, execute_run

from .conftest import TINY


def request(**changes) -> TrainingRequest:
    return TrainingRequest(**{"preset": "quick", "steps": 20, "overrides": TINY, "device": "cpu", **changes})


def start(run: RunFolder) -> subprocess.Popen[bytes]:
    command, environment = worker_command(["run", str(run.path)])
    environment |= {"OMP_NUM_THREADS": "1"}
    with run.log.open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def wait_for_step(run: RunFolder, step: int, process: subprocess.Popen[bytes], timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if any(event["event"] == "step" and event["step"] >= step for event in run.events()[0]):
            return
        assert process.poll() is None, run.log.read_text()
        time.sleep(0.02)
    raise AssertionError(f"no step {step} within {timeout_s} s")


def test_a_run_leaves_models_events_and_the_reason_it_ended(study: Study) -> None:
    run = create_run(study, request())
    seen: list[dict] = []
    assert execute_run(run, on_event=seen.append) is RunState.FINISHED

    kinds = [event["event"] for event in run.events()[0]]
    assert kinds[-1] == "end"
    assert {"begin", "progress", "prepared", "step", "validation", "checkpoint"} <= set(kinds)
    validation = next(event for event in seen if event["event"] == "validation")
    assert validation["optimistic"] is True  # two annotated scans: both train
    assert 0 <= validation["iou"] <= 1
    facts = describe(resolve_model(study, run.run_id))["facts"]
    assert facts["annotated"] == 2
    assert facts["unannotated"] == 1
    assert facts["selected_by_validation"] is True
    assert describe(resolve_model(study, f"{run.run_id}-last"))["facts"]["step"] == 20
    assert Study.open(study.folder).runs[0].run_id == run.run_id


def test_a_killed_run_resumes_and_ends_equal_to_an_uninterrupted_one(study: Study) -> None:
    whole, killed = create_run(study, request()), create_run(study, request())
    process = start(whole)
    assert process.wait(timeout=240) == 0, whole.log.read_text()

    process = start(killed)
    wait_for_step(killed, 6 + 2 * (os.getpid() % 4), process)  # somewhere between two checkpoints
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert observed_state(killed.path) is RunState.LOST
    process = start(killed)
    assert process.wait(timeout=240) == 0, killed.log.read_text()

    expected = load_checkpoint(whole.checkpoints / "last.pt")
    found = load_checkpoint(killed.checkpoints / "last.pt")
    assert found["step"] == expected["step"] == 20
    assert found["method"].keys() == expected["method"].keys()
    for name, value in expected["method"].items():
        assert torch.equal(found["method"][name], value), name
    assert torch.equal(found["random"], expected["random"])


def test_stopping_saves_and_resuming_goes_on(study: Study) -> None:
    run = create_run(study, request(steps=2000))
    process = start(run)
    wait_for_step(run, 4, process)
    run.request_stop()
    assert process.wait(timeout=120) == 3
    assert observed_state(run.path) is RunState.STOPPED
    stopped_at = load_checkpoint(run.checkpoints / "last.pt")["step"]
    assert stopped_at >= 4
    first = resolve_model(study)
    assert first.stem in run.status().reason
    assert first.stem.startswith(f"{run.run_id}-step")
    assert describe(first)["facts"]["finished"] is False

    run.clear_stop()
    process = start(run)
    wait_for_step(run, max(12, stopped_at + 2), process)  # a validation lies between
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=120) == 3
    steps = [event["step"] for event in run.events()[0] if event["event"] == "step"]
    assert steps == sorted(steps)  # nothing was done twice
    best = load_checkpoint(run.checkpoints / "best.pt")["step"]
    assert resolve_model(study).stem == f"{run.run_id}-step{best}"
    assert first == resolve_model(study) or not first.exists()  # the later one took its place


def test_a_stop_is_heard_within_a_validation_which_comes_when_the_run_goes_on(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_contact, "LOOK_EVERY_S", 0.0)  # before every window it looks for the wish
    run, seen = create_run(study, request(steps=12)), []

    def stop_once(event: dict) -> None:
        seen.append((event["event"], event.get("step")))
        if seen[-1] == ("step", 10) and seen.count(("step", 10)) == 1:
            run.request_stop()

    assert execute_run(run, on_event=stop_once) is RunState.STOPPED
    assert "validation" not in dict(seen)
    assert load_checkpoint(run.checkpoints / "last.pt")["step"] == 10
    run.clear_stop()
    assert execute_run(run, on_event=stop_once) is RunState.FINISHED
    assert [step for kind, step in seen if kind == "validation"] == [10, 12]


def test_few_steps_before_a_validation_do_not_take_the_place_of_a_model(study: Study) -> None:
    first = create_run(study, request(steps=4))
    assert execute_run(first) is RunState.FINISHED
    second = create_run(study, request(steps=2000))

    def stop_early(event: dict) -> None:
        if event["event"] == "step":
            second.request_stop()

    assert execute_run(second, on_event=stop_early) is RunState.STOPPED
    assert resolve_model(study).stem == first.run_id
    assert not list(study.models_folder.glob(f"{second.run_id}*"))


def test_a_later_model_spares_an_unfinished_one_that_results_were_made_with(study: Study) -> None:
    run = create_run(study, request(steps=14))

    def stop_once(event: dict) -> None:
        if event["event"] == "validation" and event["step"] == 10:
            run.request_stop()

    assert execute_run(run, on_event=stop_once) is RunState.STOPPED
    unfinished = resolve_model(study)
    study.add_result("case-0003", unfinished.stem, f"results/case-0003/{unfinished.stem}", {})
    run.clear_stop()
    assert execute_run(run) is RunState.FINISHED
    assert unfinished.exists()
    assert resolve_model(study).stem == run.run_id
    assert describe(resolve_model(study))["facts"]["finished"] is True


def test_training_continues_after_a_correction_and_with_a_newly_annotated_case(study: Study) -> None:
    first = create_run(study, request(steps=4))
    assert execute_run(first) is RunState.FINISHED
    corrected = sitk.ReadImage(str(study.label_path(study.case("case-0001"))))
    corrected = sitk.BinaryDilate(corrected > 0) if sitk.GetArrayViewFromImage(corrected).any() else corrected
    for key in ("case-0001", "case-0003"):
        label = sitk.Image(corrected) if key == "case-0001" else like(study, key)
        sitk.WriteImage(label, str(study.folder / "label.nrrd"))
        study.add_label(key, study.folder / "label.nrrd", annotated_by="A. B.")
    second = create_run(study, request(steps=2, continue_from=first.run_id))
    process = start(second)
    assert process.wait(timeout=120) == 0, second.log.read_text()
    prepared = next(event for event in second.events()[0] if event["event"] == "prepared")
    assert prepared["annotated"] == 3
    labels = {entry["case"]: entry["label"] for entry in second.config["inputs"]}
    assert labels["case-0001"] == study.case("case-0001").label.sha256
    before = {entry["case"]: entry["label"] for entry in first.config["inputs"]}
    assert labels["case-0001"] != before["case-0001"]
    assert before["case-0003"] is None
    facts = describe(resolve_model(study))["facts"]
    assert facts["annotated"] == 3


def like(study: Study, key: str) -> sitk.Image:
    """A label for a case: its dense bone."""
    image = sitk.ReadImage(str(study.image_path(study.case(key))))
    return sitk.Cast(image > 250, sitk.sitkUInt8)


def test_a_live_run_answers_a_request_for_a_preview(study: Study) -> None:
    run = create_run(study, request(steps=2000))
    process = start(run)
    try:
        wait_for_step(run, 2, process)
        answer = request_preview(run, "case-0003", timeout_s=120)
        assert (run.path / answer["label"]).is_file()
        assert answer["step"] >= 2
    finally:
        run.request_stop()
        process.wait(timeout=120)


def test_following_shows_every_event_and_the_end(study: Study) -> None:
    run = create_run(study, request(steps=4))
    execute_run(run)
    seen: list[dict] = []
    assert follow(run, seen.append) is RunState.FINISHED
    assert seen == run.events()[0]


def test_following_passes_on_more_events_than_are_read_at_once(tmp_path: Path) -> None:
    run, seen = RunFolder.create(tmp_path / "runs", {}), []
    run.write_status(RunState.RUNNING)
    for number in range(3):
        run.append_event(event="progress", number=number, text="a" * (CHUNK_BYTES // 2))
    run.write_status(RunState.FINISHED)
    assert follow(run, lambda event: seen.append(event.get("number", event["event"]))) is RunState.FINISHED
    assert seen == ["begin", 0, 1, 2, "end"]


def test_a_time_budget_becomes_steps_once(study: Study) -> None:
    run = create_run(study, request(steps=None, minutes=0.01))
    assert execute_run(run) is RunState.FINISHED
    planned = [event for event in run.events()[0] if event["event"] == "planned"]
    assert len(planned) == 1
    assert load_checkpoint(run.checkpoints / "last.pt")["step"] == planned[0]["steps"]


def test_a_run_continues_from_a_model(study: Study) -> None:
    first = create_run(study, request(steps=4))
    execute_run(first)
    second = create_run(study, request(steps=2, continue_from=f"{first.run_id}-last", seed=1))
    assert execute_run(second) is RunState.FINISHED
    weights = load_checkpoint(first.checkpoints / "last.pt")["method"]["student.output.weight"]
    after = load_checkpoint(second.checkpoints / "last.pt")["method"]["student.output.weight"]
    assert torch.allclose(weights, after, atol=0.05)  # two small steps away, not another random beginning

    outside = study.folder.parent / "elsewhere.ssemodel"
    shutil.copyfile(resolve_model(study, first.run_id), outside)
    third = create_run(study, request(steps=2, continue_from=str(outside)))
    assert third.config["request"]["continue_from"] == "elsewhere"  # copied: a run's folder holds no path

    other = create_run(study, request(steps=2, continue_from=first.run_id, overrides=TINY | {"base_filters": 8}))
    assert execute_run(other) is RunState.FAILED
    assert "base_filters" in other.status().reason


def test_six_annotated_scans_keep_one_patient_for_validation(tmp_path: Path) -> None:
    study = create_phantom_study(tmp_path / "six", count=6, annotated=6, held_out=0, spacing_mm=6.0, seed=1)
    run = create_run(study, request(steps=10))
    assert execute_run(run) is RunState.FINISHED
    validation = next(event for event in run.events()[0] if event["event"] == "validation")
    assert validation["optimistic"] is False
    assert validation["cases"] == 1

    chosen = create_run(study, request(steps=10, validation=("case-0002", "case-0005")))
    assert execute_run(chosen) is RunState.FINISHED
    assert next(event["cases"] for event in chosen.events()[0] if event["event"] == "validation") == 2


def test_a_resumed_run_keeps_its_split_whatever_was_annotated_meanwhile(tmp_path: Path) -> None:
    """With the sixth annotation a scan that has trained already would validate, and its numbers be called honest."""
    study = create_phantom_study(tmp_path / "six", count=7, annotated=5, held_out=0, spacing_mm=6.0, seed=1)
    run = create_run(study, request(steps=12, overrides=TINY | {"validate_every": 6}))
    validations: list[dict] = []

    def stop_once(event: dict) -> None:
        if event["event"] == "validation":
            validations.append(event)
            if len(validations) == 1:
                run.request_stop()

    assert execute_run(run, on_event=stop_once) is RunState.STOPPED
    study.add_label("case-0006", study.folder / "phantoms" / "phantom-006-label.nii.gz")
    study.set_role("case-0007", Role.EXCLUDED)
    shutil.copyfile(study.image_path(study.cases[0]), tmp_path / "later.nii.gz")
    study.add_case(tmp_path / "later.nii.gz", allow_duplicate=True)  # which is a problem, but not of this run
    run.clear_stop()
    assert execute_run(run, on_event=stop_once) is RunState.FINISHED
    assert [(v["step"], v["optimistic"], v["cases"]) for v in validations] == [
        (step, True, validations[0]["cases"]) for step in (6, 12)
    ]
    prepared = [(e["annotated"], e["unannotated"]) for e in run.events()[0] if e["event"] == "prepared"]
    assert prepared == [(5, 2), (5, 1)], "what was left out of the study meanwhile is left out"
    assert [len(run.split[part]) for part in ("annotated", "unannotated", "validation")] == [5, 2, 0]


def test_a_run_whose_patches_shrank_is_validated_with_the_windows_that_its_model_is_used_with(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = []

    def predict(*args: object, **settings: object) -> np.ndarray:
        windows.append(settings["patch_size"])
        return predict_classes(*args, **settings)

    monkeypatch.setattr(run_worker, "leave_room_for_display", lambda device: 1_000_000)
    monkeypatch.setattr(validation, "predict_classes", predict)
    run = create_run(study, request(steps=2, overrides=TINY | {"patch_size": (40, 40, 40)}))
    assert execute_run(run) is RunState.FINISHED
    assert set(windows) == {(32, 32, 32)}
    assert describe(resolve_model(study))["facts"]["patch_size"] == [32, 32, 32]


def test_a_problem_stops_the_training_before_it_begins_and_names_the_case(study: Study) -> None:
    case = study.cases[2]
    path = study.image_path(case)
    path.write_bytes(path.read_bytes()[:2000])
    run = create_run(study, request(steps=2))
    assert execute_run(run) is RunState.FAILED
    assert case.key in run.status().reason
    assert str(study.folder) not in run.status().reason

    again = create_run(study, request(steps=2, ignore_problems=True))
    assert execute_run(again) is RunState.FINISHED
    prepared = next(event for event in again.events()[0] if event["event"] == "prepared")
    assert prepared["left_out"] == [case.key]


def test_a_study_without_annotation_says_what_to_do(study: Study) -> None:
    for case in study.cases:
        study.set_role(case.key, Role.EXCLUDED)
    run = create_run(study, request(steps=2))
    assert execute_run(run) is RunState.FAILED
    assert "annotate" in run.status().reason


def test_settings_typed_as_text_get_their_type() -> None:
    config = configure(request(overrides={"patch_size": "32", "passes": "3", "kernel": "euclidean", "dropout": "0"}))
    assert config.patch_size == (32, 32, 32)
    assert config.passes == 3
    assert config.kernel == "euclidean"
    assert config.dropout == 0.0
    with pytest.raises(BadInputError, match="no setting 'colour'"):
        configure(request(overrides={"colour": "blue"}))


def test_a_label_too_small_to_withhold_a_part_of_it_is_validated_on_itself(study: Study, tmp_path: Path) -> None:
    for case in study.cases[:2]:
        path = study.label_path(case)
        assert path is not None
        image = sitk.ReadImage(str(path))
        drawn = sitk.GetArrayFromImage(image)
        first = tuple(np.argwhere(drawn == 1)[0])
        single = np.zeros_like(drawn)
        single[first] = 1
        one = sitk.GetImageFromArray(single)
        one.CopyInformation(image)
        sitk.WriteImage(one, str(tmp_path / "one.nii.gz"))
        study.add_label(case.key, tmp_path / "one.nii.gz")
    run = create_run(study, request(steps=4))
    assert execute_run(run) is RunState.FINISHED, run.status().reason
    validation = next(event for event in run.events()[0] if event["event"] == "validation")
    assert validation["optimistic"] is True
    assert validation["cases"] == 2
