"""From a CT and a model to labels and maps on the CT's own grid."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from SemiSegEmbedLib import __version__
from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError, StoppedError
from SemiSegEmbedLib.imaging.grid import TrainingGrid, label_to_training_grid, to_training_grid
from SemiSegEmbedLib.imaging.prepare import read_case_image
from SemiSegEmbedLib.imaging.read import read_image, read_label
from SemiSegEmbedLib.imaging.restore import categories_to_native, labels_to_native, map_to_native
from SemiSegEmbedLib.imaging.write import write_image, write_segmentation
from SemiSegEmbedLib.inference.map_result import Provenance
from SemiSegEmbedLib.inference.maps import Maps, predict_maps
from SemiSegEmbedLib.inference.model_file import Model, load_model
from SemiSegEmbedLib.inference.places import uncertain_places
from SemiSegEmbedLib.learning.memory import is_out_of_memory
from SemiSegEmbedLib.study.classes import training_classes
from SemiSegEmbedLib.study.files import atomic_write, remove_abandoned, replace_folder, temporary_folder
from SemiSegEmbedLib.study.records import Label, Role
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.devices import choose_device
from SemiSegEmbedLib.workflows.export import VOLUME_FORMATS
from SemiSegEmbedLib.workflows.labelling import label_values, labels_of, without_sides
from SemiSegEmbedLib.workflows.models import open_source
from SemiSegEmbedLib.workflows.progress import Progress, silent

MAPS = ("label", "uncertainty", "matched", "provenance")


@dataclass(frozen=True)
class SegmentationOptions:
    """How to segment.

    Attributes:
        passes: M of eq. 2; 0 leaves uncertainty and provenance out.
        threshold: A voxel is reliable below this share of ln C.
        island_mm3: Parts below this volume are removed.
        largest_only: Keep the largest part of each label alone.
        split_sides: Tell left from right; False gives one label a bone (see `without_sides`).
        smooth_mm: Smooth the labels, see `smooth_labels`.
        passes_where: Near objects or everywhere, see `MapSettings`.
        overlap: Of neighbouring windows.
        device: "auto", "cpu", "cuda" ...
        seed: Of the dropout passes.
    """

    passes: int = 5
    threshold: float = 0.75
    island_mm3: float = 500.0
    largest_only: bool = False
    split_sides: bool = True
    smooth_mm: float = 0.0
    passes_where: str = "object"
    overlap: float = 0.25
    device: str = "auto"
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Segmentation:
    """One segmented CT: images on its own grid, arrays on the training grid."""

    label: sitk.Image
    maps: dict[str, sitk.Image]
    places: list[dict[str, Any]]
    facts: dict[str, Any]
    grid: TrainingGrid
    arrays: Maps
    labels: tuple[Label, ...]


@dataclass
class Outcome:
    """What became of one of several CTs: the label file, or one sentence on why there is none."""

    name: str
    label: str = ""
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    labels: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def segment_image(
    model: Model,
    image: sitk.Image,
    options: SegmentationOptions,
    *,
    annotated: sitk.Image | None = None,
    progress: Progress = silent,
) -> Segmentation:
    """Segments one CT.

    Args:
        model: See `load_model`.
        image: The CT, in any orientation.
        options: See `SegmentationOptions`.
        annotated: Its annotation where there is one; provenance shows it.
        progress: Told how far it is.
    """
    start = time.perf_counter()
    labels = labels_of(model.labels)
    if not options.split_sides:
        labels = without_sides(labels)
    grid = to_training_grid(image, model.spacing_mm)
    arrays = predict_maps(
        model,
        grid.array,
        device=choose_device(options.device),
        annotated=None if annotated is None else label_to_training_grid(annotated, training_classes(labels), grid),
        progress=lambda done, total: progress("Segmenting", 0.9 * done / total),
        want=MAPS if options.passes else MAPS[:1],
        passes=max(1, options.passes),
        threshold=options.threshold,
        passes_where=options.passes_where,
        overlap=options.overlap,
        seed=options.seed,
    )
    assert arrays.label is not None  # it was asked for
    spacing = grid.geometry.array_spacing
    values = label_values(
        arrays.label,
        labels,
        spacing,
        island_mm3=options.island_mm3,
        largest_only=options.largest_only,
        smooth_mm=options.smooth_mm,
    )
    progress("Putting the result onto the CT's grid", 0.9)
    maps = {}
    if arrays.uncertainty is not None and arrays.matched is not None and arrays.provenance is not None:
        maps["uncertainty"] = map_to_native(arrays.uncertainty, grid.geometry, image)
        matched = label_values(arrays.matched, labels, spacing)
        maps["matched"] = categories_to_native(matched, grid.geometry, image)
        maps["provenance"] = categories_to_native(arrays.provenance, grid.geometry, image)
    label = labels_to_native(values, grid.geometry, image)
    progress("Putting the result onto the CT's grid", 1.0)
    places = find_places(arrays, grid, spacing) if options.passes else []
    facts = facts_of(arrays, spacing, time.perf_counter() - start) | origin_of(model, options)
    return Segmentation(label, maps, places, facts, grid, arrays, labels)


def find_places(arrays: Maps, grid: TrainingGrid, spacing: Sequence[float]) -> list[dict[str, Any]]:
    """The most uncertain places, with positions in LPS mm."""
    assert arrays.uncertainty is not None  # only asked for with passes
    places = []
    for place in uncertain_places(arrays.uncertainty.astype(np.float32), spacing):
        z, y, x = place.centre_index
        position = [round(value, 2) for value in grid.geometry.to_world((float(z), float(y), float(x)))]
        places.append(
            {
                "position_lps_mm": position,
                "size_mm3": round(place.size_mm3, 1),
                "mean_uncertainty": round(place.mean_uncertainty, 4),
                "score": round(place.score, 2),
            }
        )
    return places


def facts_of(arrays: Maps, spacing: Sequence[float], seconds: float) -> dict[str, Any]:
    """Numbers worth a table: volume, mean uncertainty near the object, share of each provenance there."""
    facts: dict[str, Any] = {"seconds": round(seconds, 2)}
    assert arrays.label is not None  # every segmentation asks for it
    facts["volume_ml"] = round(float((arrays.label > 0).sum() * np.prod(spacing) / 1000), 2)
    if arrays.uncertainty is not None and arrays.provenance is not None:
        region = (arrays.label > 0) | (arrays.uncertainty > 0.1)
        values = arrays.uncertainty[region].astype(np.float32)
        facts["uncertainty"] = round(float(values.mean()), 4) if values.size else 0.0
        for kind in Provenance:
            share = float((arrays.provenance[region] == kind).mean()) if values.size else 0.0
            facts[kind.name.lower()] = round(share, 4)
    return facts


def origin_of(model: Model, options: SegmentationOptions) -> dict[str, Any]:
    """What the numbers of a result follow from, besides the CT."""
    return {"model_sha256": model.sha256, "passes": options.passes, "seed": options.seed, "version": __version__}


def segment_case(
    study: Study,
    key: str,
    model_path: Path,
    options: SegmentationOptions,
    *,
    model: Model | None = None,
    progress: Progress = silent,
) -> tuple[Path, Segmentation]:
    """Segments a case of a study and keeps the result in `results/<case>/<model>/`.

    Returns:
        The folder of the result, and the result.

    Raises:
        BadInputError: The CT or its label is missing or no longer what was added; the same sentence as in training.
    """
    options = replace(options, split_sides=True)  # a study has its own labels, and they know sides
    case = study.case(key)
    image = read_case_image(study, case)
    label_path = study.label_path(case) if case.role is Role.ANNOTATED else None  # a test case stays a test
    annotated = read_label(label_path, image, study.labels) if label_path is not None else None
    model = model or load_model(model_path)
    result = segment_image(model, image, options, annotated=annotated, progress=progress)
    folder = study.results_folder / key / model_path.stem
    save_result(result, folder)
    study.add_result(key, model_path.stem, f"results/{key}/{model_path.stem}", result.facts)
    return folder, result


def save_result(result: Segmentation, folder: Path) -> None:
    """Label, maps, places and facts as files of one folder, which takes the place of an earlier result's whole folder.

    So no map or evaluation of an earlier result lies beside a new label.

    Raises:
        SemiSegEmbedError: The disk is full, a file of the earlier result is open (Windows) and the like; the earlier
            result is then as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(folder.parent)
    with temporary_folder(folder.parent) as new:
        write_segmentation(result.label, result.labels, new / "label.nii.gz")
        for name, image in result.maps.items():
            write_image(image, new / f"{name}.nii.gz")
        atomic_write(new / "places.json", json.dumps(result.places, indent=1).encode("ascii"))
        atomic_write(new / "facts.json", json.dumps(result.facts, indent=1).encode("ascii"))
        replace_folder(new, folder)


