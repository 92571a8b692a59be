"""The workflows for GitHub Actions are well formed, pinned, and run commands and files that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RUNNERS = {"ubuntu-24.04", "macos-15", "windows-2025"}
EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def jobs(path: Path) -> dict[str, dict]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def steps(path: Path) -> list[dict]:
    return [step for job in jobs(path).values() for step in job["steps"]]


def shell_commands(path: Path) -> list[str]:
    """Each line of each `run`, with expressions replaced by one word."""
    runs = [step["run"] for step in steps(path) if "run" in step]
    return [EXPRESSION.sub("linux", line.strip()) for run in runs for line in run.splitlines() if line.strip()]


def test_there_are_workflows_for_tests_and_for_a_real_slicer() -> None:
    assert {path.stem for path in FILES} == {"test", "slicer"}
    tested = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))["jobs"]
    assert set(tested["test"]["strategy"]["matrix"]["os"]) == RUNNERS
    assert {"test", "lint", "package", "wheel", "docs"} == set(tested)


@each_file
def test_the_file_has_the_parts_of_a_workflow(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    triggers = workflow[True]  # YAML 1.1 reads the key `on` as true
    assert {"push", "pull_request"} <= set(triggers)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 90, name
        matrix = job.get("strategy", {}).get("matrix", {})
        runners = {job["runs-on"]} if job["runs-on"] in RUNNERS else set(matrix["os"])
        assert runners <= RUNNERS, name
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step), step
            assert set(step) <= {"name", "id", "if", "uses", "with", "run", "env", "shell"}, step


@each_file
def test_every_expression_is_known(path: Path) -> None:
    known = {"github.ref"}
    for job in jobs(path).values():
        known |= {f"matrix.{key}" for key in job.get("strategy", {}).get("matrix", {})}
    assert set(EXPRESSION.findall(path.read_text(encoding="utf-8"))) <= known


@each_file
def test_every_action_is_pinned_to_a_commit_and_says_its_version(path: Path) -> None:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert re.fullmatch(r"(- )?uses: actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    pins = {
        line.partition("uses: ")[2] for other in FILES for line in other.read_text().splitlines() if "uses:" in line
    }
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins), "one action, one version"


@each_file
def test_every_file_that_a_command_names_exists(path: Path) -> None:
    pattern = r"(?<![\w./-])((?:SemiSegEmbed\w*|Testing|Utilities|docs)(?:/[\w./-]+)?|run\.py)(?![\w*])"
    named = {name for line in shell_commands(path) for name in re.findall(pattern, line)}
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_command_of_the_checkout_is_understood() -> None:
    """`run.py package` runs in its own test, `run.py test` is this run; the others are asked for their help."""
    lines = {line for path in FILES for line in shell_commands(path) if " run.py " in line}
    words = {line.split(" run.py ")[1].split()[0] for line in lines}
    assert words == {"test", "package", "demo"}
    for line in lines:
        arguments = line.split(" run.py ")[1].split()
        if arguments[0] == "package":
            program = [sys.executable, str(ROOT / "run.py"), *arguments[:1]]
        elif arguments[0] == "demo":
            program = [sys.executable, "-m", "SemiSegEmbedLib", *arguments]
        else:
            continue
        result = subprocess.run([*program, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, line
        for option in (word for word in arguments if word.startswith("--")):
            assert option in result.stdout, line


def test_the_self_test_command_is_slicers_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "Utilities" / "slicer_self_test.py")]
    refused = subprocess.run([*script, "absent", str(ROOT / "SemiSegEmbed")], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "There is no file absent" in refused.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for Slicer here")
@pytest.mark.parametrize("code", [0, 1])
def test_the_self_test_ends_with_the_code_of_slicer(code: int, tmp_path: Path) -> None:
    """A program in Slicer's place writes down how it was called."""
    slicer = tmp_path / "Slicer"
    slicer.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{tmp_path}/called.txt"\nexit {code}\n')
    slicer.chmod(0o755)
    script = [sys.executable, str(ROOT / "Utilities" / "slicer_self_test.py"), str(slicer), str(ROOT / "SemiSegEmbed")]
    environment = {"PATH": "/usr/bin:/bin", "DISPLAY": ":0"}
    assert subprocess.run(script, env=environment, timeout=60).returncode == code
    called = (tmp_path / "called.txt").read_text().splitlines()
    assert called[:2] == ["--testing", "--no-splash"]
    assert "--no-main-window" in called
    assert called[called.index("--additional-module-paths") + 1] == str(ROOT / "SemiSegEmbed")
    assert "runUnitTest" in called[-1]
    assert "'SemiSegEmbed'" in called[-1]
    assert subprocess.run([*script, "--main-window"], env=environment, timeout=60).returncode == code
    assert "--no-main-window" not in (tmp_path / "called.txt").read_text()
