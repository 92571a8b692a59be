"""Which model of a study is the newest, by what the model files say about themselves.

File times do not tell: copying a study, or bringing it back from a backup, changes all of them. A model file is the
archive that `torch.save` writes. Its text is found here without torch, and nothing in it is executed.
"""

from __future__ import annotations

import json
import os
import pickletools
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

MODEL_SUFFIX = ".ssemodel"
_LAST_STEP = "-last"
_INDEX_LIMIT = 32 << 20
"""Bytes; the same limit as in `inference/model_file.py`."""
_CLOCKS_DIFFER_S = 24 * 3600.0


def models_by_age(models_folder: Path) -> list[Path]:
    """The model files of a study, newest first; see `created_at`."""
    return [models_folder / name for name in _names_by_age(models_folder, last_steps=True)]


def newest_model(models_folder: Path) -> Path | None:
    """The model that segments unless another one is named: the newest that is no last step of a run, or None."""
    names = _names_by_age(models_folder, last_steps=False)
    return models_folder / names[0] if names else None


def _names_by_age(models_folder: Path, last_steps: bool) -> list[str]:
    # Not with `Path.glob`: panels ask after each change of the study, and a study may have a hundred models.
    found: list[tuple[float, int, str]] = []
    with suppress(OSError), os.scandir(models_folder) as entries:
        for entry in entries:
            name, ending = os.path.splitext(entry.name)
            if ending == MODEL_SUFFIX and (last_steps or not is_last_step(name)):
                with suppress(OSError):  # deleted a moment ago
                    found.append((*_age(entry.path, entry.stat()), entry.name))
    return [name for _seconds, _ticks, name in sorted(found, reverse=True)]


def is_last_step(model_id: str) -> bool:
    """Whether a model is the last step of a run, beside the one that validation chose."""
    return model_id.endswith(_LAST_STEP)


def created_at(path: Path) -> tuple[float, int]:
    """When a model was made, for comparing: seconds since 1970 as the file says, then its file time in nanoseconds.

    A file that does not say when, or names a time that is still to come, counts from its file time alone.

    Raises:
        OSError: There is no such file.
    """
    return _age(str(path), path.stat())


def learned_on(path: Path) -> tuple[float, int] | None:
    """Voxel size in mm and number of classes, background included, that a model learned on.

    None where its file does not say.
    """
    try:
        state = path.stat()
        about = _description(str(path), state.st_size, state.st_mtime_ns)
        return float(about["spacing_mm"]), int(about["classes"])
    except (OSError, ArithmeticError, *_NOT_SAID):
        return None


def _age(path: str, state: os.stat_result) -> tuple[float, int]:
    recorded = _recorded(path, state.st_size, state.st_mtime_ns)
    if recorded is None or recorded > time.time() + _CLOCKS_DIFFER_S:
        recorded = float(int(state.st_mtime))
    return recorded, state.st_mtime_ns


def _recorded(path: str, size: int, changed: int) -> float | None:
    """The time in a model file."""
    try:
        moment = datetime.fromisoformat(_description(path, size, changed)["facts"]["created"])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ArithmeticError, *_NOT_SAID):
        return None


_NOT_SAID = (ValueError, TypeError, KeyError, AttributeError)


@lru_cache(maxsize=1000)
def _description(path: str, _size: int, _changed: int) -> Any:
    """What a model file says about itself, or None; asked again only when the file has changed."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = next(one for one in archive.infolist() if one.filename.endswith("/data.pkl"))
            if entry.file_size > _INDEX_LIMIT or entry.compress_type != zipfile.ZIP_STORED:
                return None
            return json.loads(_text_after("description", archive.read(entry)))
    except (OSError, zipfile.BadZipFile, NotImplementedError, ArithmeticError, StopIteration):
        return None
    except (RecursionError, *_NOT_SAID):
        return None


def _text_after(name: str, pickled: bytes) -> str:
    """The text that follows another text in a pickle, which is read operation by operation and never executed."""
    texts = _texts(pickled)
    if not any(text == name for text in texts):
        raise ValueError(f"there is no {name}")
    return next(texts)


def _texts(pickled: bytes) -> Iterator[str]:
    return (argument for _operation, argument, _place in pickletools.genops(pickled) if isinstance(argument, str))
