"""The references that a model file carries: teacher embeddings of annotated voxels, each with where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor, nn

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.learning.candidates import group_classes, reference_groups
from SemiSegEmbedLib.learning.config import TrainingConfig
from SemiSegEmbedLib.learning.matching import similarity_map
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.similarity import best_of_groups, class_similarities
from SemiSegEmbedLib.learning.volumes import Normalisation, Volume
from SemiSegEmbedLib.study.records import IGNORE

NO_REFERENCE = 255
MARGIN = 4
"""No reference lies within so many voxels of a window's faces, where padding reaches its embedding."""


@dataclass(frozen=True)
class Origin:
    """Where a reference came from: case, voxel on the training grid and the same in mm from its first voxel."""

    case_key: str
    position: tuple[int, int, int]
    position_mm: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class ReferenceBank:
    """l sets of k reference embeddings for each group (paper, section 2.3.1).

    Groups 0..C-1 are the classes; with hard negatives a last group holds background that looks like bone.

    Attributes:
        embeddings: (G, l, k, E), float32.
        case_keys: The annotated cases.
        case_index: Index into `case_keys` of each reference, int16, (G, l, k).
        positions: Voxel (z, y, x) on the case's training grid, int32, (G, l, k, 3).
        positions_mm: The same in mm from the grid's first voxel, float32, (G, l, k, 3).
        group_classes: The class of each group.
    """

    embeddings: Tensor
    case_keys: tuple[str, ...]
    case_index: Tensor
    positions: Tensor
    positions_mm: Tensor
    group_classes: tuple[int, ...]

    def similarities(
        self,
        embeddings: Tensor,
        classes: int,
        kernel: str = "cosine",
        reduce: str = "mean",
        *,
        centre: bool = False,
    ) -> Tensor:
        """Similarity of each voxel to each class, (B, E, D, H, W) -> (B, C, D, H, W); the best group counts."""
        references = self.embeddings.to(embeddings.device)
        groups = class_similarities(embeddings, references, kernel, reduce, centre=centre)
        return best_of_groups(groups, self.group_classes, classes)

    def origin(self, group: int, run: int, index: int) -> Origin:
        """Where one reference came from."""
        place = (group, run, index)
        position, position_mm = self.positions[place].tolist(), self.positions_mm[place].tolist()
        return Origin(self.case_keys[int(self.case_index[place])], tuple(position), tuple(position_mm))

    def nearest(self, embedding: Tensor, wanted_class: int, kernel: str = "cosine") -> tuple[Origin, float]:
        """The reference of a class most similar to one embedding (E,), and how similar: traces a matched label."""
        best: tuple[Origin, float] | None = None
        query = embedding.detach().float().cpu().view(1, -1, 1, 1, 1)
        for group, class_index in enumerate(self.group_classes):
            if class_index != wanted_class:
                continue
            for run, references in enumerate(self.embeddings[group]):
                found = torch.stack([similarity_map(query, r[None, None], kernel).flatten() for r in references])
                index = int(found.argmax())
                if best is None or float(found[index]) > best[1]:
                    best = self.origin(group, run, index), float(found[index])
        if best is None:
            raise BadInputError(f"The reference bank holds no reference of class {wanted_class}.")
        return best


@dataclass(frozen=True, eq=False)
class _Window:
    """A window of an annotated case, and the voxels in it that may serve, by group (flat indices)."""

    volume: int
    start: tuple[int, int, int]
    candidates: tuple[np.ndarray, ...]


def build_bank(
    teacher: nn.Module,
    volumes: Sequence[Volume],
    normalisation: Normalisation,
    classes: int,
    k: int = 16,
    l: int = 5,  # noqa: E741  (the paper's letter)
    band_mm: float = 3.0,
    generator: Generator | None = None,
    device: torch.device | str = "cpu",
    *,
    patch: Sequence[int] = (96, 96, 96),
    hard_negatives: bool = False,
    bone_hu: float = 150.0,
    windows_per_group: int = 12,
) -> ReferenceBank:
    """Draws k x l annotated voxels per class near the surface and embeds them with the teacher, dropout off.

    Windows are spread over all annotated cases (each case at least once for each group it shows), references
    evenly over windows. Withheld boxes and ignored voxels give no references.

    Args:
        teacher: A network that returns logits and embeddings.
        volumes: Cases on the training grid; those without label are passed over.
        normalisation: Of the training.
        classes: C, background included.
        k: Voxels in a reference set.
        l: Reference sets.
        band_mm: Largest distance from the surface, on either side.
        generator: On the CPU; None is a fixed seed.
        device: Where the teacher computes.
        patch: Window size in voxels, as in training.
        hard_negatives: Adds the group of bone-like background (see `learning.candidates`).
        bone_hu: HU above which background looks like bone.
        windows_per_group: How many windows at least, where there are fewer cases.

    Raises:
        BadInputError: If a class has no annotated surface in any case.
    """
    generator = generator or torch.Generator().manual_seed(0)
    config = TrainingConfig(band_mm=band_mm, hard_negatives=hard_negatives, bone_hu=bone_hu)
    annotated = [volume for volume in volumes if volume.label is not None]
    groups = group_classes(classes, hard_negatives)
    windows = _choose_windows(annotated, classes, config, patch, windows_per_group, generator)
    present = [any(len(w.candidates[g]) for w in windows) for g in range(len(groups))]
    for class_index in [*range(1, classes), 0]:
        if not present[class_index]:
            raise BadInputError(
                f"No annotated case shows the surface of class {class_index}; annotate one that does, then build the "
                "model again."
            )
    kept = [g for g in range(len(groups)) if present[g]]
    drawn = {g: _spread(windows, g, k * l, generator) for g in kept}
    found = _embed(teacher, annotated, normalisation, windows, drawn, patch, torch.device(device))
    arrays = {name: torch.stack([found[g][i].unflatten(0, (l, k)) for g in kept]) for i, name in enumerate(_FOUND)}
    spacing = torch.tensor([volume.spacing for volume in annotated], dtype=torch.float32)
    keys = tuple(volume.key for volume in annotated)
    millimetres = arrays["positions"] * spacing[arrays["case_index"].long()]
    return ReferenceBank(
        case_keys=keys, positions_mm=millimetres, group_classes=tuple(groups[g] for g in kept), **arrays
    )


