from __future__ import annotations

import numpy as np
import torch

from SemiSegEmbedLib.learning.prototypes import Prototypes


def clouds(n: int = 60, seed: int = 0) -> torch.Tensor:
    """Two groups of n references around three far places each, (2, n, 4)."""
    random = torch.Generator().manual_seed(seed)
    places = 20 * torch.randn(2, 3, 4, generator=random)
    return places[:, torch.arange(n) % 3] + 0.1 * torch.randn(2, n, 4, generator=random)


def test_an_update_is_one_step_of_lloyds_algorithm_on_the_filled_entries() -> None:
    references, filled = clouds(), torch.tensor([60, 21])
    prototypes = Prototypes(2, 3, 4)
    prototypes.update(references, filled)
    before = prototypes.centres.clone()
    prototypes.update(references, filled)
    for g in range(2):
        entries = references[g, : int(filled[g])].numpy()
        distances = np.stack([((entries - centre) ** 2).sum(1) for centre in before[g].numpy()], 1)
        nearest = distances.argmin(1)
        for p in np.unique(nearest):
            np.testing.assert_allclose(prototypes.centres[g, p], entries[nearest == p].mean(0), rtol=1e-5, atol=1e-5)


def test_a_few_updates_find_the_clusters_whatever_the_start() -> None:
    references, filled = clouds(), torch.tensor([60, 60])
    found = 0
    for seed in range(10):
        torch.manual_seed(seed)
        prototypes = Prototypes(2, 5, 4)
        for _ in range(20):
            prototypes.update(references, filled)
        distances = torch.cdist(references, prototypes.centres).amin(2)
        found += int((distances.amax(1) < 1.0).sum())
    assert found >= 18, "of 20 groups"


def test_a_group_without_references_waits_for_its_first() -> None:
    references = clouds()
    prototypes = Prototypes(2, 3, 4)
    prototypes.update(references, torch.tensor([60, 0]))
    assert prototypes.started.tolist() == [True, False]
    prototypes.update(references, torch.tensor([60, 60]))
    assert prototypes.started.all()
    assert torch.cdist(prototypes.centres[1], references[1]).amin(1).max() < 30
    assert torch.isfinite(prototypes.centres).all()
