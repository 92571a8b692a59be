"""The models of a study: files `models/<id>.ssemodel` that can be listed, described, imported, exported, deleted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.inference.model_file import describe
from SemiSegEmbedLib.study.files import atomic_writer, delete, explain
from SemiSegEmbedLib.study.newest_model import MODEL_SUFFIX, models_by_age, newest_model
from SemiSegEmbedLib.study.study import Study


def resolve_model(study: Study, model: str | Path | None = None) -> Path:
    """The file of a model given by id or file; None is the newest one that was selected by validation.

    Raises:
        BadInputError: There is no such model.
    """
    if model is None:
        newest = newest_model(study.models_folder)
        if newest is None:
            raise BadInputError("The study has no model yet: train one first, or import a model file.")
        return newest
    inside = study.models_folder / f"{model}{MODEL_SUFFIX}"
    if Path(model).name == str(model) and inside.is_file():
        return inside
    if Path(model).is_file():
        return Path(model)
    raise BadInputError(
        f"There is no model '{Path(model).name}': list the models of the study and choose one of them."
    )


def open_source(source: Path) -> tuple[Study | None, Path]:
    """What a person segments with: a model file alone, or a study and its newest model.

    Raises:
        BadInputError: The folder is no study, or it has no model.
    """
    if not Path(source).is_dir():
        return None, Path(source)
    study = Study.open(source)
    return study, resolve_model(study)


def list_models(study: Study) -> list[dict[str, Any]]:
    """One row of facts for each model, newest first; a damaged file is a row that says so under "problem"."""
    return [_row(path) for path in models_by_age(study.models_folder)]


def _row(path: Path) -> dict[str, Any]:
    try:
        return summarise(path)
    except SemiSegEmbedError as error:
        return {"model": path.stem, "mebibytes": _mebibytes(path), "problem": str(error)}


def summarise(path: Path) -> dict[str, Any]:
    """The row of one model in a list; "about" holds everything that the file says about itself."""
    about = describe(path)
    facts = about["facts"]
    validation = facts.get("validation") or {}
    return {
        "model": path.stem,
        "created": facts.get("created"),
        "method": facts.get("method"),
        "steps": facts.get("step"),
        "annotated": facts.get("annotated"),
        "unannotated": facts.get("unannotated"),
        "iou": validation.get("iou"),
        "hd95": validation.get("hd95"),
        "optimistic": validation.get("optimistic"),
        "mebibytes": _mebibytes(path),
        "about": about,
    }


def _mebibytes(path: Path) -> float:
    return round(path.stat().st_size / 2**20, 1)


def describe_model(study: Study, model: str) -> dict[str, Any]:
    """Everything that the file says about itself."""
    return describe(resolve_model(study, model))


def import_model(study: Study, file: Path) -> str:
    """Copies a model file into the study and returns its id.

    Raises:
        BadInputError: It is not a model file, or a model of this name is there already.
    """
    describe(file)  # refuses what is not a model, before anything is written
    target = study.models_folder / f"{Path(file).stem}{MODEL_SUFFIX}"
    if target.exists():
        raise BadInputError(f"The study already has a model '{target.stem}': rename the file, then import it.")
    copy_file(Path(file), target)
    return target.stem


def export_model(study: Study, model: str, file: Path) -> None:
    """Copies a model out of the study; never over an existing file."""
    if Path(file).exists():
        raise BadInputError(f"'{Path(file).name}' exists already: choose another name for the exported model.")
    copy_file(resolve_model(study, model), Path(file))


def copy_file(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(exist_ok=True)  # and no more: the study may have disappeared
    except OSError as error:
        raise explain(error, f"{target.name} could not be saved") from error
    with atomic_writer(target) as temporary:
        shutil.copyfile(source, temporary)


def delete_model(study: Study, model: str) -> int:
    """Deletes a model of the study and returns the bytes that this frees.

    Raises:
        BadInputError: The study has no such model.
        SemiSegEmbedError: Another program has its file open (Windows), and the like.
    """
    path = resolve_model(study, model)
    if path.parent != study.models_folder:
        raise BadInputError("Only models of this study can be deleted: give the id that the list shows.")
    try:
        size = path.stat().st_size
        delete(path)
    except OSError as error:
        raise explain(error, f"{path.name} could not be deleted") from error
    return size
