from __future__ import annotations

import torch

from SemiSegEmbedLib.learning.bank import ReferenceQueue


def references_of(value: float, groups: int = 2, count: int = 3) -> torch.Tensor:
    return torch.full((1, groups, 1, count, 4), value)


def test_the_queue_keeps_the_newest_of_each_group_and_leaves_out_what_was_not_found() -> None:
    queue = ReferenceQueue(groups=2, size=6, channels=4)
    queue.push(references_of(1.0), torch.tensor([[True, False]]))
    for value in (2.0, 3.0):
        queue.push(references_of(value), torch.tensor([[True, True]]))
    drawn, usable = queue.draw(l=40, k=5)
    assert drawn.shape == (1, 2, 40, 5, 4)
    assert usable.tolist() == [[True, True]]
    assert set(drawn.unique().tolist()) == {2.0, 3.0}
    queue.push(references_of(4.0), torch.tensor([[False, True]]))
    drawn, _ = queue.draw(l=40, k=5)
    assert set(drawn[0, 0].unique().tolist()) == {2.0, 3.0}
    assert set(drawn[0, 1].unique().tolist()) == {3.0, 4.0}


def test_a_group_that_was_never_found_is_not_usable() -> None:
    queue = ReferenceQueue(groups=2, size=8, channels=4)
    queue.push(references_of(1.0), torch.tensor([[True, False]]))
    assert queue.draw(l=2, k=3)[1].tolist() == [[True, False]]


def test_more_than_fits_at_once_is_cut() -> None:
    queue = ReferenceQueue(groups=2, size=2, channels=4)
    queue.push(references_of(1.0), torch.ones(1, 2, dtype=torch.bool))
    assert set(queue.draw(l=2, k=3)[0].unique().tolist()) == {1.0}


def test_references_that_are_not_finite_are_left_out() -> None:
    queue = ReferenceQueue(groups=2, size=6, channels=4)
    queue.push(references_of(1.0), torch.ones(1, 2, dtype=torch.bool))
    bad = references_of(2.0)
    bad[0, 1, 0, 2, 3] = float("nan")
    queue.push(bad, torch.ones(1, 2, dtype=torch.bool))
    assert queue.filled.tolist() == [6, 3]
    assert queue.embeddings.isfinite().all()
