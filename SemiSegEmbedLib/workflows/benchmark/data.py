"""What a cell is trained, validated and tested with: patches of the store's scans, as views of its arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from SemiSegEmbedLib.learning.volumes import Normalisation, Volume, measure_normalisation
from SemiSegEmbedLib.phantom.benchmark import Scan
from SemiSegEmbedLib.workflows.benchmark.sampling import (
    Start,
    even_counts,
    labelled_counts,
    scan_patches,
    validation_counts,
)
from SemiSegEmbedLib.workflows.benchmark.scales import Scale
from SemiSegEmbedLib.workflows.benchmark.scoring import PatchPlace
from SemiSegEmbedLib.workflows.benchmark.store import Store, keys_of


@dataclass(frozen=True, eq=False)
class TrainingPatches:
    """The two halves of a cell's training patches, each patch a volume of its own.

    Attributes:
        volumes: Labelled ones first; the others have no label.
        hidden: Exact labels of the others by key, for the log alone.
        annotated: Keys of the annotated scans.
    """

    volumes: tuple[Volume, ...]
    hidden: Mapping[str, np.ndarray]
    annotated: tuple[str, ...]


class BenchmarkData:
    """The patches of one scale.

    Args:
        scale: Numbers of scans and patches.
        store: Where the scans were rendered.
        scans: The cohort of the scale.
    """

    def __init__(self, scale: Scale, store: Store, scans: Sequence[Scan]) -> None:
        self.scale, self.store = scale, store
        self.train, self.val, self.test = (keys_of(scans, split) for split in ("train", "val", "test"))
        self.groups = {scan.key: scan.group for scan in scans}

    @cached_property
    def pool(self) -> dict[str, list[Start]]:
        """The training patches of each scan, in the order in which they are labelled."""
        return self._places(even_counts(self.train, self.scale.pool))

    @cached_property
    def normalisation(self) -> Normalisation:
        """Statistics of all training patches, labelled or not (section 3.1)."""
        pool = [self._volume(key, n, labelled=False) for key, starts in self.pool.items() for n in range(len(starts))]
        return measure_normalisation(pool, stride=4 if self.scale.patch >= 96 else 1)

    def training(self, column: int, draw: int) -> TrainingPatches:
        """The patches of a column and a draw; the pool's patches that are not labelled are unlabelled."""
        counts = labelled_counts(self.scale, self.train, column, draw)
        labelled, free, hidden = [], [], {}
        for key, starts in self.pool.items():
            for number in range(len(starts)):
                if number < counts.get(key, 0):
                    labelled.append(self._volume(key, number, labelled=True))
                else:
                    free.append(self._volume(key, number, labelled=False))
                    exact = self.store.load(key).exact
                    hidden[free[-1].key] = exact[self._block(key, number)]
        return TrainingPatches((*labelled, *free), hidden, tuple(counts))

    def validation(self, column: int) -> list[PatchPlace]:
        """Patches that select the checkpoint."""
        return self._patch_places(validation_counts(self.scale, self.val, column))

    @cached_property
    def test_patches(self) -> list[PatchPlace]:
        """Equally many of each group of surface deviation scores (Appendix C)."""
        counts: dict[str, int] = {}
        for group in range(6):
            keys = [key for key in self.test if self.groups[key] == group]
            counts |= even_counts(keys, self.scale.test_patches // 6)
        return self._patch_places(counts)

    def _patch_places(self, counts: Mapping[str, int]) -> list[PatchPlace]:
        return [PatchPlace(key, s, n) for key, starts in self._places(counts).items() for n, s in enumerate(starts)]

    def _places(self, counts: Mapping[str, int]) -> dict[str, list[Start]]:
        patch = self.scale.patch
        return {key: scan_patches(self.store.load(key).label, patch, n, key) for key, n in counts.items()}

    def _block(self, key: str, number: int) -> tuple[slice, ...]:
        return tuple(slice(a, a + self.scale.patch) for a in self.pool[key][number])

    def _volume(self, key: str, number: int, *, labelled: bool) -> Volume:
        scan, block = self.store.load(key), self._block(key, number)
        label = scan.label[block] if labelled else None
        return Volume(f"{key}/{number:02d}", scan.image[block], label, scan.spacing)
