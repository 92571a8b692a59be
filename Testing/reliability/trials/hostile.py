"""Files made to do harm: code in checkpoints, paths that lead out, bombs of text, names that are programs."""

from __future__ import annotations

import json
import os
import pickle
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from SemiSegEmbedLib.cli import main as command_line
from SemiSegEmbedLib.errors import SemiSegEmbedError
from SemiSegEmbedLib.inference.model_file import load_model
from SemiSegEmbedLib.jobs.run_folder import observed_status
from SemiSegEmbedLib.learning.checkpoint import load_checkpoint
from SemiSegEmbedLib.study.study import Study
from SemiSegEmbedLib.workflows.models import import_model
from trials import children
from trials.hostile_folders import links, names, runs
from trials.rows import Row, judged, sentence_faults
from trials.scenes import make_study, new_run


class Touch:
    """Makes the mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch '{self.mark}'",)


class Evaluate(Touch):
    """The same with `eval`."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"__import__('pathlib').Path({str(self.mark)!r}).touch()",)


def hostile_archives(place: Path, mark: Path) -> list[Path]:
    """Checkpoints and models with code, with entries that lead out, and with bombs."""
    paths = []

    def new() -> Path:
        paths.append(place / f"{len(paths)}.ssemodel")
        return paths[-1]

    for kind in (Touch, Evaluate):
        content = {
            "format": "SemiSegEmbed model",
            "version": 1,
            "state": kind(mark),
            "tensors": {},
            "description": "{}",
        }
        torch.save(content, new())
        torch.save(content | {"format": "SemiSegEmbed training checkpoint"}, new())
        torch.save(kind(mark), new())
        torch.save(content, new(), _use_new_zipfile_serialization=False)
        new().write_bytes(pickle.dumps(kind(mark)))
    for name in ("../../MARK", "/MARK", "a/../../../MARK", "..\\..\\MARK"):
        with zipfile.ZipFile(new(), "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({"format": "SemiSegEmbed model"}))
            archive.writestr(name, "x")
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        with zipfile.ZipFile(new(), "w", compression) as archive:
            archive.writestr("archive/data.pkl", bytes(300 << 20))
    with zipfile.ZipFile(new(), "w") as archive:
        link = zipfile.ZipInfo("archive/data.pkl")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(mark))
    return paths


def refusals(mark: Path, tries: list[tuple[str, Callable[[], Any]]], secret: str) -> list[str]:
    """Each try must end with one sentence, and make no mark."""
    faults = []
    for name, attempt in tries:
        try:
            attempt()
            faults.append(f"{name}: it was accepted")
        except SemiSegEmbedError as error:
            faults += [f"{name}: {fault}" for fault in sentence_faults(str(error), [secret])]
        except Exception as error:
            faults.append(f"{name}: {type(error).__name__} {error}"[:200])
        if mark.exists() or list(mark.parent.rglob("MARK")):
            faults.append(f"{name}: it did something")
            mark.unlink(missing_ok=True)
    return faults


def archives() -> list[str]:
    """All archives through every door that opens one."""
    with tempfile.TemporaryDirectory() as root:
        place, mark = Path(root), Path(root) / "MARK"
        study = make_study(place / "study", annotated=1, unannotated=0, shape=(8, 8, 8))
        tries: list[tuple[str, Callable[[], Any]]] = []
        for path in hostile_archives(place, mark):
            tries += [
                (f"load_checkpoint {path.name}", lambda p=path: load_checkpoint(p)),
                (f"load_model {path.name}", lambda p=path: load_model(p)),
                (f"import_model {path.name}", lambda p=path: import_model(study, p)),
            ]
        return [*refusals(mark, tries, root), str(len(tries))]


def resumed_checkpoint() -> list[str]:
    """A run whose checkpoint somebody replaced."""
    with tempfile.TemporaryDirectory() as root:
        mark = Path(root) / "MARK"
        run = new_run(make_study(Path(root) / "study"), 4)
        torch.save({"format": "SemiSegEmbed training checkpoint", "version": 1, "state": Touch(mark)},
                   run.checkpoints / "last.pt")  # fmt: skip
        command_line(["resume", str(run.path)])
        said = observed_status(run.path).reason
        return sentence_faults(said, [root]) + ["it did something"] * mark.exists()


