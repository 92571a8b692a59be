"""Damaged DICOM folders: tags that are missing or absurd, slices that are lost, doubled or of another series."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from trials.damaged import Damaged
from trials.scenes import SPACING, body

NEEDED = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "PixelData")
SYNTAXES = {
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG lossless": "1.2.840.10008.1.2.4.70",
    "RLE": "1.2.840.10008.1.2.5",
    "deflate": "1.2.840.10008.1.2.1.99",
    "HTJ2K": "1.2.840.10008.1.2.4.201",
    "MPEG-4": "1.2.840.10008.1.2.4.102",
}
"""Transfer syntaxes (DICOM PS3.5, section 10)."""
Change = Callable[[int, Dataset], Any]


def slices(
    change: Change = lambda number, dataset: None, series: str = "2.25.777", count: int = 28
) -> dict[str, bytes]:
    """The files of one series; `change` may alter each slice, and drops it by returning False."""
    files = {}
    for number, pixels in enumerate(body()[0][:count]):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"{series}.{number + 1}"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1", series
        dataset.Modality, dataset.InstanceNumber = "CT", number + 1
        dataset.PatientName, dataset.PatientID = "A^B", "1"
        dataset.ImagePositionPatient = [0.0, 0.0, SPACING[2] * number]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing = list(SPACING[:2])
        dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = *pixels.shape, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 1
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
        dataset.PixelData = pixels.tobytes()
        if change(number, dataset) is not False:
            stream = io.BytesIO()
            dataset.save_as(stream, enforce_file_format=True)
            files[f"{number:03d}.dcm"] = stream.getvalue()
    return files


def only(which: int | None, **values: Any) -> Change:
    """Sets tags of one slice, or of all; None takes a tag away."""

    def change(number: int, dataset: Dataset) -> None:
        if which is None or number == which:
            for name, value in values.items():
                if value is None:
                    delattr(dataset, name)
                else:
                    setattr(dataset, name, value)

    return change


def dicom_inputs(chance: random.Random) -> Iterator[Damaged]:
    """All damaged folders."""
    yield from (Damaged(kind, "series", content) for kind, content in _contents(chance))


def _contents(chance: random.Random) -> Iterator[tuple[str, dict[str, bytes]]]:
    for name in NEEDED:
        for which in (0, 5, None):
            yield "DICOM with missing tags", slices(only(which, **{name: None}))
    for which in (0, None):
        yield "DICOM with missing tags", slices(only(which, SeriesInstanceUID=None))
    yield from _absurd_tags()
    yield from _wrong_slices(chance)
    kind = "compressed transfer syntaxes that are not supported"
    for syntax in SYNTAXES.values():
        yield kind, slices(compressed(syntax, chance))
        yield kind, slices(compressed(syntax, chance, only=3))
    known, unknown = SYNTAXES["JPEG 2000"].encode(), b"1.2.840.10008.9.9.9.90"
    yield kind, {n: d.replace(known, unknown) for n, d in slices(compressed(known.decode(), chance)).items()}
    yield from _damaged_bytes(chance)


def _absurd_tags() -> Iterator[tuple[str, dict[str, bytes]]]:
    kind = "DICOM with absurd tags"
    for values in (
        {"Rows": 65535, "Columns": 65535},
        {"Rows": 1},
        {"Rows": 0},
        {"Columns": 43},
        {"PixelSpacing": [0.0, 4.0]},
        {"PixelSpacing": [-4.0, 4.0]},
        {"PixelSpacing": [1e6, 4.0]},
        {"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]},
        {"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]},
        {"ImageOrientationPatient": [1, 0, 0, 0, 0.9, 0.5]},
        {"ImagePositionPatient": [0, 0, 0]},
        {"ImagePositionPatient": [1e30, 0, 0]},
        {"NumberOfFrames": 50},
        {"SamplesPerPixel": 3},
        {"BitsAllocated": 32},
        {"BitsAllocated": 8},
        {"RescaleSlope": 0},
        {"RescaleSlope": 1e30},
        {"PixelRepresentation": 0},
    ):
        yield kind, slices(only(None, **values))
        yield kind, slices(only(7, **values))
    yield kind, slices(only(None, RescaleIntercept=1024))  # of one slice alone it may be right


def _wrong_slices(chance: random.Random) -> Iterator[tuple[str, dict[str, bytes]]]:
    whole = slices()
    for dropped in (1, 9, 20):
        yield "slices missing in the middle", slices(lambda number, _, d=dropped: number != d)
    yield "slices missing in the middle", slices(lambda number, _: number % 5 != 2)
    for doubled in (0, 8, 27):
        twin = slices(only(None, SOPInstanceUID=generate_uid()))[f"{doubled:03d}.dcm"]
        yield "duplicated slices", {**whole, "twin.dcm": twin}
    yield "duplicated slices", {**whole, **{f"t{n}": d for n, d in slices(_renamed).items()}}
    for other in ("2.25.888", "2.25.999"):
        yield "mixed series", {**whole, **{f"o{n}": d for n, d in slices(series=other).items()}}
    yield "mixed series", slices(lambda n, d: setattr(d, "SeriesInstanceUID", f"2.25.{n % 2}"))
    yield (
        "mixed series",
        slices(lambda n, d: setattr(d, "ImageOrientationPatient", [1, 0, 0, 0, 1, 0][:: 1 - 2 * (n % 2)])),
    )
    yield "mixed series", slices(lambda n, d: setattr(d, "PixelSpacing", [4.0 + n % 2, 4.0]))
    yield (
        "slices at uneven distances",
        slices(lambda n, d: setattr(d, "ImagePositionPatient", [0, 0, 4.0 * n + (1.5 if n % 3 else 0)])),
    )
    yield "slices at uneven distances", slices(lambda n, d: setattr(d, "ImagePositionPatient", [0, 1.0 * n, 4.0 * n]))
    yield "a single slice", slices(count=1)
    yield "no DICOM in the folder", {"a.txt": b"hello", "b.bin": chance.randbytes(900)}
    yield "no DICOM in the folder", {}


def _renamed(number: int, dataset: Dataset) -> None:
    dataset.SOPInstanceUID = f"2.25.555.{number + 1}"


def compressed(syntax: str, chance: random.Random, only: int | None = None) -> Change:
    """Says that the voxels are compressed, which they are with rubbish."""
    from pydicom.encaps import encapsulate

    def change(number: int, dataset: Dataset) -> None:
        if only is None or number == only:
            dataset.file_meta.TransferSyntaxUID = syntax
            if syntax != SYNTAXES["deflate"]:
                dataset.PixelData = encapsulate([chance.randbytes(800)])
                dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True

    return change


def _damaged_bytes(chance: random.Random) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Every slice, or one, cut short or with other bytes in its header."""
    whole = slices()
    for share in (0.02, 0.1, 0.4, 0.7, 0.99):
        yield "truncated DICOM", {name: data[: int(share * len(data))] for name, data in whole.items()}
        yield "truncated DICOM", {**whole, "004.dcm": whole["004.dcm"][: int(share * len(whole["004.dcm"]))]}
    for _ in range(40):
        data = bytearray(whole["011.dcm"])
        end = len(data) - np.prod(body()[0][0].shape) * 2
        place = chance.randrange(128, int(end) - 12)
        data[place : place + chance.randrange(1, 12)] = chance.randbytes(chance.randrange(1, 12))
        yield "random bytes in a DICOM header", {**whole, "011.dcm": bytes(data)}
