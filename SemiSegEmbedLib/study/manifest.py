"""The manifest of a study (`study.json`): its records, and their JSON, which is checked value by value."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.classes import check_labels
from SemiSegEmbedLib.study.fields import FieldError, Fields, parse_json
from SemiSegEmbedLib.study.migrations import SCHEMA_VERSION, migrate
from SemiSegEmbedLib.study.paths import is_safe_relative
from SemiSegEmbedLib.study.records import (
    RESULT_STATUSES,
    Case,
    Code,
    ImageReference,
    Label,
    LabelVersion,
    ResultRecord,
    Role,
    RunRecord,
)

SIZE_LIMIT = 64 << 20
"""A manifest of 10,000 cases has some 15 MB; a larger file than this is not one of ours."""

KEY_PATTERN = r"case-[0-9]{4,9}"
ID_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*"
_HASH_PATTERN = r"[0-9a-f]{64}"
_FINGERPRINT_PATTERN = r"[0-9a-f]{0,64}"
_MOST = 100_000


@dataclass(frozen=True)
class Manifest:
    """All that a study knows.

    Attributes:
        name: What people call the study.
        salt: Random text that makes patient keys meaningless outside this study.
        created: ISO 8601, UTC.
        spacing_mm: Voxel size of the training grid.
        labels: The labels, in the order in which they are shown.
        cases: In the order in which they were added.
        runs: Training runs, oldest first.
        results: One for each pair of case and model.
        next_case: Number of the next case; it only grows, so a key never comes to mean another scan.
    """

    name: str
    salt: str
    created: str
    labels: tuple[Label, ...]
    spacing_mm: float = 1.0
    cases: tuple[Case, ...] = ()
    runs: tuple[RunRecord, ...] = ()
    results: tuple[ResultRecord, ...] = ()
    next_case: int = 1


def to_json(manifest: Manifest) -> str:
    """The manifest as JSON text, ASCII, with its schema version first."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **asdict(manifest)}, indent=1, allow_nan=False) + "\n"


def from_json(text: str) -> Manifest:
    """Read a manifest; older schema versions are migrated.

    Raises:
        BadInputError: It is damaged, hostile or from a newer version; one sentence that says where.
    """
    try:
        if len(text) > SIZE_LIMIT:
            raise FieldError(f"it is larger than {SIZE_LIMIT >> 20} MB")
        return _manifest(Fields(migrate(parse_json(text)), "study"))
    except FieldError as error:
        raise BadInputError(
            f"The study's file study.json cannot be used because {error}: restore it from study.json.bak or a backup."
        ) from error


def schema_version(text: str) -> int:
    """The version in which a manifest was written, as its text says."""
    return int(parse_json(text)["schema_version"])


def labels_from(entries: list[tuple[str, Any]]) -> tuple[Label, ...]:
    """Labels from parsed JSON, each entry with the place to name in an error.

    Raises:
        FieldError: A value is wrong.
        BadInputError: The labels contradict each other.
    """
    labels = tuple(_label(Fields(entry, where)) for where, entry in entries)
    check_labels(labels)
    return labels


def _manifest(fields: Fields) -> Manifest:
    fields.take("schema_version")
    manifest = Manifest(
        name=fields.text("name", limit=300),
        salt=fields.text("salt", pattern=r"[0-9a-f]{16,128}"),
        created=fields.text("created", limit=40),
        labels=labels_from(fields.items("labels", limit=254)),
        spacing_mm=fields.number("spacing_mm", 0.05, 20.0),
        cases=tuple(_case(Fields(entry, where)) for where, entry in fields.items("cases", limit=_MOST)),
        runs=tuple(_run(Fields(entry, where)) for where, entry in fields.items("runs", limit=_MOST)),
        results=tuple(_result(Fields(entry, where)) for where, entry in fields.items("results", limit=10 * _MOST)),
        next_case=fields.integer("next_case", 1, 999_999_999),
    )
    fields.done()
    _check_keys(manifest)
    return manifest


