"""`pip install .`: wheel and sdist hold all that is needed, and the command runs from a clean environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from SemiSegEmbedLib import __version__

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("SemiSegEmbed", "SemiSegEmbedLib", "Utilities", "docs")
SHARE = f"semisegembed-{__version__}.data/data/share/semisegembed/"
INFO = f"semisegembed-{__version__}.dist-info/"
HOOK = "import sys; from setuptools import build_meta; getattr(build_meta, 'build_' + sys.argv[1])(sys.argv[2])"


def run(*command: object, cwd: Path, environment: dict[str, str] | None = None) -> str:
    words = [str(word) for word in command]
    result = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, so that building leaves nothing in the checkout."""
    pytest.importorskip("setuptools", minversion="77")
    copy = tmp_path_factory.mktemp("source") / "checkout"
    copy.mkdir()
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, copy)
    for part in PARTS:
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    run(sys.executable, "-c", HOOK, "wheel", source / "out", cwd=source)
    (path,) = (source / "out").glob("*.whl")
    return path


def sources(folder: str, *patterns: str) -> set[str]:
    paths = [path for pattern in patterns for path in (ROOT / folder).glob(pattern)]
    return {path.relative_to(ROOT).as_posix() for path in paths if path.is_file() and "__pycache__" not in path.parts}


def test_the_wheel_holds_library_shape_model_module_and_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
        entry_points = packed.read(f"{INFO}entry_points.txt").decode()
    assert sources("SemiSegEmbedLib", "**/*.py", "phantom/data/*", "py.typed") <= names
    parts = ("*.py", "Resources/UI/*", "Resources/Icons/*", "Resources/Translations/*.qm")
    assert {SHARE + name for name in sources("SemiSegEmbed", *parts)} <= names
    assert f"{SHARE}SemiSegEmbed/Resources/requirements.txt" in names
    assert {f"{INFO}licenses/LICENSE.txt", f"{INFO}licenses/SemiSegEmbedLib/phantom/data/NOTICE.txt"} <= names
    assert "semisegembed = SemiSegEmbedLib.cli:main" in entry_points
    assert not [name for name in names if name.startswith(("Testing", "Utilities", "docs")) or name.endswith(".pyc")]


def test_the_sdist_holds_what_a_packager_needs(source: Path) -> None:
    run(sys.executable, "-c", HOOK, "sdist", source / "out", cwd=source)
    (path,) = (source / "out").glob("*.tar.gz")
    with tarfile.open(path) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {"CMakeLists.txt", "SemiSegEmbed.json", "run.py", "CHANGELOG.md", "LICENSE.txt", "CITATION.cff"} <= names
    assert sources("SemiSegEmbed", "**/*.*") | sources("SemiSegEmbedLib", "**/*.*") | sources("docs", "*.md") <= names


def test_the_command_runs_from_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    """The wheel is installed by pip; its dependencies are those of the running Python, and nothing else is visible."""
    place = tmp_path / "environment"
    venv.create(place)
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / f"python{'.exe' if os.name == 'nt' else ''}"
    # Without PYTHONPATH, through which pip would find the checkout and take it for what is to be installed.
    clean = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    clean |= {"HOME": str(tmp_path), "PYTHONUTF8": "1"}
    install = ("install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel)
    run(sys.executable, "-m", "pip", "--python", python, *install, cwd=tmp_path, environment=clean)
    where = (python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    library = Path(run(*where, cwd=tmp_path, environment=clean).strip())
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    command = scripts / f"semisegembed{'.exe' if os.name == 'nt' else ''}"
    assert "commands:" in run(command, "--help", cwd=tmp_path, environment=clean)
    assert run(command, "--version", cwd=tmp_path, environment=clean).strip() == f"SemiSegEmbed {__version__}"
    size = ("--count", "1", "--annotated", "1", "--held-out", "0", "--spacing", "6")
    run(command, "phantom", "hips", *size, cwd=tmp_path, environment=clean)
    assert '"case-0001"' in run(command, "study", "list", "hips", "--json", cwd=tmp_path, environment=clean)
    where = run(
        python, "-c", "import SemiSegEmbedLib; print(SemiSegEmbedLib.__file__)", cwd=tmp_path, environment=clean
    )
    assert Path(where.strip()).is_relative_to(place)
    assert (place / "share" / "semisegembed" / "SemiSegEmbed" / "Resources" / "UI" / "SemiSegEmbed.ui").is_file()
