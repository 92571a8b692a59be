"""The model in one file: both networks, the reference bank, and what is needed to use and to judge them.

A file is a torch archive of tensors, numbers and text alone. It holds case keys and no name, date or path of
anybody. A file may come from a stranger, so it is not trusted: the archive's sizes are compared with the file
before anything is read, nothing in it is executed (`weights_only=True`, and never the legacy formats), a
hash over the whole content is checked, and networks are compared on the meta device before memory is given to them.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import SemiSegEmbedLib
from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.reference_bank import ReferenceBank
from SemiSegEmbedLib.learning.checkpoint import write_archive
from SemiSegEmbedLib.learning.network import UNet3D
from SemiSegEmbedLib.learning.volumes import Normalisation

FORMAT = "SemiSegEmbed model"
VERSION = 1
LARGEST_FILE = 4 * 2**30
LARGEST_INDEX = 32 * 2**20
"""Bytes of everything in the archive that is not a tensor."""
NETWORK_LIMITS = {"in_channels": (1, 8), "classes": (2, 200), "base_filters": (1, 128)}
CASE_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, eq=False)
class Model:
    """What segmentation needs.

    Attributes:
        student: Embeds the queries of matching, and segments by default.
        teacher: Embeds the references and estimates uncertainty.
        network: Arguments of `UNet3D`.
        normalisation: Of the training.
        spacing_mm: Of the training grid.
        classes: C, background included.
        labels: The study's labels as plain dicts (name, value, color, code, training_class, side).
        bank: References with where each came from.
        facts: Plain facts about the training: method, steps, validation, "patch_size", "kernel", "reduce",
            "uncertainty_form", "segment_with" ("student" or "teacher").
        sha256: Of what the file says, weights included, where the model was read from one.
    """

    student: UNet3D
    teacher: UNet3D
    network: dict[str, Any]
    normalisation: Normalisation
    spacing_mm: float
    classes: int
    labels: list[dict[str, Any]]
    bank: ReferenceBank
    facts: dict[str, Any]
    sha256: str = ""


def save_model(model: Model, path: Path | str, *, half: bool = False) -> None:
    """Writes the file beside its place and then renames it, so that a crash leaves no half-written model.

    Args:
        model: What to save.
        path: By custom ending in ".ssemodel".
        half: Weights in 16 bits: half the size, predictions equal to about three digits.

    Raises:
        BadInputError: If labels or facts are not plain JSON, or a case key is not one.
    """
    path = Path(path)
    for key in model.bank.case_keys:
        if not CASE_KEY.fullmatch(key):
            raise BadInputError("A model file holds case keys like case-0001 and no paths or names; rename the case.")
    write_archive(path, _content(model, torch.float16 if half else None))


def load_model(path: Path | str, device: torch.device | str = "cpu") -> Model:
    """Reads and checks a model file; both networks come back in evaluation mode.

    Raises:
        BadInputError: If the file is missing, truncated, corrupted, foreign, unsafe or newer, in one sentence.
    """
    path = Path(path)
    content = _read(path)
    tensors = _tensors(content, path)
    if content.get("sha256") != _digest(content["description"], tensors):
        raise BadInputError(f'The model file "{path.name}" is corrupted (its checksum differs); copy it again.')
    try:
        about = json.loads(content["description"])
        network = dict(about["network"])
        student, teacher = (_network(network, tensors, part, device) for part in ("student", "teacher"))
        bank = _bank(about["bank"], tensors, int(about["classes"]), student.embed_dim)
        return Model(
            student, teacher, network, Normalisation(**about["normalisation"]), float(about["spacing_mm"]),
            int(about["classes"]), list(about["labels"]), bank, dict(about["facts"]), content["sha256"],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise _foreign(path) from error


def describe(model: Model | Path | str) -> dict[str, Any]:
    """What a model is, as plain JSON types, without building its networks.

    Raises:
        BadInputError: As `load_model`, except that the checksum of the weights is not computed.
    """
    if isinstance(model, Model):
        return _description(model)
    path = Path(model)
    try:
        about = json.loads(_read(path)["description"])
    except ValueError as error:
        raise _foreign(path) from error
    if not isinstance(about, dict):
        raise _foreign(path)
    return about


def _description(model: Model) -> dict[str, Any]:
    bank = model.bank
    return {
        "network": model.network,
        "normalisation": asdict(model.normalisation),
        "spacing_mm": model.spacing_mm,
        "classes": model.classes,
        "labels": model.labels,
        "facts": model.facts,
        "parameters": sum(p.numel() for p in model.student.parameters()),
        "bank": {
            "case_keys": list(bank.case_keys),
            "group_classes": list(bank.group_classes),
            "shape": list(bank.embeddings.shape),
        },
        "versions": {"SemiSegEmbed": SemiSegEmbedLib.__version__, "torch": str(torch.__version__), "format": VERSION},
    }


def _content(model: Model, dtype: torch.dtype | None) -> dict[str, Any]:
    try:
        description = json.dumps(_description(model), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInputError("Labels and facts of a model must be plain numbers, texts, lists and dicts.") from error
    bank = model.bank
    tensors = {f"bank.{name}": getattr(bank, name) for name in _BANK_TENSORS}
    for part, network in (("student", model.student), ("teacher", model.teacher)):
        for name, value in network.state_dict().items():
            tensors[f"{part}.{name}"] = value.to(dtype) if dtype and value.is_floating_point() else value
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    digest = _digest(description, tensors)
    return {"format": FORMAT, "version": VERSION, "description": description, "sha256": digest, "tensors": tensors}


_BANK_TENSORS = {
    "embeddings": torch.float32,
    "case_index": torch.int16,
    "positions": torch.int32,
    "positions_mm": torch.float32,
}


def _digest(description: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(description.encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Any]:
    """The archive's content, still unchecked but for format and version; tensors stay on disk until they are used."""
    if not path.is_file():
        raise BadInputError(f'There is no model file "{path.name}"; choose another file.')
    _check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        raise BadInputError(
            f'The file "{path.name}" holds something other than numbers and text, which could be harmful, and was '
            "not opened; get the model again from somebody you trust."
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, IndexError, AttributeError, OSError) as error:
        raise _foreign(path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _foreign(path)
    version = content.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise BadInputError(
            f'The model file "{path.name}" was written by a newer version of SemiSegEmbed; update to open it.'
        )
    if not isinstance(content.get("description"), str) or not isinstance(content.get("tensors"), dict):
        raise _foreign(path)
    return content


def _check_archive(path: Path) -> None:
    """Only a whole, uncompressed zip archive gets as far as torch, and none that claims more than it holds."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
    if not start.startswith(b"PK\x03\x04"):
        raise _foreign(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadInputError(f'The model file "{path.name}" is truncated or damaged; copy it again.') from error
    index = sum(entry.file_size for entry in entries if "/data/" not in entry.filename)
    whole = sum(entry.file_size for entry in entries)
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or whole > size or size > LARGEST_FILE or index > LARGEST_INDEX:
        raise BadInputError(f'The file "{path.name}" claims sizes that no model of ours has, and was not opened.')


def _tensors(content: dict[str, Any], path: Path) -> dict[str, Tensor]:
    """The tensors, none of which may claim more elements than the file has bytes for."""
    tensors = content["tensors"]
    for name, value in tensors.items():
        if not isinstance(name, str) or not isinstance(value, Tensor) or value.layout != torch.strided:
            raise _foreign(path)
        if not value.is_contiguous() or value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise BadInputError(f'The file "{path.name}" claims sizes that no model of ours has, and was not opened.')
    return tensors


def _network(arguments: dict[str, Any], tensors: dict[str, Tensor], part: str, device: torch.device | str) -> UNet3D:
    for name, (low, high) in NETWORK_LIMITS.items():
        value = arguments.get(name, low)
        if not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{name} is {value}")
    with torch.device("meta"):
        network = UNet3D(**arguments)
    prefix = f"{part}."
    weights = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if expected != {name: tuple(value.shape) for name, value in weights.items()}:
        raise ValueError(f"the weights of the {part} do not fit its architecture")
    # A copy: the tensors of the file are a map of it, which may be replaced or deleted while the model lives.
    copies = {n: v.float().clone() if v.is_floating_point() else v.clone() for n, v in weights.items()}
    network.load_state_dict(copies, assign=True)
    return network.to(device).eval().requires_grad_(False)


def _bank(about: dict[str, Any], tensors: dict[str, Tensor], classes: int, embed_dim: int) -> ReferenceBank:
    found = {name: tensors[f"bank.{name}"].to(dtype).clone() for name, dtype in _BANK_TENSORS.items()}
    keys, groups = tuple(map(str, about["case_keys"])), tuple(map(int, about["group_classes"]))
    g, l, k, e = found["embeddings"].shape  # noqa: E741  (the paper's letter)
    shapes = {name: tuple(value.shape) for name, value in found.items()}
    wanted = {"embeddings": (g, l, k, e), "case_index": (g, l, k), "positions": (g, l, k, 3)}
    wanted["positions_mm"] = wanted["positions"]
    if shapes != wanted or e != embed_dim or len(groups) != g or set(groups) != set(range(classes)):
        raise ValueError("the reference bank does not fit")
    if not all(CASE_KEY.fullmatch(key) for key in keys):
        raise ValueError("a case key is not one")
    if int(found["case_index"].min()) < 0 or int(found["case_index"].max()) >= len(keys):
        raise ValueError("a reference belongs to no case")
    return ReferenceBank(case_keys=keys, group_classes=groups, **found)


def _foreign(path: Path) -> BadInputError:
    return BadInputError(f'The file "{path.name}" is not a SemiSegEmbed model or is damaged; choose another file.')