def _check_keys(manifest: Manifest) -> None:
    keys = [case.key for case in manifest.cases]
    if len(set(keys)) < len(keys):
        raise FieldError("two cases have the same key")
    if keys and max(int(key.removeprefix("case-")) for key in keys) >= manifest.next_case:
        raise FieldError("study.next_case is already taken")
    pairs = [(result.case_key, result.model_id) for result in manifest.results]
    if len(set(pairs)) < len(pairs):
        raise FieldError("two results are of the same case and model")
    if len({run.run_id for run in manifest.runs}) < len(manifest.runs):
        raise FieldError("two runs have the same name")


def _label(fields: Fields) -> Label:
    color = tuple(entry for _, entry in fields.items("color", limit=3, default=[230, 220, 170]))
    if len(color) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in color):
        raise fields.error("color", "is not three whole numbers from 0 to 255")
    code = fields.take("code", None)
    label = Label(
        name=fields.text("name", limit=200),
        value=fields.integer("value", 1, 254),
        color=color,
        code=None if code is None else _code(Fields(code, "code")),
        training_class=fields.optional_integer("training_class", 0, 254),
        side=fields.optional_text("side", pattern="left|right"),
        mirror=fields.optional_integer("mirror", 1, 254),
    )
    fields.done()
    return label


def _code(fields: Fields) -> Code:
    code = Code(fields.text("scheme", limit=16), fields.text("value", limit=64), fields.text("meaning", limit=200))
    fields.done()
    return code


def _case(fields: Fields) -> Case:
    case = Case(
        key=fields.text("key", pattern=KEY_PATTERN),
        name=fields.text("name", limit=300),
        image=_image(Fields(fields.take("image"), "image")),
        patient_key=fields.text("patient_key", pattern=r"[A-Za-z0-9-]{1,64}"),
        role=Role(fields.text("role", pattern="|".join(role.value for role in Role))),
        labels=tuple(_version(Fields(entry, where)) for where, entry in fields.items("labels", limit=_MOST)),
        added=fields.text("added", "", limit=40),
    )
    fields.done()
    return case


def _image(fields: Fields) -> ImageReference:
    image = ImageReference(
        path=fields.text("path", limit=5000),
        sha256=fields.text("sha256", pattern=_HASH_PATTERN),
        series_uid=fields.optional_text("series_uid", limit=64, pattern=r"[0-9.]+"),
        copied=fields.boolean("copied", False),
        fingerprint=fields.text("fingerprint", "", pattern=_FINGERPRINT_PATTERN),
    )
    fields.done()
    if not image.path or (image.copied and not is_safe_relative(image.path)):
        raise fields.error("path", "leads out of the study folder")
    return image


def _version(fields: Fields) -> LabelVersion:
    version = LabelVersion(
        path=_own_path(fields, "path"),
        sha256=fields.text("sha256", pattern=_HASH_PATTERN),
        annotated_by=fields.text("annotated_by", "", limit=200),
        reviewed_by=fields.text("reviewed_by", "", limit=200),
        created=fields.text("created", "", limit=40),
        complete=fields.boolean("complete", True),
        fingerprint=fields.text("fingerprint", "", pattern=_FINGERPRINT_PATTERN),
        accepted_from=fields.text("accepted_from", "", limit=100, pattern=f"({ID_PATTERN})?"),
    )
    fields.done()
    return version


def _run(fields: Fields) -> RunRecord:
    run = RunRecord(
        run_id=fields.text("run_id", limit=100, pattern=ID_PATTERN),
        created=fields.text("created", limit=40),
        method=fields.text("method", limit=100),
        preset=fields.text("preset", limit=100),
    )
    fields.done()
    return run


def _result(fields: Fields) -> ResultRecord:
    result = ResultRecord(
        case_key=fields.text("case_key", pattern=KEY_PATTERN),
        model_id=fields.text("model_id", limit=100, pattern=ID_PATTERN),
        folder=_own_path(fields, "folder"),
        facts=fields.facts("facts", {}),
        status=fields.text("status", "new", pattern="|".join(RESULT_STATUSES)),
        created=fields.text("created", "", limit=40),
    )
    fields.done()
    return result


def _own_path(fields: Fields, name: str) -> str:
    path = fields.text(name, limit=1000)
    if not is_safe_relative(path):
        raise fields.error(name, "leads out of the study folder")
    return path
