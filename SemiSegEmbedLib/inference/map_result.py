"""Blended slabs and tiles of uncertainty, put together to maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from SemiSegEmbedLib.inference.map_settings import MapSettings, Plan
from SemiSegEmbedLib.inference.tiles import BLOCK, Tile
from SemiSegEmbedLib.study.records import IGNORE

OBJECT_PROBABILITY = 0.1
"""With `passes_where="object"` a block without a voxel of at least this object probability needs no passes."""
SLAB = 16
"""Slices that are completed at a time."""


class Provenance(IntEnum):
    """Where the pseudo label of a voxel came from."""

    NEITHER = 0
    ANNOTATED = 1
    CONFIDENT = 2
    MATCHED = 3


class MapResult:
    """Blended slabs to the maps that were asked for."""

    def __init__(self, plan: Plan, settings: MapSettings, shape: Sequence[int]) -> None:
        self.plan, self.settings, self.shape = plan, settings, tuple(shape)
        kinds = {"probability": np.float16, "uncertainty": np.float16}
        made = set(settings.want)
        if "pseudo_label" in made:
            made |= {"label", "matched"}
        if plan.needs_matching and plan.needs_uncertainty:
            made |= {"uncertainty", "provenance"}
        self.arrays: dict[str, np.ndarray] = {}
        for name in made - {"pseudo_label"}:
            full = (plan.classes, *shape) if name == "probability" else tuple(shape)
            self.arrays[name] = np.empty(full, kinds.get(name, np.uint8))
        blocks = [-(-n // BLOCK) for n in shape]
        self._objects = np.zeros((self.shape[0], *blocks[1:]), bool)

    def finish(self, first: int, end: int, blended: Tensor) -> None:
        """Takes slices first..end of the blended channels."""
        probability, uncertainty, similarity = blended.split(self.plan.sizes)
        found: dict[str, Tensor] = {}
        if self.plan.needs_probability:
            found["probability"], found["label"] = probability, largest(probability)[0]
        if self.plan.in_tiles:
            found["uncertainty"] = torch.special.entr(probability).sum(0)
            likely = (probability[1:].amax(0) >= OBJECT_PROBABILITY).float()
            blocks = functional.max_pool2d(likely[:, None], BLOCK, ceil_mode=True)[:, 0]
            self._objects[first:end] = blocks.cpu().numpy() > 0
        elif self.plan.needs_uncertainty:
            found["uncertainty"] = uncertainty[0]
        if self.plan.needs_matching:
            found["matched"], lead = largest(similarity)
            matched = torch.full_like(found["matched"], Provenance.NEITHER)
            matched[lead >= self.settings.margin] = Provenance.MATCHED
            found["provenance"] = matched
        for name, target in self.arrays.items():
            kind = torch.float16 if target.dtype == np.float16 else torch.uint8
            target[..., first:end, :, :] = found[name].to(kind).cpu().numpy()

    def object_blocks(self) -> np.ndarray:
        """Whether each block of the volume may hold an object, bool."""
        padded = np.pad(self._objects, ((0, -self.shape[0] % BLOCK), (0, 0), (0, 0)))
        return np.logical_or.reduce(padded.reshape(-1, BLOCK, *padded.shape[1:]), 1)

    def put(self, tiles: Sequence[tuple[Tile, Tensor]]) -> None:
        """Takes the uncertainty of tiles."""
        for tile, nats in tiles:
            self.arrays["uncertainty"][tile.box] = nats.cpu().numpy()

    def completed(self, annotated: np.ndarray | None) -> dict[str, np.ndarray]:
        """The maps that were asked for, once uncertainty is known everywhere."""
        arrays, settings = self.arrays, self.settings
        limit = settings.threshold * math.log(self.plan.classes)
        if "pseudo_label" in settings.want:
            arrays["pseudo_label"] = arrays["label"].copy()
        for first in range(0, self.shape[0], SLAB):
            part = {name: array[..., first : first + SLAB, :, :] for name, array in arrays.items()}
            if "provenance" in part:
                part["provenance"][_below(part["uncertainty"], limit)] = Provenance.CONFIDENT
            if "pseudo_label" in part:
                by_matching = part["provenance"] == Provenance.MATCHED
                part["pseudo_label"][by_matching] = part["matched"][by_matching]
            if annotated is not None:
                _keep_annotation(part, np.asarray(annotated[first : first + SLAB]))
        return {name: arrays[name] for name in settings.want}


def _below(values: np.ndarray, limit: float) -> np.ndarray:
    """Torch compares half precision many times faster than numpy."""
    return (torch.from_numpy(values).float() < limit).numpy()


def _keep_annotation(part: dict[str, np.ndarray], annotation: np.ndarray) -> None:
    known = annotation != IGNORE
    if "provenance" in part:
        part["provenance"][known] = Provenance.ANNOTATED
    if "pseudo_label" in part:
        part["pseudo_label"][known] = annotation[known]


def largest(values: Tensor) -> tuple[Tensor, Tensor]:
    """Index of the largest of C channels (C, d, h, w), the lowest on a tie, uint8, and its lead over the second.

    Channel by channel, since argmax and topk over the first axis are many times slower on a CPU.
    """
    first, second = values[0].clone(), torch.full_like(values[0], -torch.inf)
    index = torch.zeros_like(first, dtype=torch.uint8)
    for channel in range(1, len(values)):
        higher = values[channel] > first
        second = torch.where(higher, first, torch.maximum(second, values[channel]))
        first = torch.maximum(first, values[channel])
        index[higher] = channel
    return index, first - second
