"""Small studies that train within seconds: a crude body with two balls of bone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.jobs.run_folder import RunFolder
from SemiSegEmbedLib.study.presets import HIP_BONES
from SemiSegEmbedLib.study.records import Role
from SemiSegEmbedLib.study.study import Study

SPACING = (4.0, 4.0, 4.0)
SHAPE = (28, 32, 44)
TINY: dict[str, Any] = {
    "base_filters": 4,
    "patch_size": (16, 16, 16),
    "passes": 2,
    "k": 4,
    "l": 2,
    "precision": "fp32",
    "log_every": 2,
    "checkpoint_every": 5,
    "validate_every": 10,
}
"""A network and patches with which a step takes a fraction of a second."""


def body(
    seed: int = 0, shape: tuple[int, int, int] = SHAPE, spacing: tuple[float, float, float] = SPACING
) -> tuple[np.ndarray, np.ndarray]:
    """HU (int16) and label (values 1, the left one, and 2) on one grid; arrays are (z, y, x), spacing (x, y, z)."""
    chance = np.random.default_rng(seed)
    z, y, x = (
        (np.arange(n) - (n - 1) / 2).reshape([-1 if a == axis else 1 for a in range(3)]) * s
        for axis, (n, s) in enumerate(zip(shape, reversed(spacing), strict=True))
    )
    width, depth = shape[2] * spacing[0], shape[1] * spacing[1]
    radius = (2.2 * x / width) ** 2 + (2.3 * y / depth) ** 2 + 0 * z
    image = np.select([radius < 0.7, radius < 1], [45.0, -95.0], -1000.0) + chance.normal(0, 12, shape)
    label = np.zeros(shape, np.uint8)
    for value, side in ((1, 1), (2, -1)):
        middle = side * 0.2 * width + chance.uniform(-0.5, 0.5) * spacing[0]
        ball = (x - middle) ** 2 + y**2 + z**2 < (0.13 * width) ** 2
        image[ball] += 400
        label[ball] = value
    return np.round(image).astype(np.int16), label


def image_of(array: np.ndarray, spacing: tuple[float, float, float] = SPACING) -> sitk.Image:
    """An array (z, y, x) as an image with this spacing (x, y, z)."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    return image


def write_case(folder: Path, seed: int, ending: str = "nii.gz", **form: Any) -> tuple[Path, Path]:
    """A CT and its label as files."""
    folder.mkdir(parents=True, exist_ok=True)
    spacing = form.get("spacing", SPACING)
    paths = folder / f"ct-{seed}.{ending}", folder / f"label-{seed}.{ending}"
    for path, array in zip(paths, body(seed, **form), strict=True):
        sitk.WriteImage(image_of(array, spacing), str(path), useCompression=True)
    return paths


def make_study(folder: Path, annotated: int = 2, unannotated: int = 1, held_out: int = 0, **form: Any) -> Study:
    """A study with its scans beside it, in `<folder>-scans`."""
    study = Study.create(folder, folder.name, HIP_BONES, spacing_mm=form.get("spacing", SPACING)[0])
    scans = folder.with_name(f"{folder.name}-scans")
    roles = [Role.UNANNOTATED] * (annotated + unannotated) + [Role.HELD_OUT] * held_out
    for number, role in enumerate(roles):
        image, label = write_case(scans, number, **form)
        case = study.add_case(image, role=role)
        if number < annotated or role is Role.HELD_OUT:
            study.add_label(case.key, label, annotated_by="AB")
    return study


def new_run(study: Study, steps: int = 20, **changes: Any) -> RunFolder:
    """A run of the study with a tiny network; `changes` are settings of its configuration."""
    from SemiSegEmbedLib.workflows.training import TrainingRequest, create_run

    request = {name: changes.pop(name) for name in ("seed", "validation", "ignore_problems") if name in changes}
    return create_run(
        study, TrainingRequest(preset="quick", steps=steps, overrides=TINY | changes, device="cpu", **request)
    )


def work_on(run_path: Path) -> str:
    """Works on a run until it ends, as its process does, and returns its state."""
    from SemiSegEmbedLib.workflows.training import execute_run

    return execute_run(RunFolder(run_path)).value


def broken_parts(folder: Path) -> list[str]:
    """Everything that a study's manifest names and that is not there to the byte, and everything half-written."""
    from SemiSegEmbedLib.study.content import content_hash

    study, faults = Study.open(folder), []
    for case in study.cases:
        if case.image.copied and content_hash(study.image_path(case)) != case.image.sha256:
            faults.append("a copied scan is damaged")
        for index, version in enumerate(case.labels):
            path = study.label_path(case, index)
            if path is None or not path.is_file() or content_hash(path) != version.sha256:
                faults.append("a label version is damaged")
    return faults
