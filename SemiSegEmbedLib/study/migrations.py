"""From the manifests of earlier versions to today's: one function a step, applied one after the other.

To change the schema: raise `SCHEMA_VERSION`, add a step from the version before to `_STEPS`, and keep an old
manifest as a test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from SemiSegEmbedLib.study.fields import FieldError

SCHEMA_VERSION = 2


def migrate(document: Any) -> dict[str, Any]:
    """Bring a parsed manifest to `SCHEMA_VERSION`.

    Raises:
        FieldError: It is no manifest, or one of a version that this program does not know.
    """
    if not isinstance(document, dict):
        raise FieldError("it is not an object")
    version = document.get("schema_version")
    if type(version) is not int or version < 0:
        raise FieldError("it states no schema version")
    if version > SCHEMA_VERSION:
        raise FieldError(f"it was written by a newer SemiSegEmbed (schema {version}), which you should install")
    for step in range(version, SCHEMA_VERSION):
        document = {**_STEPS[step](document), "schema_version": step + 1}
    return document


def _roles_and_people(document: dict[str, Any]) -> dict[str, Any]:
    """0 to 1: cases had one `annotator` for all versions of their label, and no roles; studies had no results."""

    def upgraded(case: Any) -> Any:
        if not isinstance(case, dict) or not isinstance(case.get("labels"), list):
            raise FieldError("a case of schema 0 has no list of labels")
        annotator = case.get("annotator", "")
        labels = [
            {**label, "annotated_by": annotator} if isinstance(label, dict) else label for label in case["labels"]
        ]
        rest = {name: value for name, value in case.items() if name != "annotator"}
        return {**rest, "labels": labels, "role": "annotated" if labels else "unannotated"}

    if not isinstance(document.get("cases"), list):
        raise FieldError("study.cases is not a list")
    return {**document, "cases": [upgraded(case) for case in document["cases"]], "results": []}


def _accepted_results(document: dict[str, Any]) -> dict[str, Any]:
    """1 to 2: labels came from people alone, so `accepted_from` has its default."""
    return document


_STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {0: _roles_and_people, 1: _accepted_results}
