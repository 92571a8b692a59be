"""The archive is what Slicer's Extensions Manager unpacks, and the library and the module run from it."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "SemiSegEmbed"

SCRIPT = ROOT / "Utilities" / "package_extension.py"

specification = importlib.util.spec_from_file_location("package_extension", SCRIPT)
package_extension = importlib.util.module_from_spec(specification)
sys.modules["package_extension"] = package_extension
specification.loader.exec_module(package_extension)
Target = package_extension.Target


def unpacked_as_slicer_does(archive: Path, folder: Path, target: Target) -> Path:
    """Follows qSlicerExtensionsManagerModel::extractExtensionArchive of Slicer 5.12.3."""
    with tarfile.open(archive) as opened:
        first = opened.next().name
        opened.extractall(folder / "unpacking", filter="data")
    top = folder / "unpacking" / first.split("/")[0]
    inner = f"Slicer.app/Contents/Extensions-{target.revision}/{NAME}" if target.system == "macosx" else "."
    return shutil.copytree(top / inner, folder / NAME)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension as it lies on a user's disk, in a folder with a blank and an umlaut in its name."""
    folder = tmp_path_factory.mktemp("slicer") / "Extensions für 34627"
    archive = package_extension.write_archive(folder.parent, Target())
    return unpacked_as_slicer_does(archive, folder, Target())


def scripted(installed: Path) -> Path:
    return installed / "lib" / "Slicer-5.12" / "qt-scripted-modules"


def clean_environment(home: Path) -> dict[str, str]:
    """Nothing of this process; Windows cannot start Python without its own folder."""
    import os

    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {**kept, "HOME": str(home), "TMPDIR": str(home), "QT_QPA_PLATFORM": "offscreen"}


def run_clean(installed: Path, code: str, home: Path) -> str:
    """Runs code in an isolated interpreter that finds the product in the installed extension alone."""
    begin = f"import sys\nsys.path.insert(0, {str(scripted(installed))!r})\n"
    result = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", begin + code],
        cwd=home, env=clean_environment(home), capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_every_source_lies_where_slicer_looks(installed: Path) -> None:
    found = {path.relative_to(scripted(installed)).as_posix() for path in scripted(installed).rglob("*.*")}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / f"{NAME}Lib").rglob("*.py")}
    assert {f"{NAME}.py", f"Resources/UI/{NAME}.ui", "Resources/requirements.txt"} <= found
    assert sources <= found
    assert {path.name for path in installed.iterdir()} == {"lib", "share"}


def test_the_description_file_names_the_extension_for_slicer(installed: Path) -> None:
    path = installed / "share" / "Slicer-5.12" / f"{NAME}.s4ext"
    entries = dict(line.split(" ", 1) if " " in line else (line, "") for line in path.read_text().splitlines())
    assert entries["scm"] == "git"
    assert entries["depends"] == "PyTorch"
    assert entries["category"] == "Segmentation"
    assert entries["enabled"] == "1"
    assert entries["build_subdirectory"] == "."
    assert "hip" in entries["description"]
    assert re.fullmatch(r"[0-9a-f]{40}|\d+\.\d+\.\d+", entries["scmrevision"])
    assert len(entries["screenshoturls"].split()) >= 5


