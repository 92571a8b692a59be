"""Which room may import which (docs/architecture.md), asserted on the source and in blocked interpreters."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "SemiSegEmbedLib"
HOUSE = "SemiSegEmbedLib"

STANDARD_ONLY: frozenset[str] = frozenset()
NUMERIC = frozenset({"numpy", "scipy", "torch"})

ALLOWED_ROOMS = {
    "errors": set(),
    "study": {"errors"},
    "jobs": {"errors", "study"},
    "imaging": {"errors", "study"},
    "learning": {"errors", "study.records", "study.files"},
    "inference": {"errors", "study.records", "learning"},
    "evaluation": {"errors", "study.records"},
    "phantom": {"errors", "study.records"},
    "workflows": {"errors", "study", "jobs", "imaging", "learning", "inference", "evaluation", "phantom"},
    "cli": {"errors", "study", "jobs", "workflows"},
    "application": {"errors", "study", "jobs"},
}
"""For each room the rooms, or single modules, that it may import (itself always)."""

ALLOWED_PACKAGES = {
    "study": STANDARD_ONLY,
    "jobs": STANDARD_ONLY,
    "errors": STANDARD_ONLY,
    "learning": frozenset({"numpy", "torch", "scipy"}),
    "inference": NUMERIC | {"openvino"},
    "evaluation": NUMERIC | {"matplotlib"},
    "phantom": NUMERIC | {"SimpleITK"},
    "imaging": frozenset({"numpy", "scipy", "SimpleITK", "pydicom", "highdicom"}),
    "application": frozenset({"numpy", "vtk", "vtkmodules", "slicer", "qt", "ctk"}),
}


def modules() -> list[Path]:
    return sorted(path for path in LIBRARY.rglob("*.py") if path.parent != LIBRARY or path.stem == "errors")


def room_of(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported_names(path: Path) -> set[str]:
    """Absolute dotted names of everything that a file imports, at any depth of the code."""
    package = (HOUSE, *path.relative_to(LIBRARY).with_suffix("").parts)[: -1 if path.stem != "__init__" else None]
    if path.stem == "__init__":
        package = (HOUSE, *path.relative_to(LIBRARY).parent.parts)
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_room_imports_only_through_its_doors(path: Path) -> None:
    room = room_of(path)
    allowed = {f"{HOUSE}.{name}" for name in ALLOWED_ROOMS[room] | {room}} | {f"{HOUSE}.__version__"}
    inside = {name for name in imported_names(path) if name.split(".")[0] == HOUSE and name != HOUSE}
    strangers = {name for name in inside if not any(name == door or name.startswith(door + ".") for door in allowed)}
    assert not strangers, f"{room} may not import {sorted(strangers)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_room_uses_only_its_packages(path: Path) -> None:
    room = room_of(path)
    if room not in ALLOWED_PACKAGES:
        pytest.skip(f"{room} may use every dependency of the project")
    outside = {name.split(".")[0] for name in imported_names(path)} - {HOUSE} - set(sys.stdlib_module_names)
    assert outside <= ALLOWED_PACKAGES[room], f"{room} may not use {sorted(outside - ALLOWED_PACKAGES[room])}"


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_importing_the_package_study_and_jobs_loads_nothing_heavy() -> None:
    heavy = ["torch", "numpy", "scipy", "SimpleITK", "slicer", "vtk", "matplotlib", "pydicom"]
    result = run_python(
        "import sys, importlib\n"
        "for name in ('study.study', 'study.presets', 'study.splits', 'jobs.run_folder', 'jobs.local'):\n"
        "    importlib.import_module('SemiSegEmbedLib.' + name)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


def test_the_numeric_rooms_run_without_simpleitk_vtk_and_slicer() -> None:
    result = run_python(
        "import sys\n"
        "for name in ('SimpleITK', 'vtk', 'vtkmodules', 'slicer', 'pydicom', 'highdicom', 'monai', 'matplotlib'):\n"
        "    sys.modules[name] = None\n"
        "import numpy as np, torch\n"
        "from SemiSegEmbedLib.learning.network import UNet3D\n"
        "from SemiSegEmbedLib.learning import config, trainer, patches, methods, checkpoint\n"
        "from SemiSegEmbedLib.inference import maps, model_file, reference_bank, postprocess, places\n"
        "from SemiSegEmbedLib.evaluation.metrics import iou\n"
        "from SemiSegEmbedLib.phantom.parameters import draw_patient\n"
        "from SemiSegEmbedLib.phantom.render import render\n"
        "phantom = render(draw_patient(1), spacing_mm=6.0)\n"
        "bone = phantom.label > 0\n"
        "assert iou(bone, bone) == 1.0\n"
        "logits, embeddings = UNet3D(1, 2, base_filters=4)(torch.zeros(1, 1, 16, 16, 16))\n"
        "print(tuple(logits.shape), tuple(embeddings.shape))"
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "(1, 2, 16, 16, 16) (1, 8, 16, 16, 16)"
