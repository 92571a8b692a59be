"""Everything a model has to say about a scan, from one walk over it.

For each voxel: the predicted label and its probability, the uncertainty of eq. 2 (teacher, M passes with
dropout and noise), the embedding-matched pseudo label (student queries, teacher references, section 2.3.1), and
its provenance: whether its pseudo label came from annotation, from the confident network, from
matching, or from neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError, StoppedError
from SemiSegEmbedLib.inference.engine import make_engine
from SemiSegEmbedLib.inference.map_result import MapResult
from SemiSegEmbedLib.inference.map_settings import MapSettings, Plan
from SemiSegEmbedLib.inference.matching_layer import MatchingLayer
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.sliding_window import Skip, count_windows, fit_batch, sliding_window
from SemiSegEmbedLib.inference.stochastic import Passes
from SemiSegEmbedLib.inference.tiles import Tile, object_tiles
from SemiSegEmbedLib.learning.memory import available_bytes
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.precision import autocast_dtype


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps on the training grid, (D, H, W); fields not asked for are None.

    Attributes:
        label: Class predicted by the network, uint8.
        probability: Of each class, float16, (C, D, H, W).
        uncertainty: Eq. 2 in nats, float16.
        matched: Class by embedding matching, everywhere, uint8.
        provenance: `Provenance` of `pseudo_label`, uint8.
        pseudo_label: The annotation where there is one, else the network's label where it is confident or
            nothing better is known, and the matched class where provenance says so, uint8.
    """

    label: np.ndarray | None = None
    probability: np.ndarray | None = None
    uncertainty: np.ndarray | None = None
    matched: np.ndarray | None = None
    provenance: np.ndarray | None = None
    pseudo_label: np.ndarray | None = None


def predict_maps(
    model: Model,
    image: np.ndarray,
    *,
    device: torch.device | str = "cpu",
    annotated: np.ndarray | None = None,
    settings: MapSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    **changes: Any,
) -> Maps:
    """Segments a scan and says where each label came from.

    Windows that are skipped (`skip_below_hu`) are background with uncertainty 0, so they count as confident.

    Args:
        model: Networks and bank; copies of the networks compute on `device`.
        image: HU on the training grid, (D, H, W); may be a memory map.
        device: Where to compute.
        annotated: Classes where somebody has annotated, 255 elsewhere, uint8, (D, H, W); or None.
        settings: How; None is the default.
        progress: Called with (windows done, windows in all).
        should_stop: Asked before every batch of windows.
        **changes: Single settings by name, for example `passes=3` or `want=("label",)`.

    Raises:
        BadInputError: If settings or shapes do not fit.
        StoppedError: If `should_stop` says so.
    """
    device = torch.device(device)
    try:
        settings = replace(settings or MapSettings(), **changes)
    except TypeError as error:
        raise BadInputError(f"Maps have no setting called {sorted(changes)}; correct or remove it.") from error
    settings = settings.resolved(model.facts)
    if annotated is not None and annotated.shape != image.shape:
        raise BadInputError("The annotation lies on another grid than the image; resample it first.")
    patch, batch = _window(settings, model, device)
    windows = count_windows(image.shape, patch, settings.overlap)
    work = _Work(model, settings, device, patch, windows)
    result = MapResult(work.plan, settings, image.shape)
    tell = progress or (lambda done, total: None)
    total = windows * (2 if work.plan.in_tiles else 1)
    skip = None if settings.skip_below_hu is None else Skip(settings.skip_below_hu, work.background())
    with _own_random_numbers(device):
        sliding_window(
            work.predict,
            image,
            patch,
            settings.overlap,
            batch,
            channels=work.plan.channels,
            device=device,
            pad_value=model.normalisation.low,
            skip=skip,
            finish=result.finish,
            progress=lambda done, _: tell(done, total),
            should_stop=should_stop,
        )
        if work.plan.in_tiles:
            tiles = object_tiles(result.object_blocks(), image.shape, patch, whole=work.depends_on_size)
            share = windows / max(len(tiles), 1)
            watch = partial(_between_tiles, lambda done: tell(windows + int(done * share), total), should_stop)
            result.put(_tile_uncertainty(work, image, tiles, watch))
    tell(total, total)
    return Maps(**result.completed(annotated))


def _between_tiles(tell: Callable[[int], None], should_stop: Callable[[], bool] | None, done: int) -> None:
    if should_stop is not None and should_stop():
        raise StoppedError("Segmentation was stopped; nothing was written.")
    tell(done)