@pytest.mark.parametrize("system", package_extension.SYSTEMS)
def test_the_same_commit_gives_the_same_archive_for_each_system(system: str, tmp_path: Path) -> None:
    target = Target(system)
    first, second = (package_extension.write_archive(tmp_path / str(i), target) for i in range(2))
    assert first.read_bytes() == second.read_bytes()
    assert first.name.startswith(f"34627-{system}-amd64-{NAME}-git")
    if system == "win":
        with zipfile.ZipFile(first) as packed:
            names = packed.namelist()
    else:
        with tarfile.open(first) as packed:
            names = packed.getnames()
        place = unpacked_as_slicer_does(first, tmp_path, target)
        assert (place / "share" / "Slicer-5.12" / f"{NAME}.s4ext").is_file()
    assert all(name.startswith(first.name.removesuffix(".zip").removesuffix(".tar.gz") + "/") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_a_listed_file_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = tmp_path / NAME
    module.mkdir()
    lists = "set(MODULE_PYTHON_SCRIPTS\n  ${MODULE_NAME}.py\n  )\nset(MODULE_PYTHON_RESOURCES\n  absent.ui\n  )\n"
    (module / "CMakeLists.txt").write_text(lists)
    (module / f"{NAME}.py").touch()
    monkeypatch.setattr(package_extension, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"absent\.ui"):
        package_extension.files_of_module(NAME)


def test_without_git_the_version_stands_for_the_commit(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}Lib").mkdir()
    (tmp_path / f"{NAME}Lib" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    assert package_extension.commit_of(tmp_path).revision == "1.2.3"


def test_the_command_of_the_checkout_packs(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "run.py"), "package", "--output", str(tmp_path / "out"), "--system", "win"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).parent == tmp_path / "out"
    assert zipfile.is_zipfile(result.stdout.strip())


def test_the_library_runs_from_the_archive_in_a_clean_interpreter(installed: Path, tmp_path: Path) -> None:
    """Makes phantoms with the shape model of the archive and checks them, through the terminal door."""
    said = run_clean(
        installed,
        "import SemiSegEmbedLib\n"
        "from SemiSegEmbedLib.cli import main\n"
        "numbers = ['--count', '2', '--annotated', '1', '--held-out', '0', '--spacing', '6']\n"
        "assert main(['phantom', 'hips', *numbers]) == 0\n"
        "assert main(['study', 'check', 'hips', '--json']) == 0\n"
        "print(SemiSegEmbedLib.__file__)",
        tmp_path,
    )
    assert Path(said.splitlines()[-1]) == scripted(installed) / f"{NAME}Lib" / "__init__.py"
    assert (tmp_path / "hips" / "study.json").is_file()


def test_a_worker_started_from_the_archive_runs_the_library_of_the_archive(installed: Path, tmp_path: Path) -> None:
    said = run_clean(
        installed,
        "import os, subprocess\n"
        "from SemiSegEmbedLib.jobs.locate import worker_command\n"
        "command, environment = worker_command(['--version'])\n"
        "print(environment['PYTHONPATH'].split(os.pathsep)[0])\n"
        "print(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)",
        tmp_path,
    )
    assert Path(said.splitlines()[0]) == scripted(installed)
    assert "SemiSegEmbed 0." in said


@pytest.mark.skipif(
    importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("slicer_core") is None,
    reason="needs PySide6-Essentials and slicer-core",
)
def test_the_module_opens_from_the_archive_and_begins_a_study(installed: Path, tmp_path: Path) -> None:
    """The widget of the archive in the Qt test host: all panels are there and New study works."""
    said = run_clean(
        installed,
        f"sys.path.insert(0, {str(ROOT / 'Testing' / 'host')!r})\n"
        "import slicer_host; slicer_host.install()\n"
        "import pathlib, qt, slicer, SemiSegEmbed\n"
        "qt.QSettings.setDefaultFormat(qt.QSettings.IniFormat)\n"
        "qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(pathlib.Path.cwd()))\n"
        "from SemiSegEmbedLib.application.self_test_parts import AnswersNothing\n"
        "widget = SemiSegEmbed.SemiSegEmbedWidget(); widget.enter()\n"
        "widget.window.study._dialogs = AnswersNothing(pathlib.Path.cwd() / 'hips', [])\n"
        "ui = slicer.util.childWidgetVariables(widget.window.widget)\n"
        "ui.studyCreateButton.click()\n"
        "print(SemiSegEmbed.__file__, len(widget.window.panels), widget.window.session.study.folder.name, sep='\\n')\n"
        "widget.exit(); widget.cleanup()",
        tmp_path,
    )
    place, panels, study = said.splitlines()[-3:]
    assert Path(place) == scripted(installed) / f"{NAME}.py"
    assert (panels, study) == ("6", "hips")
