"""The changes that a manifest can go through, each a pure function from the old one to the new one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import replace
from typing import Any

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.fields import is_plain
from SemiSegEmbedLib.study.manifest import ID_PATTERN, Manifest
from SemiSegEmbedLib.study.paths import is_safe_relative
from SemiSegEmbedLib.study.records import (
    RESULT_STATUSES,
    Case,
    ImageReference,
    LabelVersion,
    ResultRecord,
    Role,
    RunRecord,
)


def shown_text(text: str, limit: int = 300) -> str:
    """What a person typed, as it is kept: without control characters and not endless."""
    printable = text.encode("utf-8", "replace").decode("utf-8")
    return re.sub("[\x00-\x1f\x7f]", " ", printable).strip()[:limit]


def patient_key(salt: str, patient: str) -> str:
    """The salted key of a patient; spelling differences in case, blanks and Unicode form do not matter.

    Raises:
        BadInputError: The text is blank: all who are called so would be one person.
    """
    spelled = " ".join(unicodedata.normalize("NFKC", patient).casefold().split())
    if not spelled:
        raise BadInputError("A blank text tells no patients apart: type a text that names the patient.")
    return _salted(salt, "patient", spelled)


def own_patient_key(salt: str, case_key: str) -> str:
    """The key of the unknown patient of one case."""
    return _salted(salt, "case", case_key)


def find_case(manifest: Manifest, key: str) -> Case:
    """The case with a key.

    Raises:
        BadInputError: There is none.
    """
    for case in manifest.cases:
        if case.key == key:
            return case
    raise BadInputError(f"The study has no case '{shown_text(key, 40)}': choose one of the keys in its list of cases.")


def next_key(manifest: Manifest) -> str:
    """The key of the next case; keys are never used twice."""
    return f"case-{manifest.next_case:04d}"


def refuse_duplicate(manifest: Manifest, sha256: str, series_uid: str | None) -> None:
    """Refuse an image that is in the study already; two series of one folder are two images.

    Raises:
        BadInputError: It names the case that has it.
    """
    for case in manifest.cases:
        other = case.image.series_uid
        if case.image.sha256 == sha256 and (other is None or series_uid is None or other == series_uid):
            raise BadInputError(
                f"This CT is in the study already as {case.key}: use that case, or allow duplicates if you mean it."
            )


def with_new_case(
    manifest: Manifest, name: str, image: ImageReference, patient: str | None, role: Role, added: str
) -> Manifest:
    """Append a case under the next key."""
    key = next_key(manifest)
    person = own_patient_key(manifest.salt, key) if patient is None else patient_key(manifest.salt, patient)
    case = Case(key, shown_text(name), image, person, role, (), added)
    return replace(manifest, cases=(*manifest.cases, case), next_case=manifest.next_case + 1)


def with_case(manifest: Manifest, key: str, **changes: Any) -> Manifest:
    """Change fields of one case.

    Raises:
        BadInputError: There is no such case.
    """
    changed = replace(find_case(manifest, key), **changes)
    return replace(manifest, cases=tuple(changed if case.key == key else case for case in manifest.cases))


def with_fresh_case(manifest: Manifest, old: Case, new: Case) -> Manifest:
    """Put in a case whose files were looked at again, unless somebody changed it meanwhile."""
    return replace(manifest, cases=tuple(new if case == old else case for case in manifest.cases))


def with_label(manifest: Manifest, key: str, version: LabelVersion) -> Manifest:
    """Append a version of a label; an unannotated case becomes annotated."""
    case = find_case(manifest, key)
    role = Role.ANNOTATED if case.role is Role.UNANNOTATED else case.role
    return with_case(manifest, key, labels=(*case.labels, version), role=role)


def without_newest_label(manifest: Manifest, key: str) -> Manifest:
    """Take back the newest version of a label; without any the case is unannotated again.

    Raises:
        BadInputError: The case has no label.
    """
    case = find_case(manifest, key)
    if case.label is None:
        raise BadInputError(f"{key} has no label to take back: annotate it first.")
    labels = case.labels[:-1]
    role = Role.UNANNOTATED if case.role is Role.ANNOTATED and not labels else case.role
    return with_case(manifest, key, labels=labels, role=role)


def with_review(manifest: Manifest, key: str, reviewed_by: str) -> Manifest:
    """Note who looked over the newest label.

    Raises:
        BadInputError: The case has no label.
    """
    case = find_case(manifest, key)
    if case.label is None:
        raise BadInputError(f"{key} has no label to review: annotate it first.")
    reviewed = replace(case.label, reviewed_by=shown_text(reviewed_by, 200))
    return with_case(manifest, key, labels=(*case.labels[:-1], reviewed))


def with_accepted_result(manifest: Manifest, key: str, version: LabelVersion) -> Manifest:
    """Make the accepted result of a model the label of a case, and note the decision.

    Raises:
        BadInputError: The case has a label already, or is not used for training.
    """
    case = find_case(manifest, key)
    if case.labels:
        raise BadInputError(f"{key} has an annotation already, and a model's result never takes its place.")
    if case.role is not Role.UNANNOTATED:
        raise BadInputError(f"{key} is not used for training, so a model's result is no annotation of it.")
    return with_label(with_result_status(manifest, key, version.accepted_from, "accepted"), key, version)


def without_accepted_result(manifest: Manifest, key: str, status: str) -> Manifest:
    """Take back that a model's result is the newest label of a case.

    Args:
        manifest: The manifest.
        key: The case.
        status: What the result is now.

    Raises:
        BadInputError: Its newest label is no accepted result.
    """
    case = find_case(manifest, key)
    if case.label is None or not case.label.accepted_from:
        raise BadInputError(f"The annotation of {key} was drawn by a person: there is nothing to take back.")
    model_id = case.label.accepted_from
    manifest = without_newest_label(manifest, key)
    # The case may have a newer result meanwhile, and the model may be gone.
    if any((result.case_key, result.model_id) == (key, model_id) for result in manifest.results):
        manifest = with_result_status(manifest, key, model_id, status)
    return manifest


def without_case(manifest: Manifest, key: str) -> Manifest:
    """Take out a case and the records of its results."""
    find_case(manifest, key)
    return replace(
        manifest,
        cases=tuple(case for case in manifest.cases if case.key != key),
        results=tuple(result for result in manifest.results if result.case_key != key),
    )


def with_run(manifest: Manifest, run: RunRecord) -> Manifest:
    """Append a run.

    Raises:
        BadInputError: Its name is taken or unusable as a folder name.
    """
    check_id(run.run_id)
    if any(run.run_id == other.run_id for other in manifest.runs):
        raise BadInputError(f"The study has a run '{run.run_id}' already: choose another name.")
    return replace(manifest, runs=(*manifest.runs, run))


def with_result(manifest: Manifest, result: ResultRecord) -> Manifest:
    """Put in a result; an earlier one of the same case and model gives way.

    Raises:
        BadInputError: The case is unknown, or the folder or the facts cannot be kept.
    """
    find_case(manifest, result.case_key)
    check_id(result.model_id)
    if not is_safe_relative(result.folder):
        raise BadInputError("The folder of a result must lie in the study: choose one below results.")
    if not is_plain(result.facts, depth=4):
        raise BadInputError("The facts of a result must be plain finite numbers and text: convert them first.")
    pair = (result.case_key, result.model_id)
    others = [other for other in manifest.results if (other.case_key, other.model_id) != pair]
    return replace(manifest, results=(*others, result))


def with_result_status(manifest: Manifest, case_key: str, model_id: str, status: str) -> Manifest:
    """Note what a person decided about a result.

    Raises:
        BadInputError: The status or the result does not exist.
    """
    if status not in RESULT_STATUSES:
        raise BadInputError(f"A result cannot be '{shown_text(status, 40)}': choose {', '.join(RESULT_STATUSES)}.")
    pair = (case_key, model_id)
    if not any((result.case_key, result.model_id) == pair for result in manifest.results):
        raise BadInputError(f"The study has no result of this model for {shown_text(case_key, 40)}: segment it first.")
    results = tuple(
        replace(result, status=status) if (result.case_key, result.model_id) == pair else result
        for result in manifest.results
    )
    return replace(manifest, results=results)


def check_id(text: str) -> None:
    """Refuse names of runs and models that could not be a folder name everywhere.

    Raises:
        BadInputError: With the rule.
    """
    if not re.fullmatch(ID_PATTERN, text) or len(text) > 100:
        raise BadInputError(
            f"'{shown_text(text, 40)}' cannot be a name: use up to 100 letters, digits, dots, dashes and underscores."
        )


def _salted(salt: str, kind: str, text: str) -> str:
    # Keyed, so that nobody without this study's salt can try out names and numbers.
    data = f"{kind}\0{text}".encode("utf-8", "replace")
    digest = hashlib.blake2b(data, key=salt.encode("ascii")[:64], digest_size=16)
    return f"p-{digest.hexdigest()[:20]}"
