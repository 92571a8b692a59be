"""Scans and labels on their way into a study, and the check of all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.imaging import check
from SemiSegEmbedLib.imaging.dicom import VOLUME_SLICES, Series, list_series
from SemiSegEmbedLib.imaging.geometry import Geometry
from SemiSegEmbedLib.imaging.problems import ERROR, Problem
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.imaging.write import write_image
from SemiSegEmbedLib.study.files import temporary_folder
from SemiSegEmbedLib.study.records import Case, LabelVersion, Role
from SemiSegEmbedLib.study.study import Study

MAX_FOLDERS = 2000


def add_image(
    study: Study,
    path: Path,
    *,
    patient: str | None = None,
    role: Role = Role.UNANNOTATED,
    series_uid: str | None = None,
    copy: bool = False,
) -> Case:
    """Adds a CT file or DICOM folder; a folder that holds several CT series needs `series_uid`.

    Raises:
        BadInputError: It cannot be read, holds several series, or is in the study already.
    """
    path, name = Path(path), None
    if path.is_dir():
        series = list_series(path)
        chosen = _choose(series, series_uid)
        series_uid = chosen.uid
        if len(series) > 1 and chosen.description:
            name = f"{path.name} {chosen.description}"
    return study.add_case(path, patient=patient, role=role, series_uid=series_uid, copy=copy, name=name)


def _choose(series: Sequence[Series], series_uid: str | None) -> Series:
    wanted = [one for one in series if one.uid == series_uid]
    if series_uid is None:
        wanted = list(series) if len(series) == 1 else [one for one in series if is_scan(one)]
    if len(wanted) == 1:
        return wanted[0]
    choices = "; ".join(f"{one.uid} ({one.description}, {one.slice_count} slices)" for one in series)
    if series_uid is not None:
        raise BadInputError(f"The folder does not hold this series: choose another one. They are: {choices}")
    raise BadInputError(f"The folder holds {len(series)} series: say which with --series. They are: {choices}")


@dataclass(frozen=True)
class FoundSeries:
    """A CT series in a folder, as a person chooses it."""

    folder: str
    series: str
    description: str
    kernel: str
    slices: int
    thickness_mm: float | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def find_series(folder: Path, progress: Callable[[float], None] = lambda fraction: None) -> list[FoundSeries]:
    """The CT series in a folder and the folders below it that have enough slices for a scan, the longest first.

    Raises:
        BadInputError: There is none, or there are too many folders.
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise BadInputError(f"{folder.name} is no folder: choose the one that holds the DICOM files.")
    places = [Path(place) for place, _, files in os.walk(folder) if files][: MAX_FOLDERS + 1]
    if len(places) > MAX_FOLDERS:
        raise BadInputError(f"{folder.name} holds more than {MAX_FOLDERS} folders: choose one further down.")
    found = []
    for number, place in enumerate(sorted(places)):
        progress(number / len(places))
        # Folders without DICOM images are no reason to stop.
        with suppress(BadInputError):
            found += [_found(place, one) for one in list_series(place) if is_scan(one)]
    progress(1.0)
    if not found:
        raise BadInputError(f"{folder.name} holds no CT series: choose a folder with a scan.")
    return sorted(found, key=lambda one: (-one.slices, one.folder, one.series))


def is_scan(series: Series) -> bool:
    """Whether a series can be a CT of a hip: the modality, and more slices than a scout."""
    return series.modality == "CT" and series.slice_count >= VOLUME_SLICES


def _found(place: Path, series: Series) -> FoundSeries:
    return FoundSeries(
        str(place), series.uid, series.description, series.kernel, series.slice_count, series.thickness_mm
    )


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
    with temporary_folder(study.folder) as folder:
        copy = folder / "label.nii.gz"
        write_image(label, copy)
        problems = check.check_label(copy, image, Geometry.of(image), study.labels)
        errors = [one.sentence for one in problems if one.severity == ERROR]
        if errors:
            raise BadInputError(" ".join(errors))
        return study.add_label(key, copy, annotated_by=annotated_by, reviewed_by=reviewed_by, complete=complete)


def check_study(study: Study, progress: Callable[[float], None] = lambda fraction: None) -> list[tuple[str, Problem]]:
    """All problems of all cases, each with the key of its case."""
    return check.check_study(study, progress=progress)