_FOUND = ("embeddings", "case_index", "positions")


def _choose_windows(
    volumes: Sequence[Volume],
    classes: int,
    config: TrainingConfig,
    patch: Sequence[int],
    windows_per_group: int,
    generator: Generator,
) -> list[_Window]:
    """Windows around candidates of each group in turn, so that every group is seen in every case that shows it."""
    count = len(group_classes(classes, config.hard_negatives))
    per_case = max(1, -(-windows_per_group // max(len(volumes), 1)))
    windows = []
    for index, volume in enumerate(volumes):
        groups = reference_groups(np.asarray(volume.image), _usable_label(volume), volume.spacing, classes, config)
        for group in range(count):
            voxels = np.flatnonzero(groups == group)
            for _ in range(per_case if len(voxels) else 0):
                centre = np.unravel_index(voxels[_integer(len(voxels), generator)], groups.shape)
                start = tuple(
                    max(0, min(int(c) - p // 2, n - p)) for c, p, n in zip(centre, patch, groups.shape, strict=True)
                )
                windows.append(_Window(index, start, _candidates(groups, start, patch, count)))
    return windows


def _usable_label(volume: Volume) -> np.ndarray:
    label = np.array(volume.label)
    for low, high in volume.withheld:
        label[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = IGNORE
    return label


def _candidates(groups: np.ndarray, start: Sequence[int], patch: Sequence[int], count: int) -> tuple[np.ndarray, ...]:
    """Flat indices into the padded window, by group, without the margin at faces inside the volume."""
    window = np.full(tuple(patch), NO_REFERENCE, np.uint8)
    inner = []
    for s, p, n in zip(start, patch, groups.shape, strict=True):
        margin = min(MARGIN, p // 4)
        inner.append(slice(margin if s > 0 else 0, min(p - margin if s + p < n else p, n - s)))
    source = tuple(slice(s + i.start, s + i.stop) for s, i in zip(start, inner, strict=True))
    window[tuple(inner)] = groups[source]
    return tuple(np.flatnonzero(window == group) for group in range(count))


def _spread(windows: Sequence[_Window], group: int, need: int, generator: Generator) -> list[tuple[int, int]]:
    """(window, voxel) of `need` references: as evenly as possible over windows, each in random order."""
    holders = [i for i, window in enumerate(windows) if len(window.candidates[group])]
    turns = torch.randperm(len(holders), generator=generator).tolist()
    chosen: list[tuple[int, int]] = []
    orders = {i: torch.randperm(len(windows[i].candidates[group]), generator=generator).tolist() for i in holders}
    for number in range(need):
        window = holders[turns[number % len(turns)]]
        order, voxels = orders[window], windows[window].candidates[group]
        chosen.append((window, int(voxels[order[(number // len(turns)) % len(order)]])))
    shuffled = torch.randperm(need, generator=generator).tolist()
    return [chosen[i] for i in shuffled]


def _embed(
    teacher: nn.Module,
    volumes: Sequence[Volume],
    normalisation: Normalisation,
    windows: Sequence[_Window],
    drawn: dict[int, list[tuple[int, int]]],
    patch: Sequence[int],
    device: torch.device,
) -> dict[int, tuple[Tensor, Tensor, Tensor]]:
    """Embeddings, case indices and positions of the drawn voxels, by group; one forward a window."""
    found: dict[int, list[tuple[Tensor, int, tuple[int, ...]]]] = {g: [None] * len(d) for g, d in drawn.items()}  # type: ignore[list-item]
    training = teacher.training
    teacher.to(device).eval()
    with torch.inference_mode():
        for number in sorted({window for draws in drawn.values() for window, _ in draws}):
            window = windows[number]
            image = np.full(tuple(patch), normalisation.low, np.float32)
            part = volumes[window.volume].image[
                tuple(slice(s, s + p) for s, p in zip(window.start, patch, strict=True))
            ]
            image[tuple(slice(0, n) for n in part.shape)] = part
            _, embeddings = teacher(normalise(torch.from_numpy(image).to(device), normalisation)[None, None])
            flat = embeddings[0].flatten(1).float().cpu()
            for group, draws in drawn.items():
                for i, (owner, voxel) in enumerate(draws):
                    if owner == number:
                        local = np.unravel_index(voxel, tuple(patch))
                        place = tuple(int(s + o) for s, o in zip(window.start, local, strict=True))
                        found[group][i] = (flat[:, voxel].clone(), window.volume, place)
    teacher.train(training)
    return {
        group: (
            torch.stack([embedding for embedding, _, _ in rows]),
            torch.tensor([case for _, case, _ in rows], dtype=torch.int16),
            torch.tensor([place for _, _, place in rows], dtype=torch.int32),
        )
        for group, rows in found.items()
    }


def _integer(n: int, generator: Generator) -> int:
    return int(torch.randint(n, (), generator=generator))
