"""What was drawn on one case: taken on the main thread in moments, written as a label in another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SemiSegEmbedLib.application.display_arrays import Voxels
from SemiSegEmbedLib.application.label_file import write_nrrd
from SemiSegEmbedLib.application.snapshot import Snapshot, annotated_slices, ignore_other_slices
from SemiSegEmbedLib.study.files import explain
from SemiSegEmbedLib.study.records import IGNORE


@dataclass(frozen=True, eq=False)
class Drawing:
    """A copy of what is drawn, and what of it counts.

    Attributes:
        snapshot: The segments.
        slices: Slices that are finished although nothing is drawn in them; None: the label is complete.
        ignored: Single voxels that nobody annotated, bool (z, y, x), or None.
    """

    snapshot: Snapshot
    slices: frozenset[int] | None = None
    ignored: np.ndarray | None = None

    @property
    def complete(self) -> bool:
        """Whether all of the CT counts as annotated."""
        return self.slices is None

    def write(self, path: Path) -> None:
        """Write it as a label volume; its folder is made.

        Raises:
            SemiSegEmbedError: The disk is full, and the like; an earlier file is untouched.
        """
        label = self.snapshot.label_volume()
        if self.slices is not None:
            ignore_other_slices(label, set(self.slices))
        if self.ignored is not None and self.ignored.shape == label.shape:
            label[self.ignored & (label == 0)] = IGNORE
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise explain(error, "Your drawing could not be saved") from error
        write_nrrd(path, label, self.snapshot.grid)

    def voxels(self) -> Voxels:
        """The same as a label that can be loaded; as in a file, slices with something drawn count as annotated."""
        label, slices = self.snapshot.label_volume(), self.slices
        if slices is not None:
            slices = frozenset(np.flatnonzero(annotated_slices(label, slices)).tolist())
        return Voxels(label, self.snapshot.grid, slices, self.ignored)
