"""Scans and labels on their way into a study, and the check of all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging import check
from SemiSegEmbedLib.imaging.dicom import list_series
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.imaging.write import write_image
from SemiSegEmbedLib.study.records import Case, LabelVersion, Role
from SemiSegEmbedLib.study.study import Study


def add_image(
    study: Study,
    path: Path,
    *,
    patient: str | None = None,
    role: Role = Role.UNANNOTATED,
    series_uid: str | None = None,
    copy: bool = False,
) -> Case:
    """Adds a CT file or DICOM folder; a folder with several series needs `series_uid`.

    Raises:
        BadInputError: It cannot be read, holds several series, or is in the study already.
    """
    path = Path(path)
    if path.is_dir() and series_uid is None:
        series = list_series(path)
        if len(series) > 1:
            choices = "; ".join(f"{one.uid} ({one.description}, {one.slice_count} slices)" for one in series)
            raise BadInputError(f"The folder holds {len(series)} series: say which with --series. They are: {choices}")
        series_uid = series[0].uid if series else None
    return study.add_case(path, patient=patient, role=role, series_uid=series_uid, copy=copy)


def add_label(
    study: Study,
    key: str,
    path: Path,
    *,
    annotated_by: str = "",
    reviewed_by: str = "",
    complete: bool = True,
    value_map: dict[int, int] | None = None,
) -> LabelVersion:
    """Saves a label file as the newest version of a case's label, on the grid of its CT.

    Args:
        value_map: New values for those of the file; values it does not name stay.

    Raises:
        BadInputError: The label does not fit the CT or holds values the study does not know.
    """
    case = study.case(key)
    image = read_image(study.image_path(case), case.image.series_uid)
    label = read_label(Path(path), image, study.labels)
    if value_map:
        label = sitk.ChangeLabel(label, changeMap=dict(value_map))
    with tempfile.TemporaryDirectory(dir=study.folder) as folder:
        copy = Path(folder) / "label.nii.gz"
        write_image(label, copy)
        problems = check.check_label(copy, image, Geometry.of(image), study.labels)
        errors = [one.sentence for one in problems if one.severity == "error"]
        if errors:
            raise BadInputError(" ".join(errors))
        return study.add_label(key, copy, annotated_by=annotated_by, reviewed_by=reviewed_by, complete=complete)


def check_study(
    study: Study, progress: Callable[[float], None] = lambda fraction: None
) -> list[tuple[str, check.Problem]]:
    """All problems of all cases; "" as the key stands for the study as a whole."""
    return check.check_study(study, progress=progress)
