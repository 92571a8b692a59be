"""The whole state of a run in one file, written so that a crash leaves the previous file whole."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.files import atomic_writer, explain

FORMAT = "SemiSegEmbed training checkpoint"
VERSION = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes tensors and plain Python values; see `write_archive`."""
    write_archive(path, {"format": FORMAT, "version": VERSION, "state": state})


def write_archive(path: Path, content: dict[str, Any]) -> None:
    """`torch.save` to a temporary file beside `path`, flushed and then renamed: a crash leaves the old file whole.

    Raises:
        SemiSegEmbedError: The disk is full, the folder is read-only or gone, and the like; `path` is untouched.
    """
    try:
        path.parent.mkdir(exist_ok=True)  # and no more: the study may have disappeared
    except OSError as error:
        raise explain(error, f"{path.name} could not be saved") from error
    with atomic_writer(path) as temporary, open(temporary, "wb") as file:
        try:
            torch.save(content, file)
        except RuntimeError:
            # torch hides why the system did not take the bytes; whoever writes on is told.
            file.write(bytes(1 << 16))
            file.flush()
            raise


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """The state that `save_checkpoint` was given, its tensors on `device`.

    Never runs code from the file (`weights_only`). Raises `BadInputError` when the file is missing, truncated,
    foreign, or written by a newer version.
    """
    name = f"The checkpoint {path.name!r}"
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise BadInputError(f"{name} does not exist; start the run anew.") from None
    except (RuntimeError, pickle.UnpicklingError, EOFError, zipfile.BadZipFile, ValueError, KeyError, OSError):
        raise BadInputError(f"{name} is damaged or no checkpoint; start the run anew or restore the file.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BadInputError(f"{name} was not written by this program's trainer; choose another file.")
    if content.get("version") != VERSION:
        raise BadInputError(f"{name} was written by another version of this program; use that version to resume it.")
    return content["state"]
