"""Everything a model has to say about a scan, from one walk over it.

For each voxel: the predicted label and its probability, the uncertainty of eq. 2 (teacher, M passes with
dropout and noise), the embedding-matched pseudo label (student queries, teacher references, section 2.3.1), and
its provenance: whether its pseudo label came from annotation, from the confident network, from
matching, or from neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from SemiSegEmbedLib.errors import BadInputError
from SemiSegEmbedLib.inference.engine import TorchEngine, make_engine
from SemiSegEmbedLib.inference.map_settings import MapSettings
from SemiSegEmbedLib.inference.model_file import Model
from SemiSegEmbedLib.inference.sliding_window import Skip, count_windows, fit_batch, sliding_window
from SemiSegEmbedLib.learning.network import mc_dropout
from SemiSegEmbedLib.learning.patches import normalise
from SemiSegEmbedLib.learning.precision import autocast_dtype
from SemiSegEmbedLib.learning.uncertainty import EntropyAccumulator
from SemiSegEmbedLib.study.records import IGNORE

OBJECT_PROBABILITY = 0.1
"""With `passes_where="object"` a window whose largest object probability is below this gets no stochastic passes."""


class Provenance(IntEnum):
    """Where the pseudo label of a voxel came from."""

    NEITHER = 0
    ANNOTATED = 1
    CONFIDENT = 2
    MATCHED = 3


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
    work = _Work(model, settings, device, patch, count_windows(image.shape, patch, settings.overlap))
    result = _Result(work, image.shape, annotated)
    skip = None if settings.skip_below_hu is None else Skip(settings.skip_below_hu, work.background())
    with _own_random_numbers(device):
        sliding_window(
            work.predict,
            image,
            patch,
            settings.overlap,
            batch,
            channels=work.channels,
            device=device,
            pad_value=model.normalisation.low,
            skip=skip,
            finish=result.finish,
            progress=progress,
            should_stop=should_stop,
        )
    return Maps(**result.arrays)


class _Work:
    """One batch of windows to the channels that are blended: probabilities, uncertainty, similarities."""

    def __init__(
        self, model: Model, settings: MapSettings, device: torch.device, patch: Sequence[int], windows: int
    ) -> None:
        self.model, self.settings, self.device = model, settings, device
        want = set(settings.want)
        self.needs_matching = bool(want & {"matched", "provenance", "pseudo_label"})
        self.needs_uncertainty = bool(want & {"uncertainty", "provenance", "pseudo_label"})
        object_only = self.needs_uncertainty and settings.passes_where == "object"
        self.needs_probability = bool(want & {"label", "probability", "pseudo_label"}) or object_only
        sizes = (
            self.needs_probability * model.classes,
            int(self.needs_uncertainty),
            self.needs_matching * model.classes,
        )
        self.channels = sum(sizes)
        self.sizes = sizes
        self._make_engines(patch, windows)

    def _make_engines(self, patch: Sequence[int], windows: int) -> None:
        """Whatever is asked of the student comes from one engine; dropout needs torch."""
        model, dtype = self.model, autocast_dtype(self.settings.precision, self.device)
        by_student = self.settings.network == "student"
        make = partial(
            make_engine, device=self.device, dtype=dtype, patch=patch, windows=windows, kind=self.settings.engine
        )
        uses_student = self.needs_matching or (self.needs_probability and by_student)
        uses_teacher = self.needs_probability and not by_student
        self.student = make(model.student, embeddings=self.needs_matching) if uses_student else None
        self.segmenter = make(model.teacher, embeddings=False) if uses_teacher else None
        self.stochastic = TorchEngine(model.teacher, self.device, dtype) if self.needs_uncertainty else None

    def background(self) -> tuple[float, ...]:
        """Channels of a window that is background unseen: certain, and similar to nothing."""
        certain = [1.0] + [0.0] * (self.model.classes - 1) if self.needs_probability else []
        return tuple(certain + [0.0] * (self.channels - len(certain)))

    def predict(self, windows: Tensor, numbers: Sequence[int]) -> Tensor:
        """(n, 1, d, h, w) HU -> (n, K, d, h, w) float32."""
        images = normalise(windows, self.model.normalisation)
        logits, embeddings = self.student(images) if self.student else (None, None)
        parts = []
        if self.needs_probability:
            chosen = self.segmenter(images)[0] if self.segmenter else logits
            assert chosen is not None
            parts.append(torch.softmax(chosen.float(), 1))
        if self.needs_uncertainty:
            single = parts[0] if self.settings.passes_where == "object" else None
            parts.append(self._uncertainty(images, numbers, single))
        if self.needs_matching:
            assert embeddings is not None
            bank, classes, s = self.model.bank, self.model.classes, self.settings
            parts.append(bank.similarities(embeddings, classes, s.kernel, s.reduce, centre=bool(s.centre)))
        return torch.cat(parts, 1)

    def _uncertainty(self, images: Tensor, numbers: Sequence[int], single: Tensor | None) -> Tensor:
        """Eq. 2 window by window, each with a seed of its own: the batch does not change the result."""
        entropies = []
        for i, number in enumerate(numbers):
            if single is not None and bool(single[i, 1:].amax() < OBJECT_PROBABILITY):
                entropies.append(torch.special.entr(single[i]).sum(0)[None])
                continue
            torch.manual_seed(self.settings.seed * 1_000_003 + number)
            entropies.append(self._passes(images[i : i + 1]))
        return torch.stack(entropies)

    def _passes(self, image: Tensor) -> Tensor:
        """M stochastic passes of the teacher over one window, (1, 1, d, h, w) -> (1, d, h, w) nats."""
        entropies = EntropyAccumulator(self.settings.uncertainty_form)
        # All passes at once on a GPU; one by one on a CPU, where a batch is no faster and takes M times the memory.
        at_once = self.settings.passes if self.device.type != "cpu" else 1
        assert self.stochastic is not None
        with mc_dropout(self.stochastic.network):
            for done in range(0, self.settings.passes, at_once):
                count = min(at_once, self.settings.passes - done)
                noisy = image.expand(count, -1, -1, -1, -1)
                noisy = noisy + self.settings.noise * torch.randn_like(noisy)
                probabilities = torch.softmax(self.stochastic(noisy)[0].float(), 1)
                entropies.add(probabilities[:, None])
        return entropies.entropy()


class _Result:
    """Blended slabs to the maps that were asked for."""

    def __init__(self, work: _Work, shape: Sequence[int], annotated: np.ndarray | None) -> None:
        self.work, self.annotated = work, annotated
        kinds = {"probability": np.float16, "uncertainty": np.float16}
        self.arrays: dict[str, np.ndarray] = {}
        for name in work.settings.want:
            full = (work.model.classes, *shape) if name == "probability" else tuple(shape)
            self.arrays[name] = np.empty(full, kinds.get(name, np.uint8))

    def finish(self, first: int, end: int, blended: Tensor) -> None:
        """Takes slices first..end of the blended channels."""
        settings, classes = self.work.settings, self.work.model.classes
        probability, uncertainty, similarity = blended.split(self.work.sizes)
        found: dict[str, Tensor] = {}
        if self.work.needs_probability:
            found["probability"], found["label"] = probability, _largest(probability)[0]
        if self.work.needs_uncertainty:
            found["uncertainty"] = uncertainty[0]
        if self.work.needs_matching:
            found["matched"], lead = _largest(similarity)
            if self.work.needs_uncertainty:
                provenance = torch.full_like(found["matched"], Provenance.NEITHER)
                provenance[lead >= settings.margin] = Provenance.MATCHED
                provenance[uncertainty[0] < settings.threshold * math.log(classes)] = Provenance.CONFIDENT
                found["provenance"] = provenance
        if "pseudo_label" in settings.want:
            by_matching = found["provenance"] == Provenance.MATCHED
            found["pseudo_label"] = torch.where(by_matching, found["matched"], found["label"])
        for name, target in self.arrays.items():
            kind = torch.float16 if target.dtype == np.float16 else torch.uint8
            target[..., first:end, :, :] = found[name].to(kind).cpu().numpy()
        self._keep_annotation(first, end)

    def _keep_annotation(self, first: int, end: int) -> None:
        if self.annotated is None:
            return
        annotation = np.asarray(self.annotated[first:end])
        known = annotation != IGNORE
        if "provenance" in self.arrays:
            self.arrays["provenance"][first:end][known] = Provenance.ANNOTATED
        if "pseudo_label" in self.arrays:
            self.arrays["pseudo_label"][first:end][known] = annotation[known]


def _largest(values: Tensor) -> tuple[Tensor, Tensor]:
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


def _window(settings: MapSettings, model: Model, device: torch.device) -> tuple[tuple[int, ...], int]:
    if settings.batch is not None or device.type != "cuda":
        return settings.patch, settings.batch or 1
    size = 4 if autocast_dtype(settings.precision, device) is None else 2
    free = torch.cuda.mem_get_info(device)[0]
    return fit_batch(settings.patch, model.network.get("base_filters", 16), free, bytes_per_value=size)


@contextmanager
def _own_random_numbers(device: torch.device) -> Iterator[None]:
    """The random state of the caller is the same afterwards."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        yield
