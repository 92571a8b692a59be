from __future__ import annotations

import numpy as np
import torch

from SemiSegEmbedLib.learning.bank import ReferenceQueue
from SemiSegEmbedLib.learning.prototypes import Prototypes


def clouds(n: int = 60, seed: int = 0) -> torch.Tensor:
    """Two groups of n references around three far places each, (2, n, 4)."""
    random = torch.Generator().manual_seed(seed)
    places = 20 * torch.randn(2, 3, 4, generator=random)
    return places[:, torch.arange(n) % 3] + 0.1 * torch.randn(2, n, 4, generator=random)


def bank_of(references: torch.Tensor, filled: list[int]) -> ReferenceQueue:
    """A bank of which the first entries are filled and the others far off."""
    bank = ReferenceQueue(*references.shape)
    bank.embeddings.copy_(references)
    for group, count in enumerate(filled):
        bank.embeddings[group, count:] = 1e6
    bank.pushed.copy_(torch.tensor(filled))
    return bank


def test_an_update_is_one_step_of_lloyds_algorithm_on_the_filled_entries() -> None:
    bank, filled = bank_of(clouds(), [60, 21]), [60, 21]
    prototypes = Prototypes(2, 3, 4)
    prototypes.update(bank)
    before = prototypes.centres.clone()
    prototypes.update(bank)
    for g in range(2):
        entries = bank.embeddings[g, : filled[g]].numpy()
        distances = np.stack([((entries - centre) ** 2).sum(1) for centre in before[g].numpy()], 1)
        nearest = distances.argmin(1)
        for p in np.unique(nearest):
            np.testing.assert_allclose(prototypes.centres[g, p], entries[nearest == p].mean(0), rtol=1e-5, atol=1e-5)


def test_a_few_updates_find_the_clusters_whatever_the_start() -> None:
    bank, found = bank_of(clouds(), [60, 60]), 0
    for seed in range(10):
        torch.manual_seed(seed)
        prototypes = Prototypes(2, 5, 4)
        for _ in range(20):
            prototypes.update(bank)
        distances = torch.cdist(bank.embeddings, prototypes.centres).amin(2)
        found += int((distances.amax(1) < 1.0).sum())
    assert found >= 18, "of 20 groups"


def test_a_group_without_references_waits_for_its_first() -> None:
    prototypes = Prototypes(2, 3, 4)
    prototypes.update(bank_of(clouds(), [60, 0]))
    assert prototypes.started.tolist() == [True, False]
    bank = bank_of(clouds(), [60, 60])
    prototypes.update(bank)
    assert prototypes.started.all()
    assert torch.cdist(prototypes.centres[1], bank.embeddings[1]).amin(1).max() < 30
