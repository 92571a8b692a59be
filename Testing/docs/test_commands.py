"""The commands of README and docs are executed, in the order of each page, on small phantoms instead of patients.

Only what takes long is shortened: each `SHORTER` entry says how. A command that no test executes fails here.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from SemiSegEmbedLib.cli import main
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.phantom_study import create_phantom_study

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
PREFIXES = ("semisegembed ", "python -m SemiSegEmbedLib ")
PYTHON = ".venv/bin/python -m "
SPACING = "6"
SHORTER = {
    "study create": ["--spacing", SPACING],
    "train": ["--preset", "quick", "--steps", "3", "--set", "patch_size=16", "--set", "passes=2"],
    "segment": ["--passes", "1"],
    "suggest": ["--passes", "1"],
    "phantom": ["--spacing", SPACING],
}
"""Options that a command gets besides its own, which they replace."""
ELSEWHERE = {
    "python3 run.py demo": "test_the_quick_demo_ends_with_a_report, with --quick",
    "python3 run.py demo --quick": "test_the_quick_demo_ends_with_a_report",
    "python3 run.py test": "this run",
    "python3 run.py package": "Testing/utilities/test_package_extension.py",
    "python3 run.py COMMAND": "test_the_quick_demo_ends_with_a_report",
    "pip install .": "Testing/test_wheel.py",
    "semisegembed --help": "Testing/test_wheel.py",
    "python Utilities/draw_pictures.py demo": "test_the_quick_demo_ends_with_a_report",
}
"""Commands that other tests execute."""
CAMPAIGNS = ("benchmark.md", "performance.md", "reliability.md")
"""Pages whose commands run for hours: they are asked for their help, which must know their options."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str) -> list[list[str]]:
    """The shell blocks of a page, line by line, without comments."""
    found = re.findall(r"^```bash\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [[line for line in map(without_comment, block.splitlines()) if line] for block in found]


def without_comment(line: str) -> str:
    return re.sub(r"\s+#.*$", "", line).strip()


def perform(command: str, **names: str) -> int:
    """Runs one command of the product in this process, shortened where it takes long, and returns its exit code."""
    prefix = next(prefix for prefix in PREFIXES if command.startswith(prefix))
    words = shlex.split(command.removeprefix(prefix))
    words = [expanded for word in words for expanded in expand(word)]
    for name, value in names.items():
        words = [word.replace(name, value) for word in words]
    group = next((key for key in SHORTER if words[: len(key.split())] == key.split()), None)
    extra = SHORTER[group] if group else []
    return main([*without(words, [*extra, "--minutes"]), *extra])


def expand(word: str) -> list[str]:
    return sorted(str(path) for path in Path().glob(word)) if "*" in word else [word]


def without(words: list[str], replaced: list[str]) -> list[str]:
    """Leaves out options that are given anew, each with its value."""
    options = {word for word in replaced if word.startswith("--")}
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in options:
            skip = True
        else:
            kept.append(word)
    return kept


@pytest.fixture(scope="module")
def hips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight phantoms with labels."""
    folder = tmp_path_factory.mktemp("hips") / "phantoms"
    create_phantom_study(folder, count=8, annotated=8, held_out=0, spacing_mm=float(SPACING))
    return folder / "phantoms"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hips: Path) -> Path:
    """A current folder with the files that the README's commands name."""
    for folder in ("scans", "labels"):
        (tmp_path / folder).mkdir()
    for number in range(1, 8):
        shutil.copy(hips / f"phantom-00{number}.nii.gz", tmp_path / "scans")
    shutil.copy(hips / "phantom-001-label.nii.gz", tmp_path / "labels" / "first.nii.gz")
    shutil.copy(hips / "phantom-007-label.nii.gz", tmp_path / "labels" / "last.nii.gz")
    shutil.copy(hips / "phantom-008.nii.gz", tmp_path / "new_patient.nii.gz")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_study_of_the_readme_goes_from_scans_to_numbers(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = page("README.md")
    create, add, label, check, train, suggest, segment, evaluate = next(b for b in blocks(readme) if len(b) == 8)
    prose = re.sub(r"^```.*?^```$", "", readme, flags=re.DOTALL | re.MULTILINE)
    inline = {" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)}
    held_out = "semisegembed study role hips case-0007 held-out"
    excluded = "semisegembed study role hips case-0002 excluded"
    assert {held_out, excluded} <= inline
    for command in (create, add, label, held_out, excluded):
        assert perform(command) == 0, command
    assert perform("semisegembed study label hips case-0007 labels/last.nii.gz") == 0
    assert perform(check) == 0
    assert perform(train) == 0
    for command in (suggest, segment, evaluate):
        assert perform(command) == 0, command
    assert [case.role.value for case in Study.open(desk / "hips").cases][:2] == ["annotated", "excluded"]
    assert (desk / "out" / "new_patient-segmentation.nii.gz").is_file()
    assert re.search(r"case-0007\s+hip bone\s+0\.", capsys.readouterr().out)
    for name, code in (("follow", 0), ("stop", 0), ("resume", 0)):
        command = f"semisegembed {name} hips"
        assert command in inline
        assert perform(command) == code, command
    run = Study.open(desk / "hips").runs[0].run_id
    for command in ("semisegembed devices", "semisegembed model delete hips MODEL"):
        assert command in inline
        assert perform(command, MODEL=run) == 0, command


@pytest.mark.slow
def test_the_quick_demo_ends_with_a_report(tmp_path: Path) -> None:
    """What `python3 run.py demo --quick` runs after it has set up the checkout."""
    assert main(["demo", "--quick", "--output", str(tmp_path / "demo"), "--device", "cpu"]) == 0
    report = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert report.count("data:image/png;base64,") >= 2
    draw_pictures(tmp_path / "demo", tmp_path / "pictures")


def draw_pictures(demo: Path, folder: Path) -> None:
    """The pictures of the documentation can be drawn from any finished demo."""
    specification = importlib.util.spec_from_file_location("draw_pictures", ROOT / "Utilities" / "draw_pictures.py")
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    sys.modules["draw_pictures"] = script
    specification.loader.exec_module(script)
    script.FIGURES, script.THUMBNAIL = folder, folder / "thumbnail.png"
    script.main([str(demo)])
    names = {"result.png", "how_it_works.png", "thumbnail.png"}
    assert {path.name for path in folder.iterdir() if path.stat().st_size > 10_000} == names


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real scans of the folder shared beside the checkout")
def test_the_commands_on_real_ct_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that bring real scans and phantoms into one study; its training is on the page with what came out."""
    monkeypatch.chdir(tmp_path)
    for path in (SHARED / "ct").glob("*.nii.gz"):
        (tmp_path / path.name).symlink_to(path)
    for command in blocks(page("docs/real_ct.md"))[0]:
        assert perform(command) == 0, command
    assert len(Study.open(tmp_path / "real").cases) == 26


def test_contributing_names_the_checks_of_the_test_command() -> None:
    """`run.py test` runs the same checks on everything; the selections of pytest must find tests."""
    checks = (ROOT / "run.py").read_text(encoding="utf-8")
    lines = [part for block in blocks(page("docs/contributing.md")) for line in block for part in line.split(" && ")]
    for line in (line for line in lines if line.startswith(PYTHON)):
        words = shlex.split(line.removeprefix(PYTHON))
        if words[0] == "pytest":
            command = [sys.executable, "-m", *words, "--collect-only", "-q"]
            assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120).returncode == 0, line
        else:
            assert str(words).replace("'", '"') in checks, line


def test_every_python_snippet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for snippet in re.findall(r"^```python\n(.*?)^```$", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE):
            exec(compile(snippet, str(path), "exec"), {})


@functools.cache
def help_of(program: tuple[str, ...]) -> str:
    result = subprocess.run(
        [sys.executable, *program, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, program
    return result.stdout


@pytest.mark.parametrize("name", ["docs/methods.md", *(f"docs/{name}" for name in CAMPAIGNS)])
def test_scripts_that_run_for_long_know_their_options(name: str) -> None:
    if not (ROOT / name).exists():
        pytest.skip(f"there is no {name}")
    for command in (line for block in blocks(page(name)) for line in block):
        words = shlex.split(command)
        scripts = [word for word in words if word.endswith(".py") and word != "run.py"]
        if not scripts:
            continue  # commands of the product are parsed by test_docs.py
        options = [word.partition("=")[0] for word in words[words.index(scripts[0]) :] if word.startswith("--")]
        assert [option for option in options if option not in help_of((scripts[0],))] == [], command


def test_every_command_of_a_shell_block_is_executed_somewhere() -> None:
    executed = page("Testing/docs/test_commands.py")
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        if path.name in CAMPAIGNS:
            continue
        for line in (line for block in blocks(path.read_text(encoding="utf-8")) for line in block):
            known = line in ELSEWHERE or line.startswith((*PREFIXES, PYTHON, "python Testing/"))
            assert known, f"{path.name}: {line}"
    for reason in set(ELSEWHERE.values()):
        test = re.search(r"\btest_\w+", reason)
        assert not test or test.group() in executed or (ROOT / reason).exists(), reason