def segment_many(
    source: Path,
    images: Sequence[Path],
    output: Path | None,
    options: SegmentationOptions,
    *,
    file_format: str = "nii.gz",
    progress: Progress = silent,
) -> list[Outcome]:
    """Segments files, DICOM folders or cases of a study, one after the other; one that fails does not end the rest.

    Args:
        source: A model file, or a study whose newest model is used.
        images: Files, folders, or keys of cases when `source` is a study.
        output: Folder for results of files; None is the folder of each image.
        options: See `SegmentationOptions`.
        file_format: "nii.gz" or "seg.nrrd".
        progress: Told how far it is.

    Raises:
        BadInputError: There is no such model.
        StoppedError: It was stopped; what is done is kept.
    """
    study, model_path = open_source(source)
    model = load_model(model_path)
    keys = {case.key for case in study.cases} if study is not None else set()
    outcomes = []
    for number, image in enumerate(images, start=1):
        outcome = Outcome(name=str(image))

        def tell(task: str, fraction: float, detail: str = "", number: int = number) -> None:
            progress(f"{task} ({number} of {len(images)})", fraction, detail)

        try:
            if study is not None and str(image) in keys:
                folder, result = segment_case(study, str(image), model_path, options, model=model, progress=tell)
                outcome.label = str(folder / "label.nii.gz")
            else:
                outcome.label, result = segment_file(model, Path(image), output, options, file_format, tell)
            outcome.facts = result.facts
            outcome.labels = [asdict(label) for label in result.labels]
        except StoppedError:
            raise
        except SemiSegEmbedError as error:
            outcome.error = str(error)
        except (OSError, RuntimeError, MemoryError) as error:
            reason = "out of memory" if is_out_of_memory(error) else type(error).__name__
            outcome.error = f"This scan could not be segmented ({reason}): free memory and disk, then try again."
        outcomes.append(outcome)
    return outcomes


