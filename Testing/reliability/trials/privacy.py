"""Nothing of a patient, and no path, in anything that is written but the study's own manifest."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib.cli import main as command_line
from SemiSegEmbedLib.study.study import Study
from trials import children
from trials.damaged_dicom import slices
from trials.rows import Row, judged
from trials.scenes import TINY, body, image_of

NAME, NUMBER, BIRTH = "Plantedname", "PID7711993", "19370419"
FOLDER = f"of {NAME} {NUMBER}"
PLANTED = (NAME, NAME.upper(), NUMBER, BIRTH, "1937-04-19", "Plantedname^Erna")
OWN = ("study.json", "study.json.bak")
"""Only these may hold names and paths: they stay on the user's machine."""


def plant(place: Path) -> dict[str, Path]:
    """Scans and labels that hold a patient in every field that a format has."""
    place.mkdir(parents=True)
    image, label = (image_of(array) for array in body())
    for number, key in enumerate(("PatientName", "0010|0010", "descrip", "db_name", "aux_file", "intent_name")):
        for one in (image, label):
            one.SetMetaData(key, (f"{NAME}^Erna", NUMBER, BIRTH)[number % 3])
    paths = {}
    for kind, one in (("ct", image), ("label", label)):
        for ending in ("nii.gz", "nrrd", "mha"):
            shifted = sitk.Cast(one, one.GetPixelID()) + (0 if kind == "label" else len(paths))
            for key in one.GetMetaDataKeys():
                shifted.SetMetaData(key, one.GetMetaData(key))
            paths[f"{kind}.{ending}"] = place / f"{NAME}-{kind}.{ending}"
            sitk.WriteImage(shifted, str(paths[f"{kind}.{ending}"]), useCompression=True)
    segments = sitk.Image(label)
    for key, value in {"Segment0_ID": "s1", "Segment0_Name": "hip bone left", "Segment0_LabelValue": "1",
                       "Segment1_ID": "s2", "Segment1_Name": "hip bone right", "Segment1_LabelValue": "2",
                       "PatientBirthDate": BIRTH}.items():  # fmt: skip
        segments.SetMetaData(key, value)
    paths["seg"] = place / f"{NUMBER}.seg.nrrd"
    sitk.WriteImage(segments, str(paths["seg"]), useCompression=True)
    paths["dicom"] = place / f"{NAME} series"
    paths["dicom"].mkdir()
    for name, data in slices(_with_patient).items():
        (paths["dicom"] / f"{NUMBER}-{name}").write_bytes(data)
    return paths


def _with_patient(number: int, dataset: Any) -> None:
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = f"{NAME}^Erna", NUMBER, BIRTH
    dataset.OtherPatientIDs, dataset.SeriesDescription = NUMBER, f"hip of {NAME}"
    dataset.StudyDescription, dataset.ReferringPhysicianName = f"{NAME} {BIRTH}", f"Dr. {NAME}"