def hostile_manifests() -> list[tuple[str, str]]:
    """Manifests that lead out of the study, or are bombs; (what, text)."""
    with tempfile.TemporaryDirectory() as root:
        study = make_study(Path(root) / "study", annotated=1, unannotated=0, shape=(8, 8, 8))
        good = json.loads((study.folder / "study.json").read_text(encoding="ascii"))
    found = []
    for path in (
        "../../MARK",
        "/etc/passwd",
        "labels/../../../MARK",
        "C:\\Windows\\win.ini",
        "labels\\..\\..\\MARK",
        "~/x",
    ):
        for place in ("label", "copy", "result"):
            made = json.loads(json.dumps(good))
            case = made["cases"][0]
            if place == "label":
                case["labels"][0]["path"] = path
            elif place == "copy":
                case["image"] |= {"copied": True, "path": path}
            else:
                made["results"] = [{"case_key": "case-0001", "model_id": "m", "folder": path, "facts": {}}]
            if path != "~/x":  # a name like any other: nothing expands it
                found.append((f"{place} at {path}", json.dumps(made)))
    for name in ("../x", "a/b", "con:", ""):
        made = json.loads(json.dumps(good))
        made["runs"] = [{"run_id": name, "created": "", "method": "m", "preset": "p"}]
        found.append((f"a run named {name!r}", json.dumps(made)))
    text = json.dumps(good)
    bombs = {
        "nested lists": "[" * 2_000_000,
        "nested objects": '{"a":' * 1_000_000,
        "a number of a million digits": text.replace('"spacing_mm": 4.0', f'"spacing_mm": {"9" * 1_000_000}'),
        "the same key twice": text.replace("{", '{"name": "x", ', 1),
        "infinity": text.replace('"spacing_mm": 4.0', '"spacing_mm": 1e999'),
        "a name of 20 MB": text.replace('"name": "study"', f'"name": "{"x" * (20 << 20)}"'),
        "100 MB of blanks": " " * (100 << 20),
        "no text": "\x00\xff",
    }
    return found + list(bombs.items())


def manifests() -> list[str]:
    """Each hostile manifest is opened; it must be refused with one sentence, quickly and in little memory."""
    faults, tried = [], hostile_manifests()
    for name, text in tried:
        with tempfile.TemporaryDirectory() as root:
            (Path(root) / "study.json").write_bytes(text.encode("latin-1", "replace"))
            ending = children.run(_open, root, timeout_s=5, limits=children.Limits(more_memory=1 << 30))
            if ending.kind != "raised" or ending.error != "BadInputError":
                faults.append(f"{name}: {ending.kind} {ending.error} {str(ending.value)[:80]}")
            else:
                faults += [f"{name}: {fault}" for fault in sentence_faults(ending.value, [root])]
    return [*faults, str(len(tried))]


def _open(folder: str) -> int:
    study = Study.open(folder)
    for case in study.cases:
        study.image_path(case)
        study.label_path(case)
    return len(study.cases)


def tried_in(function: Callable[[], list[str]]) -> tuple[list[str], int]:
    """Faults of a trial, and how much it tried; in a process of its own unless it begins such processes itself."""
    found = function() if function in (links, runs) else None
    if found is None:
        ending = children.run(function, timeout_s=280)
        if ending.kind != "returned":
            return [f"{ending.kind} {ending.error} {ending.value} {ending.trace[-300:]}"], 1
        found = ending.value
    counted = found[-1:] if found and found[-1].isdigit() else []
    return found[: len(found) - len(counted)], int(counted[0]) if counted else 1


def run(short: bool) -> list[Row]:
    """The rows of this topic."""
    every: dict[str, tuple[Callable[[], list[str]], str]] = {
        "Checkpoints and models with code, archives that lead out or are bombs": (
            archives,
            "None ran or wrote anything; each was refused with one sentence.",
        ),
        "A run whose checkpoint was replaced by code": (
            resumed_checkpoint,
            "It did not run; the run says why it failed.",
        ),
        "Links in a study that lead out of it": (links, "Nothing was written through them."),
        "Files of a run from a stranger": (runs, "Damaged ones are named, or left out; no strange path is used."),
        "Labels and studies named as HTML, shell, formats": (
            names,
            "Kept to the letter, shown as text, escaped in reports; nothing ran.",
        ),
    }
    rows = []
    for tried, (function, happened) in every.items():
        if short and function in (resumed_checkpoint, links):
            continue
        faults, times = tried_in(function)
        rows.append(judged(tried, faults, times, happened))
    faults = manifests()
    happened = "Each was refused with one sentence within 5 s and 1 GiB."
    return [*rows, judged("Manifests with ../, absolute paths, bombs", faults[:-1], int(faults[-1]), happened)]
