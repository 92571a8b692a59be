"""One file that comes back exactly, and that no damaged, foreign or hostile file can pass for."""

from __future__ import annotations

import json
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from SemiSegEmbedLib.errors import BadInputError, SemiSegEmbedError
from SemiSegEmbedLib.inference.maps import predict_maps
from SemiSegEmbedLib.inference.model_file import VERSION, Model, describe, load_model, save_model


@pytest.fixture
def path(model: Model, tmp_path: Path) -> Path:
    save_model(model, tmp_path / "hip.ssemodel")
    return tmp_path / "hip.ssemodel"


def refused(path: Path) -> str:
    """The one sentence with which both doors refuse."""
    with pytest.raises(BadInputError) as caught:
        load_model(path)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert str(path.parent) not in sentence
    return sentence


def rewritten(path: Path, change) -> Path:
    """The file with its content changed by `change(content)` and a checksum left as it was."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


def test_a_model_comes_back_exactly(model, path, toy):
    back = load_model(path)
    for name in ("network", "normalisation", "spacing_mm", "classes", "labels", "facts"):
        assert getattr(back, name) == getattr(model, name)
    for one, two in ((model.student, back.student), (model.teacher, back.teacher)):
        for name, value in one.state_dict().items():
            assert torch.equal(value, two.state_dict()[name])
    assert not any(module.training for module in back.student.modules())
    for name, value in vars(model.bank).items():
        same = (
            torch.equal(value, getattr(back.bank, name))
            if torch.is_tensor(value)
            else value == getattr(back.bank, name)
        )
        assert same, name
    image = toy(9, (24, 24, 24)).image
    for name, value in vars(predict_maps(model, image, passes=2)).items():
        np.testing.assert_array_equal(value, getattr(predict_maps(back, image, passes=2), name))


def test_half_precision_halves_the_file_and_hardly_moves_the_probability(model, path, tmp_path, toy):
    save_model(model, tmp_path / "half.ssemodel", half=True)
    assert (tmp_path / "half.ssemodel").stat().st_size < 0.6 * path.stat().st_size
    back = load_model(tmp_path / "half.ssemodel")
    assert next(back.student.parameters()).dtype == torch.float32
    image = toy(9, (24, 24, 24)).image
    exact, half = (predict_maps(m, image, want=("probability",)).probability for m in (model, back))
    np.testing.assert_allclose(half, exact, atol=0.02)


def test_a_description_needs_no_network_and_is_plain_json(model, path, monkeypatch):
    monkeypatch.setattr("SemiSegEmbedLib.inference.model_file.UNet3D", None)
    about = describe(path)
    assert about == json.loads(json.dumps(describe(model)))
    assert about["facts"]["method"] == "embedding_matching"
    assert about["bank"]["case_keys"] == ["case-0001", "case-0002", "case-0003"]
    assert about["versions"]["format"] == VERSION
    assert about["parameters"] == sum(p.numel() for p in model.student.parameters())


def test_the_file_can_be_deleted_while_the_model_is_in_use(path, toy):
    back = load_model(path)
    path.unlink()
    predict_maps(back, toy(9, (24, 24, 24)).image, passes=1)


def test_saving_over_a_model_is_all_or_nothing(model, path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(torch, "save", lambda content, file: file.write(b"half") and (_ for _ in ()).throw(OSError()))
    with pytest.raises(SemiSegEmbedError, match="could not be saved"):
        save_model(model, path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_paths_and_things_that_are_not_plain_are_not_written(model, tmp_path):
    for wrong in (
        replace(model, bank=replace(model.bank, case_keys=("/home/x/John Doe.nii", "b", "c"))),
        replace(model, facts={"when": object()}),
        replace(model, facts={"hd95": float("nan")}),
    ):
        with pytest.raises(BadInputError, match=r"\.$"):
            save_model(wrong, tmp_path / "wrong.ssemodel")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    refused(path)


def test_no_flipped_bit_goes_unnoticed(model, path):
    """A flip is refused, or it hit padding or a date of the archive and changed nothing that is used."""
    whole = bytearray(path.read_bytes())
    generator = np.random.default_rng(0)
    refusals = 0
    for position in generator.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        try:
            back = load_model(path)
        except BadInputError:
            refusals += 1
        else:
            assert describe(back) == describe(model)
            for name, value in model.student.state_dict().items():
                assert torch.equal(value, back.student.state_dict()[name])
    assert refusals > 50


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"PK\x03\x04", b"PK\x03\x04" + bytes(1000), pickle.dumps({"format": "SemiSegEmbed model"})],
)
def test_foreign_bytes_are_refused(tmp_path, content):
    path = tmp_path / "foreign.ssemodel"
    path.write_bytes(content)
    refused(path)


def test_other_archives_folders_and_missing_files_are_refused(tmp_path):
    torch.save({"state_dict": {"weight": torch.zeros(3)}}, tmp_path / "other.pt")
    torch.save([1, 2, 3], tmp_path / "list.pt")
    torch.save({"w": torch.zeros(3)}, tmp_path / "legacy.pt", _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(tmp_path / "office.docx", "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    for name in ("other.pt", "list.pt", "legacy.pt", "office.docx", "nothing.ssemodel", "."):
        refused(tmp_path / name)
        with pytest.raises(BadInputError):
            describe(tmp_path / name)


class Harmful:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.write_text, (self.target, "executed"))


def test_code_in_a_file_is_not_executed(path, tmp_path):
    proof = tmp_path / "proof.txt"
    content = torch.load(path, weights_only=True)
    content["tensors"]["student.extra"] = Harmful(proof)
    torch.save(content, path)
    for read in (load_model, describe):
        with pytest.raises(BadInputError, match="harmful"):
            read(path)
    path.write_bytes(pickle.dumps(Harmful(proof)))
    refused(path)
    torch.save(Harmful(proof), path, _use_new_zipfile_serialization=False)
    refused(path)
    assert not proof.exists()


def test_a_newer_format_asks_for_an_update(path):
    assert "newer" in refused(rewritten(path, lambda content: content.update(version=VERSION + 1)))
    with pytest.raises(BadInputError, match="newer"):
        describe(path)


def test_changed_weights_or_texts_are_noticed(path, model):
    def weight(content):
        content["tensors"]["student.output.bias"] += 1e-6

    assert "checksum" in refused(rewritten(path, weight))
    save_model(model, path)

    def text(content):
        content["description"] = content["description"].replace('"spacing_mm": 1.0', '"spacing_mm": 2.0')

    assert "checksum" in refused(rewritten(path, text))


def test_sizes_that_are_only_claimed_are_not_allocated(path, model):
    def huge_view(content):
        content["tensors"]["student.output.weight"] = torch.zeros(1).expand(10**6, 10**7)

    assert "sizes" in refused(rewritten(path, huge_view))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10**8))
    assert "sizes" in refused(path)


@pytest.mark.parametrize(
    "change",
    [
        {"network": {"in_channels": 1, "classes": 2, "base_filters": 10**6}},
        {"network": {"in_channels": 1, "classes": 2, "base_filters": 5}},
        {"network": {"in_channels": 1, "classes": 2, "base_filters": True, "norm": 3}},
        {"network": {}},
        {"network": None},
        {"classes": 3},
        {"classes": "many"},
        {"normalisation": {"mean": 0.0}},
        {"bank": {"case_keys": ["case-0001"], "group_classes": [0, 1], "shape": []}},
        {"bank": {"case_keys": ["a/b", "c", "d"], "group_classes": [0, 1], "shape": []}},
        {"labels": 5},
    ],
)
def test_descriptions_that_do_not_fit_the_weights_are_refused(path, change):
    """Even with a valid checksum, as a forger would make it."""
    from SemiSegEmbedLib.inference import model_file

    def forge(content):
        about = json.loads(content["description"])
        about.update(change)
        content["description"] = json.dumps(about)
        content["sha256"] = model_file._digest(content["description"], content["tensors"])

    refused(rewritten(path, forge))