def segment_file(
    model: Model, path: Path, output: Path | None, options: SegmentationOptions, file_format: str, progress: Progress
) -> tuple[str, Segmentation]:
    """Segments one file or DICOM folder; the label goes beside it or into `output`, maps likewise."""
    if not path.exists():
        raise BadInputError(f"There is no file or folder '{path.name}': check the name.")
    result = segment_image(model, read_image(path), options, progress=progress)
    folder = output or path.parent
    folder.mkdir(parents=True, exist_ok=True)
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0] if path.is_file() else path.name
    ending = unused_ending(folder, stem)
    target = folder / f"{stem}-segmentation{ending}.{file_format}"
    write_segmentation(result.label, result.labels, target)
    for name, image in result.maps.items():
        write_image(image, folder / f"{stem}-{name}{ending}.nii.gz")
    return str(target), result


def unused_ending(folder: Path, stem: str) -> str:
    """ "", "-2", "-3" ...: an earlier segmentation, which somebody may have corrected, is never written over.

    Nor are its maps, and they would not be those of a new segmentation of this name.
    """
    endings = ["", *[f"-{number}" for number in range(2, 10_000)]]
    files = [f"segmentation{{}}.{kind}" for kind in VOLUME_FORMATS] + [f"{name}{{}}.nii.gz" for name in MAPS[1:]]
    return next(e for e in endings if not any((folder / f"{stem}-{file.format(e)}").exists() for file in files))
