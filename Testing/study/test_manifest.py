"""A manifest survives its way through JSON, and a damaged or hostile one is refused with one sentence."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.manifest import SCHEMA_VERSION, Manifest, from_json, to_json
from SemiSegEmbedLib.study.presets import HIP_SIDES
from SemiSegEmbedLib.study.records import (
    Case,
    ImageReference,
    LabelVersion,
    ResultRecord,
    Role,
    RunRecord,
)

HASH = "0123456789abcdef" * 4


def example() -> Manifest:
    version = LabelVersion("labels/case-0001/v0001.nii.gz", HASH, "AB", "CD", "2026-01-01", False, "ab12")
    cases = (
        Case("case-0001", "first", ImageReference("../ct/a.nii.gz", HASH), "p-1", Role.ANNOTATED, (version,), "2026"),
        Case("case-0003", "copy", ImageReference("images/x", HASH, "1.2.3", True, "aa"), "p-2", Role.HELD_OUT),
    )
    runs = (RunRecord("20260101-000000-ab12", "2026", "embedding_matching", "robust"),)
    results = (ResultRecord("case-0001", "model-1", "results/case-0001/model-1", {"iou": 0.5}, "accepted", "2026"),)
    return Manifest("A study", "ab" * 16, "2026-01-01", HIP_SIDES, 1.5, cases, runs, results, next_case=4)


def document() -> dict[str, Any]:
    return json.loads(to_json(example()))


def test_round_trip_is_exact_and_ascii() -> None:
    text = to_json(example())
    assert text.isascii()
    assert json.loads(text)["schema_version"] == SCHEMA_VERSION
    assert from_json(text) == example()


printable = st.text(st.characters(exclude_categories=["Cc"]), max_size=80)
facts = st.dictionaries(
    st.text(max_size=10), st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)


@settings(max_examples=60, deadline=None)
@given(name=printable, person=printable, facts=facts)
def test_any_names_and_facts_survive(name: str, person: str, facts: dict[str, Any]) -> None:
    manifest = example()
    case = manifest.cases[0]
    case = replace(case, name=name, labels=(replace(case.labels[0], annotated_by=person),))
    result = replace(manifest.results[0], facts=facts)
    manifest = replace(manifest, name=name, cases=(case, manifest.cases[1]), results=(result,))
    assert from_json(to_json(manifest)) == manifest


def test_html_and_shell_in_names_are_just_text() -> None:
    text = '<script>alert(1)</script> $(rm -rf ~) "; DROP TABLE'
    assert from_json(to_json(replace(example(), name=text))).name == text


def refused(text: str) -> str:
    with pytest.raises(BadInputError) as caught:
        from_json(text)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 400
    return message


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("cases", 0, "labels", 0, "path"), "../../etc/passwd", "leads out of the study"),
        (("cases", 0, "labels", 0, "path"), "/etc/passwd", "leads out of the study"),
        (("cases", 0, "labels", 0, "path"), "C:\\Windows\\system.ini", "leads out of the study"),
        (("cases", 0, "labels", 0, "path"), "labels\\..\\..\\x", "leads out of the study"),
        (("cases", 1, "image", "path"), "../outside", "leads out of the study"),
        (("cases", 1, "image", "path"), "", "leads out of the study"),
        (("results", 0, "folder"), "results/../../x", "leads out of the study"),
        (("cases", 0, "image", "path"), "a\0b", "control characters"),
        (("cases", 0, "name"), 17, "is not text"),
        (("cases", 0, "name"), "x" * 301, "longer than 300"),
        (("cases", 0, "name"), "two\nlines", "control characters"),
        (("cases", 0, "image", "sha256"), "abc", "not of the expected form"),
        (("cases", 0, "key"), "../case", "not of the expected form"),
        (("cases", 1, "key"), "case-0001", "same key"),
        (("cases", 0, "role"), "king", "not of the expected form"),
        (("cases", 0, "labels"), {}, "is not a list"),
        (("cases", 0, "image"), [], "is not an object"),
        (("cases",), None, "is not a list"),
        (("labels", 0, "value"), 0, "whole number from 1 to 254"),
        (("labels", 0, "value"), True, "whole number from 1 to 254"),
        (("labels", 0, "color"), [1, 2], "three whole numbers"),
        (("labels", 0, "mirror"), 3, "do not name each other"),
        (("labels",), [], "it is empty"),
        (("results", 0, "status"), "great", "not of the expected form"),
        (("results", 0, "facts"), {"a": {"b": {"c": {"d": {"e": 1}}}}}, "plain values"),
        (("runs", 0, "run_id"), "../x", "not of the expected form"),
        (("spacing_mm",), 0, "number from 0.05 to 20"),
        (("spacing_mm",), "1", "number from 0.05 to 20"),
        (("next_case",), 3, "already taken"),
        (("salt",), "", "not of the expected form"),
        (("schema_version",), "1", "no schema version"),
        (("schema_version",), True, "no schema version"),
        (("schema_version",), SCHEMA_VERSION + 1, "newer SemiSegEmbed"),
        (("surprise",), 1, "unknown 'surprise'"),
        (("cases", 0, "surprise"), 1, "unknown 'surprise'"),
    ],
)
def test_wrong_values_are_refused_by_name(place: tuple[Any, ...], value: Any, says: str) -> None:
    broken = document()
    target = broken
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    assert says in refused(json.dumps(broken))


@pytest.mark.parametrize("name", ["name", "salt", "labels", "cases", "next_case", "schema_version"])
def test_missing_values_are_refused(name: str) -> None:
    broken = document()
    del broken[name]
    refused(json.dumps(broken))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not valid JSON"),
        ("[]", "is not an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"schema_version": 1, "schema_version": 1}', "stands twice"),
        ('{"schema_version": NaN}', "NaN is not a number"),
        ('{"schema_version": ' + "9" * 5000 + "}", "not valid JSON"),
        (to_json(example())[:-40], "not valid JSON"),
        (to_json(example()).replace("1.5", "1e999"), "number from 0.05 to 20"),
    ],
)
def test_json_bombs_and_cuts_are_refused(text: str, says: str) -> None:
    assert says in refused(text)


def test_larger_text_than_any_manifest_is_refused_unparsed() -> None:
    assert "larger than" in refused(" " * ((64 << 20) + 1))


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


def test_any_damage_is_refused_or_harmless_but_never_a_traceback() -> None:
    chance = random.Random(1)
    rubbish = [None, True, -1, 1e308, "", "x" * 3000, [], {}, [[]], {"a": 1}, "../..", "\x1b[2J", 10**30]
    everywhere = places(document())[1:]
    outcomes = {"refused": 0, "read": 0}
    for _ in range(600):
        broken = document()
        place = chance.choice(everywhere)
        target = broken
        for step in place[:-1]:
            target = target[step]
        target[place[-1]] = chance.choice(rubbish)
        try:
            from_json(json.dumps(broken))
            outcomes["read"] += 1
        except BadInputError:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 400
    assert outcomes["read"] > 0


VERSION_0 = {
    "schema_version": 0,
    "name": "Early study",
    "salt": "00" * 16,
    "created": "2025-01-01",
    "spacing_mm": 1.0,
    "labels": [{"name": "hip", "value": 1, "color": [1, 2, 3]}],
    "cases": [
        {
            "key": "case-0001",
            "name": "drawn",
            "image": {"path": "a.nii.gz", "sha256": HASH},
            "patient_key": "p1",
            "annotator": "AB",
            "labels": [{"path": f"labels/case-0001/v000{number}.nii.gz", "sha256": HASH} for number in (1, 2)],
        },
        {
            "key": "case-0002",
            "name": "not drawn",
            "image": {"path": "b.nii.gz", "sha256": HASH},
            "patient_key": "p2",
            "annotator": "",
            "labels": [],
        },
    ],
    "runs": [],
    "next_case": 3,
}


VERSION_1 = {
    "schema_version": 1,
    "name": "Study of version 1",
    "salt": "00" * 16,
    "created": "2026-01-01",
    "spacing_mm": 1.0,
    "labels": [{"name": "hip", "value": 1, "color": [1, 2, 3]}],
    "cases": [
        {
            "key": "case-0001",
            "name": "drawn",
            "image": {"path": "a.nii.gz", "sha256": HASH},
            "patient_key": "p1",
            "role": "annotated",
            "labels": [{"path": "labels/case-0001/v0001.nii.gz", "sha256": HASH, "annotated_by": "AB"}],
        }
    ],
    "runs": [],
    "results": [],
    "next_case": 2,
}


def test_version_1_is_migrated() -> None:
    manifest = from_json(json.dumps(VERSION_1))
    (version,) = manifest.cases[0].labels
    assert (version.annotated_by, version.accepted_from) == ("AB", "")
    assert from_json(to_json(manifest)) == manifest


def test_version_0_is_migrated() -> None:
    manifest = from_json(json.dumps(VERSION_0))
    assert [case.role for case in manifest.cases] == [Role.ANNOTATED, Role.UNANNOTATED]
    assert [version.annotated_by for version in manifest.cases[0].labels] == ["AB", "AB"]
    assert manifest.results == ()
    assert from_json(to_json(manifest)) == manifest


@pytest.mark.parametrize("cases", [None, [1], [{"labels": 1}], [{"annotator": {}, "labels": [{"path": "x"}]}]])
def test_damaged_version_0_is_refused(cases: Any) -> None:
    refused(json.dumps({**VERSION_0, "cases": cases}))


LIMITS = [
    (("name",), 300),
    (("created",), 40),
    (("labels", 0, "name"), 200),
    (("labels", 0, "code", "scheme"), 16),
    (("labels", 0, "code", "value"), 64),
    (("labels", 0, "code", "meaning"), 200),
    (("cases", 0, "name"), 300),
    (("cases", 0, "added"), 40),
    (("cases", 0, "patient_key"), 64),
    (("cases", 0, "image", "path"), 5000),
    (("cases", 0, "labels", 0, "annotated_by"), 200),
    (("cases", 0, "labels", 0, "reviewed_by"), 200),
    (("cases", 0, "labels", 0, "created"), 40),
    (("cases", 0, "labels", 0, "path"), 1000),
    (("runs", 0, "run_id"), 100),
    (("runs", 0, "created"), 40),
    (("runs", 0, "method"), 100),
    (("runs", 0, "preset"), 100),
    (("results", 0, "model_id"), 100),
    (("results", 0, "created"), 40),
    (("results", 0, "folder"), 1000),
]


def changed(place: tuple[Any, ...], value: Any) -> str:
    """The example with one value changed."""
    made = document()
    target = made
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return json.dumps(made)


@pytest.mark.parametrize(("place", "limit"), LIMITS)
def test_texts_may_be_as_long_as_they_may_be_and_no_longer(place: tuple[Any, ...], limit: int) -> None:
    from_json(changed(place, "x" * limit))
    refused(changed(place, "x" * (limit + 1)))


@pytest.mark.parametrize(
    ("place", "low", "high"),
    [
        (("labels", 0, "color"), [0, 0, 0], [255, 255, 255]),
        (("spacing_mm",), 0.05, 20.0),
        (("next_case",), 4, 999_999_999),
    ],
)
def test_numbers_may_reach_their_limits(place: tuple[Any, ...], low: Any, high: Any) -> None:
    for value in (low, high):
        from_json(changed(place, value))
    for value in ([-1, 0, 0], [0, 256, 0], [0, 0, True]) if isinstance(low, list) else (0, high * 1.001):
        refused(changed(place, value))


def with_one_label(**fields: Any) -> str:
    """A study with one label, no case and nothing else."""
    made = document() | {"cases": [], "runs": [], "results": []}
    return json.dumps(made | {"labels": [{"name": "bone", "value": 1, **fields}]})


def test_label_values_and_classes_may_reach_their_limits() -> None:
    assert from_json(with_one_label(value=254)).labels[0].value == 254
    assert from_json(with_one_label(value=1)).labels[0].value == 1
    assert "from 1 to 254" in refused(with_one_label(value=255))
    assert "from 0 to 254" in refused(with_one_label(training_class=255))
    assert "from 0 to 254" in refused(with_one_label(training_class=-1))
    assert "from 1 to 254" in refused(with_one_label(mirror=0))
    assert "from 1 to 254" in refused(with_one_label(mirror=255))


def test_what_is_left_out_has_its_default() -> None:
    made = document()
    case = made["cases"][0]
    for name in ("copied", "fingerprint", "series_uid"):
        del case["image"][name]
    for name in ("annotated_by", "reviewed_by", "created", "complete", "fingerprint"):
        del case["labels"][0][name]
    for name in ("facts", "status", "created"):
        del made["results"][0][name]
    del made["labels"][0]["color"], case["added"]
    manifest = from_json(json.dumps(made))
    image, version, result = manifest.cases[0].image, manifest.cases[0].labels[0], manifest.results[0]
    assert (image.copied, image.fingerprint, image.series_uid) == (False, "", None)
    assert (version.annotated_by, version.reviewed_by, version.created) == ("", "", "")
    assert (version.complete, version.fingerprint) == (True, "")
    assert (result.facts, result.status, result.created) == ({}, "new", "")
    assert manifest.labels[0].color == (230, 220, 170)
    assert manifest.cases[0].added == ""
