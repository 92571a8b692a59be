"""The terminal door: usage, JSON, exit codes, one line for every error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from SemiSegEmbedLib.cli import build_parser, main
from SemiSegEmbedLib.cli.output import Console
from SemiSegEmbedLib.cli.studies import expand, parse_value_map
from SemiSegEmbedLib.cli.training import format_duration
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.jobs.run_folder import RunFolder, RunState, observed_state
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.phantom_study import create_phantom_study
from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run

ROOT = Path(__file__).resolve().parents[2]
TINY = ["--set", "base_filters=4", "--set", "patch_size=16", "--set", "passes=2", "--set", "precision=fp32"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "study"
    create_phantom_study(folder, count=3, annotated=1, held_out=1, spacing_mm=6.0, seed=3)
    return folder


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, object]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def every_command(parser=None, prefix=()):
    parser = parser or build_parser()
    for action in parser._subparsers._group_actions if parser._subparsers else []:
        for name, child in action.choices.items():
            yield (*prefix, name), child
            yield from every_command(child, (*prefix, name))


@pytest.mark.parametrize("command", [words for words, _ in every_command() if words != ("run",)], ids=" ".join)
def test_every_command_has_help_with_an_example(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    if command not in {("study",), ("model",)}:
        assert "example:" in printed
        assert "--json" in printed


def test_names_in_any_script_are_printed_in_any_encoding(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "SemiSegEmbedLib",
        "study",
        "create",
        str(tmp_path / "study"),
        "--name",
        "股関節 ä",
    ]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "'??? ä'" in done.stdout.decode("cp1252")


def test_wrong_usage_ends_with_two() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train"])
    assert ended.value.code == 2


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-5", "0", "1e300", "soon"])
@pytest.mark.parametrize("command", [["train", "hips"], ["bench", "table1"]], ids=lambda words: words[0])
def test_minutes_must_be_a_time_that_can_pass(
    command: list[str], value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, f"--minutes={value}"])
    assert ended.value.code == 2
    assert f"argument --minutes: '{value}' is not a number" in capsys.readouterr().err
    assert build_parser().parse_args([*command, "--minutes", "0.5"]).minutes == 0.5


@pytest.mark.parametrize(
    "option", ["--overlap=nan", "--overlap=1", "--threshold=nan", "--island=-1", "--smooth=inf", "--passes=-1"]
)
def test_segmenting_refuses_numbers_that_mean_nothing(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["segment", "hips", "scan.nii.gz"], ["evaluate", "hips"], ["suggest", "hips"]):
        with pytest.raises(SystemExit) as ended:
            main([*command, option])
        assert ended.value.code == 2
        assert f"argument {option.partition('=')[0]}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["stop", "run", "--grace=nan"], ["preview", "run", "case-0001", "--timeout=nan"]], ids=lambda w: w[0]
)
def test_waiting_has_an_end(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "is not a number" in capsys.readouterr().err


def test_bad_data_is_one_line_and_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "list", str(tmp_path)]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("semisegembed: ")
    assert printed.count("\n") == 1


def test_a_study_is_created_filled_labelled_listed_and_checked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = str(tmp_path / "hips")
    scans = sorted((folder / "phantoms").glob("phantom-00?.nii.gz"))
    assert run_json(capsys, "study", "create", study, "--labels", "hip-bones", "--spacing", "6")[0] == 0
    code, added = run_json(capsys, "study", "add", study, *map(str, scans[:2]), "--patient", "Jane Roe")
    assert code == 0
    assert [case["case"] for case in added] == ["case-0001", "case-0002"]
    label = str(folder / "phantoms" / "phantom-001-label.nii.gz")
    assert main(["study", "label", study, "case-0002", label]) == 2
    assert "another grid" in capsys.readouterr().err
    assert main(["study", "label", study, "case-0001", label, "--by", "JR"]) == 0
    capsys.readouterr()
    assert main(["study", "label", study, "case-0001", label, "--map", "1=9"]) == 2
    assert "9" in capsys.readouterr().err
    assert main(["study", "label", study, "case-0001", label, "--map", "nonsense"]) == 2
    assert main(["study", "role", study, "case-0001", "case-0002", "excluded"]) == 0
    capsys.readouterr()
    _, listed = run_json(capsys, "study", "list", study)
    assert [case["role"] for case in listed["cases"]] == ["excluded", "excluded"]
    assert main(["study", "role", study, "case-0001", "annotated"]) == 0
    assert main(["study", "role", study, "case-0002", "held-out"]) == 0
    capsys.readouterr()
    _, listed = run_json(capsys, "study", "list", study)
    assert [case["role"] for case in listed["cases"]] == ["annotated", "held-out"]
    assert "Jane" not in (tmp_path / "hips" / "study.json").read_text()
    code, problems = run_json(capsys, "study", "check", study)
    assert code == 2  # one patient on two sides of the split
    assert {problem["code"] for problem in problems} == {"coarse-spacing", "patient-on-two-sides"}


def test_training_segmenting_and_the_rest_run_through_the_door(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = str(folder)
    code, trained = run_json(capsys, "train", study, "--preset", "quick", "--steps", "6", "--device", "cpu", *TINY)
    assert code == 0
    assert trained["state"] == "finished"
    assert main(["follow", trained["folder"]]) == 0
    capsys.readouterr()
    _, models = run_json(capsys, "model", "list", study)
    assert {model["method"] for model in models} == {"embedding_matching"}
    _, about = run_json(capsys, "model", "describe", study, trained["run"])
    assert about["network"]["base_filters"] == 4
    scan = str(folder / "phantoms" / "phantom-002.nii.gz")
    common = ["--passes", "1", "--device", "cpu"]
    code, outcomes = run_json(capsys, "segment", study, scan, "--output", str(tmp_path / "out"), *common)
    assert code == 0
    assert Path(outcomes[0]["label"]).is_file()
    code, _ = run_json(capsys, "segment", study, str(tmp_path / "nothing.nii.gz"), *common)
    assert code == 1
    _, rows = run_json(capsys, "evaluate", study, *common)
    assert rows[0]["case"] == "case-0003"
    _, ranked = run_json(capsys, "suggest", study, *common)
    assert ranked[0]["case"] == "case-0002"
    place = [str(value) for value in ranked[0]["places"][0]["position_lps_mm"]]
    _, traced = run_json(capsys, "trace", study, "case-0002", *place, "--device", "cpu")
    assert {row["case"] for row in traced} == {"case-0001"}  # the annotated one


def test_patterns_are_expanded_where_the_shell_does_not(tmp_path: Path) -> None:
    for name in ("b.nii.gz", "a.nii.gz", "c.txt"):
        (tmp_path / name).touch()
    assert expand([tmp_path / "*.nii.gz", tmp_path / "c.txt"]) == [
        tmp_path / "a.nii.gz",
        tmp_path / "b.nii.gz",
        tmp_path / "c.txt",
    ]
    assert expand([tmp_path / "*.dcm"]) == [tmp_path / "*.dcm"]


def test_devices_names_the_processor(capsys: pytest.CaptureFixture[str]) -> None:
    code, devices = run_json(capsys, "devices")
    assert code == 0
    assert devices[-1]["device"] == "cpu"
    assert devices[-1]["free_bytes"] > 0


@pytest.mark.parametrize("command", [("stop",), ("follow",), ("resume",), ("preview",)])
def test_a_folder_without_a_run_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str], command) -> None:
    case = ("case-0001",) if command == ("preview",) else ()
    assert main([*command, str(tmp_path), *case]) == 2
    assert "There is no run in" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_study_without_a_run_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "create", str(tmp_path / "hips"), "--labels", "hip-bones"]) == 0
    assert main(["stop", str(tmp_path / "hips")]) == 2
    assert "There is no run in" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1", "1=a", "1=2=3", "1=300", "1=-1", "257=1"])
def test_values_are_mapped_to_what_a_label_can_hold(text: str) -> None:
    with pytest.raises(BadInputError, match="is not a list such as"):
        parse_value_map(text)
    assert parse_value_map("1=1,3=1,5=255,") == {1: 1, 3: 1, 5: 255}


def test_a_run_that_ended_before_its_first_checkpoint_is_resumed_from_the_beginning(folder: Path) -> None:
    overrides = dict(pair.split("=", 1) for pair in TINY[1::2])
    run = create_run(Study.open(folder), TrainingRequest("quick", steps=2, overrides=overrides, device="cpu"))
    assert main(["resume", str(run.path)]) == 0
    assert observed_state(run.path) is RunState.FINISHED


@pytest.mark.parametrize("how", [(), ("--background",)])
def test_resuming_a_run_that_is_at_work_does_not_take_back_the_request_to_stop_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: tuple[str, ...]
) -> None:
    run = RunFolder.create(tmp_path / "runs", {})
    run.write_status(RunState.RUNNING)
    run.request_stop()
    assert main(["resume", str(run.path), *how]) == 1
    assert "is at work already" in capsys.readouterr().err
    assert run.stop_requested()


def test_a_background_run_is_followed_and_stopped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "train",
        str(folder),
        "--preset",
        "quick",
        "--steps",
        "5000",
        "--device",
        "cpu",
        *TINY,
        "--background",
    ]
    code, started = run_json(capsys, *arguments)
    assert code == 0
    assert started["state"] == "started"
    code, stopped = run_json(capsys, "stop", str(folder))  # its newest run
    assert (stopped["run"], stopped["state"]) == (started["run"], "stopped")
    assert main(["follow", started["folder"]]) == 3


def test_training_without_gpu_says_how_long_before_it_starts(folder: Path) -> None:
    command = [sys.executable, "-m", "SemiSegEmbedLib", "train", str(folder), "--preset", "robust", "--device", "cpu"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.kill()
    process.wait()
    assert "No GPU is used" in first
    assert "hours" in first


def test_progress_off_a_terminal_is_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(as_json=False)
    for step in range(100):
        console.progress("Training", step / 100)
    console.progress("Training", 1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Training   0%"
    assert lines[-1] == "Training 100%"
    assert len(lines) <= 3


def test_durations_read_like_a_clock() -> None:
    assert format_duration(75) == "1:15"
    assert format_duration(3675) == "1:01:15"
    assert format_duration(None) == "?"