def work(root: Path, short: bool) -> tuple[Path, str]:
    """Everything that the command line writes, with planted inputs; the study and what was said by runs."""
    paths = plant(root / FOLDER)
    study, out = root / FOLDER / "study", root / "out"
    said = io.StringIO()

    def call(*words: object) -> None:
        with redirect_stdout(io.StringIO()), redirect_stderr(said):
            command_line([str(word) for word in words])

    call("study", "create", study, "--spacing", "4", "--name", "s")
    for ending in ("nii.gz", "nrrd", "mha"):
        call("study", "add", study, paths[f"ct.{ending}"], "--patient", f"{NAME} {ending}")
    call("study", "add", study, paths["dicom"], "--patient", NUMBER, "--role", "held-out")
    call("study", "label", study, "case-0001", paths["label.nrrd"], "--by", f"Dr. {NAME}")
    call("study", "label", study, "case-0002", paths["seg"], "--reviewed-by", NAME)
    call("study", "label", study, "case-0004", paths["label.mha"])
    call("study", "check", study)
    settings = [
        word for name, value in TINY.items() for word in ("--set", f"{name}={str(value).strip('()').split(',')[0]}")
    ]
    call("train", study, "--preset", "quick", "--steps", "4", "--device", "cpu", *settings)
    if not short:
        call("segment", study, "case-0003", "case-0004", "--passes", "2", "--device", "cpu")
        call("segment", study, paths["ct.mha"], "--output", out, "--format", "seg.nrrd", "--passes", "2")
        call("segment", study, paths["dicom"], "--output", out, "--passes", "2")
        call("evaluate", study, "--passes", "2")
        call("suggest", study, "--passes", "2")
        model = next(study.glob("models/*.ssemodel")).stem
        call("model", "export", study, model, out / "exported.ssemodel")
        paths["ct.nrrd"].write_bytes(b"NRRD0004\ncontent: " + NAME.encode() + b"\n")
    (root / FOLDER / f"{NAME}-ct.mha").unlink()  # a run that fails says where
    call("train", study, "--preset", "quick", "--steps", "2", "--device", "cpu", *settings)
    for number, run in enumerate(Study.open(study).runs):
        (study / "runs" / run.run_id / "log.txt").write_text(said.getvalue() if number else "", encoding="utf-8")
    return study, said.getvalue()


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what is packed in them."""
    data = path.read_bytes()
    yield data
    with suppress(OSError, EOFError, zlib.error):
        yield gzip.decompress(data)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for start in (data.find(b"\x1f\x8b", 1), data.find(b"LOCAL\n") + 6):
        with suppress(OSError, EOFError, zlib.error):
            yield zlib.decompress(data[start:], 47)


def search(root: Path, study: Path) -> tuple[list[str], int]:
    """Every file that was written, and what it should not hold."""
    secrets = [text.encode() for text in (*PLANTED, str(root), root.name)]
    secrets += [text.encode("utf-16-le") for text in PLANTED]
    faults, searched = [], 0
    for path in [*study.rglob("*"), *(root / "out").rglob("*")]:
        if not path.is_file() or path.name in OWN or path.parent.name == "images":
            continue
        searched += 1
        where = path.relative_to(root / FOLDER if path.is_relative_to(study) else root)
        named = any(secret in str(where).encode() for secret in secrets) and path.is_relative_to(study)
        if named or any(secret in data for data in contents(path) for secret in secrets):
            faults.append(f"{where.parent.name}/{where.name}")
    return faults, searched


def everything(root: Path, short: bool) -> tuple[list[str], int, int]:
    """Works, then searches; faults, files searched, and models found (0 means that nothing was tried)."""
    study, _ = work(root, short)
    faults, searched = search(root, study)
    return faults, searched, len(list(study.glob("models/*.ssemodel")))


def finds_what_is_there() -> list[str]:
    """The search itself finds a name in plain, packed and zipped files."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        study = root / FOLDER / "study"
        study.mkdir(parents=True)
        (study / "a.txt").write_text(f"of {NAME}")
        (study / "b.gz").write_bytes(gzip.compress(NUMBER.encode()))
        with zipfile.ZipFile(study / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x", BIRTH)
        np.save(study / "d.npy", np.array([str(root)]))
        faults, _ = search(root, study)
    return [] if len(faults) == 3 else [f"the search found {len(faults)} of 3 planted texts"]


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    with tempfile.TemporaryDirectory(prefix="planted-path-") as root:
        ending = children.run(everything, Path(root), short, timeout_s=400)
    faults, searched, models = ending.value if ending.kind == "returned" else ([ending.trace or ending.kind], 0, 1)
    faults = finds_what_is_there() + [f"found in {fault}" for fault in faults] + ["no model was made"] * (models == 0)
    happened = f"{searched} files of study, runs, models, results and exports were searched; none holds any of it."
    how = "NIfTI, NRRD, MetaImage, .seg.nrrd and DICOM with a patient in them, a folder and files of his name"
    return [judged("A planted patient and path", faults, searched, happened, how)]