def _tile_uncertainty(
    work: _Work, image: np.ndarray, tiles: Sequence[Tile], watch: Callable[[int], None]
) -> list[tuple[Tile, Tensor]]:
    """Eq. 2 in each tile, nats in float16 on the device, so that a GPU is not waited for between tiles."""
    passes = Passes(work.model, work.settings, work.device, work.patch, len(tiles))
    found = []
    # Tiles of one shape follow each other, since a network is compiled for each shape.
    for done, number in enumerate(sorted(range(len(tiles)), key=lambda i: tiles[i].size)):
        watch(done)
        tile = tiles[number]
        cut = tile.cut(image, work.model.normalisation.low)
        cut = cut.pin_memory() if work.device.type == "cuda" else cut
        window = normalise(cut.to(work.device, non_blocking=True), work.model.normalisation)
        with torch.inference_mode():
            found.append((tile, passes(window[None, None], number)[0][tile.inner].half()))
    return found


class _Work:
    """One batch of windows to the channels that are blended: probabilities, uncertainty, similarities."""

    def __init__(
        self, model: Model, settings: MapSettings, device: torch.device, patch: Sequence[int], windows: int
    ) -> None:
        self.model, self.settings, self.device = model, settings, device
        self.patch = tuple(patch)
        self.plan = Plan.of(settings, model.classes)
        self.depends_on_size = model.network.get("norm", "instance") in ("instance", "group")
        self._make_engines(patch, windows)

    def _make_engines(self, patch: Sequence[int], windows: int) -> None:
        """Whatever is asked of the student comes from one engine; the passes have one of their own."""
        model, settings = self.model, self.settings
        dtype = autocast_dtype(settings.precision, self.device)
        by_student = settings.network == "student"
        make = partial(
            make_engine, device=self.device, dtype=dtype, patch=patch, windows=windows, kind=settings.engine
        )
        uses_student = self.plan.needs_matching or (self.plan.needs_probability and by_student)
        uses_teacher = self.plan.needs_probability and not by_student
        by_layer = self.plan.needs_matching and (settings.kernel, settings.reduce) == ("cosine", "mean")
        self.layer = MatchingLayer(model.bank, model.classes, centre=bool(settings.centre)) if by_layer else None
        embeddings = self.plan.needs_matching
        self.student = make(model.student, embeddings=embeddings, layer=self.layer) if uses_student else None
        self.segmenter = make(model.teacher, embeddings=False) if uses_teacher else None
        in_windows = self.plan.needs_uncertainty and not self.plan.in_tiles
        self.passes = Passes(model, settings, self.device, patch, windows) if in_windows else None

    def background(self) -> tuple[float, ...]:
        """Channels of a window that is background unseen: certain, and similar to nothing."""
        certain = [1.0] + [0.0] * (self.model.classes - 1) if self.plan.needs_probability else []
        return tuple(certain + [0.0] * (self.plan.channels - len(certain)))

    def predict(self, windows: Tensor, numbers: Sequence[int]) -> Tensor:
        """(n, 1, d, h, w) HU -> (n, K, d, h, w) float32."""
        images = normalise(windows, self.model.normalisation)
        logits, matched = self.student(images) if self.student else (None, None)
        parts = []
        if self.plan.needs_probability:
            chosen = self.segmenter(images)[0] if self.segmenter else logits
            assert chosen is not None
            parts.append(torch.softmax(chosen.float(), 1))
        if self.passes is not None:
            found = [self.passes(images[i : i + 1], number) for i, number in enumerate(numbers)]
            parts.append(torch.stack(found))
        if self.plan.needs_matching:
            assert matched is not None
            parts.append(matched.float() if self.layer is not None else self._similarities(matched))
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)

    def _similarities(self, embeddings: Tensor) -> Tensor:
        s = self.settings
        return self.model.bank.similarities(embeddings, self.model.classes, s.kernel, s.reduce, centre=bool(s.centre))


def _window(settings: MapSettings, model: Model, device: torch.device) -> tuple[tuple[int, ...], int]:
    if settings.batch is not None or device.type != "cuda":
        return settings.patch, settings.batch or 1
    size = 4 if autocast_dtype(settings.precision, device) is None else 2
    filters = model.network.get("base_filters", 16)
    return fit_batch(settings.patch, filters, available_bytes(device), bytes_per_value=size)


@contextmanager
def _own_random_numbers(device: torch.device) -> Iterator[None]:
    """The random state of the caller is the same afterwards."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield
