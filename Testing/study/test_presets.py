"""Ready label lists agree with themselves, with the codes of DICOM, and with what a file may say."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.study.classes import check_labels
from SemiSegEmbedLib.study.presets import LABEL_LISTS, LEFT, RIGHT, load_labels, side_code


@pytest.mark.parametrize("name", sorted(LABEL_LISTS))
def test_ready_lists_are_sound(name: str) -> None:
    labels = load_labels(name)
    check_labels(labels)
    assert len({label.color for label in labels}) == len(labels)
    assert [label.value for label in labels] == list(range(1, len(labels) + 1))


def test_values_are_those_of_the_shared_data() -> None:
    names = {label.value: label.name for label in load_labels("hip-sides")}
    assert names == {1: "hip bone left", 2: "hip bone right", 3: "femur left", 4: "femur right", 5: "sacrum"}


def test_codes_exist_in_dicom() -> None:
    concepts = pytest.importorskip("pydicom.sr.codedict").codes.SCT
    labels = load_labels("hip-sides")
    assert {label.code.value for label in labels if label.code} == {
        concepts.Hip.value,
        concepts.Femur.value,
        concepts.Sacrum.value,
    }
    assert (LEFT.value, RIGHT.value) == (concepts.Left.value, concepts.Right.value)
    assert [side_code(label) for label in labels] == [LEFT, RIGHT, LEFT, RIGHT, None]


def test_list_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "my labels.json"
    path.write_text(json.dumps({"labels": [asdict(label) for label in load_labels("hip-sides")]}))
    assert load_labels(path) == load_labels("hip-sides")
    path.write_text(json.dumps({"labels": [{"name": "<b>bone</b>", "value": 3}]}))
    assert load_labels(str(path))[0].name == "<b>bone</b>"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "is not an object"),
        ("{}", "has no 'labels'"),
        ('{"labels": [{"name": "a", "value": "1"}]}', "whole number"),
        ('{"labels": [{"name": "a", "value": 1, "colour": 2}]}', "unknown 'colour'"),
        ('{"labels": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]}', "same name"),
        ("not json", "not valid JSON"),
        ("[" * 50_000, "nested too deeply"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(text)
    with pytest.raises(BadInputError, match=says):
        load_labels(path)


def test_unknown_list_names_the_known_ones() -> None:
    with pytest.raises(BadInputError, match="choose hip-bones or hip-sides"):
        load_labels("knee")


def test_binary_and_huge_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match="not UTF-8"):
        load_labels(path)
    path.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(BadInputError, match="larger than"):
        load_labels(path)
