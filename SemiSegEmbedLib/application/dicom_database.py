"""CT series in Slicer's DICOM database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from SemiSegEmbedLib.application.series_choice import SeriesChoice
from SemiSegEmbedLib.errors import BadInputError


def database_series() -> list[SeriesChoice]:
    """All CT series, with patient, date of the series and description of its study as details.

    Files are not looked up, because that takes long in a large database.

    Raises:
        BadInputError: The database is closed or holds no CT.
    """
    database = _database()
    choices = [
        SeriesChoice(series, database.descriptionForSeries(series), _details(database, patient, study, series))
        for patient in database.patients()
        for study in database.studiesForPatient(patient)
        for series in database.seriesForStudy(study)
        if database.fieldForSeries("Modality", series) == "CT"
    ]
    if not choices:
        raise BadInputError(_("Slicer's DICOM database holds no CT: import one in the DICOM module first."))
    return choices


def series_folder(uid: str) -> Path:
    """The folder that holds all files of a series.

    Raises:
        BadInputError: They are gone, or lie in several folders.
    """
    folders = {Path(file).parent for file in _database().filesForSeries(uid)}
    if len(folders) == 1 and next(iter(folders)).is_dir():
        return next(iter(folders))
    if len(folders) > 1:
        raise BadInputError(
            _("The files of this series lie in several folders: export it to one folder, then use Add folder.")
        )
    raise BadInputError(_("The files of this series are gone: import it again in the DICOM module."))


def _details(database: Any, patient: str, study: str, series: str) -> tuple[str, ...]:
    date = database.fieldForSeries("SeriesDate", series)
    return database.nameForPatient(patient).replace("^", " "), date, database.descriptionForStudy(study)


def _database() -> Any:
    database = getattr(slicer, "dicomDatabase", None)
    if database is None or not database.isOpen:
        raise BadInputError(_("Slicer's DICOM database is not open: open the DICOM module once, then try again."))
    return database
