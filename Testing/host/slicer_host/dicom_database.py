"""Slicer's DICOM database (`ctkDICOMDatabase`) over real DICOM files, as far as the product asks it.

Names and arguments are those of CTK's header `Libs/DICOM/Core/ctkDICOMDatabase.h`; lists come back as tuples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom


class DicomDatabase:
    """Indexes the DICOM files in and below a folder.

    Attributes:
        isOpen: A property in CTK.
    """

    def __init__(self, folder: Path) -> None:
        self.isOpen = True
        self._headers: dict[str, Any] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self._headers[str(path)] = pydicom.dcmread(path, stop_before_pixels=True)

    def patients(self) -> tuple[str, ...]:
        return self._values("PatientID")

    def studiesForPatient(self, patient: str) -> tuple[str, ...]:
        return self._values("StudyInstanceUID", PatientID=patient)

    def seriesForStudy(self, study: str) -> tuple[str, ...]:
        return self._values("SeriesInstanceUID", StudyInstanceUID=study)

    def filesForSeries(self, series: str, hits: int = -1) -> tuple[str, ...]:
        files = [path for path, header in self._headers.items() if header.SeriesInstanceUID == series]
        return tuple(files[: hits if hits > 0 else None])

    def nameForPatient(self, patient: str) -> str:
        return str(self._first(PatientID=patient).PatientName)

    def descriptionForStudy(self, study: str) -> str:
        return str(self._first(StudyInstanceUID=study).get("StudyDescription", ""))

    def descriptionForSeries(self, series: str) -> str:
        return self.fieldForSeries("SeriesDescription", series)

    def fieldForSeries(self, field: str, series: str) -> str:
        return str(self._first(SeriesInstanceUID=series).get(field, ""))

    def _values(self, name: str, **wanted: str) -> tuple[str, ...]:
        found = [str(header.get(name)) for header in self._headers.values() if _fits(header, wanted)]
        return tuple(dict.fromkeys(found))

    def _first(self, **wanted: str) -> Any:
        return next(header for header in self._headers.values() if _fits(header, wanted))


def _fits(header: Any, wanted: dict[str, str]) -> bool:
    return all(str(header.get(name)) == value for name, value in wanted.items())
