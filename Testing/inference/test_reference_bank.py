"""The bank: where references come from, and that they are what the teacher makes of these voxels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.reference_bank import build_bank
from SemiSegEmbedLib.learning.matching import similarity_map
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.volumes import Normalisation
from SemiSegEmbedLib.study.records import IGNORE

PATCH = (24, 24, 24)
NORMALISATION = Normalisation(mean=100.0, std=250.0)


@pytest.fixture
def volumes(toy):
    return [toy(number) for number in (1, 2, 3)]


def build(teacher, volumes, **options):
    return build_bank(teacher, volumes, NORMALISATION, 2, **{"k": 8, "l": 3, "patch": PATCH, **options})


def test_every_reference_lies_in_its_class_near_the_surface_of_its_case(trained, volumes):
    bank = build(trained, volumes, band_mm=2.5)
    assert bank.embeddings.shape == (2, 3, 8, trained.embed_dim)
    assert bank.case_keys == ("case-0001", "case-0002", "case-0003")
    by_key = {volume.key: volume for volume in volumes}
    for group in range(2):
        for run in range(3):
            for index in range(8):
                origin = bank.origin(group, run, index)
                volume = by_key[origin.case_key]
                assert volume.label[origin.position] == group
                to_other = ndimage.distance_transform_edt(volume.label == group, sampling=volume.spacing)
                assert 0 < to_other[origin.position] <= 2.5 + 1e-6
                assert origin.position_mm == pytest.approx(np.multiply(origin.position, volume.spacing))


def test_references_come_from_all_cases_about_equally(trained, volumes):
    bank = build(trained, volumes, k=16, l=5)
    for group in range(2):
        share = np.bincount(bank.case_index[group].flatten(), minlength=3) / 80
        assert share.min() > 0.2
        distinct = {
            (int(c), *p)
            for c, p in zip(
                bank.case_index[group].flatten(), bank.positions[group].reshape(-1, 3).tolist(), strict=True
            )
        }
        assert len(distinct) > 60


def test_embeddings_are_the_teachers_with_dropout_off(trained, toy):
    volume = toy(5, PATCH)
    trained.train()
    bank = build(trained, [volume])
    assert trained.training
    trained.eval()
    with torch.no_grad():
        _, embeddings = trained(normalise(torch.from_numpy(volume.image.copy()), NORMALISATION)[None, None])
    for place in ((0, 0, 0), (1, 2, 7), (1, 0, 3)):
        z, y, x = bank.positions[place].tolist()
        torch.testing.assert_close(bank.embeddings[place], embeddings[0, :, z, y, x])


def test_the_generator_decides(trained, volumes):
    first, second, other = (
        build(trained, volumes, generator=torch.Generator().manual_seed(seed)) for seed in (4, 4, 5)
    )
    assert torch.equal(first.positions, second.positions)
    assert torch.equal(first.embeddings, second.embeddings)
    assert not torch.equal(first.positions, other.positions)


def test_withheld_and_ignored_voxels_give_no_reference(trained, toy):
    volume = toy(1)
    label = volume.label.copy()
    label[:, 16:] = IGNORE
    partial = replace(volume, label=label, withheld=(((0, 0, 0), (24, 32, 20)),))
    bank = build(trained, [partial])
    assert (bank.positions[..., 1] < 16).all()
    assert (bank.positions[..., 2] >= 20).all()


def test_a_case_smaller_than_a_window_is_padded(trained, toy):
    small = toy(1, (20, 20, 22))
    bank = build(trained, [small])
    assert (bank.positions < torch.tensor([20, 20, 22])).all()


def test_hard_negatives_are_bone_that_is_background(trained, toy):
    volume = toy(1)
    image = volume.image.copy()
    image[0:4, 0:6, 0:6] = 900
    bank = build(trained, [replace(volume, image=image)], hard_negatives=True, bone_hu=700.0)
    assert bank.group_classes == (0, 1, 0)
    for place in bank.positions[2].reshape(-1, 3).tolist():
        assert image[tuple(place)] > 700
        assert volume.label[tuple(place)] == 0
    embeddings = torch.randn(1, trained.embed_dim, 2, 3, 4)
    found = bank.similarities(embeddings, 2)
    groups = [similarity_map(embeddings, references) for references in bank.embeddings]
    torch.testing.assert_close(found[:, 0], torch.maximum(groups[0], groups[2]))
    torch.testing.assert_close(found[:, 1], groups[1])


def test_a_label_is_traced_back_to_the_reference_that_it_resembles_most(bank):
    wanted = bank.origin(1, 2, 5)
    origin, similarity = bank.nearest(bank.embeddings[1, 2, 5], 1)
    assert (origin, similarity) == (wanted, pytest.approx(1.0, abs=1e-5))
    with pytest.raises(BadInputError, match=r"\.$"):
        bank.nearest(bank.embeddings[1, 2, 5], 7)


def test_a_class_that_nobody_annotated_is_named(trained, toy):
    volume = toy(1)
    with pytest.raises(BadInputError, match="class 1"):
        build(trained, [replace(volume, label=np.zeros_like(volume.label))])
    with pytest.raises(BadInputError, match="class"):
        build(trained, [replace(volume, label=None)])
